/* residence.h -- how much of the resident memory is the heap's, and how much of that is live.
 *
 * In:   the live blocks and the program's mappings, while the snapshot is written; the
 *       allocator's regions.
 * Out:  bytes of pages that are there, for the facts of the snapshot.
 * Not here: rss itself (figures.h); which pages are there (pages.h).
 *
 * Pages are those of the process that writes: of memory that is private and no file's they
 * are, after a fork, the program's at the cut.  What is shared or a file's is not: a child
 * begins without its page tables, so the program counts that itself, before (figures.h).
 *
 * BOUND: pages that are swapped out count as resident.  Blocks of less than BY_PAGES bytes
 * count as resident as they are: the allocator puts them into pages that it has touched.  With
 * the next allocator its memory is known by the blocks in it only, to within an area of the
 * address space.
 *
 * Context  the process that writes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RESIDENCE_H
#define GCPROF_RESIDENCE_H

#include "base.h"

struct residence {
	bool is_known;
	uint64_t heap;     /* of the allocator's memory */
	uint64_t live;     /* of that, in live blocks; requested bytes */
	uint64_t external; /* of what the program mapped itself, private and no file's */
};

/* Begin anew.  Where nobody asks for an end, it costs little to have begun. */
void residence_begin(void);
void residence_add_block(uintptr_t addr, size_t bytes);
void residence_add_mapping(uintptr_t start, uintptr_t end);

/* After maps_load, and the others.
 * Cost  a walk over the heap's page tables. */
void residence_end(struct residence *ret);

#endif
