/* waste.c -- see waste.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model/waste.h"

#include <stdlib.h>

struct rank {
	uint64_t bytes, untouched;
	uint32_t node;
};

static int
compare(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->untouched != y->untouched)
		return x->untouched < y->untouched ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

void
waste_add(struct heap_waste *to, const struct heap_waste *w)
{
	to->zero.blocks = heap_sum(to->zero.blocks, w->zero.blocks);
	to->zero.bytes = heap_sum(to->zero.bytes, w->zero.bytes);
	to->tail.blocks = heap_sum(to->tail.blocks, w->tail.blocks);
	to->tail.bytes = heap_sum(to->tail.bytes, w->tail.bytes);
	to->untouched_bytes = heap_sum(to->untouched_bytes, w->untouched_bytes);
	to->compared = heap_sum(to->compared, w->compared);
	to->distinct = heap_sum(to->distinct, w->distinct);
	to->copy_bytes = heap_sum(to->copy_bytes, w->copy_bytes);
}

int
waste_rank(const struct heap *h, struct waste *ret)
{
	struct rank *ranks;
	size_t n = 0;

	*ret = (struct waste){.of = h};
	if (h->before && h->before->waste && h->before->live.bytes > h->live.bytes)
		ret->of = h->before;
	ret->is_before = ret->of != h;
	if (!ret->of->waste) {
		ret->of = NULL;
		return 0;
	}
	ranks = calloc((size_t)ret->of->n_nodes + 1, sizeof(*ranks));
	ret->nodes = calloc((size_t)ret->of->n_nodes + 1, sizeof(*ret->nodes));
	if (!ranks || !ret->nodes) {
		free(ranks);
		waste_fini(ret);
		return -1;
	}
	for (uint32_t i = 1; i <= ret->of->n_nodes; i++) {
		const struct heap_waste *w = &ret->of->waste[i];

		waste_add(&ret->all, w);
		if (waste_is_any(w))
			ranks[n++] = (struct rank){waste_bytes(w), w->untouched_bytes, i};
	}
	qsort(ranks, n, sizeof(*ranks), compare);
	for (size_t i = 0; i < n; i++)
		ret->nodes[i] = ranks[i].node;
	ret->n = n;
	free(ranks);
	return 0;
}

void
waste_fini(struct waste *w)
{
	free(w->nodes);
	w->nodes = NULL;
	w->n = 0;
}
