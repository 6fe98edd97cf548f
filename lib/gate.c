/* gate.c -- see gate.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gate.h"
#include "sys.h"
#include "thread.h"

static struct {
	int pid;
	uint32_t n_in_exec;    /* futex */
	uint32_t is_sending;   /* futex */
	uint32_t n_on_the_way; /* signals that one thread has sent to another; futex */
} g;

void
gate_init(void)
{
	GCP_ASSERT(!g.pid); /* once */
	g.pid = sys_getpid();
}

void
gate_after_fork(void)
{
	g.pid = sys_getpid();
	g.is_sending = g.n_on_the_way = 0;
	/* A handler may fork amid an execve, and the child go on with it. */
	g.n_in_exec = thread_tls.is_in_exec;
}

static void
lower(void)
{
	GCP_ASSERT(acquire_load(&g.n_in_exec));
	(void)__atomic_fetch_sub(&g.n_in_exec, 1, __ATOMIC_SEQ_CST);
	sys_wake(&g.n_in_exec);
}

/* Let what is on the way arrive, at this thread for one, whose handler runs while it waits.
 * Its thread may have ended instead: then nothing comes any more, after a while. */
static void
await_arrivals(void)
{
	uint64_t start = sys_now_ns();
	uint32_t n;

	while ((n = __atomic_load_n(&g.n_on_the_way, __ATOMIC_SEQ_CST)) != 0) {
		if (sys_now_ns() - start > GATE_PATIENCE_NS) {
			(void)__atomic_compare_exchange_n(&g.n_on_the_way, &n, 0, false,
							  __ATOMIC_SEQ_CST,
							  __ATOMIC_SEQ_CST);
			return;
		}
		sys_wait(&g.n_on_the_way, n, GATE_PATIENCE_NS);
	}
}

bool
gate_begin_sending(void)
{
	(void)__atomic_fetch_add(&g.n_on_the_way, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&g.n_in_exec, __ATOMIC_SEQ_CST))
		return true;
	gate_has_arrived();
	return false;
}

void
gate_has_arrived(void)
{
	uint32_t n = __atomic_load_n(&g.n_on_the_way, __ATOMIC_SEQ_CST);

	/* Who waited too long has set it to 0. */
	while (n && !__atomic_compare_exchange_n(&g.n_on_the_way, &n, n - 1, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	sys_wake(&g.n_on_the_way);
}

void
gate_enter_exec(int number)
{
	if (!g.pid || sys_getpid() != g.pid || thread_tls.is_in_exec)
		return;
	for (;;) {
		(void)__atomic_fetch_add(&g.n_in_exec, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&g.is_sending, __ATOMIC_SEQ_CST) &&
		    !__atomic_load_n(&g.n_on_the_way, __ATOMIC_SEQ_CST))
			break;
		lower();
		await_arrivals();
		sys_wait(&g.is_sending, 1, UINT64_MAX);
	}
	GCP_ASSERT(!thread_tls.is_in_exec);
	/* What this thread does in a handler from here on waits for others only. */
	thread_tls.is_in_exec = true;
	if (number && sys_pending_signals() >> (number - 1) & 1)
		sys_drop_signal(number);
}

void
gate_leave_exec(void)
{
	if (sys_getpid() != g.pid || !thread_tls.is_in_exec)
		return;
	thread_tls.is_in_exec = false;
	lower();
}

bool
gate_begin(void)
{
	uint64_t start = sys_now_ns();
	uint32_t n, own = thread_tls.is_in_exec;

	GCP_ASSERT(!acquire_load(&g.is_sending)); /* one cut at a time */
	__atomic_store_n(&g.is_sending, 1, __ATOMIC_SEQ_CST);
	while ((n = __atomic_load_n(&g.n_in_exec, __ATOMIC_SEQ_CST)) > own) {
		if (sys_now_ns() - start > GATE_PATIENCE_NS) {
			gate_end();
			return false;
		}
		sys_wait(&g.n_in_exec, n, GATE_PATIENCE_NS);
	}
	return true;
}

void
gate_end(void)
{
	__atomic_store_n(&g.is_sending, 0, __ATOMIC_SEQ_CST);
	sys_wake(&g.is_sending);
}
