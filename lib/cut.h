/* cut.h -- the moment that a snapshot shows, and the process that writes it.
 *
 * In:   a function that writes.
 * Out:  its result, or the child that runs it; where each thread was stopped.
 * Not here: what is written (snapshot.h, scan.h), when (trigger.h).
 *
 * The other threads are stopped by a signal, each at a place where the books
 * and the blocks agree: a thread that the signal finds inside the library goes
 * on until it leaves it.  Then a child is forked, whose memory is that of this
 * moment, and the threads go on while the child writes.  The child has no
 * descriptors but standard error, no unblocked signals, and no signal to its
 * parent at its end: the program's own wait() does not see it.
 *
 * A thread that blocks the signal, or waits for it with others in sigtimedwait, gets
 * none: it would see it.  Such a thread, and one that does not answer in time (it is
 * stuck in the kernel), is left alone; the snapshot says so, and its whole stack counts
 * as in use.  If no child can be made, the work is done in place while the
 * threads wait.
 *
 * LOCKS  none; one cut at a time (turns.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CUT_H
#define GCPROF_CUT_H

#include "arch.h"
#include "base.h"
#include "resume.h"

#include <signal.h>

enum cut_state {
	CUT_ASKED = 0, /* and has not answered */
	CUT_PARKED,
	CUT_GONE /* ended before it could answer */
};

struct cut_thread {
	int tid;
	uint32_t state;           /* enum cut_state; written last */
	uint64_t mask;            /* signals that the program has blocked there */
	uintptr_t sp;             /* everything from here upwards is in use */
	uintptr_t thread_pointer; /* the thread's descriptor is there */
	uintptr_t alt_stack;      /* sigaltstack, 0 = none */
	/* Where it goes on, and its stack pointer there; pc 0: where the call below
	 * pc_sp returns to. */
	uintptr_t pc, pc_sp;
	/* `registers` are all of them, in the order of ucontext; else those that calls keep,
	 * in the order of arch_capture, at pc. */
	bool is_interrupted;
	uintptr_t registers[ARCH_N_REGISTERS];
	uintptr_t hand; /* a block that malloc is about to give back, or 0 */
	uintptr_t vectors, vectors_end; /* where those of the vector registers lie, or 0 */
	bool is_sent;                   /* the signal */
	struct resume_sight sight;      /* before that */
};

struct cut {
	struct cut_thread *threads; /* the first is who takes the cut */
	uint32_t n_threads, n_unanswered;
	int pid; /* of the program */
	uint64_t pause_ns; /* from the first signal to the fork; in place, to the start of the work */
	bool is_in_place;
};
/* Of the cut in the making; for the function that writes. */
extern struct cut cut_now;

/* The signal that stops threads.  Installed at the first cut with other
 * threads or by cut_install, and from then on: a late thread must find a handler.
 * Not installed over a handler of the program's; 0 = no threads are stopped. */
void cut_set_signal(int number);
/* The same signal, when somebody has queued it for us: another process, or cut_delegate. */
void cut_set_request(void (*f)(const siginfo_t *info, const ucontext_t *uc,
			       bool is_delegated));
/* Have another thread do what the main thread was asked for: while this takes a cut, with
 * its signals blocked, others would be given those to the process.  Returns false if there
 * is none, or it cannot be reached.  BOUND: if that thread ends in this moment, the
 * request waits for the next one.  Context: the main thread, in a handler of ours. */
bool cut_delegate(void);
/* Install the handler now, and not at the first cut.  Returns whether it is ours. */
bool cut_install(void);
bool cut_is_handler(const struct sigaction *act);
/* A thread of ours that never runs the program's code: not to be stopped. */
void cut_set_own_thread(int tid);

enum cut_way {
	CUT_IN_CHILD,
	CUT_IN_PLACE,
	CUT_MOVING,   /* in a child, and the other threads are not stopped at all */
	CUT_AT_DEATH, /* in a child, and the other threads stay stopped: the process ends */
	CUT_AFTER_END /* in place, in the sleeper: the process has ended, its threads wherever
		       * they were; self->tid is its number */
};

/* Take a cut and run f(with): in a child, or in place if that is asked for or no
 * child can be made.
 *
 * self     the calling thread: sp and registers filled in; or by cut_interrupted.
 * Returns  the child's number > 0; or 0 and *ret_result is f's.
 * Context  inside the guard, or in a signal handler outside of it. */
int cut_take(const struct cut_thread *self, enum cut_way way, int (*f)(void *with),
	     void *with, int *ret_result);

/* Wait for a child.  Returns -EAGAIN if it is not done (only if !is_waiting),
 * else f's result as 0 or -errno. */
int cut_result(int child, bool is_waiting);

/* The last thing before a thread that has blocked all signals goes on with this mask. */
void cut_before_leaving(uint64_t mask);

/* Where this thread is: in a function of ours that the program called, and whose result it
 * does not have yet.  Registers are as our callers may have left them, and what this
 * function has saved of them lies above sp. */
static ALWAYS_INLINE void
cut_here(struct cut_thread *ret)
{
	arch_capture(ret->registers, &ret->pc, &ret->pc_sp);
	ret->sp = ret->pc_sp;
}

/* Where a handler of ours has interrupted this thread. */
void cut_interrupted(struct cut_thread *ret, const ucontext_t *uc);

/* This thread was asked to stop while it was inside the library, and leaves it
 * now, or has time for it: its mark (THREAD_PARK) is no longer in the guard. */
void cut_park(void);

#endif
