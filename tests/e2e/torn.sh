#!/usr/bin/env bash
# torn.sh -- children that are forked while other threads change tables of the library.
#
# fork copies page by page, at several moments; lib/forking.h.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/torn"
n=$([ "${GCPROF_TESTS_LONG:-0}" = 1 ] && echo 400 || echo 20)

# The analyzer's reader takes every record.
readable() { # FILE
	"$ANALYZE" --format=csv --top=1 "$1" >/dev/null
}

# Epochs end all the time.
export GCPROF_YOUNG=128K

run_gcprof fork "$TARGETS/torn" fork "$n"
is "forks beside threads at work: the program ends well" "$status" 0
points_of "$T/fork.truth"
is "forks beside threads at work: nothing is said" "$(cat "$T/fork.err")" ""
is "each process leaves a snapshot" "$(n_heaps fork)" $((n + 1))
unread=0 inexact=0 incomplete=0 strange=0
while read -r pid; do
	file=$(heap_of fork "$pid")
	if ! dump "$file" >/dev/null 2>"$T/dump.err" || ! readable "$file" 2>>"$T/dump.err"; then
		unread=$((unread + 1))
		diag_file "$T/dump.err" 3
		continue
	fi
	[ "$(info "$file" complete)" = 1 ] || incomplete=$((incomplete + 1))
	ledger "$file" "$T/fork.truth" "$pid" >"$T/ledger.out" || {
		inexact=$((inexact + 1))
		diag_file "$T/ledger.out" 3
	}
	# The child's own blocks, and stacks, are nobody else's.
	[ "$(records "$file" block | awk '$2 >= 300 && $2 < 400 { print $7 }' | sort -n | uniq -c |
		awk '$1 >= 100 { n++ } END { print n + 0 }')" = 1 ] || strange=$((strange + 1))
done < <(sed -n 's/^child //p' "$T/fork.truth")
is "the snapshots of all children can be read" "$unread" 0
is "nothing is lost in them" "$incomplete" 0
is "each snapshot has all of the child's own blocks" "$inexact" 0
is "the child's blocks are of one allocation site" "$strange" 0

run_gcprof deaf "$TARGETS/torn" deaf "$n"
is "snapshots beside threads that cannot be stopped: the program ends well" "$status" 0
points_of "$T/deaf.truth"
unread=0 inexact=0
while read -r file; do
	if ! readable "$file" 2>"$T/dump.err"; then
		unread=$((unread + 1))
		diag_file "$T/dump.err" 3
	elif ! ledger "$file" "$T/deaf.truth" >"$T/ledger.out"; then
		inexact=$((inexact + 1))
		diag_file "$T/ledger.out" 3
	fi
done < <(heaps deaf)
is "snapshots beside threads that cannot be stopped can be read" "$unread" 0
is "snapshots beside threads that cannot be stopped have the blocks of the thread that asked" "$inexact" 0

run_gcprof behind "$TARGETS/torn" behind 20
is "children that no fork handler knows of: all ends well" "$status" 0
points_of "$T/behind.truth"
is "children that no fork handler knows of leave no snapshot" "$(n_heaps behind)" 1
is "nothing is said of them" "$(cat "$T/behind.err")" ""

GCPROF_YOUNG=16M run_gcprof epochs "$TARGETS/torn" epochs 40
is "forks while epochs end: the program ends well" "$status" 0
points_of "$T/epochs.truth"
unread=0
while read -r file; do
	readable "$file" 2>"$T/dump.err" || {
		unread=$((unread + 1))
		diag_file "$T/dump.err" 3
	}
done < <(heaps epochs)
is "forks while epochs end: all snapshots can be read" "$unread $(n_heaps epochs)" "0 41"

# ---- a check of such a program is one

GCPROF_YOUNG=1M run_plain check "$RUN" check -- "$TARGETS/torn" fork 20
is "gcprof check: all processes are checked, and nothing is found" "$status $(grep -c '21 processes checked' "$T/check.err")" "0 1"

# ---- what those held in registers that a fork left behind

for what in nothing lose; do
	run_gcprof "held-$what" "$TARGETS/left_behind" ${what#nothing}
	is "blocks that only a thread has, that fork leaves behind ($what): all ends well" "$status" 0
	child=$(heap_of "held-$what" "$(sed -n 's/^child //p' "$T/held-$what.truth")")
	is "$what: the child's own are lost, and no others" "$(definite "$child")" \
		"$([ "$what" = lose ] && echo 5 || echo 0)"
	is "$what: what the thread may have held is told in notes, and that this may be so" \
		"$(summary "$child" '[.findings[] | select(.summary | test("possibly lost")) | .level] | unique | join(" ")')" note
	ok "$what: a note says why blocks may not be lost" grep -q 'may have been in threads or memory that fork did not copy' "$(analysis "$child" text)"
	is "$what: the parent has lost nothing" "$(definite "$(heaps "held-$what" | grep -vF "$child")")" 0
done
done_testing
