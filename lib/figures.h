/* figures.h -- the memory of the process in numbers.
 *
 * In:   counts of threads, of the allocator, of mappings; /proc.
 * Out:  the figures of gcprof_memory_usage(3), of snapshots and of epochs; memory that the
 *       allocator keeps though the program has freed most of it is given back.
 * Not here: live bytes by site or by birth (books.h, epochs.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FIGURES_H
#define GCPROF_FIGURES_H

#include "base.h"
#include "gcprof.h"

struct epochs_memory;

/* Bytes that the program has allocated and not freed.  Cost: a walk over all threads. */
uint64_t figures_heap_used(void);

/* Resident bytes now, 0 if they cannot be read; what a sandbox hides is as it was before. */
uint64_t figures_rss(void);

/* Of rss at that time, bytes of files and of shared memory; 0 if they cannot be read. */
uint64_t figures_rss_file(void);

/* All figures.  may_lock: false where the allocator may have been interrupted. */
void figures_measure(struct gcprof_memory *ret, bool may_lock);

/* Those of an epoch's end.  Context: one at a time. */
void figures_measure_epoch(struct epochs_memory *ret);

/* The heap has `used` bytes.  If that is less than half of its peak, let the allocator give
 * the rest back to the system, and the shadow with it, sooner than it would by itself.
 * Not so for a program that takes it up again within a second, unless a snapshot is to show
 * it (is_at_once).  Context: inside the guard, the allocator not interrupted. */
void figures_give_back(uint64_t used, uint64_t now_ns, bool is_at_once);

#endif
