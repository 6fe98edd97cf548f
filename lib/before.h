/* before.h -- a look at the heap before the program takes it down.
 *
 * In:   blocks about to be freed.
 * Out:  a snapshot (TAKE_LOOK), which the one at exit takes in as HEAPFILE_BEFORE; while a
 *       peak is watched (peak.h), a comparison for each 64 frees, or large one.
 * Not here: the snapshot (take.h), what a reader makes of it.
 *
 * A program that cleans up leaves a heap at exit in which nothing is held by anybody any
 * more.  So its heap is looked at once more, when it begins to clean up:
 *
 *     in exit()  the handlers and destructors called there have freed a 256th of the live
 *                blocks, or are about to free one block of so many bytes
 *     before     while a thread frees and allocates next to nothing, a 32nd of the blocks
 *                that lived when it began has gone: main() that frees what it had, or
 *                destructors of its local variables
 *     a table    of at least a 32nd of the live blocks is about to be freed while they are
 *                there: a block, or several one after the other without an allocation
 *                between, as the parts of a std::deque.  Some of its words are looked up
 *
 * The last two come in the middle of a run too, where a batch is done or a copied list is
 * freed.  A look is taken again when the heap has grown by half since, or a third more of
 * volume was allocated, for a table as much again: so there are few.  The newest counts, if it
 * is of the second half of what was allocated.  A table that was copied into a larger one,
 * which the thread has just allocated, has grown: no look.
 *
 * BOUND  Parts of tables below 512 bytes, or allocated just now (record_free_quick), do not
 * count.
 *
 * One that fails, for want of room or of rights, is the last; nobody is told of it, as nobody
 * asked for it.
 *
 * Heaps of some hundred blocks are not looked at: what they leave tells as much.
 *
 * Context  lock-free; a free in any thread that is inside the guard.
 * Cost     two comparisons at each free that is not of a block just allocated; a call at
 *          each 64th, or of 512 bytes, for which four words of the block are read unless it
 *          is a table; a store where so much is allocated; a look takes what any snapshot
 *          takes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BEFORE_H
#define GCPROF_BEFORE_H

#include "base.h"
#include "blocks.h"
#include "thread.h"

/* Bytes of a block that may be a part of a table; those of fewer are not BLOCKS_IS_BIG. */
enum { BEFORE_TABLE = BLOCKS_MAX_INLINE + 1 };

static ALWAYS_INLINE bool
before_is_due(const struct thread *t, const struct block *b)
{
	return t->counts.frees >= t->before_at || b->bytes >= BEFORE_TABLE;
}

/* This block is about to be freed: consider a look, and whether the heap falls from a peak. */
void before_consider(struct thread *t, const struct block *b, const struct caller *c);

/* A thread has read the clock: its frees matter again while a peak is watched. */
void before_watch(struct thread *t);

/* The last snapshot is to be taken: wait for a look that is being written; one that tells
 * no more than that snapshot will, or is of an earlier time, goes. */
void before_settle(void);

void before_after_fork(void);

#endif
