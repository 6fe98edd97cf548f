/* edges.c -- who points to whom, as the snapshot has it, in little memory.
 *
 * In:   holders in rising order, each with its edges.
 * Out:  struct edges.
 * Not here: what can be reached over them (graph.c).
 *
 * BOUND: offsets inside targets are kept for the first 2^32 edges and up to
 * 4 GiB, offsets in holders up to 4 GiB; both are only shown, never followed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model/edges.h"

#include <stdlib.h>

#include "util/bisect.h"
#include "util/vec.h"

int
edges_init(struct edges *e, uint32_t n_blocks)
{
	e->n_blocks = n_blocks;
	e->first = calloc((size_t)n_blocks + 1, sizeof(*e->first));
	return e->first ? 0 : -1;
}

void
edges_begin(struct edges *e, uint32_t block)
{
	for (; e->n_begun <= block; e->n_begun++)
		e->first[e->n_begun] = e->n;
}

static int
edges_grow(struct edges *e)
{
	uint64_t targets_size =
		e->size; /* of elements of the same size, the same in the end */

	return VEC_RESERVE(e->targets, targets_size, e->n + 1) ||
	       VEC_RESERVE(e->words, e->size, e->n + 1);
}

static int
add_inside(struct edges *e, uint64_t edge, uint64_t offset)
{
	if (edge > UINT32_MAX)
		return 0;
	return VEC_PUSH(e->insides, e->n_insides, e->insides_size,
			(struct edges_inside){(uint32_t)edge, offset < UINT32_MAX
								      ? (uint32_t)offset
								      : UINT32_MAX});
}

int
edges_add(struct edges *e, uint32_t target, uint64_t word, enum edges_class class,
	  uint64_t inside)
{
	if (e->n == e->size && edges_grow(e))
		return -1;
	e->targets[e->n] = target;
	e->words[e->n] = (uint32_t)(word < EDGES_WORD_MAX ? word : EDGES_WORD_MAX) |
			 (uint32_t) class << EDGES_CLASS_SHIFT;
	return inside && add_inside(e, e->n, inside) ? -1 : (e->n++, 0);
}

uint32_t
edges_offset(const struct edges *e, uint64_t edge)
{
	size_t low = BISECT(e->n_insides, at, e->insides[at].edge < edge);

	return low < e->n_insides && e->insides[low].edge == edge ? e->insides[low].offset
								  : 0;
}

void
edges_free(struct edges *e)
{
	free(e->first);
	free(e->targets);
	free(e->words);
	free(e->insides);
}
