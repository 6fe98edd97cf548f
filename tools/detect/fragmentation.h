/* fragmentation.h -- what a compaction would give back, and who is in its way.
 *
 * In:   the addresses, sizes, sites and ages of a heap's blocks.
 * Out:  sums of the heap's pages; for each site what its survivors pin.
 * Not here: whether that is worth a finding (detect/fragmentation_findings.c).
 *
 * A page is in use if a block, or a part of one, is in it.  A block goes up to the
 * next multiple of 16 behind its usable bytes, as in the file.  A compaction would
 * give back
 *
 *     the pages in use, less the pages needed if the blocks of each size lay side by
 *     side in pages of their own, those of each thread as well
 *
 * Allocators keep sizes apart, and most threads too.  Which blocks one would put
 * together is not in the file, so this is the cautious guess: not more than one page
 * for each size and thread that began one is called needed without being full, and a
 * thread's first few blocks are no fragmentation.
 *
 * Pages with a part of a large block (LARGE_PAGES pages or more) stay where they
 * are: that the ends of such a block are not full is its allocator's way to place
 * it, not the fault of what survived.
 *
 * What is given back is charged to pages by their free bytes, and in a page in equal
 * parts to the blocks in it that are old.  A page without an old block is charged to
 * nobody: what is in it comes and goes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FRAGMENTATION_H
#define GCPROF_FRAGMENTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "model/heap.h"

enum { FRAGMENTATION_LARGE_PAGES = 4, FRAGMENTATION_MAX_THREADS = 256 };

/* pages * page_bytes = used_bytes + free_bytes, and pinned <= giveback <= free. */
struct fragmentation {
	bool is_known; /* the snapshot says how large a page is */
	uint64_t page_bytes;
	uint64_t pages;      /* in use */
	uint64_t used_bytes; /* of blocks */
	uint64_t free_bytes; /* in pages in use, in no block */
	uint64_t giveback_bytes;
	uint64_t pinned_bytes; /* of giveback, in pages with old blocks */
};

struct fragmentation_site {
	double pinned_bytes;      /* its part of fragmentation.pinned_bytes */
	struct heap_count blocks; /* old, in pages that are not full; bytes requested */
	uint64_t pages;           /* that are not full, with such a block */
	uint64_t last_page;       /* the last one that was counted, + 1 */
};

/* Measure.
 *
 * sites    n_nodes + 1 of them, zeroed; NULL if they are not wanted.
 * leaders  n_nodes + 1: the node that each node's blocks are counted at; NULL: its
 *          own.
 * Returns  0, or -1: no memory.
 * Cost     one sweep over the blocks; 40 bytes for each size below the large ones
 *          (40 KiB with pages of 4 KiB), whatever the number of pages.
 */
int fragmentation_measure(const struct heap *heap, struct fragmentation *ret,
			  struct fragmentation_site *sites, const uint32_t *leaders);

#endif
