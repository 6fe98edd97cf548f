/* index.h -- from any address to the block that holds it, for the graph.
 *
 * In:   all live blocks of a cut, by rising address, from snapshot.c.
 * Out:  ordinal and extent of the block that an address points into.
 * Not here: which words are looked up (scan.h).
 *
 * A bit for each granule of heap says whether a block starts there; counts of
 * bits before each word give ordinals.  For each 64 KiB the last start before
 * it is kept, so that a pointer deep into a large block finds it at once.
 *
 * Context  one user at a time: the child, or the only thread that runs.
 * Memory   about 1.1 % of the heap's address range that holds blocks; kept for
 *          the next cut if there is no child.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_INDEX_H
#define GCPROF_INDEX_H

#include "base.h"

/* Begin anew. */
void index_begin(void);
/* The next block; its ordinal is one more than that of the one before, from 1.
 * Returns false if there is no memory: the index is of no use then. */
bool index_add(uintptr_t addr, size_t bytes);

struct index_block {
	uintptr_t addr;
	size_t bytes; /* requested */
	uint32_t ordinal;
	site_id site;
};

/* No address outside of these bounds is in a block. */
extern uintptr_t index_lo, index_hi;

/* The block that an address points to: to its first byte or any other, or
 * behind the length word of a new[] of no elements. */
bool index_find(uintptr_t addr, struct index_block *ret);

/* Call f for each block in order; stops on non-zero and returns it. */
int index_walk(int (*f)(const struct index_block *b, void *with), void *with);

#endif
