/* left_behind.c -- a thread has the only pointers to blocks where nobody can see them, as in
 * registers, while another thread forks; the child goes on, and loses a block of its own if
 * it is told to.
 *
 * left_behind [lose]
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <pthread.h>
#include <sys/wait.h>

enum { N = 5 };
static const uintptr_t mask = 0x5a5a5a5a5a5a5a5a;

/* Hidden, both: the thread's own, and what another gave it; the first leads to a third. */
static uintptr_t own, given;
static pthread_barrier_t is_held, is_forked;

/* What calls before have left below. */
NOINLINE static void
scrub(void)
{
	char stack[16384];

	memset(stack, 0, sizeof stack);
	OPAQUE(stack[0]);
}

NOINLINE static uintptr_t
hide(void *p)
{
	return (uintptr_t)p ^ mask;
}

NOINLINE static uintptr_t
make_pair(void)
{
	void **p = malloc(100);

	if (!p || !(p[0] = malloc(50)))
		_exit(98);
	return hide(p);
}

NOINLINE static void
drop_pair(void)
{
	void **p = (void **)(own ^ mask);

	free(p[0]);
	free(p);
}

static void *
hold(void *with)
{
	own = make_pair();
	scrub();
	pthread_barrier_wait(&is_held);
	pthread_barrier_wait(&is_forked);
	drop_pair();
	free((void *)(given ^ mask));
	return with;
}

NOINLINE static void
give(void)
{
	given = hide(malloc(200));
}

NOINLINE static void
lose(void)
{
	int i;

	for (i = 0; i < N; i++)
		(void)hide(malloc(300));
}

int
main(int argc, char **argv)
{
	pthread_t thread;
	int status = -1;
	pid_t pid;

	(void)argv;
	pthread_barrier_init(&is_held, NULL, 2);
	pthread_barrier_init(&is_forked, NULL, 2);
	give();
	if (pthread_create(&thread, NULL, hold, NULL) != 0)
		return 3;
	pthread_barrier_wait(&is_held);
	scrub();
	pid = fork();
	if (pid == 0) {
		say("child %ld", (long)getpid());
		if (argc > 1)
			lose();
		scrub();
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 4;
	pthread_barrier_wait(&is_forked);
	pthread_join(thread, NULL);
	return 0;
}
