/* sandbox.h -- seccomp filters of the program, and what they say of our own calls.
 *
 * In:   prctl(2) and seccomp(2) of the program, from interpose_sandbox.c.
 * Out:  for each system call that sys.c is about to make: whether the program's filters
 *       let it pass; whether a snapshot could be taken.
 * Not here: how such calls are found (interpose_sandbox.c), what is given up then
 *       (session.c).
 *
 * A filter that kills on what it does not know ends the program by the profiler's
 * calls, of which the program knows nothing.  But the program hands its filter over
 * in our sight, and what a filter says depends on nothing but the call's number,
 * its arguments and the place it is made from.  So a copy is kept, and every call of
 * ours is put to it first (sys_filter in sys.h): what would pass is made; what would
 * fail, kill, trap, be traced or be handed to a supervisor is not made, and fails with
 * the filter's errno or ENOSYS.  All callers of sys.c live with failure.  What the
 * program asks for itself, mmap(2) through our wrapper included, is never held back
 * (sys_pass).
 *
 * INVARIANT  known-first: a filter is known here before the kernel has it, and calls
 * that were let through before are over by then, as the kernel may impose it on all
 * threads at once (SECCOMP_FILTER_FLAG_TSYNC).
 *
 * BOUND  A filter of one thread counts for all: calls are held back, or a snapshot is
 * refused, that another thread could have made.  A filter is not seen that came over
 * execve, or was installed by a system call instruction of the program's own; one that
 * cannot be copied is taken to forbid all but calls for memory.  A handler of SIGSYS
 * that would do an allocator's calls for memory is not asked.  Landlock is no filter: what
 * it forbids fails, as by permissions (tests/e2e/landlock.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SANDBOX_H
#define GCPROF_SANDBOX_H

#include "base.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

/* What a filter of n instructions returns for a call, SECCOMP_RET_*; the kernel's
 * own word for what it would refuse to load is SECCOMP_RET_KILL_PROCESS. */
uint32_t sandbox_run(const struct sock_filter *program, unsigned n,
		     const struct seccomp_data *d);

/* Before the program installs a filter, or strict mode: know it.  Returns its place, or
 * -1 if there is no such program to be read (the kernel will say so too).
 * Context  anywhere but in two threads at once for the same place. */
int sandbox_add(const struct sock_fprog *program);
int sandbox_add_strict(void);
/* The kernel has refused the last one that was added. */
void sandbox_withdraw(int place);

/* Whether any is known. */
bool sandbox_is_on(void);
/* Whether calls that a purpose cannot do without pass. */
enum sandbox_purpose {
	SANDBOX_WRITE,   /* write a snapshot */
	SANDBOX_THREADS, /* stop other threads for it, and let them go on */
	SANDBOX_HANDLER, /* return from a signal handler */
	SANDBOX_GO_ON,   /* and let a call go on that it has ended */
	SANDBOX_FATAL,   /* the default action of a signal from within a handler */
	SANDBOX_CLOCK,   /* read the clocks by a call */
	SANDBOX_THREAD   /* start a thread, which sleeps, and end it */
};
bool sandbox_allows(enum sandbox_purpose purpose);

#endif
