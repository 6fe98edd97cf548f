#!/usr/bin/env bash
# fatal.sh -- GCPROF_SNAPSHOT=fatal: a snapshot before a signal ends the program.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/fatal"
ulimit -c 0
export GCPROF_SNAPSHOT=exit,fatal

lost() { # FILE: bytes that are definitely lost, or that lost blocks lead to
	summary "$1" '.leaks.definite.bytes'
}

# As the shell has it, without timeout, which has an end of its own; and no signal ignored, as
# some are of who is started by nohup, or in the background.
run_bare() { # NAME HOW
	status=0
	mkdir -p "$T/$1"
	(exec env --default-signal GCPROF_OUTPUT="$T/$1/%e.%p.%n.heap" LD_PRELOAD="$preload" "$TARGETS/fatal" "$2") \
		>"$T/$1.out" 2>"$T/$1.err" 3>"$T/$1.truth" 4<>"$T/$1.count" </dev/null || status=$?
}

ends() { # HOW STATUS REASON
	run_bare "$1" "$1"
	is "$1: the program ends as it would alone" "$status" "$2"
	is "$1: the snapshot has the signal as its reason" "$(info "$(heap "$1")" reason)" "$3"
	is "$1: the leak before the end is found" "$(lost "$(heap "$1")")" 777
	is "$1: nothing on standard error" "$(cat "$T/$1.err")" ""
}
ends abort 134 "fatal SIGABRT"
ends write 139 "fatal SIGSEGV"
ends divide 136 "fatal SIGFPE"
ends pipe 141 "fatal SIGPIPE"
ends suspend 143 "fatal SIGTERM" # blocked, but for that moment
for number in 1 2 3 4 6 7 8 10 11 12 13 14 15 24 26 27 30 31; do
	ends "$number" $((128 + number)) "fatal SIG$(kill -l "$number")"
done
ends _exit 5 exit
ends quick_exit 6 exit
ends 29 157 "fatal SIGPOLL"

run_bare overflow overflow
is "a stack overflow: the program ends as it would alone" "$status" 139
run_bare kill 9
is "SIGKILL: the program ends as it would alone" "$status" 137
is "SIGKILL: no snapshot and no unfinished file is left" "$(n_heaps kill) $(leftovers kill | wc -l)" "0 0"

run_bare fork fork
is "a child that aborts: its parent sees it as it would alone" "$status" 6
is "a child that aborts leaves its own snapshot" "$(for f in $(heaps fork); do info "$f" reason; done | sort | tr '\n' ' ')" "exit fatal SIGABRT "

# The first process of a pid namespace has no default action for SIGTERM.
if unshare --pid --fork --mount-proc true 2>/dev/null; then
	run_plain init-alone unshare --pid --fork --mount-proc "$TARGETS/fatal" threads-term
	run_gcprof init unshare --pid --fork --mount-proc "$TARGETS/fatal" threads-term
	is "init: it and its threads outlive SIGTERM, as they would alone" \
		"$(cat "$T/init.out")" "$(cat "$T/init-alone.out")"
	is "init: its threads outlive SIGTERM" "$(cat "$T/init.out")" "all of them go on"
else
	skip "init" "no pid namespace to be had"
fi

# Between the signal and the end no other thread goes on.
run_bare threads threads
blocks=$(json "$(heap threads)" '[.sites[] | select(any(.frames[]; .function == "allocate_counted")) | .live_blocks] | add')
counted=$(od -An -td8 -N8 "$T/threads.count" | tr -d ' ')
between "the other threads stay where the snapshot shows them" $((blocks - counted)) 0 1
is "the program ends as it would alone" "$status" 139

run_plain views-alone env --ignore-signal=HUP "$TARGETS/fatal" views
run_gcprof views env --ignore-signal=HUP "$TARGETS/fatal" views
is "the program sees its signals as it set them" "$(cat "$T/views.out")" "$(cat "$T/views-alone.out")"
is "the program's own signal actions are in force" "$(grep -c ": yes$" "$T/views.out") $(grep ": no$" "$T/views.out")" "11 "
is "the program's handlers do not prevent a snapshot at its fatal signal" "$(info "$(heaps views | grep /fatal)" reason)" "fatal SIGTERM"

unset GCPROF_SNAPSHOT
run_bare unasked abort
is "without fatal in GCPROF_SNAPSHOT there is no snapshot at abort" "$status $(n_heaps unasked)" "134 0"
done_testing
