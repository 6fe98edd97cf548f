/* cut.c -- a heap of known size, and how long a snapshot of it takes.
 *
 *     cut BLOCKS BYTES THREADS FILE
 *
 * Fills the heap with BLOCKS blocks of BYTES that point to one another (three
 * words each: the block before, one at random, one inside another), starts
 * THREADS - 1 threads that sleep, and prints in one line what it measured, in
 * turn, five times over, as medians: milliseconds for a bare clone of the
 * process, for the stop of a snapshot (from the file's cut_pause_ns, by whoever
 * reads FILE), and for the whole of the snapshot.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/gcprof.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *
sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* A child as the profiler makes one, that ends at once. */
static double
bare_clone_ms(void)
{
	double start = now_ms(), taken;
	long child = syscall(SYS_clone, 0, 0, 0, 0, 0);

	if (child == 0)
		syscall(SYS_exit_group, 0);
	taken = now_ms() - start;
	waitpid((pid_t)child, NULL, __WALL);
	return taken;
}

static char ***blocks; /* in rows: one array of 50 million would be a block of its own sort */
enum { ROW = 1 << 16 };

int
main(int argc, char **argv)
{
	size_t n = argc > 4 ? strtoull(argv[1], NULL, 10) : 0;
	size_t bytes = argc > 4 ? strtoull(argv[2], NULL, 10) : 0, i;
	int n_threads = argc > 4 ? atoi(argv[3]) : 0, k;
	unsigned random = 1;
	pthread_t thread;
	double start;

	if (n == 0 || bytes < 24) {
		fprintf(stderr, "usage: cut BLOCKS BYTES THREADS FILE\n");
		return 2;
	}
	blocks = calloc(n / ROW + 1, sizeof *blocks);
	for (i = 0; i < n; i++) {
		char **words;

		if (i % ROW == 0)
			blocks[i / ROW] = calloc(ROW, sizeof **blocks);
		words = malloc(bytes);
		memset(words, 0, bytes);
		random = random * 1664525 + 1013904223;
		if (i > 0) {
			size_t other = (size_t)((unsigned long long)random * i >> 32);

			words[0] = blocks[(i - 1) / ROW][(i - 1) % ROW];
			words[1] = blocks[other / ROW][other % ROW];
			words[2] = words[0] + 8;
		}
		blocks[i / ROW][i % ROW] = (char *)words;
	}
	for (k = 1; k < n_threads; k++)
		pthread_create(&thread, NULL, sleeper, NULL);
	for (k = 0; k < 5; k++) {
		char name[4096];
		double clone_ms = bare_clone_ms();

		snprintf(name, sizeof name, "%s.%d", argv[4], k);
		start = now_ms();
		if (gcprof_snapshot_to(name) != 0)
			return 1;
		printf("%.3f %.1f %s\n", clone_ms, now_ms() - start, name);
		fflush(stdout);
	}
	return 0;
}
