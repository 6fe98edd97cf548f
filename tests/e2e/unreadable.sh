#!/usr/bin/env bash
# unreadable.sh -- snapshots of programs whose memory cannot all be read: without access, behind a file's end, while it changes.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/unreadable"
ulimit -c 0

# Each snapshot is whole, and knows of the sixteen blocks that are lost (of some an address
# may be left somewhere), not of the hidden ones.
only_lost() { # NAME
	local file found blocks bad=0
	while read -r file; do
		found="$(summary "$file" '"\(.process.complete) \(.leaks.definite.blocks) \(.leaks.definite.bytes)"') $(info "$file" unread_bytes)"
		blocks=$(summary "$file" .leaks.definite.blocks)
		if [ "$blocks" -lt 8 ] || [ "$found" != "true $blocks $((blocks * 4321)) 0" ]; then
			echo "$file: $found"
			bad=1
		fi
	done < <(heaps "$1" | awk 'NR % 20 == 1')
	[ "$bad" = 0 ]
}

ends_well() { # NAME WHAT SNAPSHOTS
	is "$2: the program ends well" "$status" 0
	points_of "$T/$1.truth"
	is "$2: all snapshots are there" "$(n_heaps "$1")" "$3"
	is "$2: no unfinished file is left" "$(leftovers "$1")" ""
	is "$2: the only message is that it cannot fork" \
		"$(grep -v 'cannot fork: the program was paused' "$T/$1.err")" ""
}

for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	while read -r mode what; do
		run_gcprof "$mode-$allocator" "$TARGETS/unreadable" "$mode"
		ends_well "$mode-$allocator" "$what, $allocator" 2
		ok "$what, $allocator: what it holds is not lost, and what is lost is found" only_lost "$mode-$allocator"

		run_gcprof "$mode-$allocator-place" "$TARGETS/unreadable" "$mode" in-place
		ends_well "$mode-$allocator-place" "$what, $allocator, in place" 2
		ok "$what, $allocator, in place: what it holds is not lost, and what is lost is found" \
			only_lost "$mode-$allocator-place"
	done <<-'END'
		whole a block without access
		guard a block with a guard page in it
		head a block of which the page before has no access
		key a block behind a protection key
		file a mapping that is longer than its file
		awaited a mapping whose pages another thread fills
	END
done
unset GCPROF_ALLOCATOR

# Where it changes meanwhile, what was read is not always all.
while read -r mode n options what; do
	# shellcheck disable=SC2086 # words
	run_gcprof "$mode-$n-$options" "$TARGETS/unreadable" "$mode" ${options//,/ }
	ends_well "$mode-$n-$options" "$what" $((n + 1))
	bad=0
	while read -r file; do
		[ "$(summary "$file" .schema)" = gcprof-analyze/1 ] || bad=$((bad + 1))
	done < <(heaps "$mode-$n-$options" | awk 'NR % 10 == 1')
	is "$what: the snapshots can be read" "$bad" 0
done <<'END'
flip 100 child a thread that takes access and gives it back
flip 100 child,deaf a thread that does so and cannot be stopped
flip 20 in-place a thread that does so, in place
flip 20 in-place,deaf a thread that does so and cannot be stopped, in place
shorten 100 child a file that gets shorter and longer
shorten 20 in-place a file that gets shorter and longer, in place
END

# ---- a check of such a program is one

run_plain check "$RUN" check -- "$TARGETS/unreadable" whole
is "gcprof check: the leak is found" "$status" 23
done_testing
