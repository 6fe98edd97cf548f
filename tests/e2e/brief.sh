#!/usr/bin/env bash
# brief.sh -- the report on one screen: what it has room for, and where it says things are.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

if [ ! -e "$TARGETS/brief" ]; then # no compiler for C++
	plan 0
	exit 0
fi
require_built "$TARGETS/brief"

SOURCE=$SOURCES/tests/e2e/targets
run_gcprof b "$TARGETS/brief"
is "the program ends well" "$status" 0
file=$(heap b)

report() { # NAME OPTION...
	"$ANALYZE" --source-root="$SOURCE" "${@:2}" "$file" >"$T/$1" 2>"$T/$1.err" || diag_file "$T/$1.err"
}
line_of() { # TEXT: where it stands in the source
	grep -nF "$1" "$SOURCE/brief.cc" | head -1 | cut -d: -f1
}
report brief
report full --full
report all --all

between "the report fits on a screen" "$(wc -l <"$T/brief")" 10 60
between "the full report is longer" "$(wc -l <"$T/full")" 100 10000

# The largest leak comes first; of nine leaks and the cache, the cache is not crowded out.
leaks() { grep -c 'definitely lost' "$1"; }
between "some of the nine leaks are listed" "$(leaks "$T/brief")" 3 8
is "with --all, every leak is listed" "$(leaks "$T/all")" 9
cache=$(grep -n 'entries .* grow without limit' "$T/brief" | cut -d: -f1)
ok "the cache is listed beside many leaks" [ -n "$cache" ]
ok "findings that are left out are counted" grep -qE '^ +and [0-9]+ more, --all: [0-9]+ errors' "$T/brief"
is "with --all nothing is left out" "$(grep -c ' more, --all' "$T/all")" 0

after() { # N FILE: the line N after that of the cache
	sed -n "$((cache + $1))p" "$2" | sed 's/^ *//'
}
is "a finding says where: file and line below the root of the sources, function, callers" \
	"$(after 1 "$T/brief")" "brief.cc:$(line_of 'std::make_shared<quote>()') gw::quote_cache::get < main"
ok "a finding says by what it is held" grep -q 'grow without limit, held by gw::quotes' "$T/brief"
is "it says so once" "$(grep -c 'retained by' "$T/brief")" 0
is "a leak says where" "$(grep -A1 'definitely lost' "$T/brief" | sed -n '2s/^ *//p')" \
	"brief.cc:$(line_of 'LOSE(9)') lose_9 < main"

# The same numbers in both.
numbers() { grep -E '^ +[0-9]+\. (error|warning|note): ' "$1" | sed 's/^ *//' | sort; }
is "a finding has the number that it has in the full report" \
	"$(comm -23 <(numbers "$T/brief") <(numbers "$T/full"))" ""
is "no line but those for grep is wider than 80 columns" \
	"$(grep -vE '^ +[0-9]+\. ' "$T/brief" | awk 'length > 80')" ""
is "the summary has live memory, its peak and what is lost" \
	"$(grep -cE '^  (live  |peak  |lost  .* in 9 blocks)' "$T/brief")" 3
ok "the largest site is first in its list, with its place" \
	grep -qE "^ +[0-9.]+ % .* S[0-9]+ +brief\.cc:[0-9]+ gw::quote_cache::get" "$T/brief"

# ---- stacks ----

report unfolded --full --library-frames
ok "library frames that follow one another are one line, by what the program calls" \
	grep -qE '^ +std::make_shared<gw::quote.*  \([0-9]+ library frames\)' "$T/full"
is "the program's own frame follows" \
	"$(grep -A1 -m1 'make_shared<gw::quote' "$T/full" | sed -n '2s/  *\(gw::quote_cache::get\).*/\1/p')" gw::quote_cache::get
is "--library-frames folds nothing" "$(grep -c 'library frames' "$T/unfolded")" 0
ok "--library-frames shows each of them" grep -q allocate "$T/unfolded"
ok "a stack has files relative to the root of the sources" grep -qE "gw::quote_cache::get\(int\)  brief\.cc:[0-9]+" "$T/full"

# ---- findings only ----

report only --findings-only
is "findings alone have no summary and no sites" "$(grep -cE '^(Summary|Top sites)' "$T/only")" 0
is "findings alone are all there, none left out" "$(leaks "$T/only")" 9

"$ANALYZE" --top=3 "$file" >"$T/top"
ok "who asks for rows of lists gets lists" grep -q '^Sites by live bytes' "$T/top"
done_testing
