#!/usr/bin/env bash
# smallstacks.sh -- handlers of ours on the program's small stacks.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/smallstacks"
kept() { # NAME SENTENCE ARGUMENT...
	local name=$1 sentence=$2
	shift 2
	GCPROF_SNAPSHOT=signal run_gcprof "$name" "$TARGETS/smallstacks" "$@"
	is "$name: $sentence" "$status $(cat "$T/$name.out")" "0 0 bytes overwritten"
	ok "$name: snapshots were taken" [ "$(n_heaps "$name")" -gt 0 ]
}
for bytes in 500 700 1000 2000 6000; do
	kept "alternate-$bytes" "an alternate signal stack of $bytes bytes beyond the kernel's frame is enough" alternate "$bytes" 0
done
kept threads-500 "so it is in threads that are stopped for a snapshot" alternate 500 8
kept threads-3000 "and in threads with larger ones" alternate 3000 8
kept coroutine "a coroutine that runs on a block of the heap, and calls that go on there, need no more than 500 bytes" coroutine 500

done_testing
