#!/usr/bin/env bash
# mappings.sh -- memory that the program maps itself, page by page, with its site.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require addr2line
require_built "$TARGETS/mappings"
run_gcprof map "$TARGETS/mappings" map
is "a program that maps, unmaps, remaps and protects ends well" "$status" 0
points_of "$T/map.truth"
file=$(heap map)
records "$file" mapping | while IFS=$'\t' read -r start bytes site _ flags; do
	printf '%s %s %s %s\n' "$start" "$bytes" "$flags" "$(function_of "$file" "$site")"
done >"$T/found"
ok "every page it has mapped is in the snapshot with its access and its function, and no other" \
	awk -f "$SOURCES/tests/e2e/mappings.awk" "$T/map.truth" "$T/found"
accessible=$(awk '$1 == "map" && $4 % 4 > 0 { n += int(($3 + 4095) / 4096) * 4096 } END { print n }' "$T/map.truth")
is "external is the sum of those that can be accessed" "$(info "$file" external)" "$accessible"
is "the report's external is that figure" "$(json "$file" .memory.external)" "$accessible"
is "no block of the heap lies in the program's own mapping" "$(json "$file" .totals.live_bytes)" "$(info "$file" live_bytes)"

run_gcprof usage "$TARGETS/mappings" usage
points_of "$T/usage.truth"

done_testing
