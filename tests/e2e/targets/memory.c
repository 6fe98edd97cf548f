/* memory.c -- holds blocks, from so many stacks and threads, and says what is resident.
 *
 *     memory BLOCKS BYTES STACKS THREADS
 *
 * The blocks are held until the end; on fd 3: "resident BYTES".
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static size_t blocks, bytes, stacks, threads;
static pthread_barrier_t barrier;

struct held {
	struct held *next;
};

static struct held *volatile *lists;

static NOINLINE void *left(unsigned way, unsigned depth);

/* Each bit of `way` is a turn: 2^depth stacks. */
static NOINLINE void *
right(unsigned way, unsigned depth)
{
	void *p = depth == 0   ? malloc(bytes)
		  : (way & 1u) ? right(way >> 1, depth - 1)
			       : left(way >> 1, depth - 1);

	__asm__ volatile("# not the twin of left" ::: "memory");
	return p;
}

static NOINLINE void *
left(unsigned way, unsigned depth)
{
	void *p = depth == 0   ? malloc(bytes)
		  : (way & 1u) ? right(way >> 1, depth - 1)
			       : left(way >> 1, depth - 1);

	__asm__ volatile("# not the twin of right" ::: "memory");
	return p;
}

static void *
work(void *arg)
{
	size_t self = (size_t)(uintptr_t)arg, i;
	unsigned depth = 0;

	while ((size_t)1 << depth < stacks)
		depth++;
	for (i = self; i < blocks; i += threads) {
		struct held *h = left((unsigned)(i % stacks), depth);

		memset(h, 1, bytes);
		h->next = lists[self];
		lists[self] = h;
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void
tell_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long size, pages;

	if (f == NULL || fscanf(f, "%lu %lu", &size, &pages) != 2)
		exit(1);
	fclose(f);
	dprintf(3, "resident %lu\n", pages * (unsigned long)sysconf(_SC_PAGESIZE));
}

int
main(int argc, char **argv)
{
	pthread_t *ids;
	size_t i;

	if (argc != 5)
		return 2;
	blocks = strtoul(argv[1], NULL, 10);
	bytes = strtoul(argv[2], NULL, 10);
	stacks = strtoul(argv[3], NULL, 10);
	threads = strtoul(argv[4], NULL, 10);
	lists = calloc(threads, sizeof lists[0]);
	ids = calloc(threads, sizeof ids[0]);
	if (lists == NULL || ids == NULL)
		return 1;
	pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
	for (i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, work, (void *)(uintptr_t)i) != 0)
			return 1;
	pthread_barrier_wait(&barrier);
	tell_resident();
	pthread_barrier_wait(&barrier);
	for (i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	free(ids);
	return 0;
}
