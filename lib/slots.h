/* slots.h -- memory of ours for each thread, from the first call that needs it.
 *
 * In:   a thread that needs it; its end.
 * Out:  a place for jemalloc's data, with its first contents, and for the stack aside.
 * Not here: what jemalloc is told of it (tsd.h); the stack itself (aside.h); our own state of
 *       a thread, which it has later (thread.h).
 *
 * A slot is given up when the thread has run the destructors of its pthread keys, and goes to
 * another when the thread is no more (owner.h).  The first thread's, and those of a few that
 * come when memory is refused, need no mapping.
 *
 * Context  any: a handler that comes while its thread gets a slot may get it first.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SLOTS_H
#define GCPROF_SLOTS_H

#include "base.h"

/* A thread's stacks. */
struct aside {
	char *top; /* of the stack aside; NULL: not mapped yet */
	bool is_busy;
	/* The thread's own stack, as far as it is known to be usable; both 0 if it is not. */
	uintptr_t own_low, own_end;
};

/* Bytes of jemalloc's data; 0 if jemalloc has kept its TLS.  If they are more than the
 * latter, threads get none. */
size_t slots_data_bytes(void);
enum { SLOTS_DATA_MAX = 4096 };

/* This thread's, which gets a slot if it has none.  Both return NULL if there is no memory. */
struct aside *slots_aside(void);
char *slots_make(void);
/* The data, if it has a slot; else NULL. */
char *slots_data(void);

/* This thread runs its last destructors. */
void slots_ending(void);
/* The same of the thread that has this data. */
void slots_ending_of(void *data);

/* In the child of a fork, where this thread is alone. */
void slots_after_fork(void);

#endif
