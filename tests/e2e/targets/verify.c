/* verify.c -- allocations from stacks of many shapes, for GCPROF_VERIFY to compare.
 *
 *     verify ROUNDS PLUGIN.so
 *
 * Where stacks.c tells what libunwind says of a few stacks, this makes many of them
 * and tells nothing: arrays of variable length, realigned frames, assembly with
 * tables, handlers on an alternate stack, jumps, coroutines, and a library that is
 * loaded and unloaded, so that other code comes to the same addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <alloca.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

static void *(*volatile v_malloc)(size_t) = malloc;
static uint32_t state = 1;
static sigjmp_buf jump;
static ucontext_t outside, inside;

typedef void leaf(int depth);
static leaf *const leaves[];

/* A few blocks stay for a while, so that addresses differ. */
NOINLINE static void
allocate(void)
{
	static void *kept[64];
	void **slot = &kept[rnd(&state) % 64];
	void *p = v_malloc(rnd(&state) % 200);

	OPAQUE(p);
	free(*slot);
	*slot = p;
}

NOINLINE static void
down(int depth)
{
	if (depth <= 0)
		allocate();
	else
		leaves[rnd(&state) % 6](depth - 1);
	OPAQUE(depth);
}

NOINLINE static void
with_vla(int depth)
{
	volatile char room[rnd(&state) % 300 + 1];

	room[0] = 1;
	down(depth);
	room[0]++;
}

NOINLINE static void
with_alloca(int depth)
{
	volatile char *room = alloca(rnd(&state) % 500 + 1);

	room[0] = 1;
	down(depth);
	allocate();
	room[0]++;
}

/* The frame is found through a saved register (DRAP). */
NOINLINE static void
realigned(int depth)
{
	volatile char room[192] __attribute__((aligned(64)));
	volatile char *more = alloca(rnd(&state) % 100 + 1);

	room[0] = more[0] = 1;
	down(depth);
	room[0]++;
	more[0]++;
}

NOINLINE static void
many_arguments(int depth, long a, long b, long c, long d, long e, long f, long g, long h)
{
	volatile long sum = a + b + c + d + e + f + g + h;

	down(depth);
	sum++;
}

NOINLINE static void
pushes(int depth)
{
	many_arguments(depth, 1, 2, 3, 4, 5, 6, 7, 8);
	allocate();
}

/* Two pushes and a frame pointer that is none; then a frame that is only in an
 * expression (the caller's stack pointer lies in a word of the stack). */
void by_hand(int depth, leaf *f);
void by_expression(int depth, leaf *f);
__asm__(".text\n"
	".type by_hand, @function\n"
	"by_hand:\n\t.cfi_startproc\n\t"
	"push %rbp\n\t.cfi_adjust_cfa_offset 8\n\t.cfi_rel_offset rbp, 0\n\t"
	"push %rbx\n\t.cfi_adjust_cfa_offset 8\n\t.cfi_rel_offset rbx, 0\n\t"
	"mov $0x1234567, %ebp\n\tmov $7, %ebx\n\t"
	"sub $40, %rsp\n\t.cfi_adjust_cfa_offset 40\n\t"
	"call *%rsi\n\t"
	"add $40, %rsp\n\t.cfi_adjust_cfa_offset -40\n\t"
	"pop %rbx\n\t.cfi_adjust_cfa_offset -8\n\t.cfi_restore rbx\n\t"
	"pop %rbp\n\t.cfi_adjust_cfa_offset -8\n\t.cfi_restore rbp\n\t"
	"ret\n\t.cfi_endproc\n\t.size by_hand, . - by_hand\n"
	".type by_expression, @function\n"
	"by_expression:\n\t.cfi_startproc\n\t"
	"mov %rsp, %rax\n\tsub $88, %rsp\n\t.cfi_adjust_cfa_offset 88\n\t"
	"and $-32, %rsp\n\t.cfi_def_cfa rax, 8\n\tmov %rax, 16(%rsp)\n\t"
	/* DW_CFA_def_cfa_expression: breg7 16; deref; plus_uconst 8 */
	".cfi_escape 0x0f, 5, 0x77, 16, 0x06, 0x23, 8\n\t"
	"call *%rsi\n\t"
	"mov 16(%rsp), %rsp\n\t.cfi_def_cfa rsp, 8\n\t"
	"ret\n\t.cfi_endproc\n\t.size by_expression, . - by_expression\n");

static void
assembly(int depth)
{
	(rnd(&state) % 2 ? by_hand : by_expression)(depth, down);
	OPAQUE(depth);
}

static leaf *const leaves[] = {with_vla, with_alloca, realigned, pushes, assembly, with_vla};

static void
handler(int sig)
{
	(void)sig;
	down(3);
	OPAQUE(sig);
}

NOINLINE static void
deep_then_jump(int depth)
{
	allocate();
	if (depth == 0)
		siglongjmp(jump, 1);
	deep_then_jump(depth - 1);
	OPAQUE(depth);
}

static void
coroutine(void)
{
	for (;;) {
		down(4);
		swapcontext(&inside, &outside);
	}
}

static void
load_and_unload(const char *name)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	void (*call)(void (*)(int), int);

	if (!library)
		_exit(96);
	*(void **)&call = dlsym(library, "call_back");
	call(down, 2);
	dlclose(library);
}

int
main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	volatile int i;
	int n = argc > 1 ? atoi(argv[1]) : 100;
	stack_t other = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};

	sigaltstack(&other, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	getcontext(&inside);
	inside.uc_stack.ss_sp = malloc(1 << 18);
	inside.uc_stack.ss_size = 1 << 18;
	makecontext(&inside, coroutine, 0);
	for (i = 0; i < n; i++) {
		int k;

		for (k = 0; k < 20; k++)
			down((int)(rnd(&state) % 12));
		swapcontext(&outside, &inside);
		raise(SIGUSR1);
		if (sigsetjmp(jump, 1) == 0)
			deep_then_jump(i % 9);
		for (k = 2; k < argc && i % 16 == 0; k++)
			load_and_unload(argv[k]);
	}
	puts("verified");
	return 0;
}
