#!/usr/bin/env bash
# waste.sh -- what blocks hold nothing in, or the same as others, against a program that knows it.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/waste"

truth() { # NAME
	sed -n 's/^waste //p' "$T/$1.truth" | sort
}

# The same of all sites; those of which nothing is said waste nothing.
ours() { # FILE
	jq -r '[.sites[] | {name: (first(.frames[].function | select(. // "" | startswith("make_"))) // empty), w: (.waste // {})}]
		| group_by(.name)[] | .[0].name + " " + ([.[].w | [.zero_blocks, .zero_bytes, .tail_blocks, .tail_bytes,
		.untouched_bytes, .compared_blocks, .distinct_contents, .copy_bytes] | map(. // 0)]
		| transpose | map(add | tostring) | join(" "))' "$(analysis "$1" json)" | sort
}

for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	run_gcprof "$allocator" "$TARGETS/waste"
	h=$(heap "$allocator")
	is "$allocator: the program ends well" "$status $(valid "$h" && echo valid)" "0 valid"
	ours "$h" >"$T/ours"
	truth "$allocator" >"$T/theirs"
	ok "$allocator: each site wastes what it says" diff "$T/theirs" "$T/ours"
done
export GCPROF_ALLOCATOR=jemalloc

# ---- in a child, and when it is not wanted ----

GCPROF_WASTE=0 run_gcprof off "$TARGETS/waste"
is "GCPROF_WASTE=0 measures nothing" \
	"$(json "$(heap off)" '[.waste, ([.sites[].waste] | unique[])] | tostring') $(records "$(heap off)" waste | wc -l)" '[null,null] 0'
is "and says so" "$(records "$(heap off)" info | grep -c waste_one_in)" 0

# ---- more contents than there is room for ----

run_gcprof many "$TARGETS/waste" 400000
h=$(heap many)
is "many contents: how many were counted is known" "$(json "$h" '.waste.is_estimate')" true
copies=$(json "$h" '[.sites[] | select(any(.frames[]; .function == "make_many")) | .waste.copies] | add')
between "many contents: copies are estimated, and rather too few" "$copies" $((400000 * 95 / 100)) 400000
is "many contents: what is zero is still exact" "$(ours "$h" | grep zero)" "$(truth many | grep zero)"

# ---- reports ----

"$ANALYZE" --full "$h" >"$T/full"
ok "the full report has a list" grep -q '^Waste$' "$T/full"
ok "with the site that wastes most first" \
	grep -qE '^ +[0-9.]+ % +S[0-9]+ +.*waste\.c:[0-9]+ make_many' <(sed -n '/^Waste$/,/^$/p' "$T/full" | sed -n 3p)
ok "and how often" grep -qE '^ +18\.[0-9] MiB in 39[0-9,]+ copies of 40[0-9,]+ contents$' "$T/full"
ok "and says what is estimated" grep -q '^  Copies are estimates' "$T/full"
ok "the summary has a line" grep -qE '^  waste +[0-9.]+ % of the heap: .* in blocks that are all zero, ' "$T/full"
"$ANALYZE" --full "$(heap off)" >"$T/full-off"
is "without measurement there is neither" "$(sed -n '/^Summary$/,/^Modules$/p' "$T/full-off" | grep -cE '^(Waste$|  waste  )')" 0
done_testing
