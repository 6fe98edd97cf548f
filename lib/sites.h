/* sites.h -- allocation sites: nodes of a calling-context tree.
 *
 * A site is a path of code addresses from the outermost frame inwards; a node
 * stands for a path by its last step and its parent.  Two equal paths have the
 * same number; nodes are never removed, so that a number means the same for as
 * long as the process lives.
 *
 * In:   steps, from unwind.c; counts of allocations, from thread.c.
 * Out:  a number per path; for the writer, each node by number.
 * Not here: how a stack is found (unwind.h), which block has which site
 *       (blocks.h).
 *
 * Context  lock-free; any thread, any signal handler.
 * Cost     32 bytes a node and about 8 in the hash table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SITES_H
#define GCPROF_SITES_H

#include "base.h"

enum { SITES_MAX = 1 << 24 };

/* Nodes without an address, there from the start; numbers are those of
 * enum heapfile_special. */
enum {
	SITE_ROOT = 0,
	SITE_UNSAMPLED = 1,
	SITE_NESTED = 2,
	SITE_CUT = 3,
	SITE_BROKEN = 4,
	SITE_FULL = 5,
	SITE_EARLY = 6,
	SITE_FIRST = 7 /* the first with an address */
};

/* A step: code address in the low 48 bits, then 15 bits of module_no, then
 * STEP_EXACT if the address is of the instruction itself, not a return
 * address. */
#define STEP(pc, module) ((uint64_t)(pc) | (uint64_t)(module) << 48)
#define STEP_EXACT (1ull << 63)
#define STEP_PC(step) ((step) & 0xffffffffffffull)
#define STEP_MODULE(step) ((module_no)((step) >> 48) & 0x7fff)

struct site {
	uint64_t step; /* written once, before the number is handed out */
	site_id parent;
	uint32_t book; /* of books.c, which alone reads it */
	uint64_t allocations;     /* atomic adds, from the threads' caches */
	uint64_t allocated_bytes; /* requested */
};

/* The child of parent for a step, made if need be.
 * Returns SITE_FULL if there is no memory for another. */
site_id sites_intern(site_id parent, uint64_t step);

/* Add to the counts of a node. */
void sites_count(site_id id, uint64_t allocations, uint64_t bytes);

/* A node's `book`; NULL if there is no such node, or no memory for it. */
uint32_t *sites_book(site_id id);

/* Number of nodes so far; those from 1 to it minus 1 may be read. */
extern site_id sites_n; /* atomic; may pass SITES_MAX when all are used up */
static ALWAYS_INLINE site_id
sites_end(void)
{
	site_id n = acquire_load(&sites_n);

	return n < SITES_MAX ? n : SITES_MAX;
}
/* NULL for 0 and for numbers beyond the end. */
const struct site *sites_get(site_id id);

/* In the child of a fork: what another thread had half done is put right. */
void sites_after_fork(void);

#endif
