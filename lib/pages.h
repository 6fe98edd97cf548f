/* pages.h -- which pages of a range of memory hold something.
 *
 * In:   a range of this process's addresses, of one mapping.
 * Out:  runs of its pages that are resident or swapped out.
 * Not here: what is mapped where (maps.h).
 *
 * The cost follows what is resident, not the range: a mapping without reserve may have
 * 2^46 bytes.  Linux 6.7 and later show runs by PAGEMAP_SCAN, and pass over page tables
 * that are not there.  Before that, /proc/PID/pagemap has 8 bytes a page; of ranges
 * from a gibibyte on, smaps tells whether anything is there at all, and mincore, a byte
 * a page, where, until as much was found as smaps told of; but if some of it is swapped
 * out, which mincore does not show, pagemap is read.
 *
 * Memory that is shared is gone through page by page by mincore, which knows what is in
 * the file's pages, as a child of fork begins without page tables for it.  Of shared huge
 * pages mincore knows those in the tables alone: the parent's pagemap has them, which a child
 * may read.  A page that is not there must not be touched: it would be made, in the program's
 * file.  BOUND: shared pages that are swapped out are passed over; before Linux 6.7, huge ones of
 * mappings of more than 64 GiB, too.
 *
 * Source  Documentation/admin-guide/mm/pagemap.rst and include/uapi/linux/fs.h of
 *         Linux 6.7; proc(5), mincore(2).
 *
 * Context  one reader at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PAGES_H
#define GCPROF_PAGES_H

#include "base.h"

/* Call f for each run, clipped to [start, end).
 *
 * fd  of pages_open, or -1: then all of it counts */
void pages_walk(int fd, uintptr_t start, uintptr_t end,
		void (*f)(uintptr_t start, uintptr_t end, void *with), void *with);
/* The same of memory that is shared and writable.  parent: as for maps_load. */
void pages_walk_shared(int parent, uintptr_t start, uintptr_t end,
		       void (*f)(uintptr_t start, uintptr_t end, void *with), void *with);
int pages_open(void);

#endif
