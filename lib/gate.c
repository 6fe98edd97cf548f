/* gate.c -- see gate.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gate.h"
#include "sys.h"
#include "thread.h"

static struct {
	int pid;
	uint32_t n_in_exec; /* futex */
	uint32_t is_sending; /* futex */
} g;

void
gate_init(void)
{
	g.pid = sys_getpid();
}

void
gate_after_fork(void)
{
	g.pid = sys_getpid();
	g.is_sending = 0;
	/* A handler may fork amid an execve, and the child go on with it. */
	g.n_in_exec = thread_tls.is_in_exec;
}

static void
lower(void)
{
	(void)__atomic_fetch_sub(&g.n_in_exec, 1, __ATOMIC_SEQ_CST);
	sys_wake(&g.n_in_exec);
}

void
gate_enter_exec(int number)
{
	if (!g.pid || sys_getpid() != g.pid || thread_tls.is_in_exec)
		return;
	for (;;) {
		(void)__atomic_fetch_add(&g.n_in_exec, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&g.is_sending, __ATOMIC_SEQ_CST))
			break;
		lower();
		sys_wait(&g.is_sending, 1, UINT64_MAX);
	}
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
