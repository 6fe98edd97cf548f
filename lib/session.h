/* session.h -- the life of the profiler in one process.
 *
 * In:   start, fork, end; a seccomp filter; the program's own calls of gcprof.h.
 * Out:  everything is set up, and again in the child; the snapshot at the end.
 * Not here: snapshots while it runs (trigger.h), signal handlers (signals.h), recording
 *       (record.h, which boots this at its first call).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SESSION_H
#define GCPROF_SESSION_H

#include "base.h"
#include "gcprof.h"
#include "thread.h"

extern bool session_is_booted HIDDEN;

/* Read the environment, choose the allocator, begin the books: at the very first call of
 * all.  Context: outside the guard; libc may not be ready. */
void session_boot(void);

/* Enter the guard, booting if need be.  Returns false if this thread is inside already.
 * Left by trigger_leave. */
static ALWAYS_INLINE bool
session_enter(void)
{
	if (unlikely(!session_is_booted))
		session_boot();
	return thread_enter();
}

/* The program defines malloc itself.  Context: a constructor that runs before ours. */
void session_note_other_malloc(void);

/* Calls of gcprof.h.  Context: outside the guard. */
int session_snapshot(const char *name);
void session_memory(struct gcprof_memory *ret);
int session_mark(const char *label);
/* Take a snapshot and have it analyzed.  Returns 1 if there are leaks, 0 if not,
 * -1 if that could not be found out. */
int session_leak_check(void);
/* There is to be no leak check at the end any more. */
void session_leaks_checked(void);

/* The program installs a seccomp filter: before it is known, before the kernel has it,
 * and when that is done or has failed.  Context: outside the guard. */
void session_before_sandbox(void);
void session_note_sandbox(bool is_strict);
void session_after_sandbox(void);

/* The program ends without exit().  Context: any. */
void session_at_end(void);
/* It has ended, and nothing of ours was called.  Context: the sleeper, which then ends. */
void session_after_end(void);

#endif
