/* calm-ttl.c -- a cache whose entries live for 4000 requests.
 *
 * Innocent: expired entries are dropped as it goes; the rate of new ones
 * varies, so the number of entries goes up and down.  A long run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 2048, LIFE = 4000 };

struct entry {
	struct entry *chain, *younger;
	uint64_t key, expires;
	char value[160];
};

static struct entry *buckets[N_BUCKETS], *oldest, *youngest;
static size_t n_entries, n_most;

static NOINLINE struct entry *
entry_new(uint64_t key, uint64_t now)
{
	struct entry *e = malloc(sizeof *e);

	e->key = key;
	e->expires = now + LIFE;
	memset(e->value, (int)key, sizeof e->value);
	e->chain = buckets[key % N_BUCKETS];
	buckets[key % N_BUCKETS] = e;
	e->younger = NULL;
	*(youngest ? &youngest->younger : &oldest) = e;
	youngest = e;
	if (++n_entries > n_most)
		n_most = n_entries;
	return e;
}

static void
expire(uint64_t now)
{
	while (oldest && oldest->expires <= now) {
		struct entry *e = oldest, **p = &buckets[e->key % N_BUCKETS];

		while (*p != e)
			p = &(*p)->chain;
		*p = e->chain;
		oldest = e->younger;
		if (!oldest)
			youngest = NULL;
		free(e);
		n_entries--;
	}
}

int
main(void)
{
	struct numbers n = {70};
	uint64_t now;

	settings_load(100);
	for (now = 0; now < 800000; now++) {
		size_t variety = now / 10000 % 2 ? 1000 : 4000;
		uint64_t key = now / 20000 * 10000 + below(&n, variety);
		struct entry *e;

		expire(now);
		e = buckets[key % N_BUCKETS];
		while (e && e->key != key)
			e = e->chain;
		if (!e)
			e = entry_new(key, now);
		result_sink += (uint64_t)e->value[3];
		request_noise(&n, 1300);
	}
	printf("%zu entries, at most %zu\n", n_entries, n_most);
	return 0;
}
