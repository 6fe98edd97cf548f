/* leak-xor-list.c -- a queue as a list that is linked both ways by one word, the exclusive or of
 * the addresses before and after.
 *
 * Planted, as far as can be known: no pointer leads to the items in the middle.  But the
 * oldest were freed first, to the end: that is a queue.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_ITEMS = 120000, MOST = 2500 };

struct item {
	uintptr_t link;
	uint64_t number;
	char text[64];
};

static struct item *first, *last;
static size_t n_items;

static NOINLINE void
item_put(uint64_t number)
{
	struct item *i = calloc(1, sizeof *i);

	i->number = number;
	i->link = (uintptr_t)last;
	if (last)
		last->link ^= (uintptr_t)i;
	else
		first = i;
	last = i;
	n_items++;
}

static void
item_take(void)
{
	struct item *i = first, *next = (struct item *)i->link;

	result_sink += i->number;
	if (next)
		next->link ^= (uintptr_t)i;
	else
		last = NULL;
	first = next;
	free(i);
	n_items--;
}

int
main(void)
{
	struct numbers n = {319};
	size_t i;

	settings_load(100);
	for (i = 0; i < N_ITEMS; i++) {
		item_put(i);
		if (n_items > MOST)
			item_take();
		request_noise(&n, 400);
	}
	printf("%zu left\n", n_items);
	return 0;
}
