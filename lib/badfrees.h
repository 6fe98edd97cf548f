/* badfrees.h -- frees that were wrong.
 *
 * In:   what record.c finds to be no live block, or of another family.
 * Out:  a table for the snapshot: each sort once, with a count and the first address.
 * Not here: what is wrong (record.c), what is done about it (trigger.h).
 *
 * LOCKS  none: an entry is claimed by one thread, and its kind is written last.  Two
 *        threads that meet a new sort at once may make two entries; readers add them up.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BADFREES_H
#define GCPROF_BADFREES_H

#include "base.h"
#include "heapfile.h"

struct badfree {
	uint32_t kind; /* enum heapfile_bad; 0 = entry unused; written last */
	uint32_t is_claimed;
	uint64_t count;
	uintptr_t addr;
	site_id site, allocated; /* where it was freed, and where it came from; or 0 */
};
enum { BADFREES_MAX = 1024 };
extern struct badfree badfrees[BADFREES_MAX];

/* Sum up by kind, place of the free and place of the allocation.  Returns true for the
 * first of its sort.  Context: any. */
bool badfrees_note(enum heapfile_bad kind, uintptr_t addr, site_id site, site_id allocated);

#endif
