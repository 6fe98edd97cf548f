/* outline.h -- a heap as one graph with one root, as viewers of object graphs want it.
 *
 * In:   a heap, the state of its blocks, names.
 * Out:  the places in roots that hold something, a variable or a function's frame each;
 *       for each block what it hangs beneath if no pointer from a root leads to it, so
 *       that the root leads to all; equal blocks folded into one where there are too many.
 * Not here: what blocks are called (types.h), how it is written (report/heapsnapshot.c).
 *
 * What is held is what all pointers lead to from roots that are on, as in dominators.h.
 * The rest hangs beneath a group: leaders of what is lost, then what was to be left
 * alone and is not reached, then whatever these do not lead to.
 *
 * Folding.  A leaf is a block without pointers to which one pointer leads, or that hangs
 * beneath a group.  Leaves of one type and one site with the same holder are folded: one
 * of them stands for all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OUTLINE_H
#define GCPROF_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/types.h"
#include "graph/graph.h"
#include "model/heap.h"
#include "names/root_names.h"

/* More blocks than this are folded.  Chrome and memlab need some 200 bytes a node. */
enum { OUTLINE_MOST = 2000000 };

/* What does not hang beneath a root. */
enum outline_group {
	OUTLINE_NONE,
	OUTLINE_DEFINITE, /* lost */
	OUTLINE_IGNORED,
	OUTLINE_INDIRECT, /* lost, and no leader leads to it: not expected */
	OUTLINE_ALL,      /* the file has no graph: every block */
	OUTLINE_N_GROUPS,
};

/* Consecutive words of a root that have one name. */
struct outline_place {
	uint64_t first, n;     /* edges */
	uint64_t start, bytes; /* of the variable, frame or region; bytes 0 = unknown */
	uint32_t root;
};

/* INVARIANT  every block is held, or hangs beneath a group, or a block that is in a
 * group leads to it. */
struct outline {
	const struct heap *heap;
	struct outline_place *places; /* by rising edge */
	size_t n_places, places_size;
	uint8_t *marks; /* by block: enum outline_group | OUTLINE_HELD */
	uint32_t n_in_group[OUTLINE_N_GROUPS];
	uint64_t n_root_edges; /* of places */
	/* Of folded blocks; NULL if none are. */
	uint32_t *leads;  /* by block: which one stands for it, perhaps itself */
	uint32_t *counts; /* by block that stands for others: how many, itself included */
	uint32_t *sizes;  /* and their requested bytes */
	uint32_t *numbers; /* by block that stands for itself or others: 0, 1, ... */
	uint32_t n_left;   /* blocks that are left */
};

enum { OUTLINE_HELD = 1 << 7 };

/* Make it.
 *
 * heap, names  must live as long as the outline.
 * graph        the state of its blocks: roots that are off there hold nothing.  NULL: the
 *              file has none.
 * types        of the blocks.
 * most         blocks from which on they are folded: OUTLINE_MOST.
 * Returns      the outline for outline_free(), or NULL: no memory.
 * Cost         each edge is read four times or so, six if blocks are folded; a byte
 *              a block, 14 more while it works, 16 more if they are folded.
 */
struct outline *outline_new(const struct heap *heap, const struct graph *graph,
			    struct names *names, const struct types *types,
			    const struct heap_filter *filter, uint32_t most);

void outline_free(struct outline *o);

static inline bool
outline_is_held(const struct outline *o, uint32_t block)
{
	return o->marks[block] & OUTLINE_HELD;
}

static inline enum outline_group
outline_group(const struct outline *o, uint32_t block)
{
	return (enum outline_group)(o->marks[block] & ~OUTLINE_HELD);
}

/* Is it there still, after folding? */
static inline bool
outline_has(const struct outline *o, uint32_t block)
{
	return !o->leads || o->leads[block] == block;
}

/* Its place among those that are there. */
static inline uint32_t
outline_number(const struct outline *o, uint32_t block)
{
	return o->leads ? o->numbers[block] : block;
}

/* How many blocks it stands for, itself included. */
static inline uint32_t
outline_count(const struct outline *o, uint32_t block)
{
	return o->leads ? o->counts[block] : 1;
}

#endif
