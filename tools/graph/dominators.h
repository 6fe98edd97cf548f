/* dominators.h -- what would be free if one block were gone.
 *
 * In:   a heap with roots and edges.
 * Out:  for each block that pointers lead to from a root: the one block that is
 *       on all ways to it and closest (its immediate dominator), and what it
 *       retains: itself and all that can be reached only through it.
 * Not here: how sure a pointer is (graph.h); what a holder is called (holders.h).
 *
 * All pointers count, into a block as well as to its start: a block is retained
 * by whoever may use it.  What is reached is what graph.h calls REACHABLE or
 * POSSIBLE, and what is IGNORED and reachable as well.
 *
 * Places.  Blocks are renumbered in the order in which a depth-first search
 * comes to them: place 0 stands for the roots together, then 1 to n.  A block's
 * dominators have lower places than itself, so a sweep over falling places sums
 * up over the tree, and one over rising places hands down.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DOMINATORS_H
#define GCPROF_DOMINATORS_H

#include <stdint.h>

#include "graph/graph.h"
#include "model/heap.h"

/* In place of a block. */
#define DOMINATORS_ROOTS UINT32_MAX             /* the roots themselves */
#define DOMINATORS_UNREACHABLE (UINT32_MAX - 1) /* nothing: it is not reachable */

/* INVARIANT  places: blocks[places[b]] == b for each block with a place; and
 * idoms[p] < p for each place but 0. */
struct dominators {
	const struct heap *heap;
	uint32_t n;       /* highest place: the number of reachable blocks */
	uint32_t *places; /* by block; 0 = not reachable */
	uint32_t *blocks; /* by place; [0] means nothing */
	uint32_t *idoms;  /* by place, a place; [0] is 0 */
	uint32_t *counts; /* by place: blocks retained, itself included */
	uint64_t *bytes;  /* by place: requested bytes of these */
};

/* Compute the tree.
 *
 * heap     has_roots; must live as long as the tree.
 * options  roots that are switched off lead nowhere.
 * Returns  the tree for dominators_free(), or NULL: no memory.
 * Cost     24 bytes a block, and while it works 16 more, then 4 and 4 an edge that
 *          leads to a lower place; near to linear.
 */
struct dominators *dominators_new(const struct heap *heap,
				  const struct graph_options *options,
				  heap_progress *progress, void *progress_arg);

void dominators_free(struct dominators *d);

/* The immediate dominator of a block: a block or one of the constants. */
static inline uint32_t
dominators_of(const struct dominators *d, uint32_t block)
{
	uint32_t place = d->places[block];

	return place == 0             ? DOMINATORS_UNREACHABLE
	       : d->idoms[place] == 0 ? DOMINATORS_ROOTS
				      : d->blocks[d->idoms[place]];
}

/* What a block retains, itself included; zero if it is not reachable. */
static inline struct heap_count
dominators_retained(const struct dominators *d, uint32_t block)
{
	uint32_t place = d->places[block];

	return place ? (struct heap_count){d->counts[place], d->bytes[place]}
		     : (struct heap_count){0, 0};
}

/* What all blocks of each kind retain together; nothing is counted twice for a
 * kind, though one byte can be retained by several.
 *
 * kinds    by block, 1 to n_kinds, 0 = of none.
 * Returns  n_kinds + 1 counts by kind for free(3), or NULL: no memory.
 * Cost     a sweep over the tree, 8 bytes a block while it works.
 */
struct heap_count *dominators_by_kind(const struct dominators *d, const uint32_t *kinds,
				      uint32_t n_kinds);

/* The same for sites: n_nodes + 1 counts. */
struct heap_count *dominators_by_site(const struct dominators *d);

#endif
