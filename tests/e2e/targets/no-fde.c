/* no-fde.c -- allocates below code that has no call frame information and keeps something
 * else in the frame pointer: the program's main, a thread's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* In main the frame pointer is 1; in thread_main it leads to a pair of words that are no
 * frame; in framed_main it is that of its frame. */
void *thread_main(void *what);
void *framed_main(void *what);
__asm__(".text\n"
	".globl main\n"
	".type main, @function\n"
	"main:\n"
	"	push %rbp\n"
	"	mov $1, %ebp\n"
	"	call work\n"
	"	pop %rbp\n"
	"	ret\n"
	".size main, . - main\n"
	".type thread_main, @function\n"
	"thread_main:\n"
	"	push %rbp\n"
	"	sub $16, %rsp\n"
	"	mov %rsp, %rbp\n"
	"	movq $0, (%rbp)\n"
	"	movq $5, 8(%rbp)\n"
	"	call allocate\n"
	"	add $16, %rsp\n"
	"	pop %rbp\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	".size thread_main, . - thread_main\n"
	".type framed_main, @function\n"
	"framed_main:\n"
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	call allocate\n"
	"	pop %rbp\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	".size framed_main, . - framed_main\n");

__attribute__((used, noinline)) void
allocate(const char *what)
{
	void *volatile p = malloc(100);

	dprintf(3, "%s %p\n", what, p);
}

__attribute__((used, noinline)) int
work(void)
{
	pthread_t thread;

	allocate("main");
	allocate("again");
	if (pthread_create(&thread, NULL, thread_main, "thread") == 0)
		(void)pthread_join(thread, NULL);
	if (pthread_create(&thread, NULL, framed_main, "framed") == 0)
		(void)pthread_join(thread, NULL);
	puts("done");
	return 0;
}
