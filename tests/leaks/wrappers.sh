#!/usr/bin/env bash
# wrappers.sh -- a leak is at the line that asked for memory, not at one in what stands for malloc.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

CASES=$abs_top_builddir/tests/leaks/cases
require_built "$CASES/wrappers"

losers="lose_by_name lose_certificate lose_frame lose_key lose_packet lose_picture lose_session lose_stream lose_text"

run_gcprof w "$CASES/wrappers"
is "the program ends well" "$status" 0
file=$(heap w)

"$ANALYZE" --format=sarif "$file" >"$T/w.sarif"
is "SARIF: each leak is at the line of who asked for the memory" \
	"$(jq -r '.runs[0].results[].locations[0].message.text | split(" ")[0]' "$T/w.sarif" | sort | paste -sd ' ')" "$losers"
is "SARIF: the way there still leads through the wrappers" \
	"$(jq -r '[.runs[0].results[] | select(.locations[0].message.text | startswith("lose_text")) | .codeFlows[0].threadFlows[0].locations[].location.message.text | split(" ")[0]] |
		(index("lose_text") < index("xstrdup")) and (index("xstrdup") < index("xmalloc"))' "$T/w.sarif")" true

"$ANALYZE" --format=github "$file" >"$T/w.github"
for loser in $losers; do
	line=$(grep -n "^$loser(" "$SOURCES/tests/leaks/cases/wrappers.c" | cut -d : -f 1)
	# The call stands within the next five lines of the function.
	is "GitHub: the annotation of $loser is on a line of it" \
		"$(sed -n 's/^::error .*wrappers\.c,line=\([0-9]*\).*/\1/p' "$T/w.github" | awk -v at="$line" '$1 > at && $1 <= at + 5' | wc -l)" 1
done

"$ANALYZE" --all --full "$file" >"$T/w.text"
is "text: what is lost with an object is at the line of who asked for it" \
	"$(awk '/^ *and 1 block .* allocated at$/ { getline; print $1 }' "$T/w.text")" lose_frame
done_testing
