/* holder_container.h -- where the blocks of a class come together, and what that looks like.
 *
 * In:   a heap, its dominators, the shortest way to each block.
 * Out:  the container, what it has of the class, its shape.
 * Not here: what it is called (holders.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HOLDER_CONTAINER_H
#define GCPROF_HOLDER_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "explain/holder_path.h"
#include "explain/holder_ways.h"
#include "graph/dominators.h"
#include "model/heap.h"

enum holder_shape {
	HOLDER_OTHER,
	HOLDER_ARRAY, /* many words of one array lead to them: a table, a vector */
	HOLDER_CHAIN, /* each leads to the next: a list */
	HOLDER_TREE,  /* each leads to a few others */
};

/* What containers are found with. */
struct gathering {
	const struct heap *heap;
	const struct dominators *d;
	const struct ways *ways;
	uint32_t *counts;  /* by place; all 0 between calls */
	uint32_t *on_site; /* by site; 0 for all before container_find(), and between
			    * container_count_entries() and the next */
	uint8_t *marks;    /* by place; nothing between calls */
};

/* Returns 0, or -1: no memory; then gathering_fini() as well. */
int gathering_init(struct gathering *g, const struct heap *heap,
		   const struct dominators *d, const struct ways *ways);

void gathering_fini(struct gathering *g);

/* The container of some blocks. */
struct container {
	const uint32_t *blocks; /* asked about */
	size_t n, n_reached;    /* of these by roots, one at least */
	uint32_t example;       /* one that is reached */
	uint32_t place;         /* found: in the dominator tree; 0 = the roots */
	uint32_t n_below;       /* found: of the blocks, those that it dominates */
};

/* Find the closest block that dominates most of the class, above what is a link itself.
 * container_count_entries() must follow. */
void container_find(struct gathering *g, struct container *x);

/* Count what the container has of the class's sites, and what it retains; of the roots,
 * what the class retains. */
void container_count_entries(struct gathering *g, const struct container *x,
			     struct heap_count *ret_entries,
			     struct heap_count *ret_retained);

/* The shape in which blocks are linked, or those that hold them: from the class up,
 * through payloads and buffers, but not to the container.
 *
 * f         the blocks by front_merge(), n of them; changed.
 * ret_link  a block of those that are linked. */
enum holder_shape container_shape(const struct gathering *g, struct front *f, size_t n,
				  uint32_t container, uint32_t *ret_link);

/* What blocks retain together, nothing counted twice. */
struct heap_count container_retained(struct gathering *g, const uint32_t *list, size_t n);

#endif
