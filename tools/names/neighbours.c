/* neighbours.c -- which others of its kind a block leads to: the links of lists and trees.
 *
 * In:   edges, and what makes two blocks alike.
 * Out:  blocks.
 * Not here: what shape the links make (shapes.c, explain/holder_container.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/neighbours.h"

enum { MOST_EDGES = 64 }; /* of one block that are followed */

unsigned
neighbours_find(const struct heap *heap, uint32_t block, neighbours_alike *alike,
		const void *arg, uint32_t *list)
{
	const struct edges *e = &heap->edges;
	uint64_t end = e->first[block + 1];
	unsigned n = 0;

	if (end > e->first[block] + MOST_EDGES)
		end = e->first[block] + MOST_EDGES;
	for (uint64_t k = e->first[block]; k < end && n < NEIGHBOURS_MOST; k++) {
		uint32_t t = e->targets[k];
		unsigned i = 0;

		if (t == block || !alike(arg, t, block))
			continue;
		while (i < n && list[i] != t)
			i++;
		if (i == n)
			list[n++] = t;
	}
	return n;
}

bool
neighbours_lead_to(const struct heap *heap, uint32_t from, uint32_t to,
		   neighbours_alike *alike, const void *arg)
{
	uint32_t list[NEIGHBOURS_MOST];
	unsigned n = neighbours_find(heap, from, alike, arg, list);

	for (unsigned i = 0; i < n; i++)
		if (list[i] == to)
			return true;
	return false;
}
