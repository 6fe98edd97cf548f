#!/usr/bin/env bash
# small-stacks.sh -- threads with little stack: of it, malloc and its family need at most
# 1.5 KiB more than glibc's, and so do a thread's beginning and end.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/depth" "$TARGETS/small"

most=1536
run_plain alone "$TARGETS/depth" 60
is "how deep the allocator goes can be measured" "$(grep -c . "$T/alone.out")" 9

# The epochs are short, so that their ends are among what is measured.
measure() { # SENTENCE OPTION...
	local sentence=$1
	shift
	run_gcprof depth env GCPROF_YOUNG=256K "$@" "$TARGETS/depth" 60
	diag "$(tr '\n' ' ' <"$T/depth.out")"
	is "$sentence" "$status $(paste -d ' ' "$T/depth.out" "$T/alone.out" |
		awk -v most=$most '{ n++ } $2 > $4 + most { print } END { print n }')" "0 9"
}
measure "no call needs more than 1.5 KiB beyond what glibc's needs" GCPROF_SNAPSHOT=none
measure "with GCPROF_ALLOCATOR=system, no call needs more" GCPROF_SNAPSHOT=none GCPROF_ALLOCATOR=system
measure "with the stacks of some, no call needs more" GCPROF_SNAPSHOT=none GCPROF_SAMPLE=4K
measure "with a snapshot near the peak, no call needs more" GCPROF_SNAPSHOT=peak

# Of a stack of 16 KiB glibc's TLS, descriptor and start leave about 8,500.
for used in 0 4000 7000; do
	for allocator in jemalloc system; do
		GCPROF_ALLOCATOR=$allocator GCPROF_SNAPSHOT=exit run_gcprof "small-$allocator-$used" "$TARGETS/small" 200 8 16384 "$used"
		is "with $allocator, threads of 16 KiB of stack that use $used of it live" \
			"$status $(cat "$T/small-$allocator-$used.out")" "0 ok"
		ok "with $allocator, their snapshot can be read ($used)" valid "$(heap "small-$allocator-$used")"
	done
done
done_testing
