/* calm-lru.c -- a block cache of 3000 entries; the least recently used one goes.
 *
 * Innocent: full after a tenth of the run, then as many go as come.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 1024, N_MOST = 3000 };

struct entry {
	struct entry *chain, *newer, *older;
	size_t key;
	unsigned char *bytes;
};

static struct entry *buckets[N_BUCKETS], *newest, *oldest;
static size_t n_entries;

static void
list_remove(struct entry *e)
{
	*(e->newer ? &e->newer->older : &newest) = e->older;
	*(e->older ? &e->older->newer : &oldest) = e->newer;
}

static void
list_add(struct entry *e)
{
	e->newer = NULL;
	e->older = newest;
	*(newest ? &newest->newer : &oldest) = e;
	newest = e;
}

static void
evict(void)
{
	struct entry *e = oldest, **p = &buckets[e->key % N_BUCKETS];

	list_remove(e);
	while (*p != e)
		p = &(*p)->chain;
	*p = e->chain;
	free(e->bytes);
	free(e);
	n_entries--;
}

static NOINLINE struct entry *
cache_insert(size_t key)
{
	struct entry *e = malloc(sizeof *e);

	e->key = key;
	e->bytes = memset(malloc(512), (int)key, 512);
	e->chain = buckets[key % N_BUCKETS];
	buckets[key % N_BUCKETS] = e;
	list_add(e);
	if (++n_entries > N_MOST)
		evict();
	return e;
}

static struct entry *
cache_get(size_t key)
{
	struct entry *e;

	for (e = buckets[key % N_BUCKETS]; e; e = e->chain)
		if (e->key == key) {
			list_remove(e);
			list_add(e);
			return e;
		}
	return cache_insert(key);
}

int
main(void)
{
	struct numbers n = {15};
	size_t i;

	settings_load(100);
	for (i = 0; i < 250000; i++) {
		result_sink +=
			cache_get(below(&n, 3) ? below(&n, 2000) : below(&n, 40000))
				->bytes[0];
		request_noise(&n, 1200);
	}
	printf("%zu entries\n", n_entries);
	return 0;
}
