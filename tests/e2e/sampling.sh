#!/usr/bin/env bash
# sampling.sh -- GCPROF_SAMPLE: what the report estimates is, on average, the truth.
#
# A block of s bytes is sampled with p = 1 - exp(-s/R), and stands for 1/p blocks.  The
# estimate of a site then has the variance  sum of s^2 (1 - p) / p  around the truth, and
# the mean of many runs that, divided by their number.  It has to lie within 5.2 standard
# deviations: a right program fails once in five million tests.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/sampling"
RATE=20000
runs=$([ "${GCPROF_TESTS_LONG:-0}" = 1 ] && echo 400 || echo 40)

for ((run = 1; run <= runs; run++)); do
	GCPROF_SAMPLE=$RATE run_gcprof "run$run" "$TARGETS/sampling"
	"$ANALYZE" --format=json --top=0 "$(heap "run$run")" | jq -r '.sites[] |
		[.frames[].function] as $f | select($f | index("main")) |
		([$f[0], .live_blocks, .live_bytes, .estimated_live_blocks, .estimated_live_bytes],
		["all-" + $f[0], .allocations, .allocated_bytes, .estimated_allocations, .estimated_allocated_bytes]) | @tsv' |
		sed "s/^/$run	/"
done >"$T/sites"

# Prints: site, error of the mean of the right estimate, and of the sum that was
# weighted afterwards, both in standard deviations.
awk -v rate=$RATE -v runs="$runs" '
	function p(s) { return 1 - exp(-s / rate) }
	function add(f, n, s) {
		bytes[f] += n * s; blocks[f] += n
		vbytes[f] += n * s * s * (1 - p(s)) / p(s)
		vblocks[f] += n * (1 - p(s)) / p(s)
	}
	function abs(x) { return x < 0 ? -x : x }
	BEGIN {
		FS = "\t"
		add("small", 1000, 100); add("large", 100, 30000); add("mixed", 900, 200); add("mixed", 100, 60000)
		add("all-churn", 2940, 150); add("all-churn", 60, 50000)
		add("all-mixed", 900, 200); add("all-mixed", 100, 60000)
	}
	$2 in bytes { eblocks[$2] += $5; ebytes[$2] += $6; if ($3) late[$2] += $3 / p($4 / $3) }
	END {
		for (f in bytes)
			print f, abs(ebytes[f] / runs - bytes[f]) / sqrt(vbytes[f] / runs),
				abs(eblocks[f] / runs - blocks[f]) / sqrt(vblocks[f] / runs),
				abs(late[f] / runs - blocks[f]) / sqrt(vblocks[f] / runs)
	}' "$T/sites" >"$T/errors"
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a < b) }'; }

for site in small large mixed all-churn all-mixed; do
	read -r _ in_bytes in_blocks late < <(grep "^$site " "$T/errors")
	ok "$site: estimated bytes are unbiased" below "$in_bytes" 5.2
	ok "$site: estimated blocks are unbiased" below "$in_blocks" 5.2
	diag "$site: off by $in_bytes and $in_blocks standard deviations; summed before weighting by $late"
	case $site in mixed | all-*)
		ok "$site: weighting after summing would be wrong, and be seen" below 5.2 "$late" ;;
	esac
done

# The library has weighed what the analyzer weighs: where all is live, the two agree to
# the rounding of each block to 1/256.
is "allocated and live blocks are weighed alike by library and analyzer" "$(awk -F'\t' '
	function far(a, b, n) { return a - b > n / 512 + 0.01 || b - a > n / 512 + 0.01 }
	$2 == "small" || $2 == "large" || $2 == "mixed" { n[$1 $2] = $3; blocks[$1 $2] = $5; bytes[$1 $2] = $6 }
	sub(/^all-/, "", $2) && ($1 $2) in n {
		seen++
		bad += far(blocks[$1 $2], $5, n[$1 $2]) + far(bytes[$1 $2], $6, n[$1 $2])
	}
	END { print (seen > 0) " " bad + 0 }' "$T/sites")" "1 0"

file=$(heap run1)
is "totals are exact" "$(json "$file" '.totals.live_blocks >= 2100 and .totals.live_bytes >= 9280000')" true
is "the report says that stacks were sampled, and how densely" "$(json "$file" .process.sampling.mean_bytes)" $RATE
ok "the report calls sampled figures estimated" grep -q 'estimated .* from the samples' "$(analysis "$file" text)"
is "blocks whose stack was not taken have no estimate" "$(json "$file" \
	'[.sites[] | select(.frames[0].function | test("not taken")) | has("estimated_live_bytes")] | any')" false
is "allocations without a stack have no estimate" "$(json "$file" \
	'[.sites[] | select(.frames[0].function | test("not taken")) | has("estimated_allocations")] | any')" false
is "without a single sample a leak is found, exactly, at an unknown site" "$(
	GCPROF_SAMPLE=1T run_gcprof lost "$TARGETS/sampling" lost
	json "$(heap lost)" '[.findings[] | select(.kind == "leak" and .blocks >= 49) |
		[.verdict, .level, .blocks <= 50, .bytes <= 5000, .site.frames[0].function]] | tostring'
)" '[["definite","error",true,true,"(its stack was not taken: sampling)"]]'
ok "text: a leak without a sample has no stack because of sampling" grep -q \
	'its stack was not taken: sampling' "$(analysis "$(heap lost)" text)"
GCPROF_SAMPLE=0 run_gcprof all "$TARGETS/sampling"
is "without sampling there is no estimate" "$(json "$(heap all)" \
	'[.process.sampling, ([.sites[] | has("estimated_live_bytes")] | any)] | tostring')" "[null,false]"
is "without sampling the file has no section of estimates" "$(records "$(heap all)" estimate)" ""
done_testing
