#!/usr/bin/env bash
# before.sh -- the look at the heap before a program cleans up.
#
# What the program held is in the snapshot at exit, whole and as it was before; it is
# not where there is nothing to add, and nothing of it is left beside the snapshot.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/cleanup"

looks() { # FILE: how many are in it
	records "$1" before | wc -l
}

inner() { # FILE: its look, as a file of its own
	local offset bytes to=$T/inner.heap
	read -r offset bytes < <(records "$1" before)
	tail -c +"$((offset + 1))" "$1" | head -c "$bytes" >"$to"
	rm -f "$T/inner.heap".*
	printf '%s\n' "$to"
}

reachable() { # FILE: blocks
	summary "$1" .leaks.reachable.blocks
}

same_output() { # NAME: with the library and without
	run_plain "$1-alone" "$TARGETS/cleanup" "$1"
	[ "$status" = "$2" ] && cmp "$T/$1-alone.out" "$T/$1.out" && cmp "$T/$1-alone.err" "$T/$1.err"
}

# ---- programs that clean up ----

for what in static handler thread local moves; do
	run_gcprof "$what" "$TARGETS/cleanup" "$what"
	ok "$what: output, messages and exit status are the program's own" same_output "$what" "$status"
	h=$(heap "$what")
	is "$what: the snapshot at exit has a look" "$(looks "$h")" 1
	i=$(inner "$h")
	ok "$what: it is a valid file" valid "$i"
	is "$what: of reason peak" "$(summary "$i" .process.snapshot_reason)" peak
	is "$what: of the same process" "$(summary "$i" .process.pid)" "$(summary "$h" .process.pid)"
	is "$what: of which nothing is lost" "$(definite "$i")" 0
	case $what in
	static | thread) between "$what: it is from before the program began" \
		"$(reachable "$i")" $((40000 * 63 / 64)) 50000 ;;
	# Those that the thread has allocated just now go uncounted.
	handler) between "$what: it is from before the program had gone far" \
		"$(reachable "$i")" $((20000 * 15 / 16)) 50000 ;;
	*) between "$what: hardly more than a 32nd had gone" "$(reachable "$i")" $((40000 * 15 / 16)) 50000 ;;
	esac
	between "$what: at exit it is gone" "$(reachable "$h")" 0 1000
	is "$what: nothing is left beside the snapshot" "$(leftovers "$what")" ''
done

run_gcprof vector "$TARGETS/cleanup" vector
h=$(heap vector)
is 'vector: one block that holds all others, and is freed, is worth a look' "$(looks "$h")" 1
is 'vector: in which nothing is lost' "$(definite "$(inner "$h")")" 0
between 'vector: what the snapshot at exit says is lost' "$(definite "$h")" 19900 20000

for what in local-vector local-deque table; do
	run_gcprof "$what" "$TARGETS/cleanup" "$what"
	h=$(heap "$what")
	is "$what: a table that goes before exit, and leaves what it held, is worth a look" "$(looks "$h")" 1
	between "$what: in which it holds that" "$(reachable "$(inner "$h")")" 19000 20500
	# The standard output's buffer may lie where the pointers stood, and have some of them.
	between "$what: what the snapshot at exit says is lost" "$(definite "$h")" 19000 20000
done

peaks() { # NAME: looks that were taken
	grep -c '(peak)$' "$T/$1.err"
}

# Who copies tables all the time, allocates in doing so: the looks become rare.
GCPROF_VERBOSE=1 run_gcprof lists "$TARGETS/cleanup" lists
is 'lists: ends well' "$status" 0
between 'lists: looks are few where copies of a table come and go' "$(peaks lists)" 1 9
GCPROF_VERBOSE=1 run_gcprof grows "$TARGETS/cleanup" grows
is 'grows: none where a table makes room for a larger one' "$(peaks grows)" 0

run_gcprof child "$TARGETS/cleanup" child
is 'child: its exit status is as it should be' "$status" 0
is 'child: it and its parent have a snapshot each' "$(n_heaps child)" 2
n=0
for h in $(heaps child); do
	[ "$(looks "$h")" = 0 ] || inner "$h" >/dev/null && [ "$(looks "$h")" = 1 ] && n=$((n + 1)) &&
		is 'child: the look is of the one that cleaned up' "$(summary "$T/inner.heap" .process.pid)" "$(summary "$h" .process.pid)"
done
is 'child: one of them has a look' "$n" 1
is 'child: nothing is left beside' "$(leftovers child)" ''

# The first look is written before the handler goes on.
mkfifo "$T/fifo"
GCPROF_VERBOSE=1 start_gcprof halves "$TARGETS/cleanup" halves "$T/fifo"
ok 'halves: the look is there when half is freed' eventually [ -e "$T/halves/cleanup.$pid.look.heap" ]
echo >"$T/fifo"
wait "$pid"
is 'halves: no second one was taken' "$(grep -c '(peak)$' "$T/halves.err")" 1
is 'halves: and the snapshot has it' "$(looks "$(heap halves)")" 1

# Another may empty the directory, or the file.
mkfifo "$T/fifo2"
start_gcprof emptied "$TARGETS/cleanup" halves "$T/fifo2"
ok 'emptied: the look is there' eventually [ -e "$T/emptied/cleanup.$pid.look.heap" ]
: >"$T/emptied/cleanup.$pid.look.heap"
echo >"$T/fifo2"
wait "$pid"
is 'emptied: one snapshot' "$(n_heaps emptied)" 1
ok 'emptied: it is valid' valid "$(heap emptied)"

# One name for all snapshots of all processes: each has a look of its own.
mkdir "$T/names"
GCPROF_OUTPUT=$T/names/x.heap run_gcprof names "$TARGETS/cleanup" static
is 'a name without %n and %p: the look is taken in' "$(looks "$T/names/x.heap")" 1
is 'a name without %n and %p: nothing is left beside it' "$(find "$T/names" -type f | wc -l)" 1

# ---- those that do not, and other ends ----

for what in kept few small; do
	run_gcprof "$what" "$TARGETS/cleanup" "$what"
	is "$what: no look where the snapshot at exit tells as much" "$(looks "$(heap "$what")")" 0
	is "$what: nothing is left beside the snapshot" "$(leftovers "$what")" ''
done

run_gcprof batches "$TARGETS/cleanup" batches
is 'batches: it ends as it does alone' "$status" 0
between 'batches: the last one that could be taken may be in the snapshot' "$(looks "$(heap batches)")" 0 1
is 'batches: nothing is left beside it' "$(leftovers batches)" ''

GCPROF_SNAPSHOT=exit=only run_gcprof static-only "$TARGETS/cleanup" static
is 'exit=only: no look' "$(looks "$(heap static-only)")" 0
GCPROF_SNAPSHOT=signal run_gcprof static-none "$TARGETS/cleanup" static
is 'without exit: no file at all' "$(find "$T/static-none" -type f | wc -l)" 0

run_gcprof killed "$TARGETS/cleanup" killed
is 'killed: as it was' "$status" 137
# Who writes the look goes on without the program.
has_look() { [ "$(n_heaps killed)" -gt 0 ]; }
eventually has_look
h=$(heaps killed)
is 'killed: the look is all there is' "$(n_heaps killed)" 1
ok 'killed: it is a valid file' valid "$h"
is 'killed: of reason peak' "$(summary "$h" .process.snapshot_reason)" peak

GCPROF_SNAPSHOT=exit,fatal run_gcprof aborts "$TARGETS/cleanup" aborts
is 'aborts: as it was' "$status" 134
is 'aborts: its last snapshot is all that is left' "$(n_heaps aborts)" 1
is 'aborts: which is that of its death' "$(summary "$(heap aborts)" .process.snapshot_reason)" 'fatal SIGABRT'

# ---- nobody asked for it ----

# Both run as nobody if they start as root.
chmod 755 "$T"
mkdir "$T/open"
chmod 777 "$T/open"
GCPROF_OUTPUT=$T/nowhere/%p.%n.heap run_gcprof refused "$TARGETS/cleanup" refused
is 'no child and no directory: the program ends as it does' "$status" 0
is 'no child and no directory: nothing is said of a look' "$(grep -c look "$T/refused.err")" 0
GCPROF_VERBOSE=1 GCPROF_OUTPUT=$T/nowhere/%p.%n.heap run_gcprof refused-said "$TARGETS/cleanup" refused
is 'no child and no directory: one look is tried and no other' "$(grep -c 'cannot write.*look' "$T/refused-said.err")" 1
GCPROF_VERBOSE=1 GCPROF_OUTPUT=$T/nowhere/%p.%n.heap run_gcprof batches-said "$TARGETS/cleanup" batches
is 'no directory: one look is tried and no other' "$(grep -c 'cannot write.*look' "$T/batches-said.err")" 1
GCPROF_OUTPUT=$T/open/%p.%n.heap run_gcprof in-place "$TARGETS/cleanup" refused
is 'no child: nothing is said of a look that the program writes itself' "$(grep -c peak "$T/in-place.err")" 0
is 'no child: the snapshot at exit is all that is left' "$(find "$T/open" -type f | wc -l)" 1

# A limit that each of the two keeps to, but not both in one file.
h=$(heap static)
read -r _ bytes < <(records "$h" before)
own=$(($(stat -c %s "$h") - bytes))
between 'no room for both: the size of a look' "$bytes" 100000 10000000
# shellcheck disable=SC2016 # for that shell
run_gcprof limited bash -c 'ulimit -f "$0" && exec "$@"' $(((bytes + own / 2) / 1024)) "$TARGETS/cleanup" static
is 'no room for both: the program ends as it does' "$status" 0
is 'no room for both: there is a snapshot, and nothing beside it' "$(n_heaps limited) $(leftovers limited)" '1 '
is 'no room for both: that of its exit' "$(summary "$(heap limited)" .process.snapshot_reason)" exit
is 'no room for both: it has no look' "$(looks "$(heap limited)")" 0
ok 'no room for both: it is valid' valid "$(heap limited)"
is 'no room for both: one line says so' "$(cut -d: -f2- "$T/limited.err" | sed "s|$T||")" \
	" snapshot '/limited/$(basename "$(heap limited)")' has no look at the heap before: no room"

# ---- of which nothing is to be seen ----

mkdir -p "$T/wanders/there"
(cd "$T/wanders" && GCPROF_OUTPUT=%p.%n.heap run_gcprof wanders "$TARGETS/cleanup" wanders there)
is 'wanders: several looks, and none is left anywhere' "$(find "$T/wanders" -name '*peak*')" ''
is 'wanders: the snapshot at exit has one' "$(looks "$(find "$T/wanders" -name '*.heap')")" 1

GCPROF_VERBOSE=1 run_gcprof reaps "$TARGETS/cleanup" reaps
ok 'reaps: there was a look' grep -q '(peak)$' "$T/reaps.err"
run_plain reaps-alone "$TARGETS/cleanup" reaps
ok "reaps: its children are the program's own" cmp "$T/reaps-alone.out" "$T/reaps.out"
is 'reaps: nothing is left beside the snapshot' "$(leftovers reaps)" ''

run_gcprof yields "$TARGETS/cleanup" yields
is 'the child that writes goes first when memory runs out' "$(head -n 1 "$T/yields.out")" 'oom_score_adj 1000'

# What another has put in the look's place is not touched, and not taken for ours.
mkdir "$T/taken"
# shellcheck disable=SC2016 # for that shell
GCPROF_OUTPUT=$T/taken/%n.heap run_gcprof taken bash -c \
	'ln -s elsewhere "$0/$$.look.heap"; exec "$1" static' "$T/taken" "$TARGETS/cleanup"
is 'a link under its name: the snapshot has none' "$(looks "$T/taken/1.heap")" 0
ok 'a link under its name: is not followed' [ ! -e "$T/taken/elsewhere" ]

done_testing
