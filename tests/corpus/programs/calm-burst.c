/* calm-burst.c -- orders come in two bursts that are worked off afterwards.
 *
 * Innocent: the second burst drains to nothing before the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct order {
	struct order *next;
	size_t number;
	char text[220];
};

static struct order *first, **last = &first;
static size_t n_waiting;

static NOINLINE void
order_receive(size_t number)
{
	struct order *o = calloc(1, sizeof *o);

	o->number = number;
	snprintf(o->text, sizeof o->text, "order number %zu", number);
	*last = o;
	last = &o->next;
	n_waiting++;
}

static void
order_fill(void)
{
	struct order *o = first;

	if (!o)
		return;
	first = o->next;
	if (!first)
		last = &first;
	result_sink += o->number;
	free(o);
	n_waiting--;
}

int
main(void)
{
	struct numbers n = {72};
	size_t i, j;

	settings_load(100);
	for (i = 0; i < 120000; i++) {
		size_t part = i % 60000;

		if (part < 10000)
			for (j = 0; j < 3; j++)
				order_receive(3 * i + j);
		order_fill();
		request_noise(&n, 1600);
	}
	printf("%zu orders wait\n", n_waiting);
	return 0;
}
