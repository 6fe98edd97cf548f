/* take.h -- one snapshot, from its reason to the child that writes it.
 *
 * In:   why, by which name, and where the calling thread is.
 * Out:  a file, and a line in the log if there is none.
 * Not here: when one is due (trigger.h), whose turn it is (turns.h), how threads are
 *       stopped (cut.h), what is written (snapshot.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TAKE_H
#define GCPROF_TAKE_H

#include "base.h"
#include "turns.h"

struct cut_thread;
struct snapshot_facts;

enum take_reason {
	TAKE_AT_EXIT,
	TAKE_AT_FATAL, /* a signal ends the process: take_set_death */
	TAKE_BY_SIGNAL,
	TAKE_BY_CALL,
	TAKE_AT_INTERVAL,
	TAKE_AT_GROWTH,
	TAKE_AT_LIMIT,
	TAKE_BY_WATCH,
	TAKE_BY_VIEWER,
	TAKE_AT_WRONG_FREES, /* GCPROF_ABORT: take_set_death */
	TAKE_AT_PEAK,        /* peak.h; it replaces the one before */
	TAKE_LOOK            /* before.h; it has no number */
};

/* The last one by take_snapshot: when, and what the heap had. */
struct take_last {
	uint64_t at_ns, used_bytes;
};
extern struct take_last take_last HIDDEN;

/* Take one.
 *
 * pattern  of its name; NULL: as GCPROF_OUTPUT says.
 * where    the calling thread was interrupted there (cut_interrupted), or is in a call
 *          (cut_here); NULL: it calls, and its stack is unwound to the program's own.
 * Returns  0 or -errno; -EBUSY if it is somebody else's turn, or -EAGAIN if it is one by
 *          interval or a look, which is to be tried again; -EPERM if a sandbox forbids it.
 * Context  inside the guard, or in a signal handler outside of it. */
int take_snapshot(enum take_reason reason, const char *pattern,
		  enum turns_patience patience, const struct cut_thread *where);

/* Remove the file of a look (TAKE_LOOK), if there is one.  Context: inside the guard. */
void take_drop_look(void);

/* The same of what GCPROF_SNAPSHOT=peak has written. */
void take_drop_peak(void);

/* What the process dies of, as the reason of its last snapshot has it. */
void take_set_death(const char *cause);

/* The name that a snapshot would have now.  Returns false if this is not the process of
 * these books, but a child of vfork.  Context: any. */
bool take_next_name(char *to, size_t bytes);

/* Whether a filter of the program's forbids what a snapshot cannot do without; tools learn
 * it. */
bool take_is_forbidden(void);

/* For other ways to write (monitor.c): the name with its escapes replaced, and what must be
 * read in this process.  Context: it is our turn. */
void take_expand_name(char *to, size_t bytes, const char *from);
void take_gather(struct snapshot_facts *ret, enum take_reason reason, bool may_lock);

#endif
