#!/usr/bin/env bash
# several.sh -- what several snapshots of a process say together, against what the
# process itself knows of each.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/several"

# Reports go to $T/out.json, or to $T/out.
report() { # ARGUMENT...: sets $status
	status=0
	"$ANALYZE" --format=json "$@" >"$T/out.json" 2>"$T/out.err" || status=$?
}

text() { # ARGUMENT...: sets $status
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
		jq -c '.snapshots, .settle, (.findings[] | [.kind, .verdict, .level, .summary, .trend, .settle])' "$T/out.json"
		false
	}
}

of() { # FUNCTION: a filter for the findings whose blocks it allocates
	printf '[.findings[] | select(.site.frames[0].function == "%s")]' "$1"
}

files_of() { # NAME: its snapshots, the latest first, in $files
	mapfile -t files < <(heaps "$1" | tac)
}

# ---- a table that grows, and a ring that does not
run_gcprof grow "$TARGETS/several" grow 6
files_of grow
is "grow: ends well, with a snapshot for each round and one at exit" "$status ${#files[@]}" "0 7"
report "${files[@]}"
is "one process is one JSON object" "$status $(jq -s length "$T/out.json")" "0 1"
is "snapshots are in the order of time, whatever that of the command line" \
	"$(jq -c '[.snapshots[].uptime_seconds] | . == sort and length == 7' "$T/out.json")" true
is "the report is that of the last snapshot" "$(jq -r .process.snapshot_reason "$T/out.json")" exit
ok "each snapshot has its file, its time and its live bytes" holds \
	'.snapshots | all(.file and .time > 1.7e9 and .live_blocks > 3000 and .live_bytes > 600000)'
wanted=$(awk '$1 == "snapshot" { a = a (a ? ", " : "") substr($2, 1, 1) ",000" } END { print a }' "$T/grow.truth")
ok "the numbers of blocks are those that the program counted" holds \
	"$(of grow_entry)[0].evidence | any(contains(\"Over 7 snapshots in \") and contains(\": $wanted, 6,000 blocks; \"))"
ok "snapshots support the finding of the table" holds \
	"$(of grow_entry) | length == 1 and .[0].level == \"warning\" and .[0].trend.snapshots == 7 and .[0].trend.p < 0.01 and
	.[0].trend.low <= .[0].trend.slope_per_hour and .[0].trend.slope_per_hour <= .[0].trend.high and .[0].trend.low > 0"
confidence=$(jq "$(of grow_entry)[0].confidence" "$T/out.json")
# The one at exit comes without work since the one before.
ok "the slope is the median of those between any two" holds "[.snapshots[].uptime_seconds] as \$x |
	[1, 2, 3, 4, 5, 6 | . * 1000] as \$v |
	([range(6) as \$i | range(\$i) as \$k | (\$v[\$i] - \$v[\$k]) / (\$x[\$i] - \$x[\$k])] | sort | .[7] * 3600) as \$slope |
	$(of grow_entry)[0].trend.slope_per_hour / \$slope | . > 0.9999 and . < 1.0001"
ok "a bounded ring is at most a note" holds "$(of ring_entry) | all(.level == \"note\" and .verdict == \"bounded\")"
cp "$T/out.json" "$T/turned.json"
mapfile -t forward < <(heaps grow)
report "${forward[@]}"
ok "the order of the files does not change the report" cmp "$T/out.json" "$T/turned.json"
report "${files[0]}"
ok "one snapshot has no trend, and less confidence" holds \
	"(has(\"snapshots\") | not) and ($(of grow_entry)[0] | .confidence < $confidence and (has(\"trend\") | not))"
report "${files[5]}" "${files[1]}"
ok "two snapshots have no trend" holds \
	"$(of grow_entry)[0] | (.evidence | any(startswith(\"2 snapshots (too few for a trend): 2,000, 6,000 blocks\"))) and
	(has(\"trend\") | not)"
text "${files[@]}"
is "text has one report" "$(grep -c '^Process ' "$T/out")" 1
is "text has a line for each snapshot" "$(grep -Ec '^(Snapshots)? +[^ ].*\.heap: after .*, [0-9,]+ blocks, ' "$T/out")" 7
text --each "${files[@]}"
is "--each reports each snapshot" "$(grep -c '^Process ' "$T/out") $(grep -c 'snapshots in' "$T/out")" "7 0"
text --each --format=json "${files[@]}"
is "--each of several is refused for JSON, which is one object" "$status $(cat "$T/out.err")" \
	"2 gcprof-analyze: --format=json takes one snapshot, not 7"
text "${files[1]}" "${files[0]}" "${files[0]}"
ok "a snapshot that is named twice counts once" says 'is the same snapshot as' "$T/out.err"
is "naming a snapshot twice is no error" "$status" 0
report "${files[1]}" "${files[0]}" "${files[0]}"
is "a snapshot named twice is listed once" "$(jq '.snapshots | length' "$T/out.json")" 2
text --format=sarif "${files[@]}"
is "SARIF has one run of one process" "$(jq '.runs | length' "$T/out")" 1

# ---- what one snapshot does not show
run_gcprof few "$TARGETS/several" few 6
files_of few
report "${files[0]}"
ok "few: the last snapshot alone has no finding of the table" holds "$(of grow_entry) | length == 0"
report "${files[@]}"
ok "few: all snapshots together show that the table grows" holds "$(of grow_entry) | length == 1 and
	.[0].kind == \"growth\" and .[0].verdict == \"unbounded\" and .[0].level == \"warning\""
ok "few: the finding of all snapshots names what holds the table" holds "$(of grow_entry)[0].retained_by[0].name | startswith(\"table\")"
report "${files[@]:3:3}"
ok "few: three snapshots are enough for a note" holds "$(of grow_entry) | all(.level == \"note\")"
text --fail-on=warning "${files[@]}"
is "a finding of all snapshots fails --fail-on=warning" "$status" 1

# Function xmalloc() allocates for one that grows, and for one that comes and goes.
run_gcprof wrapped "$TARGETS/several" wrapped 6
files_of wrapped
report "${files[@]}"
wanted=$(awk '$1 == "snapshot" { n = $2 } END { print n }' "$T/wrapped.truth")
ok "wrapped: of one function's sites those are told that grow" holds \
	"$(of xmalloc) | map(select(.level == \"warning\")) | length == 1 and .[0].verdict == \"unbounded\" and .[0].blocks == $wanted"

# ---- quiet, busy, quiet
run_gcprof drain "$TARGETS/several" drain
files_of drain
report "${files[@]}"
ok "drain: three snapshots are found by their marks" holds '.settle | [.base, .busy, .idle] == [0, 1, 2] and .share == 0'
ok "drain: memory freed after the load is at most a note" holds '.findings | all(.level == "note")'
ok "drain: memory freed after the load has the verdict drained" holds "$(of drain_session) | length == 1 and .[0].verdict == \"drained\" and .[0].settle.share == 0"
text "${files[@]}"
ok "drain: text says what is left after the load" says "^After load  drained: at 'idle', 0 % of the .* that came from 'base' to 'busy' is still live$"
run_gcprof hold "$TARGETS/several" hold
files_of hold
report "${files[@]}"
ok "hold: memory retained after the load is a warning" holds "$(of hold_session) | length == 1 and .[0].kind == \"growth\" and
	.[0].verdict == \"retained\" and .[0].level == \"warning\" and .[0].settle.verdict == \"held\" and .[0].settle.share == 1"
ok "hold: memory freed after the load is no warning" holds "$(of drain_session) | all(.level == \"note\")"
ok "hold: the bytes at the marks are those of the program" holds "$(of hold_session)[0].settle | [.base_bytes, .busy_bytes, .idle_bytes] == [0, 448000, 448000]"
run_gcprof rounds "$TARGETS/several" rounds
files_of rounds
report "${files[@]}"
ok "a label that occurs again marks an idle time" holds "$(of hold_session)[0].verdict == \"retained\""
run_gcprof unseen "$TARGETS/several" unseen
files_of unseen
text "${files[@]}"
ok "a missing snapshot after a mark is named" says \
	"^After load  unknown: a snapshot after the mark 'idle' would show what the load leaves behind$"

# ---- files of several processes
files_of grow
two=$(heaps few | tail -n 1)
text --full --fail-on=error "${files[0]}" "$two" "${files[1]}"
is "two processes are two reports where the exit status is of them" "$(grep -c '^Process ' "$T/out")" 2
is "the reports of two processes are named by their files" "$(sed -n 's/^File  *//p' "$T/out" | tr '\n' ' ')" "${files[0]} $two "
is "the two files of one process are analyzed together" "$(grep -c '2 snapshots (too few for a trend)' "$T/out")" 2
text --format=json "${files[0]}" "$two"
is "JSON takes one process" "$status $(cat "$T/out.err")" \
	"2 gcprof-analyze: --format=json takes snapshots of one process, not of 2"
text --format=sarif "${files[0]}" "$two" "${files[1]}"
is "SARIF has a run of each" "$(jq '.runs | length' "$T/out")" 2
# ---- of several processes the newest, for people
pid() { sed -n 's/^ *pid \([0-9]*\),.*/\1/p' "$T/out" | tr '\n' ' '; }
pid_of() { basename "$1" | sed 's/.*\.\([0-9]*\)\.[0-9]*\.heap$/\1/'; }
mapfile -t latest < <(heaps few)
text --full "${latest[@]}" "${files[@]}"
is "of two processes the report is that of the newest, whatever their order" "$status $(pid)" "0 $(pid_of "$two") "
is "it has all of its snapshots, and of no other" "$(grep -c 'snapshots of\|^Snapshots  *[^ ].*\.heap: after' "$T/out")" 1
is "one line says so" "$(cat "$T/out.err")" \
	"gcprof-analyze: snapshots of 2 processes: only the newest, process $(pid_of "$two") ($two), is reported; --each reports all"
text "$two" "${files[0]}" "$T/none.heap"
is "what cannot be read is named beside them" \
	"$status $(grep -c "^gcprof-analyze: '$T/none.heap': \|only the newest, process $(pid_of "$two") " "$T/out.err")" "2 2"
text --full --each "$two" "${files[0]}"
is "--each reports those of all processes" "$(pid)$(wc -l <"$T/out.err")" "$(pid_of "$two") $(pid_of "${files[0]}") 0"
text --format=github "$two" "${files[0]}"
is "other formats have all" "$(wc -l <"$T/out.err")" 0

# ---- without a file
here() { # ARGUMENT...: in $T/here
	(cd "$T/here" && text "$@" && echo "$status" >"$T/status")
	status=$(cat "$T/status")
}
mkdir "$T/here"
echo "no snapshot" >"$T/here/a.heap"
mkdir "$T/here/b.heap"
here
is "without a file, and with none in the directory: how to get one" "$status $(cat "$T/out.err")" \
	"2 gcprof-analyze: no snapshot given, and none in the working directory (*.heap); 'gcprof run -- PROGRAM' writes one"
cp "${files[@]}" "$T/here/"
cp "$two" "$T/here/-two.heap"
here --full
is "without a file the newest process in the directory is reported" "$status $(pid)" "0 $(pid_of "$two") "
is "it is said which" "$(cat "$T/out.err")" "gcprof-analyze: no snapshot given: reading the newest here, -two.heap"
rm -- "$T/here/-two.heap"
here --full
is "all snapshots of that process are read" "$(grep -Ec '^(Snapshots)? +[^ ].*\.heap: after ' "$T/out")" "${#files[@]}"
is "it is said how many" "$(cat "$T/out.err")" \
	"gcprof-analyze: no snapshot given: reading the ${#files[@]} of the newest process here, the last $(basename "${files[0]}")"
here --block=0x10
is "a question is about the last of them" "$status $(cat "$T/out.err")" \
	"0 gcprof-analyze: no snapshot given: reading the newest here, $(basename "${files[0]}")"
cp "${files[0]}" "$T/here/kept"
here --format=json -o "$(basename "${files[0]}")"
is "none of those is overwritten" "$status $(grep -c 'is an input' "$T/out.err")" "2 1"
ok "it is as it was" cmp "$T/here/kept" "${files[0]}"

# ---- files that cannot be read
echo "no snapshot" >"$T/wrong.heap"
head -c $(($(wc -c <"${files[0]}") - 100)) "${files[0]}" >"$T/short.heap"
for wrong in wrong short none; do
	report "${files[2]}" "$T/$wrong.heap" "${files[1]}" "${files[3]}"
	is "a file that cannot be read ($wrong) is named, and the status is 2" \
		"$status $(grep -c "^gcprof-analyze: '$T/$wrong.heap': " "$T/out.err")" "2 1"
	ok "the other files are reported beside an unreadable one ($wrong)" holds '.snapshots | length == 3'
done
# Its end is damaged: what it is of can be read, the rest cannot.
cp "${files[0]}" "$T/damaged.heap"
printf 'XXXX' | dd of="$T/damaged.heap" bs=1 conv=notrunc seek=$(($(wc -c <"${files[0]}") / 2)) 2>"$T/dd.err"
report "${files[3]}" "$T/damaged.heap" "${files[1]}" "${files[2]}"
is "a file that is damaged inside is named, and the status is 2" \
	"$status $(grep -c "^gcprof-analyze: '$T/damaged.heap': " "$T/out.err")" "2 1"
ok "the snapshot before a damaged last one is the last" holds \
	"(.snapshots | length == 3) and .process.uptime_seconds == .snapshots[2].uptime_seconds"
done_testing
