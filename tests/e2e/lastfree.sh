#!/usr/bin/env bash
# lastfree.sh -- threads that call free after their last destructor.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/lastfree"
for args in "50" "50 no"; do
	name=lastfree-${args// /-}
	# shellcheck disable=SC2086 # perhaps two
	run_gcprof "$name" "$TARGETS/lastfree" $args
	is "lastfree $args: detached threads whose stacks go to other threads end well" \
		"$status $(cat "$T/$name.out")" "0 1000 threads"
	ok "lastfree $args: the snapshot at the end is valid" valid "$(heap "$name")"
done
# Some 280 KiB for each would be 2.7 GiB.
GCPROF_SNAPSHOT=none run_gcprof many "$TARGETS/lastfree" 500 no
between "what the library keeps for a thread is used again after such an end" \
	"$(cat "$T/many.truth")" 1 1000000

done_testing
