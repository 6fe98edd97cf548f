/* handler.c -- see handler.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "handler.h"
#include "mem.h"

#include <errno.h>

enum {
	STACK = 64 << 10,
	PER_CHUNK = 16,
	MAX_CHUNKS = 4096 /* 65536 stacks, as many as a cut stops threads */
};
static struct {
	char *start;   /* NULL: not mapped yet */
	uint64_t used; /* bit by stack */
} chunks[MAX_CHUNKS];

/* ---- stacks ------------------------------------------------------------------ */

static bool
map_chunk(char **start)
{
	char *none = NULL, *fresh = mem_map((size_t)STACK * PER_CHUNK);

	if (!fresh)
		return acquire_load(start) != NULL;
	/* Another was faster: these pages are never touched. */
	(void)__atomic_compare_exchange_n(start, &none, fresh, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE);
	return true;
}

void
handler_init(void)
{
	(void)map_chunk(&chunks[0].start);
}

void
handler_after_fork(void)
{
	uint32_t i;

	for (i = 0; i < MAX_CHUNKS && chunks[i].start; i++)
		chunks[i].used = 0;
}

static struct handler_stack *
take_in(uint32_t chunk)
{
	uint64_t used = relaxed_load(&chunks[chunk].used);

	GCP_ASSERT(chunk < MAX_CHUNKS && chunks[chunk].start);
	GCP_ASSERT(!(used >> PER_CHUNK));
	while (used != (1u << PER_CHUNK) - 1) {
		uint64_t bit = (uint64_t)__builtin_ctzl(~used);
		struct handler_stack *s;

		if (!__atomic_compare_exchange_n(&chunks[chunk].used, &used,
						 used | 1ull << bit, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		s = (struct handler_stack *)(chunks[chunk].start + (bit + 1) * STACK) - 1;
		GCP_ASSERT((uintptr_t)s % 16 == 0 && bit < PER_CHUNK);
		s->word = &chunks[chunk].used;
		s->bit = bit;
		return s;
	}
	return NULL;
}

/* Context  a signal's stack: every byte counts. */
HIDDEN struct handler_stack *handler_take(void);
struct handler_stack *
handler_take(void)
{
	uint32_t i;

	for (i = 0; i < MAX_CHUNKS; i++) {
		struct handler_stack *s;

		if (!acquire_load(&chunks[i].start) && !map_chunk(&chunks[i].start))
			return NULL;
		if ((s = take_in(i)) != NULL)
			return s;
	}
	return NULL;
}

/* ---- entry and leaving ------------------------------------------------------- */

#define AT_RECORD 48
#define SIZE_RECORD 256
#define AT(field, bytes)                                                                 \
	_Static_assert(offsetof(struct handler_record, field) == (bytes), #field)
_Static_assert(offsetof(struct handler_stack, record) == AT_RECORD, "record");
_Static_assert(sizeof(struct handler_record) == SIZE_RECORD, "size");
_Static_assert(sizeof(struct handler_stack) % 16 == 0, "alignment of a stack");
AT(rip, 0);
AT(rsp, 8);
AT(mask, 16);
AT(nr, 24);
AT(result, 32);
AT(is_unblocked_before, 40);
AT(is_unblocked_after, 48);
AT(rbx, 56);
AT(r15, 96);
AT(args, 104);
AT(own_args, 160);

/* Registers in between: rbx the stack of ours, or 0; r12 to r14 info, context and
 * function.  The CFA is rbp + 16, and in a record 384 beyond it, where the program's
 * frame ends.
 * 14 is rt_sigprocmask, 2 SIG_SETMASK. Sources: x86-64 psABI, 3.2 and A.2; Intel SDM 1, 13.8 (XRSTOR). */
__asm__(".text\n\t.p2align 4\n\t.globl handler_enter\n\t.hidden handler_enter\n\t"
	".type handler_enter, @function\nhandler_enter:\n\t.cfi_startproc\n\t"
	"pushq %rbp\n\t.cfi_def_cfa_offset 16\n\t.cfi_offset rbp, -16\n\t"
	"movq %rsp, %rbp\n\t.cfi_def_cfa_register rbp\n\t"
	"pushq %rbx\n\tpushq %r12\n\tpushq %r13\n\tpushq %r14\n\t"
	".cfi_offset rbx, -24\n\t.cfi_offset r12, -32\n\t.cfi_offset r13, -40\n\t"
	".cfi_offset r14, -48\n\t"
	"movl %edi, %ebx\n\tmovq %rsi, %r12\n\tmovq %rdx, %r13\n\tmovq %rax, %r14\n\t"
	"call handler_take\n\t"
	"movl %ebx, %edi\n\tmovq %r12, %rsi\n\tmovq %r13, %rdx\n\tmovq %rax, %rcx\n\t"
	"movq %rax, %rbx\n\t"
	"testq %rax, %rax\n\tjz 1f\n\tmovq %rax, %rsp\n"
	"1:\tcall *%r14\n\t"
	"testb %al, %al\n\tjnz 4f\n\t"
	"leaq -32(%rbp), %rsp\n\t"
	"testq %rbx, %rbx\n\tjz 2f\n\t"
	"movq (%rbx), %rcx\n\tmovq 8(%rbx), %rdx\n\tlock btrq %rdx, (%rcx)\n"
	"2:\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbx\n\tpopq %rbp\n\t"
	".cfi_remember_state\n\t.cfi_def_cfa rsp, 8\n\tret\n\t.cfi_restore_state\n"
	/* By hand.  The record's place is where the kernel's frame may be: that is
	 * done with, once the vector state is restored. */
	"4:\tmovq 16(%rbx), %rdi\n\ttestq %rdi, %rdi\n\tjz 6f\n\t"
	"movl 24(%rbx), %eax\n\tmovl 28(%rbx), %edx\n\t"
	"cmpq $0, 32(%rbx)\n\tje 5f\n\txrstor64 (%rdi)\n\tjmp 6f\n"
	"5:\tfxrstor64 (%rdi)\n"
	"6:\tmovq 56(%rbx), %rdi\n\tsubq $384, %rdi\n\tmovq %rdi, %r12\n\t"
	"leaq 48(%rbx), %rsi\n\tmovl $32, %ecx\n\trep movsq\n\t"
	"movq %r12, %rsp\n\t.cfi_endproc\n\t.size handler_enter, . - handler_enter\n"
	/* A piece of its own in the tables, as one that a signal interrupted. */
	"\t.globl handler_going_on\n\t.hidden handler_going_on\n\t"
	".type handler_going_on, @function\nhandler_going_on:\n\t"
	".cfi_startproc\n\t.cfi_signal_frame\n\t.cfi_def_cfa rsp, 384\n\t"
	".cfi_offset rip, -384\n\t.cfi_offset rbx, -328\n\t.cfi_offset rbp, -320\n\t"
	".cfi_offset r12, -312\n\t.cfi_offset r13, -304\n\t.cfi_offset r14, -296\n\t"
	".cfi_offset r15, -288\n\t"
	"movq (%rbx), %rcx\n\tmovq 8(%rbx), %rdx\n\tlock btrq %rdx, (%rcx)\n\t"
	"movq 56(%rsp), %rbx\n\tmovq 64(%rsp), %rbp\n\tmovq 72(%rsp), %r12\n\t"
	"movq 80(%rsp), %r13\n\tmovq 88(%rsp), %r14\n\tmovq 96(%rsp), %r15\n\t"
	"cmpq $0, 40(%rsp)\n\tje 7f\n\t"
	"movl $14, %eax\n\tmovl $2, %edi\n\tleaq 16(%rsp), %rsi\n\txorl %edx, %edx\n\t"
	"movl $8, %r10d\n\tsyscall\n"
	"7:\tmovq 104(%rsp), %rdi\n\tmovq 112(%rsp), %rsi\n\tmovq 120(%rsp), %rdx\n\t"
	"movq 128(%rsp), %r10\n\tmovq 136(%rsp), %r8\n\tmovq 144(%rsp), %r9\n\t"
	"movq 24(%rsp), %rax\n"
	"\t.globl handler_call\n\t.hidden handler_call\nhandler_call:\n\tsyscall\n"
	"\t.globl handler_called\n\t.hidden handler_called\nhandler_called:\n\t"
	"cmpq $0, 48(%rsp)\n\tje 8f\n\tmovq %rax, 32(%rsp)\n\t"
	"movl $14, %eax\n\tmovl $2, %edi\n\tleaq 16(%rsp), %rsi\n\txorl %edx, %edx\n\t"
	"movl $8, %r10d\n\tsyscall\n\tmovq 32(%rsp), %rax\n"
	"8:\tmovq 160(%rsp), %rdi\n\tmovq 168(%rsp), %rsi\n\tmovq 176(%rsp), %rdx\n\t"
	"movq 184(%rsp), %r10\n\tmovq 192(%rsp), %r8\n\tmovq 200(%rsp), %r9\n\t"
	/* As the kernel leaves it. */
	"movq (%rsp), %rcx\n\t"
	"\t.globl handler_record_end\n\t.hidden "
	"handler_record_end\nhandler_record_end:\n\t"
	"leaq 384(%rsp), %rsp\n\t.cfi_def_cfa rsp, 0\n\t.cfi_register rip, rcx\n\t"
	".cfi_same_value rbx\n\t.cfi_same_value rbp\n\t.cfi_same_value r12\n\t"
	".cfi_same_value r13\n\t.cfi_same_value r14\n\t.cfi_same_value r15\n\t"
	"jmp *%rcx\n\t.cfi_endproc\n\t"
	".size handler_going_on, . - handler_going_on\n");

extern const char handler_going_on[] HIDDEN, handler_call[] HIDDEN,
	handler_record_end[] HIDDEN;

extern const char __start_gcprof_handlers[] HIDDEN, __stop_gcprof_handlers[] HIDDEN;
bool
handler_is_ours(uintptr_t handler)
{
	return handler >= (uintptr_t)__start_gcprof_handlers &&
	       handler < (uintptr_t)__stop_gcprof_handlers;
}

struct handler_record *
handler_record_of(const ucontext_t *uc)
{
	uintptr_t pc = arch_pc(uc);

	return pc >= (uintptr_t)handler_going_on && pc <= (uintptr_t)handler_record_end
		       ? (struct handler_record *)arch_sp(uc)
		       : NULL;
}

bool
handler_is_unfinished(const ucontext_t *uc)
{
	uintptr_t pc = arch_pc(uc);

	return pc <= (uintptr_t)handler_call ||
	       (pc == (uintptr_t)handler_called && arch_result(uc) == -EINTR);
}
