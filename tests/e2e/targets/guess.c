/* guess.c -- allocates from code without call frame information whose frame
 * pointer leads to words that look like a frame, and are gone the next time; and to what
 * was the stack before a smaller one came to its place.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096, FURTHEST = 120, PAGES = 8, FRAME = 600, DEEPEST = 40 };

/* malloc(bytes), with `frame` in the frame pointer. */
void *call_malloc(const uint64_t *frame, size_t bytes);
__asm__(".text\n"
	".type call_malloc, @function\n"
	"call_malloc:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	sub $8, %rsp\n"
	"	mov %rdi, %rbp\n"
	"	mov %rsi, %rdi\n"
	"	call malloc@PLT\n"
	"	add $8, %rsp\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	".size call_malloc, . - call_malloc\n");

/* Its frame is found by the frame pointer. */
__attribute__((noinline, optimize("no-omit-frame-pointer"))) static int
with_frame(volatile int *x)
{
	void *volatile p = malloc((size_t)*x);

	free(p);
	return *x;
}

/* In a thread, as what it maps later may lie above its stack. */
static void *
run(void *arg)
{
	uint64_t frame[2];
	int at, i;

	for (at = 1; at < FURTHEST; at++) {
		uint64_t *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		map[100] = (uint64_t)&map[200];
		map[101] = map[201] = frame[1] = (uint64_t)with_frame + (uint64_t)at;
		frame[0] = (uint64_t)&map[100];
		for (i = 0; i < 2; i++) {
			free(call_malloc(frame, 24));
			if (i == 0)
				(void)munmap(map, PAGE);
		}
	}
	return arg;
}

static ucontext_t back, there;
static char *stack;
static uint64_t *bottom[DEEPEST + 1]; /* of each frame: where it has its return address */

__attribute__((noinline)) static void
deep(int n)
{
	volatile char room[FRAME];
	volatile int size = 10;

	room[0] = 1;
	bottom[n] = (uint64_t *)__builtin_dwarf_cfa() - 1;
	if (n > 0)
		deep(n - 1);
	else
		(void)with_frame(&size);
	room[1] = room[0];
}

static void
go_deep(void)
{
	deep(DEEPEST);
}

/* The frame pointer leads to memory that is gone. */
static void
into_nothing(void)
{
	free(call_malloc((uint64_t *)(stack + PAGES / 2 * PAGE + 64), 24));
}

/* It leads to a frame of the stack before, whose callers are gone. */
static void
into_the_past(void)
{
	volatile char room[PAGE];
	int i;

	for (i = 0; i < DEEPEST; i++)
		if ((volatile char *)bottom[i] > room && (volatile char *)bottom[i] < room + PAGE / 2)
			free(call_malloc(bottom[i] - 1, 24));
	room[PAGE - 1] = 1;
}

static void
on_stack(int pages, void (*f)(void))
{
	(void)getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = (size_t)pages * PAGE;
	there.uc_link = &back;
	makecontext(&there, f, 0);
	(void)swapcontext(&back, &there);
}

/* f, on a stack of half the size of the one that was walked there before. */
static void
on_a_smaller_stack(void (*f)(void))
{
	stack = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	on_stack(PAGES, go_deep);
	(void)munmap(stack + PAGES / 2 * PAGE, PAGES / 2 * PAGE);
	on_stack(PAGES / 2, f);
}

int
main(void)
{
	volatile int size = 10;
	pthread_t thread;

	(void)with_frame(&size);
	(void)pthread_create(&thread, NULL, run, NULL);
	(void)pthread_join(thread, NULL);
	on_a_smaller_stack(into_nothing);
	on_a_smaller_stack(into_the_past);
	puts("done");
	return 0;
}
