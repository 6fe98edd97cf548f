/* fragmentation.c -- survivors between blocks that are gone, or side by side.
 *
 *     fragmentation pinned N   N survivors, 63 temporary blocks of their size before
 *                              each, all held until the last; then these are freed
 *     fragmentation packed N   the same, with the survivors allocated at last
 *     fragmentation young N    as pinned, and ends before any block is old
 *     fragmentation large N    N large blocks of odd sizes, every other one freed
 *     fragmentation fresh N    N threads that keep one block of each size
 *
 * Tells on fd 3: survivors COUNT pages COUNT.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>

#include "truth.h"

enum { SIZE = 64, N_BETWEEN = 63, PAGE = 4096 };

static char **survivors, **temporary;

NOINLINE static char *
session_new(size_t bytes)
{
	char *p = malloc(bytes);

	if (!p)
		_exit(98);
	p[0] = 's';
	return p;
}

/* Another stack, the same function. */
NOINLINE static char *
session_resume(size_t bytes)
{
	char *p = session_new(bytes);

	OPAQUE(p);
	return p;
}

NOINLINE static char *
scratch_new(size_t bytes)
{
	char *p = malloc(bytes);

	if (!p)
		_exit(98);
	p[0] = 't';
	return p;
}

/* Epochs go by, and no block of the survivors' size comes or goes. */
static void
grow_old(void)
{
	for (int i = 0; i < 80; i++) {
		char *p = malloc(1 << 20);

		OPAQUE(p);
		free(p);
	}
}

static int
compare_pages(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)*(char *const *)a / PAGE;
	uintptr_t y = (uintptr_t)*(char *const *)b / PAGE;

	return (x > y) - (x < y);
}

static void
tell(size_t n)
{
	size_t pages = n > 0;

	qsort(survivors, n, sizeof *survivors, compare_pages);
	for (size_t i = 1; i < n; i++)
		pages += compare_pages(&survivors[i - 1], &survivors[i]) != 0;
	say("survivors %zu pages %zu", n, pages);
}

static void
small_blocks(size_t n, int is_pinned)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < N_BETWEEN; k++)
			temporary[i * N_BETWEEN + k] = scratch_new(SIZE);
		if (is_pinned)
			survivors[i] = i % 4 ? session_new(SIZE) : session_resume(SIZE);
	}
	for (size_t i = 0; i < n * N_BETWEEN; i++)
		free(temporary[i]);
	for (size_t i = 0; i < n && !is_pinned; i++)
		survivors[i] = session_new(SIZE);
}

static void
large_blocks(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		survivors[i] = session_new(17000 + i % 7 * 1700);
		temporary[i] = scratch_new(17000 + i % 11 * 1700);
	}
	for (size_t i = 0; i < n; i++)
		free(temporary[i]);
}

static pthread_barrier_t all_there;

static void *
keep_one_of_each(void *unused)
{
	char *kept[64];
	size_t n = 0;

	(void)unused;
	/* jemalloc's sizes: four for each power of two. */
	for (size_t power = 64; power <= 8192; power *= 2)
		for (size_t part = 5; part <= 8; part++)
			kept[n++] = session_new(power * part / 4);
	(void)pthread_barrier_wait(&all_there);
	(void)pthread_barrier_wait(&all_there);
	OPAQUE(*kept);
	return kept[0];
}

static void
threads(size_t n)
{
	pthread_t thread;

	pthread_barrier_init(&all_there, NULL, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&thread, NULL, keep_one_of_each, NULL) != 0)
			_exit(98);
	(void)pthread_barrier_wait(&all_there);
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	survivors = calloc(n, sizeof *survivors);
	temporary = calloc(n * N_BETWEEN, sizeof *temporary);
	if (!survivors || !temporary)
		return 98;
	if (strcmp(how, "fresh") == 0)
		threads(n);
	else if (strcmp(how, "large") == 0)
		large_blocks(n);
	else
		small_blocks(n, strcmp(how, "packed") != 0);
	free(temporary);
	if (strcmp(how, "young") != 0)
		grow_old();
	if (strcmp(how, "fresh") != 0)
		tell(n);
	return 0;
}
