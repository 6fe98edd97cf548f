/* guess.c -- allocates from code without call frame information whose frame
 * pointer leads to words that look like a frame, and are gone the next time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 4096, FURTHEST = 120 };

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

int
main(void)
{
	volatile int size = 10;
	pthread_t thread;

	(void)with_frame(&size);
	(void)pthread_create(&thread, NULL, run, NULL);
	(void)pthread_join(thread, NULL);
	puts("done");
	return 0;
}
