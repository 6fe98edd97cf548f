/* waste.h -- the sites that waste most, and the sum of all.
 *
 * In:   what the snapshot measured, by node (heap.h).
 * Out:  sums, an order.
 * Not here: whether it is worth a finding (detect/waste.c).
 *
 * Pages that nobody has written to take no memory: they are told of, and are no part of what
 * is wasted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MODEL_WASTE_H
#define GCPROF_MODEL_WASTE_H

#include "model/heap.h"

struct waste {
	/* Whose blocks they are: the heap before the program cleaned up, if that had more, else
	 * the heap itself.  Nodes have the same numbers in both.  NULL: not measured. */
	const struct heap *of;
	bool is_before; /* the former */
	struct heap_waste all;
	uint32_t *nodes; /* by falling waste_bytes(), then untouched pages; not those without */
	size_t n;
};

/* Returns 0, or -1: no memory.  For waste_fini(). */
int waste_rank(const struct heap *h, struct waste *ret);
void waste_fini(struct waste *w);

void waste_add(struct heap_waste *to, const struct heap_waste *w);

/* All zeros, zeros at the end, copies. */
static inline uint64_t
waste_bytes(const struct heap_waste *w)
{
	return heap_sum(heap_sum(w->zero.bytes, w->tail.bytes), w->copy_bytes);
}

static inline bool
waste_is_any(const struct heap_waste *w)
{
	return waste_bytes(w) || w->untouched_bytes;
}

/* Blocks of which there is another one, but for one of each content. */
static inline uint64_t
waste_copies(const struct heap_waste *w)
{
	return w->compared - w->distinct;
}

#endif
