#!/usr/bin/env bash
# fragmentation.sh -- pages that survivors pin, against where the program says they are.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/fragmentation"

verdict() { # NAME: kind, verdict and level of what is said of pages that blocks pin
	summary "$(heap "$1")" '.findings[] | select(.kind == "fragmentation" and .verdict == "pinned") | .kind + "/" + .verdict + " " + .level'
}

figure() { # NAME KEY: of .memory.fragmentation
	summary "$(heap "$1")" ".memory.fragmentation.$2"
}

pages_of() { # NAME: those that the target's survivors are in
	sed -n 's/^survivors .* pages //p' "$T/$1.truth"
}

n=8000
for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	run() { # NAME HOW N
		run_gcprof "$allocator-$1" "$TARGETS/fragmentation" "$2" "$3"
		is "$allocator: $1 ends well, and nothing was lost" "$status $(valid "$(heap "$allocator-$1")" && echo valid)" "0 valid"
	}
	run pinned pinned $n
	name=$allocator-pinned
	pages=$(pages_of "$name")
	is "$allocator: survivors between blocks that are gone pin pages" "$(verdict "$name")" "fragmentation/pinned warning"
	is "$allocator: the function whose blocks pin pages is named" \
		"$(summary "$(heap "$name")" '[.findings[] | select(.verdict == "pinned") | .site.frames[].function] | any(. == "session_new")')" true
	is "$allocator: the blocks of all stacks of that function are counted" "$(summary "$(heap "$name")" '.findings[] | select(.verdict == "pinned") | .blocks')" $n
	is "$allocator: the number of pinned pages is that of pages with survivors" \
		"$(summary "$(heap "$name")" '.findings[] | select(.verdict == "pinned") | .summary' | sed 's/.* in \([0-9,]*\) pages.*/\1/' | tr -d ,)" "$pages"
	# A block of 64 bytes takes 64 or 80, others have a few pages.
	between "$allocator: compaction would free all but a few of these pages" \
		"$(figure "$name" giveback_bytes)" $(((pages - pages * 80 / 4096 - 20) * 4096)) $((pages * 4096))
	is "$allocator: used and free bytes are all bytes of the pages" \
		"$(figure "$name" 'used_bytes + .memory.fragmentation.free_bytes_in_pages')" "$(($(figure "$name" pages) * 4096))"
	ok "$allocator: the text report names the function that pins" grep -q "blocks of session_new pin" "$(analysis "$(heap "$name")" text)"
	ok "$allocator: the text report has fragmentation among its memory figures" grep -q "^  fragmentation  *30\.[0-9] MiB  *3[0-9,]*   compaction would free" \
		"$(analysis "$(heap "$name")" text)"

	run packed packed $n
	is "$allocator: survivors side by side pin nothing" "$(verdict "$allocator-packed")" ""
	between "$allocator: compaction of survivors side by side would free nothing" "$(figure "$allocator-packed" giveback_bytes)" 0 65536

	is "$allocator: all that compaction would free is pinned by old blocks" "$(figure "$name" pinned_bytes)" "$(figure "$name" giveback_bytes)"

	# Few, for a moment: an epoch ends after a second as well.
	GCPROF_YOUNG=1G run young young 1000
	is "$allocator: blocks that are not old pin nothing" "$(verdict "$allocator-young") $(figure "$allocator-young" pinned_bytes)" " 0"
	between "$allocator: compaction of young blocks would free their pages" "$(figure "$allocator-young" giveback_bytes)" 3500000 4096000

	run large large 2000
	is "$allocator: the ends of large blocks are no fragmentation" "$(verdict "$allocator-large")" ""

	run fresh fresh 48
	is "$allocator: the first blocks of many threads are no fragmentation" "$(verdict "$allocator-fresh")" ""
	between "$allocator: compaction of the first blocks of many threads would free nothing" "$(figure "$allocator-fresh" giveback_bytes)" 0 1000000
done
done_testing
