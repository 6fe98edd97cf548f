/* calm-queue.c -- jobs from one thread to another by a list; at most 500 wait.
 *
 * Innocent: the producer waits when the list is full; at the end a few
 * hundred jobs are left in it, as at any time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

enum { N_JOBS = 200000, N_LEFT = 400, N_MOST = 500 };

struct job {
	struct job *next;
	size_t number;
	char input[180];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *first, **last = &first;
static size_t n_waiting;

static NOINLINE struct job *
job_new(size_t number)
{
	struct job *j = malloc(sizeof *j);

	j->next = NULL;
	j->number = number;
	memset(j->input, 'j', sizeof j->input);
	return j;
}

static void *
work(void *argument)
{
	size_t i;

	(void)argument;
	for (i = 0; i < N_JOBS - N_LEFT; i++) {
		struct job *j;

		pthread_mutex_lock(&lock);
		while (!first)
			pthread_cond_wait(&changed, &lock);
		j = first;
		first = j->next;
		if (!first)
			last = &first;
		n_waiting--;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
		result_sink += j->number;
		free(j);
	}
	return NULL;
}

int
main(void)
{
	struct numbers n = {88};
	pthread_t worker;
	size_t i;

	settings_load(100);
	pthread_create(&worker, NULL, work, NULL);
	for (i = 0; i < N_JOBS; i++) {
		struct job *j = job_new(i);

		request_noise(&n, 900);
		pthread_mutex_lock(&lock);
		while (n_waiting >= N_MOST)
			pthread_cond_wait(&changed, &lock);
		*last = j;
		last = &j->next;
		n_waiting++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	pthread_join(worker, NULL);
	printf("%zu jobs wait\n", n_waiting);
	return 0;
}
