/* cache-thread-maps.c -- each worker keeps what it has seen, until it ends.
 *
 * Planted: three maps without a limit.  Each is freed by its thread when there is no
 * more work for any of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

enum { N_THREADS = 3, N_BUCKETS = 512 };

struct seen {
	struct seen *next;
	char *key;
};

static pthread_barrier_t start, all_done;
static __thread struct seen **map;

static NOINLINE void
seen_remember(const char *key)
{
	struct seen **at = &map[hash_of(key) % N_BUCKETS], *s = malloc(sizeof *s);

	s->key = strdup(key);
	s->next = *at;
	*at = s;
}

static void
map_clear(void)
{
	for (size_t i = 0; i < N_BUCKETS; i++)
		while (map[i]) {
			struct seen *s = map[i];

			map[i] = s->next;
			free(s->key);
			free(s);
		}
	free(map);
}

static void *
work(void *arg)
{
	struct numbers n = {(uint64_t)(uintptr_t)arg};
	char key[64];

	pthread_barrier_wait(&start);
	map = calloc(N_BUCKETS, sizeof *map);
	for (int i = 0; i < 40000; i++) {
		snprintf(key, sizeof key, "client %d of thread %zu", i, (size_t)arg);
		seen_remember(key);
		request_noise(&n, 300);
	}
	pthread_barrier_wait(&all_done);
	map_clear();
	return NULL;
}

int
main(void)
{
	pthread_t threads[N_THREADS];

	pthread_barrier_init(&start, NULL, N_THREADS);
	pthread_barrier_init(&all_done, NULL, N_THREADS);
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("done\n");
	return 0;
}
