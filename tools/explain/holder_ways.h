/* holder_ways.h -- the best way from the roots to each block.
 *
 * In:   a heap, which of its roots count.
 * Out:  struct ways: for each block the one before it, up to a root.
 * Not here: which way stands for many blocks (holder_path.h).
 *
 * A way is better if it is shorter, goes over start pointers, and comes from what people
 * would name as an owner: enum ways_rank.  Blocks of one site that follow one another on a way
 * are a run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HOLDER_WAYS_H
#define GCPROF_HOLDER_WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"
#include "model/heap.h"

#define WAYS_ROOT UINT32_MAX /* in place of a block: a root */

struct ways;

/* Who may own things, the best first.  Variables of the program are the rule; what the C
 * library's own hold, keys and mappings comes second, by the length of 2 steps; then locals
 * of the program's functions, 8 steps behind variables.  Words of a stack that are
 * nobody's, and those of functions of the C library and registers, which may be left over, lead only to what
 * nothing else leads to. */
enum ways_rank {
	WAYS_VARIABLE,
	WAYS_STRONG,
	WAYS_FRAME,
	WAYS_STACK,
	WAYS_LAST,
};

/* A block on the way, and how many of the class go that way.  container_shape() keeps
 * the first block of the run in `root`. */
struct front {
	uint32_t block, weight;
	uint32_t parent;
	uint32_t word; /* of the parent, that points to it */
	uint32_t root; /* if the parent is a root: its number */
	uint64_t key;  /* what is voted on */
};

/* heap must live as long as the ways.
 *
 * n_reachable  blocks that a way leads to.
 * Returns      ways for ways_free(), or NULL: no memory.
 * Cost         each edge is read once, those of roots three times; 20 bytes a block.
 */
struct ways *ways_new(const struct heap *heap, const struct graph_options *options,
		      uint32_t n_reachable);

void ways_free(struct ways *w);

bool ways_leads_to(const struct ways *w, uint32_t block);

/* Of a block that a way leads to: the block before on its way, or WAYS_ROOT; the first
 * block of its run, and how many blocks it is from there. */
uint32_t ways_parent(const struct ways *w, uint32_t block);
uint32_t ways_top(const struct ways *w, uint32_t block);
uint32_t ways_run(const struct ways *w, uint32_t block);

/* Whether a way leads to it from what may own things, and not only from words that may be left
 * over. */
bool ways_is_owned(const struct ways *w, uint32_t block);

/* For graph_is_root() and graph_is_start(): the roots that count. */
const struct graph *ways_graph(const struct ways *w);

enum ways_rank ways_rank(const struct heap *heap, const struct heap_root *r, uint64_t word);

/* What a way costs over an edge of a root, up to the block that it leads to. */
unsigned ways_root_cost(const struct ways *w, const struct heap_root *r, uint64_t edge);

#endif
