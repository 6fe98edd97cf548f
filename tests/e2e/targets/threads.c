/* threads.c -- threads that allocate, and free what other threads allocated.
 *
 *     threads THREADS STEPS [snapshots]
 *
 * Each thread fills slots of a shared table and empties slots that any thread
 * filled.  At the end the table's contents are the live set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <pthread.h>
#include <stdbool.h>

enum { N_SLOTS = 4096 };
struct slot {
	void *block;
	size_t bytes;
	const char *kind;
	long tid;
};
static struct slot slots[N_SLOTS];
static pthread_mutex_t locks[N_SLOTS];
static int n_steps;
static _Atomic bool stop;

static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_calloc)(size_t, size_t) = calloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;
static void (*volatile v_free)(void *) = free;

static void *
work(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg;
	long tid = syscall(SYS_gettid);
	int step;

	for (step = 0; step < n_steps; step++) {
		uint32_t i = rnd(&state) % N_SLOTS;
		struct slot s = {NULL, rnd(&state) % 2000, NULL, tid}, old;

		switch (rnd(&state) % 4) {
		case 0:
			s.block = v_malloc(s.bytes);
			s.kind = "malloc";
			break;
		case 1:
			s.block = v_calloc(s.bytes, 1);
			s.kind = "calloc";
			break;
		case 2: /* a block of another thread's becomes ours */
			pthread_mutex_lock(&locks[i]);
			old = slots[i];
			slots[i].block = NULL;
			pthread_mutex_unlock(&locks[i]);
			s.bytes++;
			s.block = v_realloc(old.block, s.bytes);
			s.kind = "realloc";
			break;
		default:
			break;
		}
		pthread_mutex_lock(&locks[i]);
		old = slots[i];
		slots[i] = s;
		pthread_mutex_unlock(&locks[i]);
		v_free(old.block);
	}
	return NULL;
}

static void *
take_snapshots(void *arg)
{
	intptr_t failed = 0, taken = 0;

	while (!stop) {
		failed += gcprof_snapshot() != 0;
		taken++;
	}
	say("snapshots %ld %ld", (long)taken, (long)failed);
	return arg;
}

int
main(int argc, char **argv)
{
	pthread_t threads[64], snapshots;
	int n_threads, i;

	if (argc < 3)
		return 2;
	n_threads = atoi(argv[1]);
	n_steps = atoi(argv[2]);
	for (i = 0; i < N_SLOTS; i++)
		pthread_mutex_init(&locks[i], NULL);
	if (argc > 3)
		pthread_create(&snapshots, NULL, take_snapshots, NULL);
	for (i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1));
	for (i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	if (argc > 3) {
		stop = true;
		pthread_join(snapshots, NULL);
	}
	for (i = 0; i < N_SLOTS; i++)
		if (slots[i].block != NULL)
			say("block %ld %p %zu %s %ld", (long)getpid(), slots[i].block, slots[i].bytes,
				slots[i].kind, slots[i].tid);
	puts("done");
	return 0;
}
