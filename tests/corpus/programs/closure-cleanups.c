/* closure-cleanups.c -- a worker that registers a cleanup (function, argument) for each
 * job.
 *
 * Planted: the cleanups run when the worker ends, which it does not; they
 * are kept in an array that grows by realloc.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

struct cleanup {
	void (*run)(void *argument);
	void *argument;
};

struct worker {
	struct cleanup **cleanups;
	size_t n_cleanups, n_room;
};

struct job_files {
	int input, output;
	char directory[100];
};

static struct worker workers[2];

static void
remove_files(void *argument)
{
	free(argument);
}

static NOINLINE void
cleanup_push(struct worker *w, void (*run)(void *), void *argument)
{
	struct cleanup *c = malloc(sizeof *c);

	c->run = run;
	c->argument = argument;
	if (w->n_cleanups == w->n_room) {
		w->n_room = w->n_room ? w->n_room * 2 : 8;
		w->cleanups = realloc(w->cleanups, w->n_room * sizeof *w->cleanups);
	}
	w->cleanups[w->n_cleanups++] = c;
}

static NOINLINE struct job_files *
files_new(size_t job)
{
	struct job_files *f = calloc(1, sizeof *f);

	f->input = f->output = -1;
	snprintf(f->directory, sizeof f->directory, "/tmp/job-%zu", job);
	return f;
}

static void *
work(void *argument)
{
	struct worker *w = argument;
	struct numbers n = {47 + (uint64_t)(w - workers)};
	size_t job;

	for (job = 0; job < 80000; job++) {
		cleanup_push(w, remove_files, files_new(job));
		request_noise(&n, 1800);
	}
	return NULL;
}

int
main(void)
{
	pthread_t threads[2];
	size_t i;

	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, &workers[i]);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%zu cleanups\n", workers[0].n_cleanups + workers[1].n_cleanups);
	return 0;
}
