/* trigger.h -- when a snapshot is due.
 *
 * In:   ends of epochs, the clock, signals' requests, a program about to die.
 * Out:  calls of take.h and monitor.h; answers to tools that asked.
 * Not here: signal handlers (signals.h), exit, fork and the program's own calls (session.h).
 *
 *     growth     checked at an epoch's end
 *     limit      checked whenever a thread reads the clock, after each 64 KB or so
 *     interval   by a thread of ours, as an idle program is to be seen too; the same for
 *                watches and the viewer's page, which threads that allocate also see to
 *     requests   by signal: noted there, and answered there if the thread was outside of the
 *                library, else when it leaves (trigger_leave)
 *     death      by a signal, or because of too many wrong frees
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TRIGGER_H
#define GCPROF_TRIGGER_H

#include "base.h"
#include "thread.h"

struct cut_thread;

/* Do what signals asked for while this thread was inside.  Context: it has left. */
void trigger_pending(void);

/* Leave the guard, and do so. */
static ALWAYS_INLINE void
trigger_leave(void)
{
	if (unlikely(thread_leave()))
		trigger_pending();
}

/* The epoch should end now.  Context: inside the guard, in an allocation. */
void trigger_end_epoch(uint64_t now_ns);

/* GCPROF_SNAPSHOT=peak: take one if a peak was recorded that is a tenth higher than that of the
 * last.  At the end, if the heap is higher now: that at exit is of the peak, if one is wanted. */
void trigger_check_peak(void);
void trigger_peak_at_end(void);
/* A thread has read the clock: do what is due.  Context: as above. */
void trigger_check(uint64_t now_ns);

/* The signal that asks came: for a viewer's page, or for a snapshot.  Context: any. */
void trigger_note_request(bool is_viewer);
/* Do what was asked for.  where: the program was interrupted (cut_interrupted), or calls
 * (cut_here).  Context: inside the guard. */
void trigger_answer(const struct cut_thread *where);

/* This signal, SIG..., is about to end the program: a snapshot if one is wanted,
 * after which no thread of the program is to run.  Context: a signal handler. */
void trigger_before_death(const char *signal, const struct cut_thread *where);

/* The program has freed wrongly n times, as often as GCPROF_ABORT allows: end it by SIGABRT,
 * after a snapshot if one is wanted at its end.  A handler of the program's runs, as for
 * abort(3).  Context: inside the guard. */
void trigger_abort(uint64_t n) __attribute__((noreturn));

/* The one thread of ours, if options ask for what it does; and its end, which is waited
 * for.  Context: the one inside the guard; the other outside.  The latter returns whether
 * there was one. */
void trigger_start_timekeeper(void);
bool trigger_end_timekeeper(void);

/* In the child: nothing was asked for there, and the thread is not there. */
void trigger_after_fork(void);

#endif
