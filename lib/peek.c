/* peek.c -- see peek.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "peek.h"
#include "arch.h"
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum {
	/* What the kernel puts on a handler's stack grows with the processor's registers:
	 * 11 KiB with AMX. */
	STACK = 64 << 10,
	N_CAUGHT = 2
};

static const int caught[N_CAUGHT] = {SIGSEGV, SIGBUS};

static struct {
	enum { BY_CHECKING, BY_TRYING, BY_PIPE } way;
	int pipe[2];
	void **landing; /* of __builtin_longjmp; NULL = none */
	bool has_stack; /* the handler's is installed */
	bool has_keys;
	uint32_t keys; /* as the program has them */
	struct sys_action actions[N_CAUGHT];
	stack_t stack;
	/* What somebody sent us, and is not about a load. */
	bool was_sent[N_CAUGHT];
	siginfo_t sent[N_CAUGHT];
} p;
static char handler_stack[STACK] __attribute__((aligned(64)));

/* ---- loads that may fail -------------------------------------------------- */

static void
keys_set(uint32_t keys)
{
	if (p.has_keys)
		arch_set_keys(keys);
}

static void
on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t at = arch_pc(uc);
	int i = number == caught[1];

	if (info->si_code <= 0) { /* kill and its like */
		p.was_sent[i] = true;
		p.sent[i] = *info;
	} else if (at >= (uintptr_t)gcprof_peek_first &&
		   at < (uintptr_t)gcprof_peek_behind) {
		arch_set_pc(uc, (uintptr_t)gcprof_peek_behind);
	} else if (p.landing) {
		__builtin_longjmp(p.landing, 1);
	} else { /* once more, and as without us */
		(void)sys_sigaction(number, &p.actions[i], NULL);
	}
}

/* Returns whether f came to its end. */
static NOINLINE NOCLONE bool
with_landing(int (*f)(void *with), void *with, int *ret)
{
	void *buf[5];
	void **volatile outer = p.landing;

	if (__builtin_setjmp(buf)) {
		p.landing = outer;
		keys_set(0); /* a handler begins with the kernel's */
		return false;
	}
	p.landing = buf;
	*ret = f(with);
	p.landing = outer;
	return true;
}

/* ---- begin and end -------------------------------------------------------- */

static void
begin_trying(void)
{
	/* On a stack of our own: there may be little left of the thread's.  Not if it
	 * runs on its alternate stack already, which cannot be changed then. */
	const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
	int i;

	p.way = BY_TRYING;
	p.landing = NULL;
	p.has_keys = arch_has_keys();
	if (p.has_keys)
		p.keys = arch_keys();
	keys_set(0);
	p.has_stack = sys_sigaltstack(&stack, &p.stack) == 0;
	for (i = 0; i < N_CAUGHT; i++) {
		struct sys_action a = {.handler = (uintptr_t)on_fault,
				       .flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

		p.was_sent[i] = false;
		(void)sys_sigaction(caught[i], &a, &p.actions[i]);
	}
	sys_unblock_signals(1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1));
}

static void
end_trying(void)
{
	int i;

	(void)sys_block_signals();
	for (i = 0; i < N_CAUGHT; i++) {
		(void)sys_sigaction(caught[i], &p.actions[i], NULL);
		if (p.was_sent[i])
			sys_send_again(caught[i], &p.sent[i]);
	}
	if (p.has_stack)
		(void)sys_sigaltstack(&p.stack, NULL);
	keys_set(p.keys);
	p.way = BY_CHECKING;
}

int
peek_run(bool is_alone, int (*f)(void *with), void *with)
{
	int result = -EFAULT;

	if (is_alone) {
		begin_trying();
		(void)with_landing(f, with, &result);
		end_trying();
		return result;
	}
	p.way = sys_pipe(p.pipe) == 0 ? BY_PIPE : BY_CHECKING;
	result = f(with);
	if (p.way == BY_PIPE) {
		(void)sys_close(p.pipe[0]);
		(void)sys_close(p.pipe[1]);
	}
	p.way = BY_CHECKING;
	return result;
}

/* ---- for all --------------------------------------------------------------- */

/* Of one page.  A page fits into a pipe, which is empty before and after. */
static bool
copy_by_pipe(char *to, uintptr_t from, size_t bytes)
{
	long n = sys_write(p.pipe[1], (const void *)from, bytes);
	size_t got = 0;

	while (n > 0 && got < (size_t)n) {
		long more = sys_read(p.pipe[0], to + got, (size_t)n - got);

		if (more <= 0)
			break;
		got += (size_t)more;
	}
	return got == bytes;
}

/* BOUND: another thread may take the page away between the two. */
static bool
copy_by_checking(char *to, uintptr_t from, size_t bytes)
{
	uintptr_t word = from & ~(uintptr_t)7;

	if (!sys_is_readable(word))
		return false;
	for (; bytes; bytes--)
		*to++ = *(const volatile char *)from++;
	return true;
}

size_t
peek_words(uintptr_t *to, uintptr_t from, size_t n)
{
	size_t bytes = n * 8, done = 0;

	if (likely(p.way == BY_TRYING))
		return n - arch_copy_words(to, from, n);
	while (done < bytes) {
		uintptr_t at = from + done;
		size_t part = ARCH_PAGE - (at & (ARCH_PAGE - 1));

		if (part > bytes - done)
			part = bytes - done;
		if (!(p.way == BY_PIPE ? copy_by_pipe
				       : copy_by_checking)((char *)to + done, at, part))
			break;
		done += part;
	}
	return done / 8;
}

bool
peek_can_try(void)
{
	return p.way == BY_TRYING;
}

bool
peek_try(int (*f)(void *with), void *with)
{
	int result;

	if (p.way == BY_TRYING)
		return with_landing(f, with, &result);
	(void)f(with);
	return true;
}
