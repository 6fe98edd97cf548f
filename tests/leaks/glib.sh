#!/usr/bin/env bash
# glib.sh -- what GLib keeps for good is not lost; what a program with GLib loses is.
#
# What is only possibly lost is left out: GLib keeps pointers to the inside of
# its types and objects, and tells valgrind otherwise where they begin.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/leaks/leaks.sh"

require_built "$CASES/glib"

surely() { # ANSWER: its definite and indirect part
	cut -d' ' -f1,2 <<<"$1"
}

lost_by() { # FILE FUNCTION: bytes of definite leaks whose stack has that function
	"$ANALYZE" --format=json "$1" | jq --arg f "$2" '[.findings[] | select(.verdict == "definite") |
		select(any(.site.frames[]; .function == $f)) | .bytes] | add // 0'
}

"$CASES/glib" list >"$T/list"

# Before 2.76 GLib had an allocator of its own for small things; this turns it off.
export G_SLICE=always-malloc
if [ "$has_memcheck" = 1 ]; then
	while read -r name _; do
		memcheck "$name" "$CASES/glib" "$name"
	done <"$T/list" &
fi
while read -r name definite indirect _; do
	run_gcprof "$name" "$CASES/glib" "$name"
	is "$name: the program ends well" "$status" 0
	is "$name: the verdict is the truth" "$(surely "$(answer "$(first_heap "$name")")")" "$definite $indirect"
	if [ "$name" != clean ]; then
		is "$name: the finding's stack leads there" "$(lost_by "$(first_heap "$name")" "$name")" "${definite#*/}"
	fi
done <"$T/list"
wait
if [ "$has_memcheck" = 1 ]; then
	while read -r name definite indirect _; do
		is "$name: memcheck says the same" "$(surely "$(memcheck_answer "$name")")" "$definite $indirect"
	done <"$T/list"
fi

# With it, small things are not blocks, but all that is one is seen.
unset G_SLICE
while read -r name definite; do
	run_gcprof "$name-slices" "$CASES/glib" "$name"
	is "$name, with GLib's slices: the verdict is the truth" \
		"$(surely "$(answer "$(first_heap "$name-slices")")")" "$definite 0/0"
done <<'END'
clean 0/0
block 1/70
END
done_testing
