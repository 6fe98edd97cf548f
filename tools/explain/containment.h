/* containment.h -- what holds the memory: the dominator tree, by type.
 *
 * In:   a heap with roots and edges, symbols if there are any.
 * Out:  a tree of groups of blocks, each with a name, its blocks, and what they retain.
 * Not here: the tree of single blocks (dominators.h), paths to a root (holders.h), how it is
 *           written (report/tree.c).
 *
 * Below the whole stands a group for each variable or frame that all ways to some blocks begin
 * at; below a group, one for each type of the blocks that its blocks dominate.  A type that
 * stands above on the way from the whole already is joined with that one, as the nodes of a
 * list or of a tree are; so a way is no longer than there are types, and each block is in one
 * group and counts once.
 *
 * What stacks and registers lead to as well is a lasting variable's all the same: such a
 * pointer may be a stale one.  What several lasting variables lead to has a group "shared
 * ...", and what no way from a root leads to "not reachable ...".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CONTAINMENT_H
#define GCPROF_CONTAINMENT_H

#include <stdint.h>

#include "explain/types.h"
#include "graph/graph.h"
#include "model/heap.h"
#include "names/symbolize.h"
#include "util/texts.h"

struct containment_node {
	uint32_t parent; /* below its own index, but for [0], which is the whole */
	uint32_t name;   /* a text; 0 of [0] */
	struct heap_count own, retained; /* requested bytes */
};

/* INVARIANT  sums: what a node retains is its own, and what those right below it retain; of
 * [0] it is heap->live. */
struct containment {
	struct texts texts;
	struct containment_node *nodes;
	uint32_t n, size;
};

/* Make it.
 *
 * heap     has_roots.
 * symbols  NULL: most types are modules and offsets.
 * types    of the blocks; NULL: found here.
 * options  roots that are switched off lead nowhere.
 * Returns  the tree for containment_free(), or NULL: no memory.
 * Cost     that of dominators_new(), graph_new(), outline_new() and, without types,
 *          types_new(), then a few sweeps over the edges; 8 bytes a block beside theirs.
 */
struct containment *containment_new(const struct heap *heap, struct symbols *symbols,
				    const struct types *types,
				    const struct graph_options *options);

void containment_free(struct containment *c);

#endif
