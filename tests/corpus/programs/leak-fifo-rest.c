/* leak-fifo-rest.c -- a ring of words that are no pointers: numbers of items, from the distance
 * to the first; what is in it when the program ends stays.
 *
 * Planted, as far as can be known: nothing that looks like a pointer leads to the last
 * items.  But the oldest were freed first, to the end: that is a queue.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_ITEMS = 100000, MOST = 1500 };

struct item {
	uint64_t when;
	char text[120];
};

static char *base;
static uint32_t ring[MOST];
static size_t n_put, n_taken;

static NOINLINE void
item_put(struct numbers *n)
{
	struct item *i = calloc(1, sizeof *i);

	i->when = below(n, 1000);
	if (!base)
		base = malloc(16);
	ring[n_put++ % MOST] = (uint32_t)(((char *)i - base) / 16);
}

static void
item_take(void)
{
	int32_t distance = (int32_t)ring[n_taken++ % MOST];

	free(base + (int64_t)distance * 16);
}

int
main(void)
{
	struct numbers n = {318};
	size_t i;

	settings_load(100);
	for (i = 0; i < N_ITEMS; i++) {
		if (n_put - n_taken == MOST)
			item_take();
		item_put(&n);
		request_noise(&n, 500);
	}
	printf("%zu left\n", n_put - n_taken);
	return 0;
}
