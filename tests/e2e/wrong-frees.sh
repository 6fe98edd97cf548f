#!/usr/bin/env bash
# wrong-frees.sh -- double, invalid and mismatched frees are noted, and the program goes on.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/badfree" "$TARGETS/mismatch"
# kind of gcprof-heap(5): 1 double, 2 invalid, 3 mismatched
check() { # MODE FUNCTION KIND
	local mode=$1 function=$2 kind=$3 file
	run_gcprof "$mode" "$TARGETS/badfree" "$mode" 25
	is "$mode: the program goes on to its end" "$status $(cat "$T/$mode.out")" "5 still here"
	file=$(heap "$mode")
	ok "$mode: the live set is exact all the same" ledger "$file" "$T/$mode.truth"
	is "$mode: one finding for the one site, with the count of calls" \
		"$(records "$file" bad | cut -f1,2)" "$kind	25"
	is "$mode: the finding's stack begins in the function that freed" \
		"$(function_of "$file" "$(records "$file" bad | cut -f4)")" "$function"
	is "$mode: the report names it once" \
		"$(json "$file" '[.findings[] | select(.kind | test("free"))] | length')" 1
	is "$mode: the report's stack has that function on top" \
		"$(json "$file" '[.findings[] | select(.kind | test("free"))][0].site.frames[0].function')" "$function"
}
GCPROF_SNAPSHOT=none run_gcprof unwanted "$TARGETS/badfree" double 25
is "without snapshots a wrong free is reported, and no snapshot is mentioned" \
	"$(grep -cE 'double free of 0x[0-9a-f]+, ignored$' "$T/unwanted.err") $(grep -c snapshot "$T/unwanted.err")" "1 0"
check double double_free 1
check interior interior_free 2
check second second_free 2
check third third_free 2
check freed-inside freed_inside 2
check misaligned misaligned_free 2
check stack stack_free 2
check static static_free 2
check wild wild_free 2
check realloc freed_realloc 1

kind_of() { # NAME: kinds of its findings of wrong frees
	summary "$(heap "$1")" '.findings[] | select(.what | test("free$")) | .kind' | sort -u | tr '\n' ' '
}
is "double: its kind says so" "$(kind_of double)" "double-free "
is "wild: its kind says so" "$(kind_of wild)" "invalid-free "

file=$(heap double)
is "double: the place of the allocation is known" \
	"$(function_of "$file" "$(records "$file" bad | cut -f5)")" double_free

run_gcprof mismatch "$TARGETS/mismatch"
is "mismatch: the program goes on" "$status $(cat "$T/mismatch.out")" "5 still here"
file=$(heap mismatch)
ok "mismatch: the blocks are gone all the same" ledger "$file" "$T/mismatch.truth"
is "mismatch: its kind says so" "$(kind_of mismatch)" "mismatched-free "
is "mismatch: one finding for each of the four places" "$(records "$file" bad | cut -f1,2 | sort | uniq -c | tr -s ' ')" " 4 3	3"
found=$(records "$file" bad | while IFS=$'\t' read -r _ _ _ site _; do function_of "$file" "$site"; done | sort | tr '\n' ' ')
is "mismatch: each in its function" "$found" \
	"array_freed_by_delete() malloc_freed_by_delete() new_freed_by_delete_array() new_freed_by_free() "

# GCPROF_ABORT: the nth wrong free ends the program, as the C library's malloc does at the first.
GCPROF_ABORT=10 run_gcprof limited "$TARGETS/badfree" wild 25
is "with GCPROF_ABORT=10 the program is ended by SIGABRT at the tenth wrong free" "$status" 134
is "the snapshot that was written before has the ten wrong frees" \
	"$(records "$(heap limited)" bad | cut -f1,2)" "2	10"
GCPROF_ABORT=26 run_gcprof beyond "$TARGETS/badfree" wild 25
is "fewer wrong frees than GCPROF_ABORT allows end nothing" "$status" 5
GCPROF_ABORT=10 GCPROF_SNAPSHOT=none run_gcprof silent "$TARGETS/badfree" wild 25
is "with GCPROF_SNAPSHOT=none GCPROF_ABORT ends the program without a snapshot" "$status $(n_heaps silent)" "134 0"
done_testing
