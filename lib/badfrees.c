/* badfrees.c -- see badfrees.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "badfrees.h"

struct badfree badfrees[BADFREES_MAX];

bool
badfrees_note(enum heapfile_bad kind, uintptr_t addr, site_id site, site_id allocated)
{
	int i;

	for (i = 0; i < BADFREES_MAX; i++) {
		struct badfree *b = &badfrees[i];
		uint32_t free_entry = 0;

		if (acquire_load(&b->kind) == (uint32_t)kind && b->site == site &&
		    b->allocated == allocated) {
			(void)atomic_add(&b->count, 1);
			return false;
		}
		if (relaxed_load(&b->is_claimed) ||
		    !__atomic_compare_exchange_n(&b->is_claimed, &free_entry, 1, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		b->addr = addr;
		b->site = site;
		b->allocated = allocated;
		b->count = 1;
		release_store(&b->kind, kind);
		return true;
	}
	lose(LOSS_BAD_FREES);
	return false;
}
