/* calm-thread-caches.c -- four workers with a cache of compiled patterns each, direct
 * mapped.
 *
 * Innocent: a new pattern takes its slot's old one's place; a worker's cache
 * is freed when it ends, those of the last two live on in a list.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

enum { N_WORKERS = 4, N_SLOTS = 1500 };

struct pattern {
	uint64_t key;
	unsigned char program[120];
};

struct pattern_cache {
	struct pattern *slots[N_SLOTS];
};

static struct pattern_cache *caches[N_WORKERS];

static NOINLINE struct pattern *
pattern_compile(uint64_t key)
{
	struct pattern *p = malloc(sizeof *p);

	p->key = key;
	memset(p->program, (int)key, sizeof p->program);
	return p;
}

static void *
work(void *argument)
{
	size_t worker = (size_t)argument, i;
	struct numbers n = {75 + worker};
	struct pattern_cache *cache = calloc(1, sizeof *cache);

	caches[worker] = cache;
	for (i = 0; i < 60000; i++) {
		uint64_t key = below(&n, 6000);
		struct pattern **slot = &cache->slots[key % N_SLOTS];

		if (!*slot || (*slot)->key != key) {
			free(*slot);
			*slot = pattern_compile(key);
		}
		result_sink += (*slot)->program[9];
		request_noise(&n, 900);
	}
	if (worker < 2) {
		for (i = 0; i < N_SLOTS; i++)
			free(cache->slots[i]);
		free(cache);
		caches[worker] = NULL;
	}
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
	printf("%d\n", caches[2] && caches[3]->slots[0]);
	return 0;
}
