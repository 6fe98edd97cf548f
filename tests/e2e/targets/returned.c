/* returned.c -- frees nearly all that it had.
 *
 *     returned MIB
 *
 * First in small and many times, while two threads allocate and free; then three
 * snapshots: with all, after nearly all was freed, and at exit.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>

enum { BYTES = 240, KEEP_ONE_OF = 50000, MOST_KEPT = 4096, N_SLOTS = 3000, ROUNDS = 12 };

struct link {
	struct link *next;
};
static struct link *kept[MOST_KEPT];
static int n_kept;
static _Atomic bool stop;

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

/* Blocks come and go, and all of them at once at times: whole pages become free. */
static void *
churn(void *arg)
{
	static struct slot {
		void *block;
		size_t bytes;
	} tables[2][N_SLOTS];
	struct slot *table = tables[(uintptr_t)arg];
	uint32_t state = (uint32_t)(uintptr_t)arg + 1, i;
	long tid = syscall(SYS_gettid);

	while (!stop) {
		int step;

		for (i = 0; i < N_SLOTS && rnd(&state) % 4 != 0; i++) {
			v_free(table[i].block);
			table[i].block = NULL;
		}
		for (step = 0; step < 2 * N_SLOTS; step++) {
			struct slot *s = &table[rnd(&state) % N_SLOTS];

			v_free(s->block);
			s->bytes = rnd(&state) % 700;
			s->block = v_malloc(s->bytes);
		}
	}
	for (i = 0; i < N_SLOTS; i++)
		if (table[i].block)
			say("block %ld %p %zu malloc %ld", (long)getpid(), table[i].block,
			    table[i].bytes, tid);
	return NULL;
}

NOINLINE static struct link *
grow(size_t bytes)
{
	struct link *all = NULL, *fresh;

	for (; bytes >= BYTES; bytes -= BYTES) {
		fresh = v_malloc(BYTES);
		fresh->next = all;
		all = fresh;
	}
	return all;
}

NOINLINE static void
shrink(struct link *all)
{
	struct link *next;
	int i;

	for (i = 1; all; all = next, i++) {
		next = all->next;
		if (i % KEEP_ONE_OF == 0 && n_kept < MOST_KEPT)
			kept[n_kept++] = keep(all, BYTES, "malloc");
		else
			v_free(all);
	}
}

int
main(int argc, char **argv)
{
	size_t bytes = (size_t)(argc > 1 ? atoi(argv[1]) : 100) << 20;
	pthread_t threads[2];
	struct link *all;
	uintptr_t i;

	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, churn, (void *)i);
	for (i = 0; i < ROUNDS; i++) {
		shrink(grow(bytes / 16));
		malloc_trim(0);
	}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	all = grow(bytes);
	(void)gcprof_snapshot();
	shrink(all);
	(void)gcprof_snapshot();
	return 0;
}
