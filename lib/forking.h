/* forking.h -- nobody is in the middle of a change while a process is copied.
 *
 * In:   changes of what all threads share (tables of sites, births, threads, modules,
 *       our memory, the ends of epochs and periods); forks, the program's and the cut's.
 * Out:  a child in which each table is as it was between two changes.
 * Not here: what the tables are; the allocator's locks (backend.h).
 *
 * fork does not copy memory at one moment.  A page of the child is as it was when the
 * kernel came to it, or, where another processor still had leave to write to it, as it
 * was a little later.  Threads go on meanwhile: of two stores that one of them makes in
 * order, to two pages, the child may have the second and not the first.  What relies on
 * an order of stores (a count behind a record, a slot behind a node, a flag around a
 * change) is not to be had in such a child, however carefully it is read.
 *
 * So who makes such a change says so, and who forks waits for those to end and keeps
 * others from beginning.  All this is for changes that are rare: another site, another
 * thread, the end of an epoch.  What each allocation writes is one word (blocks.h), or
 * belongs to a thread and is only ever added up.
 *
 * Nobody waits for long: a fork for at most FORK_WAIT_NS, as a thread may be stopped,
 * and a change for at most CHANGE_WAIT_NS, as who forks may wait for a lock that the
 * thread holds, of libc's streams for one.  Then it goes on, and the functions that are
 * called in a child after fork repair what they can.
 *
 * LOCKS  taken after the mappings' lock, before the allocator's.
 * Context  any thread, any signal handler; changes nest.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FORKING_H
#define GCPROF_FORKING_H

#include "base.h"

/* Around a change. */
void forking_change_begin(void);
void forking_change_end(void);
/* The thread has left a change by siglongjmp. */
void forking_change_left(void);

/* Around a fork, by the thread that forks; the second in both processes. */
void forking_begin(void);
void forking_end(bool is_child);

#endif
