/* x86_64.h -- the machine: x86-64 with Linux.
 *
 * Sources  System V ABI, AMD64 supplement ("psABI"); Intel SDM; the kernel's
 *          sigcontext.h; "ELF Handling For Thread-Local Storage", 4.4.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ARCH_X86_64_H
#define GCPROF_ARCH_X86_64_H

#include "../base.h"

#include <signal.h>
#include <ucontext.h>

#define ARCH_NAME "x86_64"
#define ARCH_AUDIT AUDIT_ARCH_X86_64 /* <linux/audit.h>; for seccomp(2) */
#define ARCH_GLIBC_LOADER "ld-linux-x86-64.so.2"

enum {
	ARCH_PAGE_BITS = 12,
	ARCH_PAGE = 1 << ARCH_PAGE_BITS,
	/* Of a program's addresses; with five-level page tables, too, as long as it
	 * does not ask mmap for more by an address hint. */
	ARCH_ADDRESS_BITS = 47,
	/* Bytes below the stack pointer that are in use.  psABI, 3.2.2. */
	ARCH_RED_ZONE = 128,
	/* Static TLS lies below the thread pointer (variant II), the C library's
	 * descriptor at it. */
	ARCH_TLS_IS_BELOW = 1
};

/* ---- frames ------------------------------------------------------------------- */

/* DWARF's numbers.  psABI, figure 3.36. */
enum {
	ARCH_DWARF_RBX = 3,
	ARCH_DWARF_FP = 6,
	ARCH_DWARF_SP = 7,
	ARCH_DWARF_R12 = 12, /* and r13 to r15 behind it */
	ARCH_DWARF_RA = 16,
	ARCH_DWARF_N = 17
};

enum {
	/* Registers that a function gives back as they were, but for the stack pointer;
	 * in the order of arch_capture. */
	ARCH_N_SAVED = 6,
	/* Registers in a signal frame, in the order of ucontext, and the program counter
	 * behind them. */
	ARCH_N_REGISTERS = 16,
	ARCH_N_REGISTERS_PC = 17
};
/* rbx, rbp, r12 to r15 */
#define ARCH_DWARF_OF_SAVED                                                              \
	{                                                                                \
		3, 6, 12, 13, 14, 15                                                     \
	}
#define ARCH_DWARF_OF_CONTEXT                                                            \
	{                                                                                \
		8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7                     \
	}

/* A call has put the return address right below where the caller's stack pointer is when
 * it has returned; who uses a frame pointer has the caller's at it, and then that.
 * psABI, 3.2.2. */
enum { ARCH_RA_BELOW_SP = 8, ARCH_RA_ABOVE_FP = 8, ARCH_SP_ABOVE_FP = 16 };

/* Where the code that it is put into is, and the registers that its caller relies on.
 * saved: of ARCH_N_SAVED. */
static ALWAYS_INLINE void
arch_capture(uintptr_t *saved, uintptr_t *ret_pc, uintptr_t *ret_sp)
{
	__asm__ volatile(
		"movq %%rbx, 0(%2)\n\tmovq %%rbp, 8(%2)\n\tmovq %%r12, 16(%2)\n\t"
		"movq %%r13, 24(%2)\n\tmovq %%r14, 32(%2)\n\tmovq %%r15, 40(%2)\n\t"
		"leaq 0f(%%rip), %0\n0:\tmovq %%rsp, %1"
		: "=&r"(*ret_pc), "=&r"(*ret_sp)
		: "r"(saved)
		: "memory");
}

/* The same, at the places of their numbers in r, of ARCH_DWARF_N; these are a set of bits. */
#define ARCH_DWARF_CAPTURED                                                              \
	(1u << ARCH_DWARF_RBX | 1u << ARCH_DWARF_FP | 1u << ARCH_DWARF_SP |              \
	 0xfu << ARCH_DWARF_R12 | 1u << ARCH_DWARF_RA)
static ALWAYS_INLINE void
arch_capture_dwarf(uint64_t *r)
{
	__asm__ volatile("movq %%rbx, %0\n\tmovq %%rbp, %1\n\tmovq %%rsp, %2\n\t"
			 "movq %%r12, %3\n\tmovq %%r13, %4\n\tmovq %%r14, %5\n\t"
			 "movq %%r15, %6\n\tleaq 0f(%%rip), %%rax\n0:\tmovq %%rax, %7"
			 : "=m"(r[ARCH_DWARF_RBX]), "=m"(r[ARCH_DWARF_FP]),
			   "=m"(r[ARCH_DWARF_SP]), "=m"(r[12]), "=m"(r[13]), "=m"(r[14]),
			   "=m"(r[15]), "=m"(r[ARCH_DWARF_RA])
			 :
			 : "rax", "memory");
}

/* ---- signal frames ------------------------------------------------------------ */

static ALWAYS_INLINE uintptr_t
arch_pc(const ucontext_t *uc)
{
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
}

static ALWAYS_INLINE uintptr_t
arch_sp(const ucontext_t *uc)
{
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
}

/* Of a system call. */
static ALWAYS_INLINE long
arch_result(const ucontext_t *uc)
{
	return (long)uc->uc_mcontext.gregs[REG_RAX];
}

static ALWAYS_INLINE void
arch_set_pc(ucontext_t *uc, uintptr_t pc)
{
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

/* Of ARCH_N_REGISTERS_PC registers. */
enum { ARCH_REGISTER_SP = REG_RSP, ARCH_REGISTER_PC = REG_RIP };

/* What the kernel says of the vector state it has saved.  SDM 1, 13.4 (XSAVE area). */
enum {
	ARCH_XMM = 160,
	ARCH_XMM_END = 416,
	ARCH_XSAVE_SOFTWARE = 464, /* bytes reserved for the kernel */
	ARCH_XSAVE_HEADER = 512,
	ARCH_XSAVE_MAGIC = 0x46505853
};

/* Where the vector registers are; 0 and 0 if the kernel has saved none. */
static inline void
arch_vectors(const ucontext_t *uc, uintptr_t *ret_start, uintptr_t *ret_end)
{
	uintptr_t area = (uintptr_t)uc->uc_mcontext.fpregs;
	const uint32_t *software = (const uint32_t *)(area + ARCH_XSAVE_SOFTWARE);

	if (!area)
		return;
	*ret_start = area + ARCH_XMM;
	*ret_end = area + ARCH_XMM_END;
	/* More than SSE is in use, and saved. */
	if (software[0] == ARCH_XSAVE_MAGIC &&
	    *(const uint64_t *)(area + ARCH_XSAVE_HEADER) >> 2)
		*ret_end = area + software[4];
}

/* No pointer is left in the vector registers that the code around uses. */
static ALWAYS_INLINE void
arch_clear_vectors(void)
{
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\t"
			 "pxor %%xmm2, %%xmm2\n\tpxor %%xmm3, %%xmm3\n\t"
			 "pxor %%xmm4, %%xmm4\n\tpxor %%xmm5, %%xmm5\n\t"
			 "pxor %%xmm6, %%xmm6\n\tpxor %%xmm7, %%xmm7"
			 :
			 :
			 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
}

/* ---- threads ------------------------------------------------------------------ */

static ALWAYS_INLINE uintptr_t
arch_thread_pointer(void)
{
	uintptr_t p;

	__asm__("movq %%fs:0, %0" : "=r"(p));
	return p;
}

/* Words of one thread, which its own signal handlers change, too: in one instruction, which
 * comes before a handler or after it.  No other thread may change them meanwhile. */
static ALWAYS_INLINE void
arch_add_own(uint32_t *word, uint32_t n)
{
	__asm__ volatile("addl %1, %0" : "+m"(*word) : "ri"(n));
}

static ALWAYS_INLINE void
arch_add_own64(uint64_t *word, uint64_t n)
{
	__asm__ volatile("addq %1, %0" : "+m"(*word) : "r"(n));
}

/* Less one; returns whether something is left.  A barrier for the compiler. */
static ALWAYS_INLINE bool
arch_count_down_own(uint32_t *word)
{
	bool is_left;

	__asm__ volatile("subl $1, %0" : "+m"(*word), "=@ccnz"(is_left) : : "memory");
	return is_left;
}

/* ---- the kernel --------------------------------------------------------------- */

/* psABI, A.2.1: number in rax; rdi rsi rdx r10 r8 r9; rcx and r11 are clobbered; -4095 to
 * -1 in rax is -errno.  In one function only: it defines arch_call_place, where the call
 * returns to. */
extern const char arch_call_place[] __asm__("gcprof_arch_call_place") HIDDEN;
#define ARCH_CALL_ONCE(ret, number, a, b, c, d, e, f)                                    \
	do {                                                                             \
		register long r10 __asm__("r10") = (d);                                  \
		register long r8 __asm__("r8") = (e);                                    \
		register long r9 __asm__("r9") = (f);                                    \
                                                                                         \
		__asm__ volatile("syscall\n"                                             \
				 "gcprof_arch_call_place:"                               \
				 : "=a"(ret)                                             \
				 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10),        \
				   "r"(r8), "r"(r9)                                      \
				 : "rcx", "r11", "memory");                              \
	} while (0)
enum { ARCH_CALL_ARGS = 6, ARCH_MAX_ERRNO = 4095 };

/* clone(2) where the child shares this memory: it runs f on a stack that ends at top, and
 * has nothing there to return to.  Returns what the kernel does to the parent.  number:
 * SYS_clone, here so that this header needs no other. */
static ALWAYS_INLINE long
arch_clone_onto(long number, long flags, void *top, void (*f)(void))
{
	register long stack __asm__("rsi") = (long)top;
	long ret = number;

	__asm__ volatile("xor %%edx, %%edx\n\txor %%r10d, %%r10d\n\txor %%r8d, %%r8d\n\t"
			 "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\tcall *%%rbx\n\tud2\n1:"
			 : "+a"(ret), "+r"(stack)
			 : "D"(flags), "b"(f)
			 : "rdx", "r10", "r8", "rcx", "r11", "memory");
	return ret;
}

/* In a loop that waits for another thread. */
static ALWAYS_INLINE void
arch_pause(void)
{
	__builtin_ia32_pause();
}

/* Not to be passed. */
static ALWAYS_INLINE void
arch_halt(void)
{
	__asm__ volatile("hlt");
}

/* Where a signal handler returns to: rt_sigaction(2), sigreturn(2). */
#define ARCH_RESTORER(name)                                                              \
	__asm__(".text\n"                                                                \
		".type " #name ", @function\n" #name ":\n\t"                             \
		"movl $15, %eax\n\t"                                                     \
		"syscall\n"                                                              \
		".size " #name ", .-" #name "\n");                                       \
	extern const char name[] HIDDEN

/* ---- memory that may not be there ------------------------------------------------ */

/* Of the one copy of arch_copy_words: a fault in [first, behind) is to go on at behind. */
extern const char gcprof_peek_first[] HIDDEN, gcprof_peek_behind[] HIDDEN;

/* For peek.c.  Returns how many words are left.  A handler goes on at gcprof_peek_behind, with rcx as it
 * was at the word that cannot be read: SDM 2, REP. */
static NOINLINE NOCLONE __attribute__((unused)) size_t
arch_copy_words(uintptr_t *to, uintptr_t from, size_t n)
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

/* Which keys of memory a thread may use is in a register of its own (pkru): pkeys(7), SDM 1, 2.7 and 13.
 * Whether there is one: */
static inline bool
arch_has_keys(void)
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

static inline uint32_t
arch_keys(void)
{
	uint32_t keys, d;

	__asm__ volatile(".byte 0x0f, 0x01, 0xee"
			 : "=a"(keys), "=d"(d)
			 : "c"(0)); /* rdpkru */
	return keys;
}

static inline void
arch_set_keys(uint32_t keys)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xef"
			 :
			 : "a"(keys), "c"(0), "d"(0)
			 : "memory"); /* wrpkru */
}

/* ---- whole functions ---------------------------------------------------------- */

/* void name(void (*f)(void *), void *with, char *top): call f(with) on the stack that ends
 * at top.  name_end is behind its last instruction. */
#define ARCH_SWITCH_STACK(name)                                                          \
	__asm__(".text\n"                                                                \
		".balign 16\n"                                                           \
		".globl " #name "\n"                                                     \
		".hidden " #name "\n"                                                    \
		".type " #name ", @function\n" #name ":\n"                               \
		".cfi_startproc\n"                                                       \
		"	pushq %rbp\n"                                                          \
		".cfi_def_cfa_offset 16\n"                                               \
		".cfi_offset %rbp, -16\n"                                                \
		"	movq %rsp, %rbp\n"                                                     \
		".cfi_def_cfa_register %rbp\n"                                           \
		"	movq %rdx, %rsp\n"                                                     \
		"	movq %rdi, %rax\n"                                                     \
		"	movq %rsi, %rdi\n"                                                     \
		"	callq *%rax\n"                                                         \
		"	leave\n"                                                               \
		".cfi_def_cfa %rsp, 8\n"                                                 \
		"	retq\n"                                                                \
		".cfi_endproc\n"                                                         \
		".size " #name ", .-" #name "\n"                                         \
		".globl " #name "_end\n"                                                 \
		".hidden " #name "_end\n" #name "_end:\n");                              \
	extern const char name##_end[] HIDDEN;                                           \
	void name(void (*f)(void *), void *with, char *top) HIDDEN

/* ---- code ----------------------------------------------------------------------- */

enum { ARCH_CODE_POINTER = 10 /* bytes of an instruction that has an address in it */ };

/* Whether code loads an address there that is in the instruction itself: REX.W, with or
 * without REX.B, and B8 to BF (SDM 2, MOV). */
static ALWAYS_INLINE bool
arch_code_pointer(const uint8_t *code, uintptr_t *ret)
{
	if ((code[0] & 0xfe) != 0x48 || (code[1] & 0xf8) != 0xb8)
		return false;
	__builtin_memcpy(ret, code + 2, sizeof *ret);
	return true;
}

/* An indirect function `own` (STT_GNU_IFUNC): resolve("name") is its address.  psABI,
 * 4.4.1 (R_X86_64_IRELATIVE). */
#define ARCH_INDIRECT_FUNCTION(own, name, resolve)                                       \
	__asm__(".pushsection .rodata.str1.1,\"aMS\",@progbits,1\n"                      \
		".Lname_" #own ":\t.string \"" #name "\"\n"                              \
		".popsection\n"                                                          \
		".pushsection .text\n"                                                   \
		".globl " #own "\n"                                                      \
		".hidden " #own "\n"                                                     \
		".type " #own ", @gnu_indirect_function\n" #own ":\n"                    \
		"\tendbr64\n"                                                            \
		"\tlea .Lname_" #own "(%rip), %rdi\n"                                    \
		"\tjmp " #resolve "\n"                                                   \
		".size " #own ", .-" #own "\n"                                           \
		".popsection\n");

#endif
