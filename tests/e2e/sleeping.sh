#!/usr/bin/env bash
# sleeping.sh -- calls that sleep in the kernel, and snapshots meanwhile.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/sleeping"
for mode in ends signal restart; do
	run_plain "alone-$mode" "$TARGETS/sleeping" "$mode" main
	is "$mode: alone, every call ends in time" "$status $(grep -c 'in time$' "$T/alone-$mode.out")" "0 38"
done

# What came otherwise than alone, and does so again: on a machine with much to do a
# thread may be held up just where gcprof(7) says that a signal's end is missed.
differs() { # MODE WHERE
	local line name again
	while read -r line; do
		name=${line%%:*}
		again=$(LD_PRELOAD=$LIB GCPROF_OUTPUT=$T/again.%n "$TARGETS/sleeping" "$1" "$2" "$name")
		[ "$again" = "$(grep "^$name:" "$T/alone-$1.out")" ] || printf '%s; %s\n' "$line" "$again"
	done < <(diff "$T/alone-$1.out" "$T/$1-$2.out" | sed -n 's/^> //p')
	[ "$(wc -l <"$T/$1-$2.out")" -eq 38 ] || echo "not all calls"
}

same() { # MODE WHERE SNAPSHOT SENTENCE
	local name=$1-$2
	GCPROF_SNAPSHOT=$3 run_gcprof "$name" "$TARGETS/sleeping" "$1" "$2"
	is "$name: $4" "$status $(GCPROF_SNAPSHOT=$3 differs "$1" "$2")" "0 "
	between "$name: snapshots were taken meanwhile" "$(n_heaps "$name")" 5 1000000
	is "$name: nothing was said" "$(cat "$T/$name.err")" ""
}

same ends main interval=50ms "no call of the only thread ends early for a snapshot by time"
same signal main interval=50ms "the program's signal ends each call as it does alone"
same restart main interval=50ms "so does one whose handler asks for restarting"
same ends api signal "no call of another thread ends early for a snapshot by gcprof_snapshot"
same signal api signal "the program's signal ends each call of another thread as it does alone"
same restart api signal "so does one whose handler asks for restarting, in another thread"
same ends signals signal "no call ends early for the signal that asks for a snapshot"
same signal signals signal "the program's signal ends each call between such signals as it does alone"

# One snapshot when nine tenths have passed: what began anew would take 1.9 times as long.
late() { # NAME
	GCPROF_SNAPSHOT=signal LD_PRELOAD=$LIB GCPROF_OUTPUT=$T/late-$1.%n "$TARGETS/sleeping" ends late "$1" >"$T/late-$1.out" 2>&1
}
timed="epoll_wait epoll_pwait epoll_pwait2 semtimedop sigtimedwait io_getevents nanosleep poll ppoll pselect futex"
for name in $timed; do late "$name" & done
wait
for name in $timed; do
	alone=$(grep "^$name:" "$T/alone-ends.out")
	# A thread may be held up on a machine with much to do.
	[ "$(cat "$T/late-$name.out")" = "$alone" ] || late "$name"
	is "$name: goes on with the time that is left" "$(cat "$T/late-$name.out")" "$alone"
done

done_testing
