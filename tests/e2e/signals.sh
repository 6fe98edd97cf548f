#!/usr/bin/env bash
# signals.sh -- the program's handlers and our trigger.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/signals"
for mode in timer altstack jumps; do
	run_gcprof "$mode" "$TARGETS/signals" "$mode"
	is "$mode: ends well" "$status $(cat "$T/$mode.out")" "0 $mode done"
	ok "$mode: the live set is exact" ledger "$(heap "$mode")" "$T/$mode.truth"
	ok "$mode: nothing was lost" valid "$(heap "$mode")"
done

for mode in restarts masked; do
	run_gcprof "$mode" "$TARGETS/signals" "$mode"
	is "$mode: ends well" "$status" 0
	points_of "$T/$mode.truth"
done
ok "masked: the live set is exact" ledger "$(heaps masked | tail -n 1)" "$T/masked.truth"

ready() { grep -q '^ready' "$T/$1.truth"; }
some_heaps() { [ "$(n_heaps "$1")" -ge "$2" ]; }

# ours, by its default and by other names
ask() { # NAME SIGNAL
	start_gcprof "$1" "$TARGETS/signals" orders
	eventually ready "$1"
	kill "-$2" "$pid"
	ok "$1: SIG$2 gives a snapshot of the running program" eventually some_heaps "$1" 1
	ok "$1: the snapshot's live set is exact" ledger "$(heaps "$1" | tail -n 1)" "$T/$1.truth"
	kill "-$2" "$pid"
	ok "$1: a second signal gives a second snapshot" eventually some_heaps "$1" 2
	is "$1: the snapshot's reason is the signal" "$(info "$(heaps "$1" | head -n 1)" reason)" signal
	kill -USR1 "$pid"
	stop "$pid"
	is "$1: the program ends well" "$status" 0
	is "$1: the program's handler for SIGUSR1 got its signal, and only that" "$(cat "$T/$1.out")" "calls 1"
	is "$1: one more snapshot at exit" "$(n_heaps "$1")" 3
}
ask default USR2
points_of "$T/default.truth"
GCPROF_SIGNAL=RTMIN+3 ask rtmin+3 RTMIN+3
GCPROF_SIGNAL=SIGRTMIN+4 ask sig-prefix RTMIN+4
GCPROF_SIGNAL=28 ask number 28

# asked again and again, in the middle of whatever it does
require_built "$TARGETS/threads"
for n in 1 3; do
	start_gcprof "busy-$n" "$TARGETS/threads" "$n" $((1500000 / n))
	eventually profiled "$pid" "$TARGETS/threads"
	for ((i = 0; i < 200; i++)); do
		kill -USR2 "$pid" 2>/dev/null || break
	done
	eventually some_heaps "busy-$n" 1
	status=0
	wait "$pid" || status=$?
	is "busy-$n: a program with $n threads that is asked all the time ends well" "$status $(cat "$T/busy-$n.out")" "0 done"
	ok "busy-$n: its last live set is exact" ledger "$(heaps "busy-$n" | tail -n 1)" "$T/busy-$n.truth"
	is "busy-$n: the last snapshot is the one at exit" "$(info "$(heaps "busy-$n" | tail -n 1)" reason)" "exit"
	# On a machine with much to do a thread may not stop in time: that is no
	# fault if the snapshot says so, and can be read.
	bad=0
	while read -r file; do
		[ "$(summary "$file" .schema)" = gcprof-analyze/1 ] || bad=$((bad + 1))
		valid "$file" || diag "$(summary "$file" '.process.losses | tostring')"
	done < <(heaps "busy-$n")
	is "busy-$n: every snapshot can be read" "$bad" 0
done

# the program's own handler wins
GCPROF_SNAPSHOT=exit,signal start_gcprof own "$TARGETS/signals" own-usr2
eventually ready own
kill -USR2 "$pid"
kill -USR1 "$pid"
stop "$pid"
points_of "$T/own.truth"
is "own handler: the program gets its SIGUSR2" "$(cat "$T/own.out")" "calls 2"
is "own handler: one message says that it is the program's" "$(grep -cE "gcprof.*(USR2|signal $(kill -l USR2))" "$T/own.err")" 1
is "own handler: no snapshot but the one at exit" "$(n_heaps own)" 1

# What is lost with a signal matters to who asked for it, and is said once.
ignore='trap "" RTMAX-8; trap "" USR2; (trap "" RTMAX-8; exit 0); exit 3'
GCPROF_SNAPSHOT=none run_gcprof unasked bash -c "$ignore"
is "a program that ignores gcprof's signals gets no message if no snapshot was asked for" "$status $(cat "$T/unasked.err")" "3 "
run_gcprof default bash -c "$ignore"
is "a program that ignores gcprof's signals gets no message by default" "$status $(cat "$T/default.err")" "3 "
GCPROF_SNAPSHOT='exit' run_gcprof exit-only bash -c "$ignore"
is "asking for a snapshot at exit only causes no message about signals" "$status $(cat "$T/exit-only.err")" "3 "
GCPROF_SNAPSHOT='exit,interval=1h' run_gcprof once bash -c "$ignore"
is "a program that handles the stop signal gets one message, its children none, if snapshots while it runs were asked for" \
	"$status $(grep -c RTMAX-8 "$T/once.err") $(grep -c USR2 "$T/once.err")" "3 1 0"
# ---- what malloc is about to give back

require_built "$TARGETS/newborn"
none_lost() { # NAME: in none of its snapshots
	local file lost=0
	while read -r file; do
		lost=$((lost + $(definite "$file")))
	done < <(heaps "$1" | head -n 40)
	echo "$lost"
}
GCPROF_SNAPSHOT=growth=20% GCPROF_YOUNG=128K run_gcprof grow "$TARGETS/newborn" grow
is "a heap that grows: the program ends well" "$status" 0
between "a heap that grows: there are snapshots by growth" "$(n_heaps grow)" 3 100
is "the block whose allocation caused a snapshot by growth is not lost" "$(none_lost grow)" 0
run_gcprof newborn "$TARGETS/newborn" asked
is "asked all the time, often amid malloc: the program ends well" "$status" 0
between "asked all the time, often amid malloc: there are snapshots" "$(n_heaps newborn)" 10 100000
is "the block that malloc is about to return is not lost" "$(none_lost newborn)" 0

# ---- whose the program's signals are

# The kernel gives those to the process to the main thread, if that takes them.
require_built "$TARGETS/routing" "$TARGETS/cancel"
to_main() { # NAME: at most one in a hundred went to another thread
	local kind main others ended
	read -r kind main others ended <"$T/$1.truth"
	diag "$kind $main $others, $(n_heaps "$1") snapshots"
	[ "$kind" = signals ] && [ "$((others * 100))" -le "$main" ]
}
for how in '' jump; do
	GCPROF_SNAPSHOT=interval=20ms run_gcprof "routed$how" "$TARGETS/routing" 2000 ${how:+"$how"}
	is "interval snapshots${how:+, handlers that jump}: the program ends well" "$status" 0
	ok "interval snapshots${how:+, handlers that jump}: the program's signals come to its main thread" to_main "routed$how"

	start_gcprof "asked$how" "$TARGETS/routing" 2000 ${how:+"$how"}
	eventually profiled "$pid" "$TARGETS/routing"
	while "$RUN" snapshot "$pid" >/dev/null 2>&1; do :; done
	status=0
	wait "$pid" || status=$?
	is "asked all the time${how:+, handlers that jump}: the program ends well" "$status" 0
	ok "asked all the time${how:+, handlers that jump}: the program's signals come to its main thread" to_main "asked$how"
done

# By hand, which reaches the main thread: it has another do it.
start_gcprof by-hand "$TARGETS/routing" 4000
eventually profiled "$pid" "$TARGETS/routing"
more() { [ "$(n_heaps by-hand)" -gt "$n" ] || ! kill -0 "$pid" 2>/dev/null; }
while n=$(n_heaps by-hand) && kill -USR2 "$pid" 2>/dev/null; do
	eventually more
done
status=0
wait "$pid" || status=$?
is "asked by SIGUSR2 all the time: the program ends well" "$status" 0
ok "asked by SIGUSR2 all the time: the program's signals come to its main thread" to_main by-hand

ended_reads() {
	local kind main others ended
	read -r kind main others ended <"$T/reads.truth"
	diag "$kind $main $others $ended, $(n_heaps reads) snapshots"
	[ "$kind" = signals ] && [ "$main" -ge 3000 ] && [ "$ended" = "$main" ]
}
GCPROF_SNAPSHOT=interval=20ms run_gcprof reads "$TARGETS/routing" 3000 read
is "a read that signals end: the program ends well" "$status" 0
ok "a read is ended by signals that come amid snapshots" ended_reads

GCPROF_SNAPSHOT=interval=1ms run_gcprof cancel "$TARGETS/cancel" 300
is "threads that are cancelled amid snapshots: the program ends well" "$status" 0
points_of "$T/cancel.truth"
done_testing
