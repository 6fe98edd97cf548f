/* cache-chained.c -- a server that keeps every rendered page in a chained hash table.
 *
 * Planted: the table has no limit, and four keys of ten are new: a cache
 * without eviction.  Single thread, buckets double.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct page {
	struct page *next;
	uint64_t hash;
	char *url;
	size_t size;
	char body[];
};

static struct page **buckets;
static size_t n_buckets, n_pages;

static NOINLINE void
cache_grow(void)
{
	size_t wanted = n_buckets ? n_buckets * 2 : 64, i;
	struct page **bigger = calloc(wanted, sizeof *bigger);

	for (i = 0; i < n_buckets; i++)
		while (buckets[i]) {
			struct page *p = buckets[i];

			buckets[i] = p->next;
			p->next = bigger[p->hash % wanted];
			bigger[p->hash % wanted] = p;
		}
	free(buckets);
	buckets = bigger;
	n_buckets = wanted;
}

static struct page *
cache_find(const char *url)
{
	uint64_t h = hash_of(url);
	struct page *p;

	if (n_buckets == 0)
		return NULL;
	for (p = buckets[h % n_buckets]; p; p = p->next)
		if (p->hash == h && strcmp(p->url, url) == 0)
			return p;
	return NULL;
}

static NOINLINE struct page *
cache_insert(const char *url, size_t size)
{
	struct page *p = malloc(sizeof *p + size);

	if (n_pages >= n_buckets)
		cache_grow();
	p->hash = hash_of(url);
	p->url = strdup(url);
	p->size = size;
	memset(p->body, 'x', size);
	p->next = buckets[p->hash % n_buckets];
	buckets[p->hash % n_buckets] = p;
	n_pages++;
	return p;
}

static void
serve(struct numbers *n, size_t known)
{
	char url[64];
	struct page *p;

	snprintf(url, sizeof url, "/article/%zu?lang=en",
		 below(n, 10) < 6 ? below(n, known + 1) : known);
	p = cache_find(url);
	if (!p)
		p = cache_insert(url, 100 + below(n, 400));
	result_sink += p->size;
	request_noise(n, 1500);
}

int
main(void)
{
	struct numbers n = {1};
	size_t i;

	settings_load(500);
	for (i = 0; i < 150000; i++)
		serve(&n, i);
	printf("%zu pages\n", n_pages);
	return 0;
}
