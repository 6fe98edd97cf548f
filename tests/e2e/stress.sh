#!/usr/bin/env bash
# stress.sh -- threads, forks, plugins, reallocation and snapshots all at once: the live
# set is exact at the end, in both directions.
#
# A block of the ledger that the snapshot lacks is an error, and so is a block of the
# program's (by its size, see targets/stress.c) that the ledger lacks.  So many
# operations, not so much time; in `make check-long` more than a minute of the first kind,
# and half a minute of each other.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/stress" "$TARGETS/.libs/stress-plugin.so"
n=40000
if [ "${GCPROF_TESTS_LONG:-0}" = 1 ]; then
	GCPROF_TESTS_TIMEOUT=1200
	n=4000000
fi

exact() { # FILE TRUTH
	awk -F '\t' '$1 == "block" && $3 % 16 == 13' "$(dump "$1")" >"$1.own"
	awk -v exactly=1 -v pid="" -f "$SOURCES/tests/e2e/ledger.awk" "$2" "$1.own"
}

stressed() { # NAME OPERATIONS [VARIABLE=VALUE...]
	local name=$1 n=$2 last
	shift 2
	run_gcprof "$name" env "$@" "$TARGETS/stress" "$n" "$TARGETS/.libs/stress-plugin.so"
	is "$name: ends well" "$status $(cat "$T/$name.out")" "0 done"
	is "$name: its children, plugins and snapshots end well" "$(grep failed "$T/$name.truth")" ""
	last=$(heaps "$name" | tail -n 1)
	ok "$name: the live set is exact" exact "$last" "$T/$name.truth"
	is "$name: no free is reported as wrong" "$(records "$last" bad)" ""
	is "$name: nothing was lost but snapshots asked for while one was written" \
		"$(records "$last" info | awk -F '\t' '/^loss\./ && $1 != "loss.snapshots"')" ""
}

stressed default $((3 * n)) GCPROF_FOLLOW=0
stressed system "$n" GCPROF_FOLLOW=0 GCPROF_ALLOCATOR=system
stressed sampled "$n" GCPROF_FOLLOW=0 GCPROF_SAMPLE=64K
stressed epochs "$n" GCPROF_FOLLOW=0 GCPROF_YOUNG=64K
done_testing
