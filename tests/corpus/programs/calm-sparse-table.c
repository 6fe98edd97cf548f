/* calm-sparse-table.c -- a large table of which few pages are ever written to.
 *
 * Innocent: the table is 16 MiB of address space; what is in it is there once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_SLOTS = 2 << 20, N_ITEMS = 20000 };

struct item {
	uint64_t key, a, b, c;
};

static struct item **table;
static size_t n_items;

static NOINLINE void
item_put(uint64_t key, struct numbers *n)
{
	struct item *x = malloc(sizeof *x);

	x->key = key;
	x->a = next_number(n);
	x->b = next_number(n);
	x->c = next_number(n);
	table[key] = x;
	n_items++;
}

int
main(void)
{
	struct numbers n = {33};
	size_t i;

	settings_load(100);
	table = calloc(N_SLOTS, sizeof *table);
	/* Keys of one range, as those of one day. */
	for (i = 0; i < N_ITEMS; i++)
		item_put(700000 + i, &n);
	for (i = 0; i < 3000; i++)
		request_noise(&n, 1500);
	for (i = 0; i < N_ITEMS; i++) {
		const struct item *x = table[700000 + i];

		result_sink += x->key + x->a + x->b + x->c;
	}
	printf("%zu items\n", n_items);
	return 0;
}
