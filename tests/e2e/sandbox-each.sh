#!/usr/bin/env bash
# sandbox-each.sh -- each system call that the library makes, forbidden alone, by a filter
# that kills for it.
#
# The program ends as it does without the library, and a snapshot is there and right, or it
# is said that there is none.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require gcc
require_built "$TARGETS/sandboxed" "$RUN"

# "name number" of each call that the library makes; those that resume.c only knows are the
# program's own.
numbers() {
	{
		echo '#include <sys/syscall.h>'
		{
			grep -ohE --include='*.c' --exclude='interpose_*' --exclude=resume.c -r '\bSYS_[a-z0-9_]+' "$SOURCES/lib"
			printf 'SYS_%s\n' restart_syscall rt_sigsuspend epoll_pwait io_pgetevents
		} | sort -u | sed 's/^SYS_\(.*\)/"\1" SYS_\1/'
	} | gcc -E -P - | sed -nE 's/^"([a-z0-9_]+)" ([0-9]+)$/\1 \2/p'
}

# Of the last snapshot: it can be read, and nothing is lost that the program has.
is_right() { # NAME
	[ "$(summary "$(heaps "$1" | tail -n 1)" '[.schema, .leaks.definite.blocks, .leaks.indirect.blocks] | join(" ")')" = \
		"gcprof-analyze/1 0 0" ]
}

# Calls without which nothing can be said.
is_mute() { # CALL
	case $1 in
	fstat | poll | rt_sigprocmask | rt_sigtimedwait | write) return 0 ;;
	*) return 1 ;;
	esac
}

found() { # NAME CALL: in words, what there is of snapshots
	if [ "$(n_heaps "$1")" -gt 0 ]; then
		is_right "$1" && echo "as it should be" || echo "wrong"
	elif is_mute "$2" || grep -q 'no snapshot: the program.s seccomp filter' "$T/$1.err"; then
		echo "as it should be"
	else
		echo "neither there nor refused"
	fi
}

runs() { # NAME CALL NUMBER WORD...: by signals, at exit, by time
	local name=$1 call=$2 number=$3 alone got asking=usr2
	shift 3
	# What raise(3) calls itself, and what no handler can do without.
	case $call in
	getpid | gettid | rt_sigreturn | tgkill) asking= ;;
	esac
	# Where it needs the call itself, as who begins or ends a thread does; not in every run,
	# with threads.
	for alone in 1 2 3; do
		run_plain "$name-alone" "$TARGETS/sandboxed" kill "$number" "$@"
		[ "$status" = 7 ] || return 0
	done
	alone=7
	# shellcheck disable=SC2086 # one word or none
	run_gcprof "$name" "$TARGETS/sandboxed" kill "$number" "$@" $asking
	got=$(found "$name" "$call")
	is "a filter that kills for $call, ${*:-one thread}: the end is that of the program alone, and a snapshot is there or refused" \
		"$status $(cat "$T/$name.out"), $got" "$alone $(cat "$T/$name-alone.out"), as it should be" ||
		diag_file "$T/$name.err"
}

asks() { # NAME CALL NUMBER WORD...: by gcprof snapshot
	local name=$1 call=$2 number=$3 got=nothing
	shift 3
	start_gcprof "$name" "$TARGETS/sandboxed" kill "$number" "$@" wait
	eventually grep -qs ready "$T/$name.out" || diag "$call: it does not begin"
	status=0
	"$RUN" snapshot "$pid" >"$T/$name.asked" 2>&1 || status=$?
	if [ "$status" = 0 ] && [ "$(n_heaps "$name")" -gt 0 ]; then
		got=$(found "$name" "$call")
	elif grep -q 'writes no snapshots: .*seccomp filter' "$T/$name.asked"; then
		got="as it should be"
	fi
	stop "$pid"
	is "a filter that kills for $call, ${*:-one thread}: gcprof snapshot has one or says why not, and the process goes on" \
		"$got, $status $(xargs <"$T/$name.out")" "as it should be, 143 ready" || {
		diag_file "$T/$name.asked"
		diag_file "$T/$name.err"
	}
}

numbers >"$T/numbers"
mapfile -t all <"$T/numbers"
ok "the sources name the calls that they make" [ "${#all[@]}" -gt 50 ]
for one in "${all[@]}"; do
	read -r call number <<<"$one"
	export GCPROF_SNAPSHOT=exit,signal
	runs "one-$call" "$call" "$number"
	export GCPROF_SNAPSHOT=exit,signal,interval=10ms
	runs "more-$call" "$call" "$number" sleepers threads
	export GCPROF_SNAPSHOT=signal
	# What it needs itself to be ready.
	case $call in
	futex | rt_sigprocmask | write) ;;
	*) asks "asks-$call" "$call" "$number" sleepers ;;
	esac
done
done_testing
