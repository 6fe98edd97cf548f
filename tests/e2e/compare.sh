#!/usr/bin/env bash
# compare.sh -- --diff and --merge against what the programs know of themselves, and
# against the reports of each snapshot alone.
#
# SPDX-License-Identifier: MIT
# Dollars of jq stand in single quotes.
# shellcheck disable=SC2016
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

one=$TARGETS/compare other=$TARGETS/compare-other stripped=$TARGETS/compare-stripped
require_built "$one" "$other" "$stripped"

# The report goes to $T/out.json, or to $T/out; sets $status.
report() { # ARGUMENT...
	status=0
	"$ANALYZE" --format=json "$@" >"$T/out.json" 2>"$T/out.err" || status=$?
}

text() { # ARGUMENT...
	status=0
	"$ANALYZE" "$@" >"$T/out" 2>"$T/out.err" || status=$?
}

says() { # PATTERN [FILE]
	grep -Eq -- "$1" "${2:-$T/out}" || {
		echo "no '$1' in:"
		head -n 30 "${2:-$T/out}"
		false
	}
}

holds() { # FILTER: it is true of the report
	[ "$(jq "$1" "$T/out.json")" = true ] || {
		echo "not so: $1"
		jq -c '.relation, .matched_by, .totals, (.sites[] | [.function, .state, .live_bytes, .blocks])' "$T/out.json"
		cat "$T/out.err"
		false
	}
}

is_refused() { # PATTERN ARGUMENT...
	local pattern=$1
	shift
	text "$@"
	[ "$status" -eq 2 ] && [ ! -s "$T/out" ] && says "$pattern" "$T/out.err"
}

# What the report says of the functions that the program tells of, as the program
# tells it: at snapshot number BEFORE of one truth and AFTER of another.
told() { # TRUTH BEFORE TRUTH AFTER
	awk -v n="$2" '$1 == "has" && $2 == n { print $3, $4, $5 }' "$1" | sort >"$T/before"
	awk -v n="$4" '$1 == "has" && $2 == n { print $3, $4, $5 }' "$3" | sort >"$T/after"
	join "$T/before" "$T/after" | awk '$2 || $4' >"$T/wanted"
	jq -r '.sites[] | . as $s | .frames[].function | select(. == "grow_table" or . == "keep_rest" or
		. == "shrink_pool" or . == "drop_all" or . == "born_later") |
		[., $s.before.blocks, $s.before.bytes, $s.after.blocks, $s.after.bytes] | map(tostring) | join(" ")' \
		"$T/out.json" | sort >"$T/seen"
	diff "$T/wanted" "$T/seen"
}

# ---- one process
# With epochs so short that some blocks are old.
GCPROF_YOUNG=16k run_gcprof steps "$one" steps
mapfile -t files < <(heaps steps)
is "steps: ends well, with two snapshots and one at exit" "$status ${#files[@]}" "0 3"
a=${files[0]} b=${files[1]}
report --diff "$a" "$b"
is "a comparison succeeds" "$status $(jq -r .schema "$T/out.json")" "0 gcprof-diff/1"
ok "snapshots of one process are matched by site" holds '.relation == "one process" and .matched_by == "site"'
ok "each function has the program's own figures, before and after" told "$T/steps.truth" 1 "$T/steps.truth" 2
states='[.sites[] | {key: ([.frames[].function] - ["put", "allocate"])[0], value: .state}] | from_entries'
ok "sites are called grown, shrunk, same, new and gone" holds "$states |
	.grow_table == \"grown\" and .keep_rest == \"same\" and .shrink_pool == \"shrunk\" and
	.drop_all == \"gone\" and .born_later == \"new\""
wanted=$(awk '$1 == "stays" && $3 { print $2, $3 }' "$T/steps.truth" | sort)
is "it is known which of the first blocks are still live" "$(jq -r '.sites[] | select(.blocks.still_live > 0) |
	([.frames[].function] - ["put", "allocate"])[0] + " " + (.blocks.still_live | tostring)' "$T/out.json" |
	grep -E '^(grow_table|keep_rest|shrink_pool|drop_all|born_later) ' | sort)" "$wanted"
ok "sites add up to the totals of each snapshot alone" test \
	"$(jq -c '[([.sites[].before.bytes] | add), ([.sites[].after.blocks] | add)]' "$T/out.json")" = \
	"[$(json "$a" .totals.live_bytes),$(json "$b" .totals.live_blocks)]"
ok "types add up to the totals of each snapshot alone" test "$(jq -c '[([.types[].before.blocks] | add), ([.types[].after.bytes] | add)]' "$T/out.json")" = \
	"[$(json "$a" .totals.live_blocks),$(json "$b" .totals.live_bytes)]"
ok "totals by state add up to the totals" holds '([.totals[].after.bytes] | add) == .after.bytes and
	([.totals[].sites] | add) == (.sites | length)'
ok "a type has its growth" holds '[.types[] | select(.name | test("born_later|put|allocate"))] |
	map(.growth.blocks) | add >= 50'
cp "$T/out.json" "$T/forward.json"
report --diff "$b" "$a"
ok "snapshots of one process are put in the order of time" cmp "$T/out.json" "$T/forward.json"

# ---- as text, for flame graphs, in a table
text --diff "$a" "$b"
ok "text: what was compared is said" says '^Compared +2 snapshots of one process'
ok "text: how sites were matched is said" says '^Matched +by site'
ok "text: the number of blocks still live is said" says '^Blocks +[0-9,]+ of the first 1,[0-9]+ still live; [0-9,]+ allocated since$'
ok "text: growth comes first" says '^  1\. \+76\.6 KiB, grown: 32\.8 KiB -> 109\.4 KiB; \+700 blocks: 300 -> 1,000$'
ok "text: gone sites have a list of their own" says '-39\.1 KiB, gone: 39\.1 KiB -> 0 B; -100 blocks: 100 -> 0$'
text --diff --top=1 "$a" "$b"
ok "text: --top makes lists shorter, and says so" says '^ +1 more site$'
text --diff --sort=blocks --format=csv "$a" "$b"
is "--sort puts another site first" "$(sed -n 2p "$T/out" | cut -d, -f1,4,7)" "grown,78400,700"
is "csv has a header, and a row for each site" "$(head -n 1 "$T/out" | cut -d, -f1-4) $(grep -c $'\r$' "$T/out")" \
	"state,before_bytes,after_bytes,growth_bytes $(($(jq '.sites | length' "$T/forward.json") + 1))"
text --diff --format=collapsed "$a" "$b"
is "collapsed has the growth of each stack" \
	"$(awk '{ n += $NF } END { print NR, n }' "$T/out")" \
	"$(jq -r '[.sites[].growth.bytes | select(. > 0)] | "\(length) \(add)"' "$T/forward.json")"
text --diff --format=difffolded "$a" "$b"
cp "$T/out" "$T/folded"
is "difffolded has two numbers for each stack, before and after" \
	"$(awk '{ a += $(NF - 1); b += $NF } END { print a, b }' "$T/out")" \
	"$(json "$a" .totals.live_bytes) $(json "$b" .totals.live_bytes)"
flamegraph=$(perl -e 'for (@INC) { $f = "$_/Devel/NYTProf/flamegraph.pl"; if (-r $f) { print $f; last } }')
if [ -r "$flamegraph" ]; then
	perl "$flamegraph" "$T/folded" >"$T/graph.svg" 2>"$T/graph.err"
	# It colours the innermost frames, by the change of their own stacks.
	ok "flamegraph.pl draws what has grown in red" says \
		'<title>lose_some \(11,840 samples, [0-9.]+%; \+[0-9.]+%\)</title>.* fill="rgb\(255,' "$T/graph.svg"
	ok "flamegraph.pl draws what has shrunk in blue" says \
		'<title>allocate \(30,400 samples, [0-9.]+%; -[0-9.]+%\)</title>.* fill="rgb\([0-9]+,[0-9]+,255\)"' "$T/graph.svg"
elif [ "$GCPROF_TESTS_REQUIRE" = 1 ]; then
	point fail "flamegraph.pl is there, of libdevel-nytprof-perl"
else
	skip "flamegraph.pl draws it" "libdevel-nytprof-perl is not installed"
fi

# ---- filters
report --diff --focus='^born_later$' "$a" "$b"
ok "--focus shows some sites" holds '(.sites | length) == 1 and .sites[0].state == "new" and .after.blocks == 50 and
	([.types[].after.blocks] | add) == 50'
report --diff --ignore='^born_later$' "$a" "$b"
ok "--ignore leaves out some sites" holds '[.sites[].frames[].function] | index("born_later") == null and index("grow_table") != null'
report --diff --cohort=old "$a" "$b"
is "--cohort counts what each snapshot alone counts" "$(jq -c '[.before.bytes, .after.bytes]' "$T/out.json")" \
	"[$(json "$a" .cohorts.old.bytes),$(json "$b" .cohorts.old.bytes)]"
ok "--cohort counts a part of the blocks" holds '.after.bytes > 0 and .after.bytes < .snapshots[1].live.bytes'

# ---- more than two
run_gcprof rounds "$one" steps 6
mapfile -t files < <(heaps rounds | head -n 6)
report --diff "${files[@]}"
grown='[.sites[] | select([.frames[].function] | index("grow_table"))][0]'
is "six snapshots are six values of each site" "$(jq -c "$grown | .live_blocks" "$T/out.json")" \
	"[$(awk '$3 == "grow_table" { printf "%s%s", s, $4; s = "," }' "$T/rounds.truth")]"
ok "a steadily rising site has a slope with a confidence" holds "$grown.trend | .per == \"hour\" and .slope > 0 and
	.low <= .slope and .slope <= .high and .confidence > 0.99"
ok "the slope is the median of those between any two" holds "[.snapshots[].uptime_seconds] as \$x |
	$grown | .live_bytes as \$v |
	([range(6) as \$i | range(\$i) as \$k | (\$v[\$i] - \$v[\$k]) / (\$x[\$i] - \$x[\$k])] | sort | .[7] * 3600) as \$slope |
	.trend.slope / \$slope | . > 0.9999 and . < 1.0001"
ok "the slope by allocated volume is the median, too" holds "[.snapshots[].allocated_bytes / 1073741824] as \$x |
	$grown | .live_bytes as \$v |
	([range(6) as \$i | range(\$i) as \$k | (\$v[\$i] - \$v[\$k]) / (\$x[\$i] - \$x[\$k])] | sort | .[7]) as \$slope |
	.trend.slope_per_gib / \$slope | . > 0.9999 and . < 1.0001"
ok "a constant site has slope 0" holds '[.sites[] | select([.frames[].function] | index("keep_rest"))][0].trend.slope == 0'
text --diff "${files[@]}"
ok "text: the trend is one line" says '^     \+.* per hour \(.*\), \+.* per GiB allocated \(confidence (0\.9[0-9]|1\.00)\)$'

# ---- two processes of one build
run_gcprof again "$one" steps
report --diff "$(heaps steps | sed -n 1p)" "$(heaps again | sed -n 2p)"
ok "two processes of one build are matched by site" holds '.relation == "one build" and .matched_by == "site" and .blocks == null'
ok "two processes of one build have the program's figures" told "$T/steps.truth" 1 "$T/again.truth" 2
report --diff "$(heaps again | sed -n 2p)" "$(heaps steps | sed -n 1p)"
ok "two processes are compared in the order of the command line" told "$T/again.truth" 2 "$T/steps.truth" 1

# ---- two builds
run_gcprof other "$other" steps
report --diff "$(heaps steps | sed -n 1p)" "$(heaps other | sed -n 2p)"
ok "two builds are matched by name" holds '.relation == "different builds" and .matched_by == "name"'
ok "two builds have the program's figures, with other lines and optimization" told "$T/steps.truth" 1 "$T/other.truth" 2
ok "two builds with names are matched completely" holds '.totals.unmatched.sites == 0'
ok "sites of two builds have no lines" holds '[.sites[].frames[] | .line, .file] | all(. == null)'
text --diff "$(heaps steps | sed -n 1p)" "$(heaps other | sed -n 2p)"
ok "text: matching by name is said" says '^Matched +by function and module names; lines are ignored$'
run_gcprof stripped "$stripped" steps
report --diff "$(heaps steps | sed -n 1p)" "$(heaps stripped | sed -n 2p)"
ok "a site without names in one build is neither new nor gone" holds \
	'.totals.unmatched.sites >= 5 and .totals.new.sites == 0 and .totals.gone.sites == 0'
text --diff "$(heaps steps | sed -n 1p)" "$(heaps stripped | sed -n 2p)"
ok "text: the size of unmatched sites is given" says '^Unmatched +[0-9]+ sites with an unnamed frame: '
report --diff "$(heaps stripped | sed -n 1p)" "$(heaps stripped | sed -n 2p)"
ok "a build without names is matched with itself" holds '.totals.unmatched.sites == 0 and .totals.grown.sites == 1'

# ---- findings
text --diff --fail-on=note "$a" "$a.none"
is "--diff fails if only one of two files can be read" "$status $(grep -c 'takes two snapshots or more, and 1 could be read' "$T/out.err")" "2 1"
report --diff --fail-on=error "$a" "$b"
is "--fail-on fails for what the first does not have" "$status" 1
ok "a new error of the second snapshot is in JSON" holds '[.findings[] | select(.novelty == "new" and .level == "error")] |
	length == 1 and .[0].blocks == 20 and .[0].function == "lose_some"'
text --diff --fail-on=error "$a" "$b"
ok "a new error of the second snapshot is in text" says '^  new, error, allocated in lose_some:$'
report --diff --fail-on=error "$b" "$(heaps steps | sed -n 3p)"
is "--fail-on does not fail for what both snapshots have" "$status $(jq -c '[.findings[] | select(.novelty == "new")]' "$T/out.json")" "0 []"
report --diff "$a" "$b"
is "without --fail-on --diff computes no findings" "$(jq .findings "$T/out.json")" null

# ---- what does not go together
ok "--diff and --merge do not go together" is_refused '--diff does not go with --merge' --diff --merge "$a" "$b"
"$ANALYZE" --write-baseline="$T/baseline" "$a" >"$T/out"
ok "--diff and a baseline do not go together" is_refused '--diff does not go with --baseline' --diff --baseline="$T/baseline" "$a" "$b"
ok "a format without a difference is refused, and those that have one are named" is_refused \
	'--format=sarif is not available for --diff; these are: text json (html )?collapsed difffolded csv' --diff --format=sarif "$a" "$b"
ok "difffolded is refused for one snapshot" is_refused '--format=difffolded is not available for one snapshot' --format=difffolded "$a"
ok "the order by growth is refused for one snapshot" is_refused '--sort: order not available for one snapshot' --sort=growth "$a"

# ---- a fleet of six, of which one has more
for i in 1 2 3 4 5 6; do
	extra=0
	[ "$i" -eq 4 ] && extra=5000
	run_gcprof "worker$i" "$one" worker "$extra"
done
mapfile -t fleet < <(for i in 1 2 3 4 5 6; do heaps "worker$i" | head -n 1; done)
report --merge "${fleet[@]}"
is "six processes are merged" "$status $(jq -r '"\(.schema) \(.totals.processes) \(.processes | length)"' "$T/out.json")" \
	"0 gcprof-merge/1 6 6"
for f in "${fleet[@]}"; do
	"$ANALYZE" --format=json "$f"
done >"$T/each.json"
sums='[.totals.live_bytes, .totals.live_blocks, .totals.allocations, .cohorts.old.bytes]'
is "merge: sums are those of the processes' reports" \
	"$(jq -c '[.totals.live.bytes, .totals.live.blocks, .totals.allocations, .totals.old.bytes]' "$T/out.json")" \
	"$(jq -sc "map($sums) | transpose | map(add)" "$T/each.json")"
by_function='map({f: ([.frames[].function] - ["put", "allocate"] | map(select(test("^(grow_table|keep_rest|shrink_pool)$"))) | first), b: BYTES, a: .allocations}) |
	map(select(.f)) | group_by(.f) | map([.[0].f, (map(.b) | add), (map(.a) | add)])'
is "merge: sums by function are those of the processes' reports" \
	"$(jq -c ".sites | ${by_function/BYTES/.live.bytes}" "$T/out.json")" \
	"$(jq -sc "map(.sites[]) | ${by_function/BYTES/.live_bytes}" "$T/each.json")"
is "merge: sums by type are those of the processes' reports" "$(jq '[.types[].live.bytes] | add' "$T/out.json")" "$(jq -s 'map(.totals.live_bytes) | add' "$T/each.json")"
grown='[.sites[] | select([.frames[].function] | index("grow_table"))][0]'
ok "merge: a site has its number of processes and their spread" holds "$grown | .processes == 6 and
	.live_bytes.min == 112000 and .live_bytes.median == 112000 and .live_bytes.max == 672000"
is "merge: the outlier is named" \
	"$(jq -r "[$grown.live_bytes.outliers[] as \$o | .processes[\$o.process].file] | join(\" \")" "$T/out.json")" "${fleet[3]}"
ok "merge: no other process is an outlier" holds '[.processes[].stands_out_at > 0] == [false, false, false, true, false, false]'
is "merge: each process's bytes are there, of what stands out first" \
	"$(jq -c '[.by_process[0] as $b | .sites[$b.site].live_bytes.standing_out, $b.live_bytes]' "$T/out.json")" \
	'[1,[112000,112000,112000,672000,112000,112000]]'
ok "merge: and they add up to the site's" holds '[.sites as $sites | .by_process[] | $sites[.site].live.bytes == (.live_bytes | add)] | all'
ok "merge: findings are counted by process" holds '[.findings[].processes] | all(. >= 1 and . <= 6)'
text --merge "${fleet[@]}"
ok "merge: text names the outlier" says "^  pid [0-9]+ \(.*compare\.$(basename "${fleet[3]}" | cut -d. -f2)\..*\): at 1 site; "
text --merge --format=csv "${fleet[@]}"
is "merge: csv has a row for each site" "$(grep -c $'\r$' "$T/out")" "$(($(jq '.sites | length' "$T/out.json") + 1))"
printf 'no snapshot' >"$T/broken.heap"
report --merge "${fleet[0]}" "$T/broken.heap" "${fleet[1]}"
is "merge: an unreadable file is named, and the others are merged" \
	"$status $(jq .totals.processes "$T/out.json") $(grep -c "broken.heap" "$T/out.err")" "2 2 1"
mapfile -t all < <(heaps steps)
report --merge "${all[@]}" "${fleet[0]}"
is "merge: the last snapshot of each process counts" "$(jq -c '[.totals.processes, .processes[].file]' "$T/out.json")" \
	"[2,\"${all[2]}\",\"${fleet[0]}\"]"
run_gcprof otherworker "$other" worker 0
mapfile -t two < <(heaps worker1 | head -n 1; heaps otherworker | head -n 1)
report --merge "${two[@]}"
ok "merge: sites of two builds are matched by name" holds "$grown | .processes == 2"

# ---- the program's own line, whatever of the library is between it and malloc
PLANTED=$abs_top_builddir/tests/html/planted
if [ -e "$PLANTED" ]; then # no compiler for C++
	GCPROF_YOUNG=1M GCPROF_SNAPSHOT=exit,growth=100% run_gcprof planted "$PLANTED"
	mapfile -t files < <(find "$T/planted" -name '*.heap' | sort -V)
	"$ANALYZE" --diff "${files[0]}" "${files[-1]}" >"$T/planted.diff"
	is "what has grown most is named by the program's own function and line" \
		"$(sed -n '/^  1\. +/{n;s/^ *//;s/  */ /;p;}' "$T/planted.diff")" \
		"gw::QuoteCache::get planted.cc:$(grep -n 'make_shared' "$SOURCES/tests/html/planted.cc" | head -n 1 | cut -d: -f1)"
	is "and so it is in JSON" \
		"$("$ANALYZE" --diff --format=json "${files[0]}" "${files[-1]}" | jq -r '[.sites[] | select(.growth.bytes > 1000000) | .function | sub("\\(.*"; "")] | sort | join(" ")')" \
		"gw::Orders::put gw::QuoteCache::get"
fi

done_testing
