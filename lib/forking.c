/* forking.c -- see forking.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "forking.h"
#include "sys.h"

enum { FORK_WAIT_NS = 20000000, CHANGE_WAIT_NS = 200000000, STEP_NS = 50000 };

/* INVARIANT  stands still: a thread counts itself in n_changing, and then looks for a
 * forker; who forks says so, and then looks at n_changing.  Both are sequentially
 * consistent: of the two at least one sees the other. */
static uint32_t n_changing;
static uint32_t forker; /* thread that forks, 0 = none; futex */

/* Of this thread. */
static __thread struct {
	uint32_t n_changes; /* that it is in */
	bool is_forker;     /* it has all others wait */
} own __attribute__((tls_model("initial-exec")));

/* Wait until nobody forks.  A forker that is not there any more (this is a child that
 * another thread's fork made behind our back) is waited for once. */
static void
wait_for_forker(void)
{
	uint64_t end = 0;
	uint32_t tid;

	while ((tid = acquire_load(&forker)) != 0) {
		uint64_t now = sys_now_ns();

		if (!end)
			end = now + CHANGE_WAIT_NS;
		if (now >= end) {
			(void)__atomic_compare_exchange_n(&forker, &tid, 0, false,
							  __ATOMIC_SEQ_CST,
							  __ATOMIC_RELAXED);
			return;
		}
		sys_wait(&forker, tid, end - now);
	}
}

NOINLINE void
forking_change_begin(void)
{
	if (own.n_changes++)
		return;
	for (;;) {
		(void)__atomic_fetch_add(&n_changing, 1, __ATOMIC_SEQ_CST);
		if (likely(!__atomic_load_n(&forker, __ATOMIC_SEQ_CST)) || own.is_forker)
			return;
		(void)__atomic_fetch_sub(&n_changing, 1, __ATOMIC_SEQ_CST);
		wait_for_forker();
	}
}

NOINLINE void
forking_change_end(void)
{
	GCP_ASSERT(own.n_changes);
	GCP_ASSERT(acquire_load(&n_changing));
	if (--own.n_changes == 0)
		(void)__atomic_fetch_sub(&n_changing, 1, __ATOMIC_RELEASE);
}

void
forking_change_left(void)
{
	if (!own.n_changes)
		return;
	own.n_changes = 1;
	forking_change_end();
}

void
forking_begin(void)
{
	uint32_t own_changes = own.n_changes != 0, none = 0;
	uint64_t end = sys_now_ns() + FORK_WAIT_NS;

	if (own.is_forker)
		return;
	/* Of two that fork at once, the second waits for the first. */
	while (!__atomic_compare_exchange_n(&forker, &none, (uint32_t)sys_gettid(), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		wait_for_forker();
		none = 0;
	}
	GCP_ASSERT(acquire_load(&forker) == (uint32_t)sys_gettid());
	own.is_forker = true;
	while (__atomic_load_n(&n_changing, __ATOMIC_SEQ_CST) > own_changes &&
	       sys_now_ns() < end)
		sys_sleep(STEP_NS);
}

void
forking_end(bool is_child)
{
	if (!own.is_forker)
		return;
	if (is_child) /* those of other threads will never end */
		relaxed_store(&n_changing, own.n_changes != 0);
	own.is_forker = false;
	release_store(&forker, 0);
	if (!is_child)
		sys_wake(&forker);
}
