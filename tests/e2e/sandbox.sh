#!/usr/bin/env bash
# sandbox.sh -- programs that shut themselves in by seccomp live as they do alone.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/sandboxed" "$RUN"
n=0

# The program alone comes to its end; under the library it prints the same and ends so,
# whatever is asked of the library.  An epoch ends with every 256 KiB.
lives() { # OPTIONS ARGUMENT...
	local options=$1 name
	shift
	n=$((n + 1))
	name=run$n
	run_plain "alone$n" "$TARGETS/sandboxed" "$@"
	[ "$status" = 7 ] || diag "alone: status $status"
	# shellcheck disable=SC2086 # a word per option
	run_gcprof "$name" env GCPROF_YOUNG=256K $options "$TARGETS/sandboxed" "$@"
	is "$* under a filter, with $options: output and status are those of the program alone" \
		"$status $(cat "$T/$name.out")" "7 $(cat "$T/alone$n.out")" || diag_file "$T/$name.err"
}

none=GCPROF_SNAPSHOT=none
for call in getpid gettid,tgkill openat rt_sigprocmask madvise getdents64 clock_gettime prctl poll fstat,newfstatat \
	mprotect wait4,clone,clone3 futex sigaltstack mincore rt_sigaction rt_sigreturn,rt_sigtimedwait; do
	# What the C library's own calls need at this program's end is not forbidden it.
	case $call in
	fstat,newfstatat) call=fcntl,readlink,unlink,rename,pread64,pwrite64,getppid,membarrier,close_range ;;
	esac
	lives "$none" kill "$call"
	lives GCPROF_SNAPSHOT=exit,fatal,signal kill "$call"
done
lives "$none" kill mremap,munmap,madvise small
lives GCPROF_SNAPSHOT=exit kill mremap,munmap,madvise small
for set in preauth worker bare; do
	lives "$none" kill "$set"
	lives GCPROF_SNAPSHOT=exit,fatal,growth=20% kill "$set"
	lives "GCPROF_SNAPSHOT=exit,interval=20ms GCPROF_TRACE=1" kill "$set"
	lives "GCPROF_WATCH=work:bytes>1 GCPROF_LIMIT=2M" kill "$set"
	lives "GCPROF_LIVE=$T GCPROF_ALLOCATOR=system" kill "$set"
done
lives "$none" kill strict
lives GCPROF_SNAPSHOT=exit,interval=20ms kill strict
lives GCPROF_SNAPSHOT=exit thread worker
lives GCPROF_SNAPSHOT=exit trap getpid,openat,rt_sigprocmask,madvise
lives GCPROF_SNAPSHOT=exit kill worker prctl
lives GCPROF_SNAPSHOT=exit kill worker twice
lives GCPROF_SNAPSHOT=exit kill worker bad
lives GCPROF_SNAPSHOT=exit kill worker threads
lives GCPROF_SNAPSHOT=exit,interval=20ms kill worker threads
lives GCPROF_SNAPSHOT=exit kill getpid,gettid,openat,tgkill,madvise fork
lives GCPROF_SNAPSHOT=exit,interval=20ms kill getpid,gettid,openat,nanosleep,getdents64 fork threads
lives GCPROF_SNAPSHOT=exit kill getpid,getppid,openat quiet

# What the program maps itself is its own affair.
for options in "$none" GCPROF_SNAPSHOT=exit,interval=20ms GCPROF_ALLOCATOR=system; do
	lives "$options" kill prctl emulate
	is "a handler of SIGSYS, with $options, was asked for each of the program's own calls for memory" \
		"$(grep emulated "$T/run$n.out")" "emulated 5"
done

# What a snapshot needs is allowed, so there is one; and the program's own account is in it.
taken() { # OPTIONS N ARGUMENT...
	local options=$1 wanted=$2
	shift 2
	lives "$options" "$@"
	is "$* under a filter that forbids nothing a snapshot needs, with $options: $wanted can be read" \
		"$(for f in $(heaps "run$n"); do valid "$f" && echo yes; done | grep -c yes)" "$wanted"
}
taken GCPROF_SNAPSHOT=exit 1 allow read
taken GCPROF_SNAPSHOT=exit 1 kill prctl,membarrier,poll,unlink
taken GCPROF_SNAPSHOT=exit 1 kill getpid,getppid,gettid
taken GCPROF_SNAPSHOT=exit 1 kill prctl,poll quiet
taken GCPROF_SNAPSHOT=exit 1 kill prctl,membarrier threads
taken GCPROF_SNAPSHOT=exit 2 kill getpid,gettid fork

lives GCPROF_SNAPSHOT=exit errno openat
is "a filter that only refuses what a snapshot needs: that there is none is said in one line" \
	"$(grep -c 'seccomp filter forbids' "$T/run$n.err") $(wc -l <"$T/run$n.err")" "1 1"
lives "$none" errno openat
is "with GCPROF_SNAPSHOT=none a seccomp filter causes no message" "$(cat "$T/run$n.err")" ""
# SIGUSR2 asks for one in vain as well, while the filter lets us stand in a handler.
run_gcprof asked "$TARGETS/sandboxed" kill openat usr2
is "a request that the filter forbids to fulfil costs nothing" "$status $(cat "$T/asked.out")" "7 worked 0"

# `gcprof snapshot` is told, and does not wait for what cannot come.
refused() { # NAME ARGUMENT...
	local name=$1
	shift
	start_gcprof "$name" "$TARGETS/sandboxed" "$@" wait
	eventually grep -q ready "$T/$name.out"
	status=0
	"$RUN" snapshot "$pid" >"$T/$name.asked" 2>&1 || status=$?
	is "$*: gcprof snapshot says at once that the filter forbids snapshots" \
		"$status $(grep -c 'writes no snapshots: .*seccomp filter' "$T/$name.asked")" "1 1" ||
		diag_file "$T/$name.asked"
	stop "$pid"
	is "$*: and the process has noticed nothing" "$status $(cat "$T/$name.out")" "143 ready"
}
refused refused kill openat
refused refused-thread thread rename,poll
refused refused-errno errno pwrite64
# Known only when it is asked: there were no threads to stop when the filter came.
refused refused-late kill getdents64 late sleepers
start_gcprof bad "$TARGETS/sandboxed" kill prctl bad wait
eventually grep -q ready "$T/bad.out"
status=0
"$RUN" snapshot "$pid" >"$T/bad.asked" 2>&1 || status=$?
is "a filter that the kernel has refused forbids nothing: gcprof snapshot gets one" "$status" 0 || diag_file "$T/bad.asked"
stop "$pid"
done_testing
