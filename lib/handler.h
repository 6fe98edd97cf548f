/* handler.h -- how the library's signal handlers are entered and left.
 *
 * In:   a signal of ours, on whatever stack the kernel chose.
 * Out:  a function of ours, run on a stack of ours; the program as it was.
 * Not here: which signals (signals.h, cut.h), how an interrupted call goes on
 *       (resume.h).
 *
 * A program's alternate signal stack may have just the size that its own handler
 * needs, and a coroutine's stack may be a small heap block.  So the entry moves to a
 * stack of our own at once: beyond the kernel's frame it takes some 200 bytes where
 * the signal was delivered.  Stacks are taken from a pool and given back by one
 * atomic instruction each; they are address space, resident only where touched.  If
 * there is none (memory is refused) the function runs where it is.
 *
 * All our handlers block all signals, so none is interrupted by another.
 *
 * A handler is left in one of two ways: it returns, to the kernel's frame; or, if it
 * asks for that, the registers and the vector state are restored by hand and the call
 * that the signal has ended goes on below the program's frame (handler_record), since
 * the kernel forgets about that call when a handler returns.  That needs
 * HANDLER_BELOW bytes of the stack that the program is on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HANDLER_H
#define GCPROF_HANDLER_H

#include "arch.h"
#include "base.h"

#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

/* A call that goes on.  It lies below the red zone of the frame that made it, for as
 * long as the call takes; the unwind table of handler.c leads from there into that
 * frame. */
struct handler_record {
	uint64_t rip, rsp; /* behind the program's call */
	uint64_t mask;     /* the program's */
	uint64_t nr;       /* to call, with args */
	uint64_t result;
	/* When the program's mask is put in place; at least one. */
	uint64_t is_unblocked_before, is_unblocked_after;
	uint64_t rbx, rbp, r12, r13, r14, r15;
	uint64_t args[6];             /* rdi rsi rdx r10 r8 r9 */
	uint64_t own_nr, own_args[6]; /* as the program has them */
	uint64_t deadline_ns;         /* 0 = none */
	uint64_t pair[2];             /* for args to point to */
	uint64_t spare[3];
};
enum {
	HANDLER_RED_ZONE = ARCH_RED_ZONE,
	HANDLER_BELOW = HANDLER_RED_ZONE + sizeof(struct handler_record)
};

/* At the top of a stack of ours. */
struct handler_stack {
	uint64_t *word, bit; /* whose bit is cleared when it is given back */
	uint64_t vectors;    /* to be restored by leaving by hand */
	uint64_t vector_mask, is_xsave;
	uint64_t spare;
	struct handler_record record;
};

/* What runs.  Returns true to be left by way of stack->record; not if stack is NULL,
 * as there was none. */
typedef bool handler_function(int number, siginfo_t *info, ucontext_t *uc,
			      struct handler_stack *stack);

/* Define a signal handler, for sa_sigaction, that runs f; both are global. */
#define HANDLER(name, f)                                                                 \
	HIDDEN void name(int number, siginfo_t *info, void *uc);                         \
	HIDDEN handler_function f;                                                       \
	__asm__(".section gcprof_handlers, \"ax\", @progbits\n\t"                        \
		".type " #name ", @function\n" #name ":\n\t"                             \
		".cfi_startproc\n\tleaq " #f "(%rip), %rax\n\tjmp handler_enter\n\t"     \
		".cfi_endproc\n\t.size " #name ", . - " #name "\n\t.text\n")

/* Whether that is the address of such a handler. */
bool handler_is_ours(uintptr_t handler);

/* Make the first stacks, so that handlers find some.  Once. */
void handler_init(void);
/* In the child: no other thread holds one. */
void handler_after_fork(void);

/* The record of a call that goes on, if that is what was interrupted, else NULL. */
struct handler_record *handler_record_of(const ucontext_t *uc);
/* Behind the call of a record: what its result is, in rax, is the program's. */
extern const char handler_called[] HIDDEN;
/* Given handler_record_of: whether the call was not begun or has been ended by a
 * signal, and is to go on. */
bool handler_is_unfinished(const ucontext_t *uc);

#endif
