#!/usr/bin/env bash
# order.sh -- the same findings in the same order in text, JSON and HTML; small ones are counted.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/order"

report() { # NAME FORMAT [OPTION...]: the report's file
	rm -f "$T/$1.$2"
	"$ANALYZE" --format="$2" -o "$T/$1.$2" "${@:3}" "$(heap "$1")" 2>"$T/report.err" || diag_file "$T/report.err"
}

in_text() { # NAME: summaries of the findings listed
	sed -n '/^Findings$/,$p' "$T/$1.text" | sed -nE 's/^ *[0-9]+\. (error|warning|note): //p'
}

listed='.findings[] | select(.small or has("part_of") | not) | .summary'

run_gcprof many "$TARGETS/order" 40 4 32
is "the program ends well" "$status" 0
report many text --full
report many json
is "what gives most back when it is fixed comes first" "$(in_text many | cut -d' ' -f1-4)" \
	"$(printf '1 block (%s\n' '22.9 KiB)' '22.0 KiB)' '21.0 KiB)' '20.0 KiB)')"
is "JSON has those that the text lists, in the same order" "$(jq -r "$listed" "$T/many.json")" "$(in_text many)"
ok "small ones are counted" grep -q '^     and 32 small ones, --all: 32 errors, 1\.7 KiB$' "$T/many.text"
is "JSON has them, too, and says that they are small" "$(jq '[.findings[] | select(.small)] | length' "$T/many.json")" 32
report many text
ok "on one screen, those that are left out are counted" grep -q '^     and 32 more, --all: 32 errors$' "$T/many.text"
report many text --all --top=0
is "--all lists them, the largest first" "$(in_text many | wc -l) $(in_text many | tail -n 1)" \
	"36 1 block (40 B) is definitely lost."
is "--all: none is counted only" "$(grep -c 'small one' "$T/many.text")" 0
report many text --top=0
is "--top=0 lists them as well" "$(in_text many | wc -l)" 36
report many json --all
is "--all: in JSON none is small" "$(jq '[.findings[] | select(.small)] | length' "$T/many.json")" 0
if report many html && grep -q '"gcprof-analyze/1"' "$T/many.html" 2>/dev/null; then
	report many json
	sed -n '/"findings": \[/,/\]$/p' "$T/many.html" | head -n 1 | sed 's/^"findings": //; s/,$//' |
		jq -r '.[] | select(.small or has("part_of") | not) | .summary' >"$T/in_html" 2>/dev/null
	is "the page has the findings of JSON in its order" "$(cat "$T/in_html")" "$(jq -r "$listed" "$T/many.json")"
else
	skip "the page has the findings of JSON in its order" "this build has no HTML report"
fi

is "small findings fail a check as others do" "$("$ANALYZE" --fail-on=error --format=csv:/dev/null "$(heap many)" >/dev/null 2>&1; echo $?)" 1
"$RUN" check -- "$TARGETS/order" 40 1 3 >/dev/null 2>"$T/check.err"
is "a check fails for all" "$?" 23
is "a check counts small ones, and says where they are" \
	"$(grep -A 3 '^     and 3 more, --all: 3 errors' "$T/check.err" | grep -c ' lose')" 3
"$RUN" check --all -- "$TARGETS/order" 40 1 3 >/dev/null 2>"$T/check.err"
is "check --all lists them" "$(grep -c 'error: 1 block' "$T/check.err")" 4

run_gcprof alone "$TARGETS/order" 40 0 3
report alone text
is "small ones are listed where there is nothing else" "$(in_text alone | wc -l)" 3
run_gcprof tiny "$TARGETS/order" 0 1 3
report tiny text
is "in a small heap nothing is small" "$(in_text tiny | wc -l)" 4
done_testing
