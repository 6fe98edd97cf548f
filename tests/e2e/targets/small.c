/* small.c -- threads with small stacks are born, allocate, and die.
 *
 *     small THREADS ALIVE STACK USED
 *
 * So many THREADS, ALIVE of them at a time, with STACK bytes, USED of them by themselves.
 * Prints "ok".
 *
 * SPDX-License-Identifier: MIT
 */
#include <alloca.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_ALIVE = 64, N_BLOCKS = 20 };
static int used;

static void *
work(void *unused)
{
	volatile char *mine = alloca((size_t)used + 1);
	void *blocks[N_BLOCKS];
	int i, k;

	mine[0] = mine[used] = 1;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < N_BLOCKS; i++)
			if (!(blocks[i] = calloc(1, 20 + (size_t)i * 17)))
				abort();
		for (i = 0; i < N_BLOCKS; i++)
			free(blocks[i]);
	}
	free(realloc(malloc(100), 100000));
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t threads[MAX_ALIVE];
	pthread_attr_t attr;
	int n, alive, i, k;

	if (argc != 5 || (alive = atoi(argv[2])) > MAX_ALIVE)
		return 2;
	used = atoi(argv[4]);
	if (pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, (size_t)atol(argv[3])))
		return 3;
	for (n = atoi(argv[1]); n > 0; n -= alive) {
		for (i = 0; i < alive; i++)
			if (pthread_create(&threads[i], &attr, work, NULL))
				return 4;
		for (k = 0; k < i; k++)
			if (pthread_join(threads[k], NULL))
				return 5;
	}
	puts("ok");
	return 0;
}
