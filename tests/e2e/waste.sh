#!/usr/bin/env bash
# waste.sh -- what blocks hold nothing in, or the same as others, against a program that knows it.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/waste"
export GCPROF_WASTE=1

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

# ---- the finding ----

waste_of() { # EXPRESSION: of the findings of kind waste, "none" if there is none
	summary "$h" "[.findings[] | select(.kind == \"waste\")] | if length == 0 then \"none\" else .[] | $1 end"
}
is "the site that wastes a MiB and a tenth of the heap is a warning, and the only one" \
	"$(waste_of '.verdict + " " + .level')" "reducible warning"
ok "it says how much, how, and where" \
	grep -qE '^18\.[0-9] MiB, [0-9]+ % of the heap, is in copies of other blocks allocated in make_many\.$' <(waste_of .summary)
ok "its evidence has the numbers" \
	grep -qE '^18\.[0-9] MiB in an estimated 39[0-9,]+ of 800,000 blocks that hold the same .*: there are 40[0-9,]+ contents\.$' <(waste_of '.evidence[0]')
ok "it says what to do" grep -q '^Share what is equal' <(waste_of .advice)
is "no leak is said of it" "$(summary "$h" '.leaks | "\(.definite.blocks) \(.possible.blocks)"')" "0 0"
echo 'waste:make_many' >"$T/supp"
is "a line waste:FUNCTION leaves it out" \
	"$("$ANALYZE" --format=json --suppressions="$T/supp" "$h" | jq '[.findings[] | select(.kind == "waste")] | length')" 0
run_plain check "$RUN" check -- "$TARGETS/waste" 400000
is "gcprof check passes" "$status $(grep -c 'copies of' "$T/check.err" "$T/check.out" | cut -d: -f2 | xargs)" "0 0 0"
run_plain check "$RUN" check --fail-on=warning -- "$TARGETS/waste" 400000
is "unless warnings fail it: then it is shown" "$status $(cat "$T/check.err" "$T/check.out" | grep -c 'is in copies of')" "23 1"
h=$(heap jemalloc)
is "below a MiB it is none" "$(waste_of .summary)" none

"$ANALYZE" --full "$(heap off)" >"$T/full-off"
is "without measurement there is neither" "$(sed -n '/^Summary$/,/^Modules$/p' "$T/full-off" | grep -cE '^(Waste$|  waste  )')" 0
done_testing
