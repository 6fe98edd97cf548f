/* needy.c -- allocate in all ways, and take NULL for an answer.
 *
 *     needy WHAT...     limit: nothing more than there is now (RLIMIT_AS) from here on;
 *                       small, large, realloc, align: blocks of these kinds;
 *                       threads: all of it in threads that are born for it;
 *                       born: the same with stacks that are there already;
 *                       fork: in a child; snapshot: by call, if gcprof is there
 *
 * Exits with 0 if each block that was given was whole, zero where it has to be, and
 * each that was not came with ENOMEM; prints "ok", or else what was wrong.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_BLOCKS = 60, N_THREADS = 4, STACK = 256 << 10 };

static char stacks[N_THREADS][STACK] __attribute__((aligned(4096)));

__attribute__((noreturn)) static void
wrong(const char *what)
{
	dprintf(1, "%s\n", what);
	_exit(1);
}

/* errno was 0 before the call that gave p. */
static void *
given(void *p)
{
	if (p)
		return p;
	if (errno != ENOMEM)
		wrong("NULL without ENOMEM");
	return NULL;
}

static void
fill(unsigned char *p, size_t bytes, unsigned char with)
{
	if (p) {
		p[0] = p[bytes / 2] = p[bytes - 1] = with;
	}
}

static void
check(const unsigned char *p, size_t bytes, unsigned char with)
{
	if (p && (p[0] != with || p[bytes / 2] != with || p[bytes - 1] != with))
		wrong("a block is not what it was");
}

static void
blocks(size_t n, size_t least, size_t step)
{
	unsigned char *p[N_BLOCKS];
	size_t i, bytes;

	for (i = 0; i < n; i++) {
		bytes = least + i * step;
		errno = 0;
		p[i] = given(i % 3 ? malloc(bytes) : calloc(1, bytes));
		if (p[i] && i % 3 == 0)
			check(p[i], bytes, 0);
		fill(p[i], bytes, (unsigned char)i);
	}
	for (i = 0; i < n; i++) {
		check(p[i], least + i * step, (unsigned char)i);
		free(p[i]);
	}
}

static void
reallocs(void)
{
	size_t bytes = 10, i;
	unsigned char *p = NULL;

	for (i = 0; i < 34; i++) {
		size_t wanted = i % 7 == 6 ? bytes / 3 + 1 : bytes * 3 / 2 + 1;
		unsigned char *q;

		errno = 0;
		q = given(realloc(p, wanted));
		if (!q) {
			if (p)
				check(p, bytes, 7); /* still there */
			continue;
		}
		if (p && q[0] != 7)
			wrong("realloc lost what the block held");
		p = q;
		bytes = wanted;
		fill(p, bytes, 7);
	}
	free(p);
}

static void
aligned(void)
{
	size_t i;
	void *p;

	for (i = 4; i < 22; i++) {
		errno = 0;
		p = given(memalign((size_t)1 << i, 100));
		if ((uintptr_t)p & (((size_t)1 << i) - 1))
			wrong("a block is not aligned");
		free(p);
		p = NULL;
		switch (posix_memalign(&p, (size_t)1 << i, 5000)) {
		case 0:
		case ENOMEM: break;
		default: wrong("posix_memalign: neither 0 nor ENOMEM");
		}
		free(p);
	}
}

static void *
all(void *unused)
{
	blocks(N_BLOCKS, 1, 37);
	blocks(20, 3000, 5000);
	reallocs();
	aligned();
	blocks(8, 200000, 500000);
	return unused;
}

static void
threads(int is_own)
{
	pthread_t made[N_THREADS];
	pthread_attr_t attr;
	int i, n;

	for (i = n = 0; i < N_THREADS; i++) {
		if (pthread_attr_init(&attr) == 0 &&
		    (!is_own || pthread_attr_setstack(&attr, stacks[i], STACK) == 0) &&
		    pthread_create(&made[n], &attr, all, NULL) == 0)
			n++;
	}
	while (n)
		if (pthread_join(made[--n], NULL))
			wrong("pthread_join");
}

static void
in_child(void)
{
	int pid, status;

	if (fflush(stdout) || (pid = fork()) < 0)
		return;
	if (pid == 0) {
		all(NULL);
		threads(1);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		wrong("the child ended by itself");
}

static void
limit(void)
{
	struct rlimit r;
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld", &pages) != 1 || getrlimit(RLIMIT_AS, &r))
		wrong("the size of the process cannot be read");
	(void)fclose(f); /* was only read */
	r.rlim_cur = (rlim_t)pages * 4096;
	if (setrlimit(RLIMIT_AS, &r))
		wrong("setrlimit");
}

int
main(int argc, char **argv)
{
	int i;

	free(malloc(100));
	puts("start"); /* its buffer is there from now on */
	(void)getpgid(424242); /* for refuse */
	for (i = 1; i < argc; i++) {
		const char *what = argv[i];

		if (strcmp(what, "limit") == 0)
			limit();
		else if (strcmp(what, "small") == 0)
			blocks(N_BLOCKS, 1, 37);
		else if (strcmp(what, "large") == 0)
			blocks(8, 200000, 500000);
		else if (strcmp(what, "realloc") == 0)
			reallocs();
		else if (strcmp(what, "align") == 0)
			aligned();
		else if (strcmp(what, "threads") == 0)
			threads(0);
		else if (strcmp(what, "born") == 0)
			threads(1);
		else if (strcmp(what, "fork") == 0)
			in_child();
		else if (strcmp(what, "snapshot") == 0)
			(void)gcprof_snapshot(); /* it may fail */
	}
	puts("ok");
	return 0;
}
