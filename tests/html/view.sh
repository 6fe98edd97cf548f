#!/usr/bin/env bash
# view.sh -- the page of gcprof view in a headless browser: blocks, paths, sources.
#
# What the browser finds is asked in view.mjs; what the server answers to others is in
# tests/e2e/view.sh.  Screenshots stay in _build/html of the build directory.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require node chromium
DEMO=$abs_top_builddir/examples/demo
AXE=$(echo "$SOURCES"/tools/html/fetched/axe-core-*/axe.min.js)
require_built "$DEMO" "$AXE"
grep -q 'HAVE_VIEW 1' "$abs_top_builddir/config.h" || skip_all "this build has no gcprof view"
shots=$abs_top_builddir/_build/html
mkdir -p "$shots"

# A copy of the sources' own: where the demonstration was built is of no interest.
mkdir "$T/src"
cp "$SOURCES/examples/demo.c" "$T/src/"
"${CC:-cc}" -g -O1 -fno-inline -fno-optimize-sibling-calls -o "$T/demo" "$T/src/demo.c" 2>"$T/cc.err" || diag_file "$T/cc.err"
"$RUN" run --content=64 --output="$T/demo.heap" -- "$T/demo" >/dev/null 2>&1
"$ANALYZE" --format=html:"$T/demo.html" --format=json:"$T/demo.json" "$T/demo.heap"
records "$T/demo.heap" block | jq -R -s 'split("\n") | map(select(. != "") | split("\t") |
	{address: ("0x" + .[0]), bytes: (.[1] | tonumber), epoch: (.[4] | tonumber), site: (.[6] | tonumber)})' >"$T/blocks.json"

serve() { # STAY: sets $pid, $address
	rm -f "$T/out"
	timeout -k 5 "$((4 * GCPROF_TESTS_TIMEOUT))" "$RUN" view --no-open --stay="$1" "$T/demo.heap" >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	started+=("$pid")
	eventually grep -q / "$T/out" || diag_file "$T/err"
	address=$(cat "$T/out")
}
browse() { # TEST: of view.mjs
	timeout "$((3 * GCPROF_TESTS_TIMEOUT))" node "$SOURCES/tests/html/view.mjs" "$(command -v chromium)" "$T" "$address" "$pid" "$shots" "$AXE" "$1" \
		>"$T/points" 2>"$T/node.err"
	is "the browser test goes through to its end: $1" "$?" 0
	points_of "$T/points"
	grep '^#' "$T/points"
	diag_file "$T/node.err"
}

serve 1000
browse served
status=0
wait "$pid" || status=$?
is "the server that the test has ended ended well" "$status" 0
for shot in view-blocks view-source view-phone view-dark; do
	ok "a screenshot is kept: $shot" file -E "$shots/$shot.png"
done

serve 0
browse closed
status=0
wait "$pid" || status=$?
is "when the page is closed the server ends" "$status" 0
done_testing
