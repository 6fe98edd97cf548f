#!/usr/bin/env bash
# peak.sh -- who held the heap when it was largest, against valgrind's DHAT, which keeps
# that of every block.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/peak"
require valgrind

# Bytes at the peak by function: "make_stone 12000000".
dhat() { # COURSE
	timeout -k 5 "$GCPROF_TESTS_TIMEOUT" valgrind --tool=dhat --dhat-out-file="$T/$1.dhat" \
		"$TARGETS/peak" "$1" >"$T/$1.dhat.out" 2>&1 || diag_file "$T/$1.dhat.out"
	jq -r '.ftbl as $names | [.pps[] | {bytes: .gb, name: ([.fs[] | $names[.]] | join(" ")
		| (first(capture("(?<n>make_[a-z]+)").n) // "other"))}]
		| group_by(.name)[] | "\(.[0].name) \(map(.bytes) | add)"' "$T/$1.dhat"
}
ours() { # FILE
	jq -r '[.peak.sites[] | {bytes, name: ([.frames[].function // ""] | join(" ")
		| (first(capture("(?<n>make_[a-z]+)").n) // "other"))}]
		| group_by(.name)[] | "\(.[0].name) \(map(.bytes) | add)"' "$(analysis "$1" json)"
}

# Every site as DHAT has it, to within so many thousandths of the whole peak.
agree() { # COURSE FILE THOUSANDTHS
	awk -v most="$3" '
		NR == FNR { theirs[$1] = $2; whole += $2; next }
		{ mine[$1] = $2; theirs[$1] += 0 }
		END {
			for (name in theirs) {
				off = (mine[name] - theirs[name]) / whole * 1000
				printf "%s: %d here, %d by DHAT, off by %.1f\n", name, mine[name], theirs[name], off
				if (off > most || off < -most)
					wrong = 1
			}
			exit wrong
		}' <(dhat "$1" | sort) <(ours "$2" | sort)
}

for course in hill waves threads large few end freed; do
	run_gcprof "$course" "$TARGETS/peak" "$course"
	is "$course: the program ends as it does alone" "$status" 0
	h=$(heap "$course")
	ok "$course: the snapshot is valid" valid "$h"
	ok "$course: who held the peak is as DHAT says, to 2 %" agree "$course" "$h" 20
	is "$course: what sites held adds up to the peak" \
		"$(json "$h" '.peak | ([.sites[].bytes] | add) + .others.bytes - .bytes')" 0
	is "$course: the largest site comes first" \
		"$(json "$h" '.peak.sites | map(.bytes) | . == (sort | reverse)')" true
done
is "few: none of the blocks is missing" "$(json "$(heap few)" '.peak | "\(.blocks) \(.bytes)"' | tr -d '"')" "8 4000000"
"$RUN" run --output="$T/few.heap" -- "$TARGETS/peak" few 2>"$T/few.run"
is "few: gcprof run says the same" "$(sed -n 's/.*, peak \([^;]*\).*/\1/p' "$T/few.run" | head -n 1)" "3.8 MiB"
is "end: the peak is now" "$(json "$(heap end)" '.peak.when')" now
is "end: which takes no section" "$(records "$(heap end)" peak | wc -l)" 0
h=$(heap hill)
is "hill: the peak was earlier" "$(json "$h" '.peak.when')" earlier
is "hill: before the program's end" \
	"$(json "$h" '.peak.time > 0 and .peak.time < .process.uptime_seconds and .peak.epoch <= .cohorts.epochs[-1].epoch')" true

# ---- reports ----

"$ANALYZE" "$h" >"$T/brief"
ok "the summary has who held the peak" grep -qE '^ +[0-9.]+ % +1[0-9.]+ MiB +S[0-9]+ +.*peak\.c:[0-9]+ make_stone < fill' "$T/brief"
"$ANALYZE" --full "$h" >"$T/full"
ok "the full report lists them" grep -q '^Sites at the peak$' "$T/full"
"$ANALYZE" "$(heap end)" >"$T/brief-end"
ok "a peak that is now is called so" grep -q '^  peak      now$' "$T/brief-end"

# ---- temporary allocations ----

temporary() { # FILE FUNCTION: allocations of it that were freed within their epoch
	json "$1" "[.sites[] | select(any(.frames[]; .function == \"$2\")) | .temporary_allocations] | add"
}
for course in hill freed; do
	between "$course: blocks that live until another phase are not temporary" \
		"$(temporary "$(heap "$course")" make_stone)" 0 $((40000 / 50))
done
h=$(heap hill)
between "hill: nor are those that live to the end" "$(temporary "$h" make_tree)" 0 0
between "hill: what lives for a moment is temporary" "$(temporary "$h" make_house)" $((320000 - 64)) 320000
between "the full report lists them, with a line for each site" "$(awk '
	/^Temporary allocations$/ { is_there = 1 }
	/^$/ { is_there = 0 }
	is_there && /make_house/ { gsub(",", "", $3); sum += $3 }
	END { print sum + 0 }' "$T/full")" $((320000 - 64)) 320000

# ---- by size and by thread ----

h=$(heap threads)
is "threads: sizes add up to all that lives" \
	"$(json "$h" '[.sizes | (map(.blocks) | add), (map(.bytes) | add)] - [.totals.live_blocks, .totals.live_bytes] | length')" 0
is "threads: blocks are where their sizes are" \
	"$(json "$h" '[.sizes[] | select(.least == 64 or .least == 512) | .blocks] | join(" ")')" "5000 13333"
is "threads: each has what it has allocated" \
	"$(json "$h" '[.threads[] | select(.main | not) | .live.bytes] | sort | join(" ")')" "500000 8666450"
ok "the full report has them by size" grep -qE '^ +512 B +13,333 +8\.3 MiB +[0-9.]+ %' <("$ANALYZE" --full "$h")
ok "the full report has them by thread" grep -qE '^ +94\.5 % +8\.3 MiB +13,333 blocks +peak [0-9]+, has ended$' <("$ANALYZE" --full "$h")
is "slack is what the allocator adds" "$(json "$h" '[.sizes[].usable_bytes] | add')" "$(json "$h" '[.sites[].usable_bytes] | add')"

# ---- a whole snapshot of the peak ----

# What its own blocks are, by function.
blocks() { # FILE
	jq -r '[.sites[] | select(.live_bytes > 0) | {bytes: .live_bytes, name: ([.frames[].function // ""] | join(" ")
		| (first(capture("(?<n>make_[a-z]+)").n) // "other"))}]
		| group_by(.name)[] | "\(.[0].name) \(map(.bytes) | add)"' "$(analysis "$1" json)"
}
own() { # COURSE FILE THOUSANDTHS: as agree
	(ours() { blocks "$@"; } && agree "$@")
}
for course in hill threads large freed; do
	GCPROF_SNAPSHOT=exit,peak run_gcprof "whole-$course" "$TARGETS/peak" "$course"
	is "peak: $course: two snapshots are left" "$(find "$T/whole-$course" -name '*.heap' | wc -l)" 2
	h=$(find "$T/whole-$course" -name '*.peak.heap')
	ok "peak: $course: the snapshot is valid" valid "$h"
	is "peak: $course: of reason peak" "$(info "$h" reason)" peak
	ok "peak: $course: its blocks are those of the peak, to 2 %" own "$course" "$h" 20
	is "peak: $course: nothing is lost in it" "$(json "$h" '.leaks.definite.blocks')" 0
done
GCPROF_SNAPSHOT=exit,peak run_gcprof whole-waves "$TARGETS/peak" waves
h=$(find "$T/whole-waves" -name '*.peak.heap')
is "peak: waves: of many peaks one is left" "$(find "$T/whole-waves" -name '*.peak*' | wc -l)" 1
ok "peak: waves: it is within a tenth of the highest" \
	awk -v a="$(info "$h" live_bytes)" -v b="$(json "$(find "$T/whole-waves" -name '*.heap' ! -name '*.peak.heap')" .peak.bytes)" \
	'BEGIN { exit !(a > 0 && a <= b && a >= b / 1.12) }'
GCPROF_SNAPSHOT=exit,peak run_gcprof whole-end "$TARGETS/peak" end
is "peak: end: that at exit is of the peak, and no other is left" \
	"$(find "$T/whole-end" -name '*.heap' | wc -l) $(find "$T/whole-end" -name '*peak.heap' | wc -l)" "1 0"
mkdir "$T/named"
GCPROF_OUTPUT=$T/named/x.heap GCPROF_SNAPSHOT=peak run_gcprof named "$TARGETS/peak" end
is "peak alone: end: there is one, of the end" "$(cd "$T/named" && echo *) $(json "$T/named/x.peak.heap" '.totals.live_blocks')" "x.peak.heap 80000"
GCPROF_OUTPUT=$T/named/x.heap GCPROF_SNAPSHOT=exit,peak run_gcprof named "$TARGETS/peak" hill
is "a name without %n: the peak's has a word, and replaces that of an earlier run" \
	"$(cd "$T/named" && echo *) $(info "$T/named/x.peak.heap" reason)" "x.heap x.peak.heap peak"
GCPROF_SNAPSHOT=peak run_gcprof forked "$TARGETS/peak" forked
is "a child of fork has a peak of its own" "$(find "$T/forked" -name '*.peak.heap' | wc -l)" 2
GCPROF_SNAPSHOT=exit,peak run_gcprof little "$TARGETS/quiet" return 5
is "a heap of next to nothing leaves none" "$status $(find "$T/little" -name '*.heap' | wc -l)" "5 1"

# ---- options ----

export GCPROF_SAMPLE=4096
run_gcprof sampled "$TARGETS/peak" hill
unset GCPROF_SAMPLE
is "with samples, temporary allocations are not known" "$(json "$(heap sampled)" '[.sites[].temporary_allocations] | unique | tostring')" '[null]'
ok "with samples, who held it is estimated, to 10 %" agree hill "$(heap sampled)" 100

# Blocks that a look would be considered for, if there were any.
GCPROF_SNAPSHOT=exit=only run_gcprof plain "$TARGETS/peak" large
ok "without looks, large blocks that are freed are the peak's" agree large "$(heap plain)" 20
GCPROF_SNAPSHOT=exit=only run_gcprof trees "$TARGETS/peak" trees
ok "without looks, others of over 512 bytes are" agree trees "$(heap trees)" 20

export GCPROF_YOUNG=64M GCPROF_SNAPSHOT=exit=only
run_gcprof slow "$TARGETS/peak" hill
unset GCPROF_YOUNG GCPROF_SNAPSHOT
ok "with long epochs and without looks it is as well known" agree hill "$(heap slow)" 20

done_testing
