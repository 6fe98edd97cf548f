/* resume.h -- a call that our signal has ended goes on.
 *
 * In:   the context that a handler of ours interrupted.
 * Out:  the same context, or a record to leave by (handler.h), such that the program
 *       sees neither an early end nor a lost signal.
 * Not here: the machinery of leaving (handler.h), who is stopped (cut.h).
 *
 * The kernel restarts most calls after a handler of ours by itself (SA_RESTART), but one
 * that a signal of the program's came to meanwhile is ended.  Where such a call gives
 * EINTR, that is of a handler of the program's, and stays.
 * Those that signal(7) lists as never restarted end with EINTR instead.  What the
 * number of such a call was, the context does not say: it is read from the code
 * before the call, or the cut has looked at the sleeping thread (struct resume_sight).
 * An unknown call is left with EINTR.  A known one goes on, by its kind:
 *
 *     TIMED   nanosleep, poll, futex ...: the kernel has noted when the call is to end,
 *             and restart_syscall(2) goes on until then.  If a handler of the
 *             program's runs first, its return makes the kernel forget, and the call
 *             gives EINTR, as it has to.
 *     ATOMIC  pause, sigsuspend, epoll_wait, ppoll, pselect ...: called again in the
 *             form that takes a signal mask, with all signals blocked until the
 *             kernel has put the program's mask in place.  No signal can slip in
 *             between, and one that waits already ends the call.
 *     PLAIN   the others: called again, unless a signal waits whose handler would have
 *             ended them.  BOUND: one that comes in the few instructions before the
 *             second call has its handler run, but does not end the call; nor does
 *             one whose handler ran as the last thing before ours interrupted.
 *
 * Where the kernel does not tell how much of a time-out is left, the end is reckoned
 * from the call's begin in resume_note, where interpose_wait.c has noted it, or else from
 * the first time that the call was ended by us.  BOUND: it is then prolonged by what it
 * had lasted before, once; that is so for calls by instructions of the program's own,
 * for the time-outs of sockets (SO_RCVTIMEO, SO_SNDTIMEO) and for recvmmsg's.
 *
 * Sources: signal(7), restart_syscall(2), rt_sigreturn in the kernel (which resets
 * what restart_syscall would do), sock_intr_errno.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RESUME_H
#define GCPROF_RESUME_H

#include "arch.h"
#include "handler.h"

/* A thread that sleeps in the kernel, as proc(5) has it in /proc/PID/syscall. */
struct resume_sight {
	int64_t nr; /* -1: not in a call, or unknown */
	uint64_t args[6], sp, pc;
};

/* The last thing that each handler of ours does.  sight may be NULL.
 * Returns what the handler_function has to. */
bool resume_call(ucontext_t *uc, const struct resume_sight *sight,
		 struct handler_stack *stack);

/* The call with a time-out that this thread is in, by a function of ours that had libc's
 * called.  Thread-local; written by that function, which has it as it was when it is
 * left, and not if it is left by siglongjmp: then it is of a frame that is gone.
 * INVARIANT  not-too-early: start_ns lies before the kernel's begin of the call. */
struct resume_note {
	uint64_t start_ns;
	uintptr_t sp; /* of the frame, 0 = none; libc's is RESUME_NEAR below it at most */
	int64_t nr;
};
/* A frame of the kernel's for a signal takes more. */
enum { RESUME_NEAR = 512 };
extern __thread struct resume_note resume_note __attribute__((tls_model("initial-exec")))
HIDDEN;

/* The program's registers in the order of ucontext, at the call if one goes on. */
void resume_registers(const ucontext_t *uc, uintptr_t ret[ARCH_N_REGISTERS_PC]);

#endif
