#!/usr/bin/env bash
# churn.sh -- the sites that make most allocations and hold nothing, against how many the
# program says it made.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

if [ ! -e "$TARGETS/temporaries" ]; then # no compiler for C++
	plan 0
	exit 0
fi
require_built "$TARGETS/temporaries"
require jq

SOURCE=$SOURCES/tests/e2e/targets
run() { # NAME HOW N: with small epochs, so that little has to be made
	GCPROF_YOUNG=1M run_gcprof "$1" "$TARGETS/temporaries" "$2" "$3"
	is "$1: the program ends well, and nothing was lost" "$status $(valid "$(heap "$1")" && echo valid)" "0 valid"
}
churn() { # NAME EXPRESSION: of the finding, "none" if there is none
	summary "$(heap "$1")" "[.findings[] | select(.kind == \"churn\")] | if length == 0 then \"none\" else (.[0] | $2) end"
}
line_of() { # TEXT: where it stands in the source
	grep -nF "$1" "$SOURCE/temporaries.cc" | head -1 | cut -d: -f1
}

# ---- planted ----

n=400000
run planted planted $n
h=$(heap planted)
is "it is a note of kind churn" "$(churn planted '.kind + "/" + .verdict + " " + .level')" "churn/temporary note"
is "it is the last finding" "$(summary "$h" '.findings[-1].kind')" churn
# format_line makes 2 of 3.5 allocations, a record 0.5 with its text and its node.
# Of those in the making when an epoch or a period ends one is a survivor.
made=$(sed -n 's/^format_line //p' "$T/planted.truth")
between "the function that makes over half of all is named, as often as the program says, and no other" \
	"$(churn planted .entries)" $((made - made / 500)) "$made"
is "its two callers are one place" \
	"$(churn planted .summary | sed 's/[0-9,]* allocations/N allocations/')" \
	"1 site makes 57 % of all N allocations and holds nothing: temporaries.cc:$(line_of 'the buffer of a line') format_line."
is "they are told of" "$(churn planted '.evidence[0] | test("from [2-4] call stacks")')" true
is "what could be saved is told of, with its share" \
	"$(churn planted '.evidence[1] | test("^Avoiding them saves at most (799|800),[0-9]{3} allocations: 57 % of all, [0-9,]+ a second over the run\\.$")')" true
is "it holds nothing, and gives nothing back" "$(churn planted '[.blocks, .bytes, .gives_back_bytes] | map(tostring) | join(" ")')" "0 0 0"
is "its stack begins with what calls malloc there" "$(churn planted '[.site.frames[].function // ""] | any(test("format_line"))')" true
is "it is no small finding" "$(churn planted .small)" false
"$ANALYZE" --source-root="$SOURCE" "$h" >"$T/brief"
ok "the report on one screen has it" grep -q 'note: 1 site makes 57 % of all' "$T/brief"
ok "it says where" grep -q "^     temporaries.cc:[0-9]* format_line < print_[a-z]* < planted" "$T/brief"
ok "and what to do" grep -q 'Reserve the capacity' "$T/brief"

# ---- every format ----

for format in sarif junit html json github; do
	"$ANALYZE" --fail-on=note --format=$format "$h" >"$T/$format" 2>"$T/$format.err"
	is "$format: a note fails where that is asked for" $? 1
done
is "SARIF has a result of its own rule" "$(jq -r '[.runs[].results[] | select(.ruleId == "gcprof/churn") | .level] | join(" ")' "$T/sarif")" note
for format in junit html github; do
	ok "$format has it" grep -q '1 site makes 57 %' "$T/$format"
done

is "counts has it where notes fail" "$("$ANALYZE" --fail-on=note --format=counts "$h" | cut -f5)" 1
is "counts has it not where they do not" "$("$ANALYZE" --fail-on=error --format=counts "$h" | cut -f5)" 0

# ---- checks ----

"$ANALYZE" --fail-on=warning --findings-only "$h" >"$T/warning"
is "it fails no check that warnings fail" "$(grep -c 'site makes' "$T/warning")" 0
check() { # NAME OPTION...: of the planted program
	status=0
	GCPROF_YOUNG=1M timeout -k 5 "$GCPROF_TESTS_TIMEOUT" "$RUN" check "${@:2}" -- "$TARGETS/temporaries" planted $n \
		>"$T/$1" 2>&1 3>/dev/null </dev/null || status=$?
}
check silent --fail-on=warning
is "gcprof check says nothing of it" "$(grep -c 'site makes' "$T/silent")" 0
check failing --fail-on=note
is "gcprof check --fail-on=note fails" "$status" 23
ok "and shows it" grep -q '1 site makes 57 %' "$T/failing"
check full --fail-on=note --full
ok "with --full as well" grep -q '1 site makes 57 %' "$T/full"

"$ANALYZE" --write-baseline="$T/baseline" "$h" >/dev/null
run again planted $((n / 2))
is "a baseline knows it in another run" \
	"$("$ANALYZE" --format=json --baseline="$T/baseline" "$(heap again)" | jq -r '.findings[] | select(.kind == "churn") | .known')" true
echo 'churn:format_line' >"$T/supp"
is "a line churn:FUNCTION leaves that function out" \
	"$("$ANALYZE" --format=json --suppressions="$T/supp" --show-unused-suppressions "$h" 2>"$T/unused" | jq '[.findings[] | select(.kind == "churn")] | length')" 0
is "and is used" "$(grep -c format_line "$T/unused")" 0

# ---- innocents ----

run kept kept $n
is "who keeps all it allocates has no churn" "$(churn kept .summary)" none
run spread spread $n
is "200 functions with as many each have no churn" "$(churn spread .summary)" none
GCPROF_SAMPLE=4K run sampled planted $n
is "where stacks were sampled nothing is said" "$(churn sampled .summary)" none
GCPROF_YOUNG=64M run_gcprof short "$TARGETS/temporaries" planted $n
is "what does not fill four epochs has no churn" "$(churn short .summary)" none
done_testing
