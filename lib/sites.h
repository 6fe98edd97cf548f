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
 * A path is looked up as a whole: the hash of each frame's path follows from its
 * caller's hash alone, so that only the innermost has to be looked for, and its
 * parents confirm the rest.  A stack of which four frames are new costs one look
 * into the table, not four that wait for one another.
 *
 * Context  lock-free; any thread, any signal handler.
 * Cost     36 bytes a node and about 8 in the hash table; 16 more while stacks are
 *          sampled.
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
#define STEP_PC(step) ((step)&0xffffffffffffull)
#define STEP_MODULE(step) ((module_no)((step) >> 48) & 0x7fff)

/* A step of a path that is looked up.  `path` is a hash of the path from its
 * outermost frame to here. */
struct site_step {
	uint64_t step;
	uint32_t path;
	site_id node;
};

/* `path` of a step from its parent's.  The product of the step is no part of the
 * chain from frame to frame. */
#define SITES_HASH_FACTOR 0x85ebca6bu
static ALWAYS_INLINE uint32_t
sites_hash(uint32_t parent_path, uint64_t step)
{
	return (parent_path + (uint32_t)(step * 0x9e3779b97f4a7c15ull >> 32)) *
	       SITES_HASH_FACTOR;
}

/* The nodes of a path, made if need be.  steps[0], with path and node, is where it
 * begins; steps[1] to steps[n] have step and path, outside in, and get nodes.  For a
 * node without an address, path is its number.
 * Returns the node of steps[n]: SITE_FULL, like all that lie in it, if there is no
 * memory for another. */
site_id sites_path(struct site_step *steps, uint32_t n);

/* glibc's, since 2.32. */
extern char __libc_single_threaded __attribute__((weak));
/* Whether the process has one thread, which makes a second only after this call. */
static ALWAYS_INLINE bool
sites_is_alone(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

/* Add to the counts of a node. */
void sites_count(site_id id, uint64_t allocations, uint64_t bytes);

/* Add what a sampled block stands for, in parts (sample.h). */
void sites_weigh(site_id id, uint64_t allocations, uint64_t bytes);

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

/* A node as it is told of. */
struct site {
	uint64_t step; /* 0: a number that was never used */
	site_id parent;
	uint64_t allocations, allocated_bytes; /* requested */
};
/* Returns false for 0 and for numbers beyond the end. */
bool sites_get(site_id id, struct site *ret);

/* What was weighed for a node, in parts.  Returns false if nothing was. */
bool sites_weight(site_id id, uint64_t *ret_allocations, uint64_t *ret_bytes);

/* In the child of a fork: what another thread had half done is put right. */
void sites_after_fork(void);

#endif
