/* churn.c -- many events, and little that lives: so many allocations from three places,
 * each of which keeps its last 100 blocks.
 *
 *     churn THREADS MILLIONS BYTES    of MILLIONS allocations by each thread
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <pthread.h>

enum { N_KEPT = 100, MAX_THREADS = 64 };

static uint64_t n_events;
static size_t block_bytes;

struct ring {
	void *kept[3][N_KEPT];
};

/* Alive to the end, so that what the rings hold is. */
static struct ring rings[MAX_THREADS];

NOINLINE static void *
first(void)
{
	void *block = malloc(block_bytes);

	OPAQUE(block);
	return block;
}

NOINLINE static void *
second(void)
{
	void *block = malloc(block_bytes + 16);

	OPAQUE(block);
	return block;
}

NOINLINE static void *
third(void)
{
	void *block = calloc(1, block_bytes);

	OPAQUE(block);
	return block;
}

static void *
work(void *arg)
{
	static void *(*const places[3])(void) = {first, second, third};
	struct ring *r = arg;
	uint64_t i;

	for (i = 0; i < n_events; i++) {
		uint64_t place = i % 3;
		void **slot = &r->kept[place][i / 3 % N_KEPT];

		free(*slot);
		*slot = places[place]();
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	int n_threads, i;

	if (argc < 4 || (n_threads = atoi(argv[1])) > MAX_THREADS)
		return 2;
	n_events = strtoull(argv[2], NULL, 10) * 1000000;
	block_bytes = strtoull(argv[3], NULL, 10);
	for (i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, work, &rings[i]);
	for (i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
