/* holder_ways.h -- the shortest way from the roots to each block.
 *
 * In:   a heap, which of its roots count.
 * Out:  struct ways: for each block the one before it, up to a root.
 * Not here: which way stands for many blocks (holder_path.h).
 *
 * A way goes over start pointers where there is such a way, and from variables rather
 * than from stacks, whose old words say little.  Blocks of one site that follow one
 * another on a way are a run.
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

/* heap must live as long as the ways.
 *
 * n_reachable  blocks that a way leads to.
 * Returns      ways for ways_free(), or NULL: no memory.
 * Cost         each edge is read twice; 20 bytes a block.
 */
struct ways *ways_new(const struct heap *heap, const struct graph_options *options,
		      uint32_t n_reachable);

void ways_free(struct ways *w);

/* Of a block that a way leads to: the block before on its way, or WAYS_ROOT; the first
 * block of its run, and how many blocks it is from there. */
uint32_t ways_parent(const struct ways *w, uint32_t block);
uint32_t ways_top(const struct ways *w, uint32_t block);
uint32_t ways_run(const struct ways *w, uint32_t block);

/* For graph_is_root() and graph_is_start(): the roots that count. */
const struct graph *ways_graph(const struct ways *w);

/* Is a root one whose words may be old, as a stack's are? */
bool ways_is_weak(const struct heap_root *r);

#endif
