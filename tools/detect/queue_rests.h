/* queue_rests.h -- lost blocks that may be what is left of a queue.
 *
 * In:   which blocks are lost; how the others of their sites died (gcprof-heap(5), BOOKS);
 *       what pointed to them before the program began to clean up.
 * Out:  sites whose lost blocks are possibly lost only.
 * Not here: what is said of them (leak.c).
 *
 * A pointer may be there and not look like one: a list with one link that is the exclusive
 * or of two, a ring of compressed pointers, a queue in a register of the function that has
 * just ended.  What such a queue holds is lost for the graph.  But how its blocks die
 * shows it: the lost ones are the youngest of all that were allocated, all others were
 * freed, the oldest first, and that went on to the end.  What is leaked is not
 * the youngest, or nothing is freed any more since the leak began.
 *
 * Where the heap before the end shows that plain pointers led to the blocks of a site, from
 * a container that is gone now, its links are none of these: what is lost is lost.
 *
 * BOUND  A program that frees in order, and has leaked all that it allocated last, looks
 * the same: possibly lost is a warning.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_QUEUE_RESTS_H
#define GCPROF_QUEUE_RESTS_H

#include <stdbool.h>

#include "graph/graph.h"
#include "model/heap.h"

/* Find them.
 *
 * ret_is_any  whether there is one
 * Returns     by site whether it is one, for free(3); NULL: no memory.
 * Cost        two sweeps over the blocks.
 */
bool *queue_rests_find(const struct heap *heap, const struct graph *graph,
		       bool *ret_is_any);

/* Those to most of whose blocks plain pointers led are none.
 *
 * rests   queue_rests_find()'s
 * before  of the heap before the end
 * Returns 0, or -1: no memory.
 */
int queue_rests_drop_held(bool *rests, const struct graph *before);

/* Make their blocks and what only these lead to GRAPH_POSSIBLE. */
void queue_rests_mark(const struct heap *heap, struct graph *graph, const bool *rests);

#endif
