/* owner.h -- whose a thread's memory is, where that goes on to other threads.
 *
 * In:   a thread that begins, ends, is no more.
 * Out:  the memory for another thread.
 * Not here: what the memory is for (thread.h, slots.h).
 *
 * A thread says that it is about to end, and uses its memory to the last; another takes
 * it over once the kernel knows that thread no more.
 *
 * INVARIANT  whoever takes it over compares the whole word with what it has looked at, the
 * thread's number included.  Between its look and its step another thread may have taken it
 * over, lived and said that it ends: the two flags would be the same again, and two threads
 * would use the memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OWNER_H
#define GCPROF_OWNER_H

#include "base.h"
#include "sys.h"

union owner {
	struct {
		int tid;
		bool is_used;   /* belongs to a thread, which may have ended */
		bool is_ending; /* it is about to, or has */
	};
	uint64_t word;
};
_Static_assert(sizeof(union owner) == sizeof(uint64_t), "one word");

/* Take it over, if nobody uses it.  tid: this thread's.  Context: any. */
static inline bool
owner_take(union owner *o, int tid)
{
	union owner was = {.word = acquire_load(&o->word)}, now = {.word = 0};

	GCP_ASSERT(tid > 0);
	now.tid = tid;
	now.is_used = true;
	if (was.is_used && (!was.is_ending || sys_is_thread(was.tid)))
		return false;
	return __atomic_compare_exchange_n(&o->word, &was.word, now.word, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Note it if the thread is no more without having said that it ends, as one that had its
 * memory only after its destructors.  Costs a system call.  Context: any. */
static inline void
owner_note_gone(union owner *o)
{
	union owner was = {.word = acquire_load(&o->word)}, now = was;

	now.is_ending = true;
	if (was.is_used && !was.is_ending && !sys_is_thread(was.tid))
		(void)__atomic_compare_exchange_n(&o->word, &was.word, now.word, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

#endif
