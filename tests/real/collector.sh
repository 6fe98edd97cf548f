#!/usr/bin/env bash
# collector.sh -- a program with the Boehm collector (bdwgc), whose threads call malloc, too.
#
# The collector stops threads by signals and scans their stacks, from where each was
# stopped to the stack's end: it has to find them there, and all that they hold.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require "${CC:-cc}"
echo '#include <gc.h>' | "${CC:-cc}" -E - >/dev/null 2>&1 || skip_all "bdwgc's header is not installed"
cat >"$T/collected.c" <<'END'
#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, BLOCKS = 64, COLLECTIONS = 400, LONGEST = 2000 };
#define MARK ((void *)0x1234567)
static volatile int is_over;

/* Blocks of malloc's come and go; a list of the collector's, on the stack, grows. */
static void *
run(void *with)
{
	void **head = NULL, **at, *blocks[BLOCKS];
	int length = 0, i;

	while (!is_over) {
		for (i = 0; i < BLOCKS; i++)
			blocks[i] = malloc(100 + (size_t)i * 50);
		for (i = 0; i < BLOCKS; i++)
			free(blocks[i]);
		at = GC_malloc(64);
		at[0] = head;
		at[1] = MARK;
		head = at;
		if (++length < LONGEST)
			continue;
		for (at = head; at; at = at[0])
			if (at[1] != MARK) {
				puts("lost");
				exit(3);
			}
		head = NULL;
		length = 0;
	}
	return with;
}

int
main(void)
{
	pthread_t threads[THREADS];
	int i;

	GC_INIT();
	GC_allow_register_threads();
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (i = 0; i < COLLECTIONS; i++)
		GC_gcollect();
	is_over = 1;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
END
"${CC:-cc}" -O1 -o "$T/collected" "$T/collected.c" -lgc -lpthread 2>"$T/cc.err" || diag_file "$T/cc.err"

run_plain alone "$T/collected"
is "alone, the collector's program comes to its end" "$status $(cat "$T/alone.out")" "0 done"
for allocator in jemalloc system; do
	GCPROF_ALLOCATOR=$allocator GCPROF_SNAPSHOT=none run_gcprof "$allocator" "$T/collected"
	is "allocator $allocator: nothing that its threads hold is collected" "$status $(cat "$T/$allocator.out")" "0 done"
done
GCPROF_SNAPSHOT=exit,interval=20ms run_gcprof snapshots "$T/collected"
is "with snapshots meanwhile: nothing that its threads hold is collected" "$status $(cat "$T/snapshots.out")" "0 done"
done_testing
