/* smallstacks.c -- snapshots while signals are delivered onto small stacks.
 *
 *     smallstacks alternate BYTES THREADS   each thread has an alternate stack of BYTES
 *                                           beyond the kernel's frame, for SIGSEGV alone
 *     smallstacks coroutine BYTES           code runs on a block of so many bytes beyond
 *                                           the frame and 4 KiB, and there is no other
 * Below each stack are known bytes for a while, and then an inaccessible page.  Prints
 * how many of them were overwritten.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { BELOW = 16 << 10, PAGE = 4096, MAX = 16, ROUNDS = 12 };
static char *low[MAX + 1];
static size_t bytes;
static volatile int is_done;

static void
on_fault(int number)
{
	(void)number;
	_exit(99);
}

static char *
make(int i)
{
	size_t all = (PAGE + BELOW + bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
	char *p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(p, PAGE, PROT_NONE);
	low[i] = p + PAGE;
	memset(low[i], 0x5a, BELOW);
	return low[i] + BELOW;
}

static int
overwritten(int n)
{
	int i, k, sum = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < BELOW; k++)
			sum += low[i][k] != 0x5a;
	return sum;
}

static void
work(void)
{
	void *p[50];
	int i;

	for (i = 0; i < 50; i++)
		p[i] = malloc(100);
	for (i = 0; i < 50; i++)
		free(p[i]);
}

static void *
worker(void *with)
{
	stack_t st = {.ss_sp = make((int)(long)with), .ss_size = bytes};
	struct timespec t = {0, 500000};

	sigaltstack(&st, NULL);
	while (!is_done) {
		work();
		nanosleep(&t, NULL);
	}
	return NULL;
}

static void
rounds(void)
{
	struct timespec t = {0, 30000000};
	int i;

	for (i = 0; i < ROUNDS; i++) {
		kill(getpid(), SIGUSR2);
		nanosleep(&t, NULL);
		work();
	}
}

int
main(int argc, char **argv)
{
	size_t frame = getauxval(AT_MINSIGSTKSZ);
	int i;
	static int n; /* over swapcontext */

	if (argc < 3)
		return 2;
	bytes = frame + (size_t)atoi(argv[2]);
	if (strcmp(argv[1], "alternate") == 0) {
		struct sigaction act = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
		stack_t st = {.ss_sp = make(0), .ss_size = bytes};
		pthread_t t[MAX];

		sigaction(SIGSEGV, &act, NULL);
		sigaltstack(&st, NULL);
		n = argc > 3 ? atoi(argv[3]) : 0;
		for (i = 0; i < n; i++)
			pthread_create(&t[i], NULL, worker, (void *)(long)(i + 1));
		rounds();
		is_done = 1;
		for (i = 0; i < n; i++)
			pthread_join(t[i], NULL);
	} else {
		static ucontext_t here, there;

		bytes += PAGE;
		getcontext(&there);
		there.uc_stack.ss_sp = make(0);
		there.uc_stack.ss_size = bytes;
		there.uc_link = &here;
		makecontext(&there, rounds, 0);
		swapcontext(&here, &there);
	}
	printf("%d bytes overwritten\n", overwritten(n + 1));
	return 0;
}
