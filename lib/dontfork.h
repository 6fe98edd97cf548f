/* dontfork.h -- memory that the program keeps from its children, and the writer needs.
 *
 * In:   the program's madvise(2); smaps, read while a cut has stopped the threads.
 * Out:  a child that has that memory, and a program that is as it was; or where the
 *       child does not have it.
 * Not here: what is looked for there (scan.h, roots.h).
 *
 * MADV_DONTFORK leaves memory out of every child, as V8 does with its heap;
 * MADV_WIPEONFORK leaves zeros there.  Blocks that only such memory leads to would
 * be called lost.  So for the moment of the fork, it is as all other memory: advised
 * otherwise just before, and back just after.
 *
 * Why so, and not by a copy, or by reading the parent's: the child must see this moment.
 * A copy costs some 600 us for each MiB that is resident, the kernel's sharing of pages
 * 20.  process_vm_readv(2) would have the threads wait for all of the search, and
 * yama(7) lets no child look into its parent.
 *
 * Where it is, the kernel is asked, each time: what we have seen of the program's calls may
 * be out of date, and to keep what is somebody else's from children would harm.  That
 * costs some 3 us a mapping of 256 KiB, but only a program that has ever advised so.
 *
 * INVARIANT  nobody-sees: all threads are stopped, or sleep, from the first change to the
 * last; no signal is let through.  BOUND: a thread that could not be stopped (it
 * blocks all signals) and wakes in these milliseconds may unmap such memory, and map
 * other memory in the same place, which is then kept from children.
 *
 * Left as it is, and counted:
 *     what is not memory (VM_IO, VM_PFNMAP): the kernel refuses it, and so do we;
 *     all of it, if it would make the stop too long (MOST_BYTES), if threads run, and
 *     on kernels before 5.13 if the process has pinned pages: there a fork could part a
 *     device from the memory that it writes to.  Later ones copy such pages for the
 *     child, and leave the parent's alone.
 *
 * Source  madvise(2), proc(5) (VmFlags in smaps); the kernel's page_needs_cow_for_dma,
 *         since 5.9, for huge pages since 5.12.
 *
 * LOCKS  none; one cut at a time (turns.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DONTFORK_H
#define GCPROF_DONTFORK_H

#include "base.h"

/* The program has given such advice, and the kernel has taken it.  Any thread. */
void dontfork_advised(int advice);
/* A child of the program's own: what it did not get is gone for good.  Returns whether
 * there was any. */
bool dontfork_after_fork_child(void);
/* Before a snapshot is made: forget mappings (mappings.h) that such a child did not get. */
void dontfork_forget_gone(void);

/* Look what is kept from children, and have the next child get it.
 * is_still  nobody else runs
 * Context   a cut, before its fork; all signals blocked. */
void dontfork_open(bool is_still);
/* As it was.  Returns whether anything had been changed.
 * Context   the parent, after the fork; after one that failed, another child gets none. */
bool dontfork_close(void);

/* In the writer, before it maps memory.  Returns how many bytes there were that it does not
 * have; in place, none. */
uint64_t dontfork_begin_writing(bool is_in_place);
/* The first range that ends beyond addr and that this writer does not have. */
bool dontfork_missing(uintptr_t addr, uintptr_t *ret_start, uintptr_t *ret_end);

#endif
