/* history.h -- how many blocks of a site lived when, out of one snapshot.
 *
 * In:   live blocks with the period of their birth, and the books of the dead;
 *       which sites are one.
 * Out:  for chosen sites, survivors at the end of each period.
 * Not here: what that means (detect/growth.c).
 *
 * The rule is in gcprof-heap(5), BOOKS.  Lost blocks do not count as live: they
 * are findings of their own.  But what is lost at the end of the program with the one
 * that led to it, as a table is that a variable of main() held, had its history before.
 * So had what the heap before the end shows to be held still (heap.before).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HISTORY_H
#define GCPROF_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/joins.h"
#include "graph/graph.h"
#include "model/heap.h"

struct history {
	uint32_t node; /* of sites that are joined their leader */
	uint64_t allocations;
	const struct heap_book *book; /* of its dead; NULL: there are hardly any */
	struct heap_count live;       /* at the snapshot */
	struct heap_count *born;      /* by period: of the live */
	double *blocks, *bytes;       /* by period: alive at its end */
	double deaths;                /* booked */
	uint64_t n_lost;              /* of live: lost at the end, with what held them */
	uint64_t n_leaked;            /* lost and not of live, and not freed either */
	uint32_t sample[64]; /* some of the live blocks, of the younger half: who holds only
			      * the last few, as a ring does, is not who keeps them */
	uint32_t n_sample;
};

struct histories {
	struct history *list;
	size_t n;
	uint32_t n_periods;
};

/* nodes   to be told of, any order; leaders, if some are joined.
 * joins   which sites are one, must live as long as the histories; NULL: none.
 * graph   NULL: all blocks count as reachable.
 * before  of the heap as it was before the program began to clean up; NULL: not known.
 * Returns histories in the order of nodes, for histories_free(); NULL: no
 *         memory.
 * Cost    two sweeps over the blocks.
 */
struct histories *histories_new(const struct heap *heap, const struct graph *graph,
				const struct graph *before, const struct joins *joins,
				const uint32_t *nodes, size_t n);
void histories_free(struct histories *h);

#endif
