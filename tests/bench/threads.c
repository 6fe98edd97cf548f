/* threads.c -- two threads that replace blocks at random; the tables change hands, so
 * that many blocks are freed by the thread that did not allocate them.
 *
 *     threads [ROUNDS [THREADS]]
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_SLOTS = 5000, STEPS = 100000, MOST_THREADS = 64 };

static void *tables[MOST_THREADS][N_SLOTS];
static pthread_barrier_t barrier;
static int rounds, n_threads;

static void *(*volatile v_malloc)(size_t) = malloc;

static void *
work(void *arg)
{
	int self = (int)(intptr_t)arg, round, step;
	uint32_t state = (uint32_t)self + 1;

	for (round = 0; round < rounds; round++) {
		void **table = tables[(self + round) % n_threads];

		for (step = 0; step < STEPS; step++) {
			uint32_t i;

			state = state * 1664525u + 1013904223u;
			i = (state >> 8) % N_SLOTS;
			free(table[i]);
			table[i] = v_malloc(10 + (state >> 20) % 500);
			*(char *)table[i] = 1;
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t threads[MOST_THREADS];
	int i;

	rounds = argc > 1 ? atoi(argv[1]) : 150;
	n_threads = argc > 2 ? atoi(argv[2]) : 2;
	pthread_barrier_init(&barrier, NULL, (unsigned)n_threads);
	for (i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
	for (i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
