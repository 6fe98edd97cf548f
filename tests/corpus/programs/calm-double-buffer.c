/* calm-double-buffer.c -- a simulation with two generations of cells, exchanged at each
 * step.
 *
 * Innocent: a step builds the new generation and frees the one before the
 * last; the size wavers by a third.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct cell {
	struct cell *next;
	int x, y, age;
};

static struct cell *generations[2];

static NOINLINE struct cell *
cell_new(struct cell *next, int x, int y)
{
	struct cell *c = malloc(sizeof *c);

	c->next = next;
	c->x = x;
	c->y = y;
	c->age = 0;
	return c;
}

static void
step(size_t number, struct numbers *n)
{
	struct cell **slot = &generations[number % 2], *old = *slot, *next;
	size_t count = 6000 + below(n, 2000), i;

	for (; old; old = next) {
		next = old->next;
		free(old);
	}
	*slot = NULL;
	for (i = 0; i < count; i++)
		*slot = cell_new(*slot, (int)below(n, 1000), (int)below(n, 1000));
}

int
main(void)
{
	struct numbers n = {80};
	size_t i, j;

	for (i = 0; i < 600; i++) {
		step(i, &n);
		for (j = 0; j < 60; j++)
			request_noise(&n, 2500);
	}
	return 0;
}
