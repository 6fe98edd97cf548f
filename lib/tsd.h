/* tsd.h -- what jemalloc keeps for each thread, in memory of ours.
 *
 * In:   a thread's first way into jemalloc; memory for its data (slots.h).
 * Out:  the data, ready for jemalloc to use.
 * Not here: how jemalloc's code is made to find it (jemalloc_tls.c); our own state of a
 *           thread (thread.h).
 *
 * jemalloc's thread-local data, about 2.6 KiB, would be static TLS, of which the
 * loader has little to give and which the C library takes from each thread's stack.
 * So one word of TLS, gcprof_tsd, leads to a slot of ours: the distance of its data from
 * the thread pointer, as this is what jemalloc's code works with.  0: none yet.
 *
 * INVARIANT  led: no thread runs jemalloc's code with gcprof_tsd 0, which would make the
 * thread's descriptor of the C library its data.  backend.c asks tsd_ready at each of its
 * doors; the quick ones are open to those alone who have been there (record.h).
 *
 * A slot begins as jemalloc's variable would (gcprof_tsd_image).  It is given up when the
 * thread has run the destructors of its pthread keys, jemalloc's among them.  A thread that
 * ends without them keeps it: jemalloc holds a list of those whose destructor has not run.
 *
 * Where memory is refused, jemalloc 5.3 returns NULL on nearly all of its ways.  Not when
 * it sets up a thread's cache of blocks, which it does on the first call and takes for
 * certain: with no arena for the thread it reads through a null pointer, with no memory
 * for the cache it goes on with an empty one that is not there.  So all threads but the
 * first begin without a cache, which jemalloc knows as an option, and get it here once
 * there is an arena and memory; until then they allocate without.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TSD_H
#define GCPROF_TSD_H

#include "base.h"

extern __thread intptr_t gcprof_tsd __attribute__((tls_model("initial-exec"))) HIDDEN;
/* The data is there and has its cache. */
extern __thread bool tsd_is_complete __attribute__((tls_model("initial-exec"))) HIDDEN;
/* The thread's stack is too small for jemalloc, which runs aside for it; known from its
 * first way into jemalloc on. */
extern __thread bool tsd_is_small __attribute__((tls_model("initial-exec"))) HIDDEN;

/* Make this thread ready for jemalloc.
 *
 * Returns  false if there is no memory for its data: jemalloc must not be entered.
 * Context  any, before the first call of jemalloc's, too; may be interrupted by a
 *          handler that does the same.  errno is kept.
 */
bool tsd_make(void);
static ALWAYS_INLINE bool
tsd_ready(void)
{
	return likely(tsd_is_complete) || tsd_make();
}

/* The same for a free, which may be the first thing that a thread asks for, and comes after its
 * destructors if it is the last (tests/e2e/lastfree.sh).  The data is not completed then: what
 * jemalloc does for a thread that has only freed needs no clean-up and is on no list. */
bool tsd_make_for_free(void);
static ALWAYS_INLINE bool
tsd_ready_for_free(void)
{
	return likely(tsd_is_complete) || tsd_make_for_free();
}

#endif
