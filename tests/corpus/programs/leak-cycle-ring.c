/* leak-cycle-ring.c -- rings of workers that are replaced by new ones: each worker has a buffer
 * and leads to the shared statistics of its ring, which lead to the first worker; the old
 * ring is forgotten as a whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct statistics;

struct worker {
	uint64_t number;
	struct worker *next;
	struct statistics *statistics;
	char *buffer;
};

struct statistics {
	uint64_t n_jobs;
	struct worker *busiest;
};

static struct worker *workers;

static NOINLINE struct worker *
worker_new(uint64_t number, struct statistics *s)
{
	struct worker *w = calloc(1, sizeof *w);

	w->number = number;
	w->statistics = s;
	w->buffer = malloc(100);
	return w;
}

static NOINLINE struct statistics *
statistics_new(void)
{
	return calloc(1, sizeof(struct statistics));
}

static NOINLINE void
workers_restart(size_t n)
{
	struct statistics *s = statistics_new();
	struct worker *first = worker_new(0, s), *last = first;

	for (size_t i = 1; i < n; i++) {
		last->next = worker_new(i, s);
		last = last->next;
	}
	last->next = first;
	s->busiest = first;
	workers = first; /* the old ones are not freed */
}

int
main(void)
{
	struct numbers n = {96};
	size_t i;

	for (i = 0; i < 30000; i++) {
		if (i % 50 == 0)
			workers_restart(2 + below(&n, 4));
		workers = workers->next;
		workers->statistics->n_jobs++;
		request_noise(&n, 800);
	}
	result_sink += workers->statistics->n_jobs;
	return 0;
}
