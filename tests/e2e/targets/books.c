/* books.c -- blocks that die in known orders, and the program's own count of them.
 *
 *     books fifo|lifo|hoard|churn|foreign N
 *     books grow N
 *     books late N
 *
 * One site, planted(), makes N blocks of 48 bytes, each with a temporary block of
 * its own, in that order of death:
 *     fifo     a queue of at most N/8 blocks, filled to its end, then kept so
 *     lifo     a stack that grows to N/8 blocks, and shrinks, again and again
 *     hoard    none dies
 *     churn    one in eight lives on, the others die at once
 *     foreign  as fifo, freed by another thread
 * grow: one buffer, that is made larger N times by widen(); tells "grown COUNT BYTES",
 * from when it is large, and "all COUNT BYTES", from its beginning.
 * late: N blocks; then another thread allocates 40 MiB, and they die at the hands of the
 * first, which has allocated nothing since.
 * Tells "live ALLOCATIONS N" for the site's live blocks, after so many
 * allocations of this program since it began.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <pthread.h>
#include <semaphore.h>

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;
static void *blocks[1 << 20];
static long n_live, n_allocations;

NOINLINE static void *
planted(void)
{
	void *p = v_malloc(48);

	OPAQUE(p);
	n_live++;
	n_allocations++;
	return p;
}

NOINLINE static void
bury(void *p)
{
	v_free(p);
	n_live--;
}

static sem_t full, empty;
static void *corpse;

static void *
undertaker(void *with)
{
	for (;;) {
		sem_wait(&full);
		if (!corpse)
			return with;
		bury(corpse);
		sem_post(&empty);
	}
}

/* Lets epochs and periods end. */
static void *
pass_time(void *with)
{
	long i;

	sem_wait(&full);
	for (i = 0; i < 40 << 10; i++)
		v_free(v_malloc(1024));
	sem_post(&empty);
	return with;
}

static int
late(long n)
{
	pthread_t thread;
	long i;

	pthread_create(&thread, NULL, pass_time, NULL);
	for (i = 0; i < 16 << 10; i++) /* periods of more than these few blocks */
		v_free(v_malloc(1024));
	for (i = 0; i < n; i++)
		blocks[i] = planted();
	v_free(v_malloc(48)); /* the last own block is freed the quick way */
	v_free(v_malloc(48));
	sem_post(&full);
	sem_wait(&empty);
	for (i = 0; i < n; i++)
		bury(blocks[i]);
	return 0;
}

static void
hand_over(void *p)
{
	corpse = p;
	sem_post(&full);
	sem_wait(&empty);
}

static void
work(const char *how, long n)
{
	long i, top = 0, most = n / 8;
	int is_rising = 1;

	for (i = 0; i < n; i++) {
		void *temporary = v_malloc(100), *p;

		n_allocations++;
		if (strcmp(how, "fifo") == 0 || strcmp(how, "foreign") == 0) {
			if (i >= most && strcmp(how, "fifo") == 0)
				bury(blocks[i % most]);
			else if (i >= most)
				hand_over(blocks[i % most]);
			blocks[i % most] = planted();
		} else if (strcmp(how, "lifo") == 0) {
			if (is_rising)
				blocks[top++] = planted();
			else
				bury(blocks[--top]);
			is_rising = top == most ? 0 : top == 0 ? 1 : is_rising;
		} else {
			p = planted();
			if (strcmp(how, "churn") == 0 && i % 8)
				bury(p);
			else
				blocks[top++] = p;
		}
		v_free(temporary);
		if (i % 200 == 0)
			say("live %ld %ld", n_allocations, n_live);
	}
	say("live %ld %ld", n_allocations, n_live);
}

/* The buffer's caller allocates it: only what is made larger counts. */
NOINLINE static void *
widen(void *buffer, size_t bytes)
{
	void *p = realloc(buffer, bytes);

	OPAQUE(p);
	return p;
}

static int
grow(long n)
{
	enum { LARGE = 65536, BY = 72 };
	long large = 0, all = 0;
	size_t bytes = BY;
	void *buffer = v_malloc(bytes);

	for (; all < n; all++) {
		v_free(v_malloc(2000));
		bytes += BY;
		buffer = widen(buffer, bytes);
		large += bytes >= LARGE;
	}
	say("grown %ld %ld", large, large * BY);
	say("all %ld %ld", all, all * BY);
	blocks[0] = buffer;
	return 0;
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "grow") == 0)
		return grow(atol(argv[2]));
	sem_init(&full, 0, 0);
	sem_init(&empty, 0, 0);
	if (strcmp(argv[1], "late") == 0)
		return late(atol(argv[2]));
	pthread_create(&thread, NULL, undertaker, NULL);
	work(argv[1], atol(argv[2]));
	return 0;
}
