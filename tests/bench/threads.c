/* threads.c -- threads that replace blocks at random; the tables change hands, so
 * that many blocks are freed by the thread that did not allocate them.  With one
 * thread it is the same work without that.
 *
 *     threads [ROUNDS [THREADS]]
 *
 * The tables change hands after each round; a round is a hundred thousand blocks of
 * each thread.  Prints a sum of what was read from the blocks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_SLOTS = 5000, STEPS = 100000, MOST_THREADS = 64 };

static unsigned char *tables[MOST_THREADS][N_SLOTS];
static uint64_t sums[MOST_THREADS];
static pthread_barrier_t barrier;
static int rounds, n_threads;

static void *(*volatile v_malloc)(size_t) = malloc;

static void *
work(void *arg)
{
	int self = (int)(intptr_t)arg, round, step;
	uint32_t state = (uint32_t)self + 1;
	uint64_t sum = 0;

	for (round = 0; round < rounds; round++) {
		unsigned char **table = tables[(self + round) % n_threads];

		for (step = 0; step < STEPS; step++) {
			uint32_t i;

			state = state * 1664525u + 1013904223u;
			i = (state >> 8) % N_SLOTS;
			if (table[i] != NULL)
				sum += *table[i];
			free(table[i]);
			table[i] = v_malloc(10 + (state >> 20) % 500);
			*table[i] = (unsigned char)state;
		}
		pthread_barrier_wait(&barrier);
	}
	sums[self] = sum;
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t threads[MOST_THREADS];
	uint64_t sum = 0;
	int i;

	rounds = argc > 1 ? atoi(argv[1]) : 150;
	n_threads = argc > 2 ? atoi(argv[2]) : 2;
	if (n_threads < 1 || n_threads > MOST_THREADS)
		return 2;
	pthread_barrier_init(&barrier, NULL, (unsigned)n_threads);
	for (i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
	for (i = 0; i < n_threads; i++) {
		pthread_join(threads[i], NULL);
		sum += sums[i];
	}
	printf("%" PRIu64 "\n", sum);
	return 0;
}
