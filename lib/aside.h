/* aside.h -- run a function on a stack of ours.
 *
 * In:   a function that needs much stack, in a thread that may have little.
 * Out:  the same, done; of the thread's own stack some hundred bytes were used.
 * Not here: handlers of signals.
 *
 * A thread may have 16 KiB of stack, and a coroutine less.  glibc's malloc needs about 400
 * bytes of it.  So what goes deep in our stead goes aside: a reading of the clock, with the end
 * of an epoch and a snapshot that may come of it; a thread's first way into jemalloc; and all
 * of jemalloc's ways for a thread whose stack is small (tsd_is_small).
 *
 * Where the thread's own stack has room, all stays there: a collector that stops threads and
 * scans their stacks, from where each was stopped to the stack's end, has to find the
 * program's frames (tests/real/collector.sh).
 *
 * A stack aside belongs to one thread, is mapped when it is first wanted, and has an
 * unreadable page at its end.  While a function runs aside, another is run where its caller
 * is: a signal handler of the program's that came meanwhile may be on either stack.
 *
 * Call frame information leads through the switch by rbp.  The thread's stack may lie below
 * or above: who compares stack pointers must know (thread_is_abandoned, unwind_origin).
 * What a snapshot takes for roots begins on the thread's own stack, where the program called.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ASIDE_H
#define GCPROF_ASIDE_H

#include "base.h"

enum {
	ASIDE_BYTES = 64 << 10,
	/* With so much left of the thread's own stack, no other is wanted. */
	ASIDE_ROOM = 96 << 10
};

/* Call f there; where the caller is, if that has room, there is no memory for another stack
 * or it is in use.
 * Context  any. */
void aside_call(void (*f)(void *with), void *with);

/* Whether a stack pointer is on this thread's stack aside. */
bool aside_has(uintptr_t sp);
/* Whether code is that of the switch. */
bool aside_is_switch(uintptr_t pc);

#endif
