/* cycles.h -- lost blocks that lead to one another, and which of them is named.
 *
 * In:   a graph whose leaders are those at the lowest addresses.
 * Out:  the same graph, led by those that come first in an order of sites; the blocks
 *       that form cycles.
 * Not here: which blocks are lost (graph.h); what is said of cycles (detect/leak.c).
 *
 * Addresses are not the same in two runs, so the lowest of a cycle is of now this site
 * and now that one.  An order of sites that is made of names gives each cycle the same
 * leader, and what several leaders lead to the same one of them, in every run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CYCLES_H
#define GCPROF_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"

/* Where a site stands in the order: the lower first, by `first`, then `second`. */
struct cycles_rank {
	uint64_t first, second;
};

/* Asked once at most for each site that has lost blocks. */
typedef struct cycles_rank cycles_order(void *arg, uint32_t site);

/* Choose leaders anew, by rank and then by address.
 *
 * Returns  0, or -1: no memory, and the graph is good for graph_free() only.
 * Cost     two looks at the edges of lost blocks; 8 bytes a block, and 4 for each edge
 *          between blocks that are lost with a cycle.
 * BOUND    More leaders than 2^20 keep their order, by address: then what several of
 *          them lead to may count with another one in the next run.
 */
int cycles_lead(struct graph *g, cycles_order *order, void *arg);

/* Is a lost block one of a cycle that is a leader, or follows one of its own cycle?  A
 * block that points to itself is no cycle, nor is what a lost block beside it leads to. */
static inline bool
cycles_has(const struct graph *g, uint32_t block)
{
	return g->is_cyclic && g->is_cyclic[block / 8] >> block % 8 & 1;
}

#endif
