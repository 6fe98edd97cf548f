#!/usr/bin/env bash
# landlock.sh -- programs that shut themselves in by landlock(7) live as they do alone.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/landlocked" "$RUN"
mkdir "$T/own"
# Where the kernel has no landlock its answer is passed on, and nothing is forbidden.
run_plain kernel "$TARGETS/landlocked" "$T/own" write
has_landlock() { grep -q 'restricted: 0' "$T/kernel.out"; }

lives() { # NAME OPTIONS WORD...
	local name=$1 options=$2
	shift 2
	rm -f "$T/own/own"
	run_plain "$name-alone" "$TARGETS/landlocked" "$T/own" "$@"
	rm -f "$T/own/own"
	# shellcheck disable=SC2086 # a word per option
	run_gcprof "$name" env $options "$TARGETS/landlocked" "$T/own" "$@"
	is "landlock ($*), with ${options#GCPROF_SNAPSHOT=}: what the kernel answers, what the program can do, and its end are as alone" \
		"$status $(cat "$T/$name.out")" "7 $(cat "$T/$name-alone.out")" || diag_file "$T/$name.err"
}
of_target() { # NAME: its snapshots, not those of env
	heaps "$1" | grep '/landlocked\.'
}
# A snapshot that cannot be written is none, and that is said once for each that was tried.
unwritten() { # NAME LINES
	local wanted="0 $2 $2"
	has_landlock || wanted="$2 0 0"
	is "$1: no snapshot is written, and a message says why" \
		"$(of_target "$1" | wc -l) $(grep -c 'cannot write snapshot .*Permission denied' "$T/$1.err") $(wc -l <"$T/$1.err")" "$wanted"
}
# What cannot be read of the process is not taken for what is not there.
sound() { # NAME
	local file
	file=$(of_target "$1" | tail -n 1)
	is "$1: a snapshot is written, can be read, and nothing in it is lost" \
		"$(summary "$file" '[.schema, .leaks.definite.blocks, .leaks.indirect.blocks] | join(" ")')" "gcprof-analyze/1 0 0"
}

lives write GCPROF_SNAPSHOT=exit write
unwritten write 1
lives write-thread GCPROF_SNAPSHOT=exit write thread
unwritten write-thread 1
lives both GCPROF_SNAPSHOT=exit write read
unwritten both 1
lives none GCPROF_SNAPSHOT=none write read
is "without snapshots landlock causes no message" "$(cat "$T/none.err")" ""
lives interval GCPROF_SNAPSHOT=interval=1ms write thread
lives old GCPROF_SNAPSHOT=exit write seccomp
is "a kernel without landlock, as a filter has it: its answer is passed on" "$(head -n 1 "$T/old.out")" "no landlock: 38"
sound old
for words in read 'read thread'; do
	# shellcheck disable=SC2086 # words
	lives "${words// /-}" GCPROF_SNAPSHOT=exit $words
done

# A tool is told, at once.
asks() { # NAME WORD...
	local name=$1
	shift
	start_gcprof "$name" "$TARGETS/landlocked" "$T/own" "$@" wait
	eventually grep -q ready "$T/$name.out"
	status=0
	"$RUN" snapshot "$pid" >"$T/$name.asked" 2>&1 || status=$?
	stop "$pid"
}
asks asked write
if has_landlock; then wanted="1 1"; else wanted="0 0"; fi
is "gcprof snapshot says that the directory cannot be written" \
	"$(grep -c 'cannot write .*Permission denied' "$T/asked.asked") $(grep -c 'cannot write snapshot' "$T/asked.err")" "$wanted" || diag_file "$T/asked.asked"
is "a process that cannot write its snapshot continues" "$status $(tail -n 1 "$T/asked.out")" "143 ready"
asks unrestricted write thread
is "a thread that is not restricted takes the snapshot" \
	"$(of_target unrestricted | wc -l) $status $(tail -n 1 "$T/unrestricted.out")" "1 143 ready" || diag_file "$T/unrestricted.asked"
if has_landlock; then wanted="1 1"; else wanted="0 0"; fi
for name in read read-thread; do
	sound "$name"
	is "$name: without /proc/self/maps one line says that there is no leak check" \
		"$(grep -c 'landlocked.*has no leak check: cannot read /proc/self/maps' "$T/$name.err") $(wc -l <"$T/$name.err")" "$wanted"
done
done_testing
