#!/usr/bin/env bash
# api.sh -- the calls of gcprof.h, with and without the profiler.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/api"
run_plain absent "$TARGETS/api" absent
points_of "$T/absent.truth"

# Without optimization the header's functions are real ones, beside the library's
# of the same names.
run_plain absent-plain "$TARGETS/api-plain" absent
is "without the profiler a program of gcprof.h, not optimized, ends well" "$status" 0
points_of "$T/absent-plain.truth"
run_gcprof usage-plain "$TARGETS/api-plain" usage
is "a program of gcprof.h, not optimized, ends well" "$status" 0
points_of "$T/usage-plain.truth"

run_gcprof usage "$TARGETS/api" usage
is "a program that asks for its memory usage ends well" "$status" 0
points_of "$T/usage.truth"

run_gcprof snapshots "$TARGETS/api" snapshots "$T"
points_of "$T/snapshots.truth"
is "six snapshots under the default name, counted up" "$(n_heaps snapshots)" 6
file=$T/named.$(basename "$(heaps snapshots | head -n 1)" | cut -d. -f2).heap
ok "the snapshot with a name is whole" valid "$file"
is "a snapshot by call has the reason api" "$(info "$file" reason)" api
is "the snapshot at exit has the reason exit" "$(info "$(heaps snapshots | tail -n 1)" reason)" exit
ok "the live set of a snapshot by call is exact" ledger --exactly "$file" "$T/snapshots.truth"
n=0
wrong=0
while read -r file; do
	n=$((n + 1))
	[ "$n" -gt 5 ] ||
		[ "$(records "$file" block | awk '$2 >= 1000 && $2 < 1005' | wc -l)" = "$n" ] || wrong=$((wrong + 1))
	[ "$(info "$file" snapshot_number)" ] || wrong=$((wrong + 1))
done < <(heaps snapshots)
is "each snapshot by call shows one block more" "$wrong" 0
is "a name that cannot be written is reported in one line" "$(wc -l <"$T/snapshots.err")" 1
ok "the message names the file that cannot be written" grep -q no-such-directory "$T/snapshots.err"

run_gcprof marks "$TARGETS/api" marks
points_of "$T/marks.truth"
is "marks stand in the snapshot, in order" "$(records "$(heap marks)" mark | cut -f3 | head -n 3 | cut -c1-10 | tr '\n' ' ')" \
	"first xxxxxxxxxx many "
is "a label has 63 bytes at most" "$(records "$(heap marks)" mark | cut -f3 | sed -n 2p | tr -d '\n' | wc -c)" 63

# ---- before the start ----

require_built "$TARGETS/early"
run_gcprof early "$TARGETS/early"
is "a program that is under way before the library's constructor ends well" "$status $(cat "$T/early.err")" "0 "
points_of "$T/early.truth"
done_testing
