#!/usr/bin/env bash
# html.sh -- the HTML report, opened in a headless browser as from disk.
#
# Snapshots and pages are made here; what the browser finds is asked in page.mjs.
# Screenshots stay in _build/html of the build directory.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require node chromium objcopy
MANY=$abs_top_builddir/tests/html/many
DEMO=$abs_top_builddir/examples/demo
AXE=$(echo "$SOURCES"/tools/html/fetched/axe-core-*/axe.min.js)
PLANTED=$abs_top_builddir/tests/html/planted
require_built "$MANY" "$DEMO" "$PLANTED" "$AXE" "$TARGETS/quiet"
echo '/* */' >"$T/empty.heap"
! "$ANALYZE" --format=html -o "$T/none.html" "$T/empty.heap" 2>&1 | grep -q 'built without' ||
	skip_all "this build has no HTML report"
shots=$abs_top_builddir/_build/html
mkdir -p "$shots" "$T/pages"

# page NAME ARGUMENT...: NAME.html and NAME.json
page() {
	local name=$1
	shift
	"$ANALYZE" --format=html:"$T/pages/$name.html" --format=json:"$T/pages/$name.json" "$@" 2>"$T/$name.err" ||
		diag_file "$T/$name.err"
}

# ---- pages

env -u PYTHONMALLOC "$RUN" run --waste=1 --output="$T/demo.heap" -- "$DEMO" >/dev/null
page demo "$T/demo.heap"

GCPROF_YOUNG=1M "$RUN" run --output="$T/planted.heap" -- "$PLANTED"
page planted "$T/planted.heap"
epochs=$(jq -r '"\(.demographics.rows[3].first_epoch)..\(.demographics.rows[5].last_epoch)"' "$T/pages/planted.json")
"$ANALYZE" --born="$epochs" --format=json:"$T/pages/born.json" "$T/planted.heap"

# ---- gcprof run --open

mkdir "$T/with blank"
# shellcheck disable=SC2016 # for the shell that is started
printf '#!/bin/sh\nprintf "%%s|" "$@" >"%s/opened.new"\nmv "%s/opened.new" "%s/opened"\n' "$T" "$T" "$T" >"$T/browser"
chmod +x "$T/browser"
open_with() { # BROWSER: the demonstration's page
	rm -f "$T/opened"
	status=0
	(cd "$T/with blank" && env -u DISPLAY -u WAYLAND_DISPLAY BROWSER="$1" \
		"$RUN" run --output=x.heap --open -- "$TARGETS/quiet" return 5 >"$T/open.out" 2>"$T/open.err" 3>/dev/null) || status=$?
}
open_with "/nonesuch %s:$T/browser --new-window"
is "run --open: the program's status and output are kept" "$status $(cat "$T/open.out")" "5 out"
ok "run --open: the first browser that can be run is started" eventually test -e "$T/opened"
is "run --open: with the page as its last argument" "$(cat "$T/opened")" "--new-window|$(realpath "$T")/with blank/x.heap.html|"
ok "run --open: the page is one" grep -q '<title>' "$T/with blank/x.heap.html"
ok "run --open: it is named" grep -q '^gcprof: the page is x\.heap\.html$' "$T/open.err"
open_with "$T/browser a=%s %s b"
ok "run --open: %s stands for the page" eventually test -e "$T/opened"
is "run --open: where it is a word" "$(cat "$T/opened")" "a=%s|$(realpath "$T")/with blank/x.heap.html|b|"
open_with /nonesuch
ok "run --open: a browser that cannot be run is named, with the page" grep -q "the page is x.heap.html; cannot run '/nonesuch'" "$T/open.err"
open_with ""
ok "run --open: without one, what to set is named" grep -q "the page is x.heap.html; no browser is known: set BROWSER" "$T/open.err"

# The demonstration, with names that would like to be markup, or are no text.
long=$(printf 'aaaaaaaaaa%.0s' {1..700})
hostile=$T/$'a<img src=x>\'"&\xff'
printf '%s %s\n' remember_user '</script><img_src=x_onerror=owned=1>' render_page "_ZN$(printf '8namesake%.0s' {1..300})1fEv" \
	log_request "$(printf '\xff\xfe\xc0bytes')" sessions '<script>owned=4</script>' handle_request "$long" >"$T/names"
objcopy --strip-debug --redefine-syms="$T/names" "$DEMO" "$hostile"
# objcopy's list has no blanks in names; two bytes of the symbol table do.
LC_ALL=C sed -i 's|<img_src=x_onerror|<img src=x onerror|' "$hostile"
GCPROF_YOUNG=1M "$RUN" run --output="$T/hostile.heap" -- "$hostile" '</script><script>owned=2</script>' >/dev/null
page hostile "$T/hostile.heap"
GCPROF_YOUNG=64K "$RUN" run --output="$T/mark.heap" -- "$MANY" 14 "$(printf '</script><b>\u2028&amp;"')" >/dev/null
page mark "$T/mark.heap"

"$RUN" run --output="$T/many.heap" -- "$MANY" 17 begin >/dev/null
page many "$T/many.heap"
is "the largest of many sites and all others make up each birth epoch" \
	"$(jq -c '.demographics.rows | map((.bytes_by_site | add) + .bytes_of_others == .bytes) + [map(.bytes_of_others) | add > 0] | unique' \
		"$T/pages/many.json")" '[true]'
# A count is enough for Node: it need not read a hundred thousand stacks.
jq '{ totals, sites: (.sites | length), sums: [.sites | map(.live_bytes, .live_blocks, .old_bytes, .allocations, .allocated_bytes) | range(5) as $i | [.[range($i; length; 5)]] | add] }' "$T/pages/many.json" >"$T/many.json" && mv "$T/many.json" "$T/pages/many.json"

"$RUN" run --sample=64K --output="$T/sampled.heap" -- "$DEMO" >/dev/null
page sampled "$T/sampled.heap"
page incomplete "$SOURCES/tests/fuzz/corpus/heapfile/rich.file"
"$RUN" run --snapshot=exit,growth=50% --output="$T/several-%n.heap" -- "$DEMO" >/dev/null
page several "$T"/several-*.heap
page diff --diff "$T"/several-*.heap
require_built "$TARGETS/compare"
for extra in 0 0 5000 0 0; do
	"$RUN" run --quiet --output="$T/worker-%p.heap" -- "$TARGETS/compare" worker "$extra" 3>/dev/null >/dev/null
done
page merge --merge "$T"/worker-*.heap

# ---- what a browser makes of them

# A guard against hangs: hundreds of points, and a browser that a loaded machine keeps waiting.
timeout "$((5 * GCPROF_TESTS_TIMEOUT))" node "$SOURCES/tests/html/page.mjs" "$(command -v chromium)" "$T/pages" "$shots" "$AXE" \
	>"$T/points" 2>"$T/node.err"
is "the browser test goes through to its end" "$?" 0
points_of "$T/points"
grep '^#' "$T/points"
diag_file "$T/node.err"
for shot in first planted phone print light dark narrow hostile many interval interval-phone diff merge merge-phone own-desktop own-phone own-dark; do
	ok "a screenshot is kept: $shot" file -E "$shots/$shot.png"
done

# ---- the file itself

! grep -a -q -i '</script><img\|</script><b>' "$T/pages/hostile.html" "$T/pages/mark.html"
is "no end of a script is in the page's data" "$?" 0
is "the page is valid UTF-8" "$(iconv -f UTF-8 -t UTF-8 "$T/pages/hostile.html" 2>&1 >/dev/null)" ""
is "the page's own part refers to no network address" \
	"$(sed '/^<script>/,$d' "$T/pages/demo.html" | grep -ciE '(src|href) *= *"?https?:')" 0
for name in uplot d3 d3-flame-graph; do
	ok "the licence of $name is in it" grep -q "^/\* $name [0-9]" "$T/pages/demo.html"
done
ok "the page's licences are whole" grep -q 'Apache License' "$T/pages/demo.html"

# ---- the command

status=0
script -qec "'$ANALYZE' --format=html '$T/demo.heap'" /dev/null </dev/null >"$T/terminal" || status=$?
ok "HTML on a terminal is refused, with the remedy" grep -q 'name a file with -o' "$T/terminal"
is "HTML on a terminal fails with exit status 2" "$status" 2
"$ANALYZE" --format=html "$T/demo.heap" >"$T/piped.html"
ok "into a pipe or a file it is written" cmp "$T/piped.html" "$T/pages/demo.html"
"$ANALYZE" --format=html -o "$T/both.html" "$T/demo.heap" "$T/sampled.heap" 2>"$T/both.err"
is "two processes are refused" "$?" 2
ok "HTML of two processes is refused with the reason" grep -q 'snapshots of one process' "$T/both.err"
ok "HTML that is refused leaves no file" test ! -e "$T/both.html"
done_testing
