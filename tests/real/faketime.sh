#!/usr/bin/env bash
# faketime.sh -- libfaketime, which stands in for the C library's clocks, before and after us.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require faketime "$CC"
cat >"$T/year.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int
main(void)
{
	struct timespec pause = {0, 300000000};
	time_t now = time(NULL);
	void *volatile p = malloc(4242);
	int i;

	for (i = 0; i < 4; i++) /* time for snapshots by interval */
		nanosleep(&pause, NULL);
	printf("%d\n", gmtime(&now)->tm_year + 1900);
	return p ? 3 : 1;
}
END
"$CC" -o "$T/year" "$T/year.c"
began=$(date +%s)
for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator GCPROF_SNAPSHOT=exit,interval=200ms
	run_gcprof "before-$allocator" faketime '2001-01-01' "$T/year"
	is "preloaded before libfaketime, allocator $allocator: the program is in 2001 and ends as alone" \
		"$status $(cat "$T/before-$allocator.out" "$T/before-$allocator.err")" "3 2001"
	mkdir -p "$T/after-$allocator"
	GCPROF_OUTPUT=$T/after-$allocator/%e.%p.%n.heap run_plain "after-$allocator" \
		faketime '2001-01-01' env LD_PRELOAD= bash -c 'LD_PRELOAD=$1:$2 exec "$3"' - \
		"$(faketime '2001-01-01' printenv LD_PRELOAD)" "$LIB" "$T/year"
	is "preloaded after libfaketime, allocator $allocator: the program is in 2001 and ends as alone" \
		"$status $(cat "$T/after-$allocator.out" "$T/after-$allocator.err")" "3 2001"
	for order in before after; do
		n=0 wrong=0
		while read -r file; do
			valid "$file" || wrong=$((wrong + 1))
			at=$(summary "$file" '.process.snapshot_time | floor')
			[ "$at" -ge "$((began - 1))" ] && [ "$at" -le "$(date +%s)" ] || wrong=$((wrong + 1))
			n=$((n + 1))
		done < <(heaps "$order-$allocator" | grep '/year\.')
		between "$order libfaketime, allocator $allocator: snapshots were written by interval and at exit" "$n" 2 1000
		is "$order libfaketime, allocator $allocator: each snapshot is whole and dated by the real clock" "$wrong" 0
	done
done
done_testing
