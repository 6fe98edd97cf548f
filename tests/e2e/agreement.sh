#!/usr/bin/env bash
# agreement.sh -- the analyzer says what the file says, and its figures fit together.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/threads" "$TARGETS/cxx" "$TARGETS/epochs"
GCPROF_YOUNG=256K run_gcprof threads "$TARGETS/threads" 4 30000
GCPROF_YOUNG=64K run_gcprof cxx "$TARGETS/cxx" ledger
GCPROF_YOUNG=1M run_gcprof epochs "$TARGETS/epochs" 20480 3

for name in threads cxx epochs; do
	file=$(heap "$name")
	records "$file" block >"$T/$name.blocks"
	is "$name: live_blocks is the number of blocks" "$(json "$file" .totals.live_blocks)" "$(wc -l <"$T/$name.blocks")"
	is "$name: live_bytes is their sum" "$(json "$file" .totals.live_bytes)" \
		"$(awk '{ n += $2 } END { printf "%.0f", n }' "$T/$name.blocks")"
	is "$name: heap_used is that sum" "$(json "$file" .memory.heap_used)" "$(json "$file" .totals.live_bytes)"
	is "$name: allocations are the sum over sites" "$(json "$file" .totals.allocations)" \
		"$(records "$file" site | awk -F '\t' '{ n += $6 } END { printf "%.0f", n }')"
	is "$name: allocated_bytes too" "$(json "$file" .totals.allocated_bytes)" \
		"$(records "$file" site | awk -F '\t' '{ n += $7 } END { printf "%.0f", n }')"
	is "$name: allocations less frees are the live blocks" "$(json "$file" '.totals.allocations - .totals.frees')" \
		"$(json "$file" .totals.live_blocks)"
	is "$name: young and old are all" "$(json "$file" '.cohorts.young.blocks + .cohorts.old.blocks')" \
		"$(json "$file" .totals.live_blocks)"
	is "$name: young and old bytes are all live bytes" "$(json "$file" '.cohorts.young.bytes + .cohorts.old.bytes')" \
		"$(json "$file" .totals.live_bytes)"
	is "$name: the birth epochs' live blocks are all" "$(json "$file" '[.cohorts.epochs[].live_blocks] | add')" \
		"$(json "$file" .totals.live_blocks)"
	is "$name: the sites' live blocks are all" "$(json "$file" '[.sites[].live_blocks] | add')" \
		"$(json "$file" .totals.live_blocks)"
	is "$name: the sites' young and old bytes are all" "$(json "$file" '[.sites[] | .young_bytes + .old_bytes] | add')" \
		"$(json "$file" .totals.live_bytes)"
	is "$name: a site's generation count is its number of birth epochs" \
		"$(json "$file" '[.sites[].generation_count] | add')" \
		"$(cut -f5,7 "$T/$name.blocks" | sort -u | wc -l)"
	for epochs in 1..2 ..1 2.. 1; do
		first=${epochs%..*} last=${epochs#*..}
		is "$name: --born=$epochs counts the blocks of these epochs" \
			"$("$ANALYZE" --format=json --born=$epochs "$file" | jq -c '[([.sites[].live_blocks] | add // 0), ([.sites[].live_bytes] | add // 0)]')" \
			"$(awk -F '\t' -v first="${first:-0}" -v last="${last:-1e18}" '$5 >= first + 0 && $5 <= last + 0 { n++; bytes += $2 } END { printf "[%d,%.0f]\n", n, bytes }' "$T/$name.blocks")"
	done
	is "$name: --format=blocks lists the blocks of the file" \
		"$(sed 's/^0x//' "$(analysis "$file" blocks)" | grep -E '^[0-9a-f]+	' | awk -F '\t' '{ print $1, $2, $3, $7 }' | sort | md5sum)" \
		"$(awk -F '\t' '{ print $1, $2, $3, $6 }' "$T/$name.blocks" | sort | md5sum)"
	is "$name: pid, command and epoch are in the report" \
		"$(json "$file" '.process | "\(.pid) \(.executable)"')" \
		"$(info "$file" pid) $(info "$file" executable)"
	ok "$name: no frame of gcprof is shown" test "$(json "$file" '[.sites[].frames[] | select((.module // "") | test("libgcprof"))] | length')" = 0
	ok "$name: main is at the bottom of every stack of the program's own" \
		test "$(json "$file" '[.sites[] | select(.live_blocks > 0) | select([.frames[].function] | any(. == "main" or . == "start_thread" or . == "_dl_start_user" or . == "_start" or . == "call_init" or . == "_dl_init" or . == "__libc_start_main") | not)] | length')" = 0
done
done_testing
