/* peak.h -- who held the heap when it was largest, by site.
 *
 * In:   volume, from each thread's readings of the clock; frees of a thread that allocates
 *       no more (before.h).
 * Out:  live blocks and bytes of each site, as they were near the peak.
 * Not here: the heap's course over time (epochs.h, books.h); whole snapshots (take.h).
 *
 * Nobody counts live blocks by site: that would be one more access with each free.  So
 * they are summed by a walk over all live blocks, when the heap begins to fall: at each
 * PEAK_STEPS-th of an epoch's volume the live bytes of the process are compared with the
 * most that were seen.  A new most is watched; once the heap has fallen by a 128th from it,
 * what is there is summed, and is the peak until another one is larger by a 128th.  So a heap
 * that only rises costs no walk: its peak is what any snapshot shows.
 *
 * A walk is paid for by what was allocated: all walks together visit no more than four times
 * that, by weight, and a little for the first ones.
 *
 * A block that is such a part by itself is still there when its free is the fall.
 *
 * BOUND  The record is of a moment at which the heap had at least 127/128 of its peak, as far
 * as it is compared: what is freed between two comparisons may be missing from it.  That is
 * what one thread can free of blocks that it has just allocated, or a step's volume.
 * BOUND  Other threads run during the walk: what they allocate and free meanwhile counts or
 * does not.
 * BOUND  Where the credit is used up, the record is that of a smaller peak.
 *
 * LOCKS  a flag that one thread takes for a comparison; who finds it taken goes on.
 * Context  inside the guard, the allocator not interrupted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PEAK_H
#define GCPROF_PEAK_H

#include "base.h"

enum { PEAK_STEPS = 64 };

/* Note that a thread has allocated so much, by weight; compare if it is time to. */
void peak_spend(uint64_t weight, uint64_t now_ns);

/* Whether the heap is near a new peak that is not recorded: frees matter now. */
extern bool peak_is_watched HIDDEN; /* atomic */
/* Compare now; a live block of so many bytes is about to be freed. */
void peak_compare(uint64_t now_ns, uint64_t going_bytes);

/* In parts (sample.h) where stacks are sampled. */
struct peak_site {
	uint64_t blocks, bytes;
};
struct peak {
	uint64_t time_ns; /* of the machine's clock */
	epoch_no epoch;
	uint64_t blocks, bytes; /* of all sites, whether their stacks were sampled or not */
	site_id end;            /* of the sites that it knows */
	struct peak_site *sites;
};
/* The last one; NULL if there is none. */
const struct peak *peak_get(void);

/* Whether one was recorded since the last call, and the live bytes at it. */
bool peak_take_new(uint64_t *ret_bytes);

void peak_after_fork(void);

#endif
