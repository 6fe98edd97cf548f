/* peek.c -- see peek.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "peek.h"
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum {
	PAGE = 4096,
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

/* Of the one copy of copy_words. */
extern const char gcprof_peek_first[] HIDDEN, gcprof_peek_behind[] HIDDEN;

/* Returns how many words are left.  The handler goes on at gcprof_peek_behind, with
 * rcx as it was at the word that cannot be read. */
static __attribute__((noinline, noclone)) size_t
copy_words(uintptr_t *to, uintptr_t from, size_t n)
{
	uintptr_t word;

	__asm__ volatile("testq %%rcx, %%rcx\n\t"
			 "jz gcprof_peek_behind\n\t"
			 "cmpq $16, %%rcx\n"
			 "gcprof_peek_first:\n\t"
			 "jae 2f\n"
			 "1:\tmovq (%%rsi), %3\n\t"
			 "movq %3, (%%rdi)\n\t"
			 "addq $8, %%rsi\n\t"
			 "addq $8, %%rdi\n\t"
			 "decq %%rcx\n\t"
			 "jnz 1b\n\t"
			 "jmp gcprof_peek_behind\n"
			 "2:\trep movsq\n"
			 "gcprof_peek_behind:"
			 : "+D"(to), "+S"(from), "+c"(n), "=&r"(word)
			 :
			 : "memory", "cc");
	return n;
}

/* Source: Intel SDM 1, 2.7 and 13; pkeys(7): which keys a thread may use is in a
 * register of its own. */
static bool
has_keys(void)
{
	uint32_t a = 0, b, c, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	if (a < 7)
		return false;
	a = 7;
	c = 0;
	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 4 & 1; /* OSPKE */
}

static uint32_t
keys_get(void)
{
	uint32_t keys, d;

	__asm__ volatile(".byte 0x0f, 0x01, 0xee"
			 : "=a"(keys), "=d"(d)
			 : "c"(0)); /* rdpkru */
	return keys;
}

static void
keys_set(uint32_t keys)
{
	if (p.has_keys)
		__asm__ volatile(".byte 0x0f, 0x01, 0xef"
				 :
				 : "a"(keys), "c"(0), "d"(0)
				 : "memory");
}

static void
on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t at = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	int i = number == caught[1];

	if (info->si_code <= 0) { /* kill and its like */
		p.was_sent[i] = true;
		p.sent[i] = *info;
	} else if (at >= (uintptr_t)gcprof_peek_first &&
		   at < (uintptr_t)gcprof_peek_behind) {
		uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)gcprof_peek_behind;
	} else if (p.landing) {
		__builtin_longjmp(p.landing, 1);
	} else { /* once more, and as without us */
		(void)sys_sigaction(number, &p.actions[i], NULL);
	}
}

/* Returns whether f came to its end. */
static __attribute__((noinline, noclone)) bool
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
	p.has_keys = has_keys();
	if (p.has_keys)
		p.keys = keys_get();
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
		return n - copy_words(to, from, n);
	while (done < bytes) {
		uintptr_t at = from + done;
		size_t part = PAGE - (at & (PAGE - 1));

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
