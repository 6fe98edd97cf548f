/* missing-free-threads.c -- three workers take leases on a table that they share.
 *
 * Planted: a lease is released on each way out but one, taken by one request
 * in two hundred; it stays in the table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

enum { N_WORKERS = 3, N_REQUESTS = 120000, N_SLOTS = 1024 };

struct lease {
	struct lease *next;
	uint64_t object;
	char holder[64];
	unsigned char state[400];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct lease *leases[N_SLOTS];

static NOINLINE struct lease *
lease_take(uint64_t object, size_t worker)
{
	struct lease *l = calloc(1, sizeof *l);

	l->object = object;
	snprintf(l->holder, sizeof l->holder, "worker %zu", worker);
	pthread_mutex_lock(&lock);
	l->next = leases[object % N_SLOTS];
	leases[object % N_SLOTS] = l;
	pthread_mutex_unlock(&lock);
	return l;
}

static void
lease_release(struct lease *l)
{
	struct lease **p = &leases[l->object % N_SLOTS];

	pthread_mutex_lock(&lock);
	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	pthread_mutex_unlock(&lock);
	free(l);
}

static int
update(struct numbers *n, size_t worker)
{
	struct lease *l = lease_take(next_number(n), worker);
	size_t outcome = below(n, 200);

	request_noise(n, 900);
	if (outcome < 10) {
		lease_release(l);
		return -1;
	}
	if (outcome == 100) /* somebody else's version was newer */
		return -2;
	l->state[outcome]++;
	lease_release(l);
	return 0;
}

static void *
work(void *argument)
{
	size_t worker = (size_t)argument, i;
	struct numbers n = {59 + worker};

	for (i = 0; i < N_REQUESTS; i++)
		result_sink += (uint64_t)(update(&n, worker) == 0);
	return NULL;
}

int
main(void)
{
	pthread_t threads[N_WORKERS];
	size_t i;

	settings_load(100);
	for (i = 0; i < N_WORKERS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (i = 0; i < N_WORKERS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
