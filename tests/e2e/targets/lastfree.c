/* lastfree.c -- threads that call free after their last destructor.
 *
 *     lastfree ROUNDS     rounds of 20 detached threads, of which every second allocates
 *     lastfree ROUNDS no  none does
 *
 * A detached thread gives its stack back itself.  When the C library keeps enough of them,
 * it frees what belongs to the oldest there, in the thread that ends.
 * Prints how many threads there were, and on fd 3 the address space in KiB at the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { N = 20 };
static sem_t begin, over;
static void *volatile keep;

static void *
live(void *does_allocate)
{
	sem_wait(&begin);
	if (does_allocate) {
		void *p = malloc(100);

		keep = p;
		free(p);
	}
	sem_post(&over);
	return NULL;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 50, n_threads = 0, i, k, n;
	unsigned long pages = 0;
	pthread_attr_t attr;
	pthread_t thread;
	FILE *f;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 8 << 20); /* of which 40 MiB are kept */
	sem_init(&begin, 0, 0);
	sem_init(&over, 0, 0);
	for (i = 0; i < rounds; i++) {
		for (k = n = 0; k < N; k++)
			n += pthread_create(&thread, &attr, live,
					    argc <= 2 && k % 2 ? &over : NULL) == 0;
		for (k = 0; k < n; k++)
			sem_post(&begin);
		for (k = 0; k < n; k++)
			sem_wait(&over);
		n_threads += n;
	}
	printf("%d threads\n", n_threads);
	f = fopen("/proc/self/statm", "r");
	if (f && fscanf(f, "%lu", &pages) == 1)
		dprintf(3, "%lu\n", pages * ((unsigned long)sysconf(_SC_PAGESIZE) >> 10));
	return 0;
}
