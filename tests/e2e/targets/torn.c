/* torn.c -- forks while other threads change all that the library's tables hold.
 *
 * torn HOW FORKS: fork; epochs (only they end, in all threads and children); behind (children that no fork handler knows of); deaf (snapshots
 * beside threads that cannot be stopped).
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

int gcprof_snapshot(const char *name) __attribute__((weak));

enum { N_CHURNING = 3, N_OWN = 100, DEPTH = 14 };

static volatile int stop_it;

/* A block by one of 2^DEPTH stacks. */
NOINLINE static void *left(uint32_t path, int depth);
NOINLINE static void *
right(uint32_t path, int depth)
{
	void *p = depth == 0    ? malloc(16 + path % 5000)
		  : path & 1 ? left(path >> 1, depth - 1)
			     : right(path >> 1, depth - 1);

	OPAQUE(p);
	return p;
}

NOINLINE static void *
left(uint32_t path, int depth)
{
	void *p = depth == 0    ? calloc(1, 16 + path % 3000)
		  : path & 1 ? left(path >> 1, depth - 1)
			     : right(path >> 1, depth - 1);

	OPAQUE(p);
	return p;
}

static void *
be_born(void *with)
{
	free(malloc(100));
	return with;
}

/* Stacks, survivors, ends of epochs and periods, mappings, threads. */
static void *
churn(void *with)
{
	void *kept[256] = {0};
	uint32_t state = (uint32_t)(uintptr_t)with, i;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	/* One ends epochs, and does little else. */
	while (with == (void *)1 && !stop_it)
		free(malloc(1 << 20));
	for (i = 0; !stop_it; i++) {
		uint32_t n = rnd(&state);

		free(kept[n % 256]);
		kept[n % 256] = left(rnd(&state), DEPTH);
		if (i % 16 == 0)
			free(malloc(1 << 18));
		if (i % 64 == 0)
			munmap(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
		if (i % 512 == 0) {
			pthread_t thread;

			if (pthread_create(&thread, NULL, be_born, NULL) == 0)
				pthread_join(thread, NULL);
		}
	}
	for (i = 0; i < 256; i++)
		free(kept[i]);
	return NULL;
}

static void *volatile own[N_OWN];

NOINLINE static void
keep_own(void)
{
	int i;

	for (i = 0; i < N_OWN; i++)
		own[i] = keep(malloc(300 + (size_t)i), 300 + (size_t)i, "malloc");
}

/* What a child does: goes on as if nothing were, and ends. */
static void
go_on(void)
{
	uint32_t state = 1, i;

	keep_own();
	for (i = 0; i < 2000; i++) {
		free(left(rnd(&state), DEPTH));
		if (i % 16 == 0)
			free(malloc(1 << 18));
	}
}

static void
end_epochs(void)
{
	int i;

	keep_own();
	for (i = 0; i < 64; i++)
		free(malloc(1 << 20));
}

static pid_t
fork_somehow(int is_behind, int i)
{
	if (!is_behind)
		return fork();
	return i % 2 ? _Fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

int
main(int argc, char **argv)
{
	int is_behind = argc > 1 && strcmp(argv[1], "behind") == 0;
	int is_epochs = argc > 1 && strcmp(argv[1], "epochs") == 0;
	int is_deaf = argc > 1 && strcmp(argv[1], "deaf") == 0;
	int n = argc > 2 ? atoi(argv[2]) : 1, bad = 0, i, n_threads = is_behind ? 0 : is_epochs ? 1 : N_CHURNING;
	pthread_t threads[N_CHURNING];

	for (i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) != 0)
			return 3;
	if (is_deaf)
		keep_own();
	for (i = 0; i < n; i++) {
		int status = -1;
		pid_t pid;

		if (is_deaf) {
			bad += gcprof_snapshot(NULL) != 0;
			continue;
		}
		pid = fork_somehow(is_behind, i);
		if (pid == 0) {
			if (is_epochs)
				end_epochs();
			else
				go_on();
			say("child %ld", (long)getpid());
			exit(7);
		}
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
			bad++;
	}
	stop_it = 1;
	for (i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	point(bad == 0, "%s: all end as they should", argv[1]);
	return 0;
}
