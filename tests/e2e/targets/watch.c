/* watch.c -- a program that grows as it is told.
 *
 *     watch FIFO
 *
 * Orders, a line each, out of FIFO; each is answered on descriptor 3 when it is done:
 *     insert N, put N      N blocks of 100 bytes, kept by a function of that name
 *     drop N               N of the inserted are freed
 *     threads N            N threads insert 1000 each, and then sleep in poll
 *     fork                 a child takes the orders from here on, until it quits
 *     children             does wait see any, and has SIGCHLD come?
 *     quit
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

enum { MOST = 200000, BYTES = 100 };
static void *inserted[MOST], *others[MOST];
static int n_inserted, n_others;
static _Atomic int n_interrupted, n_asleep, n_sigchld;

NOINLINE static void
cache_insert(void)
{
	int i = __atomic_fetch_add(&n_inserted, 1, __ATOMIC_RELAXED);

	inserted[i] = v_malloc(BYTES);
}

NOINLINE static void
queue_put(void)
{
	others[n_others++] = v_malloc(BYTES);
}

static void
cache_drop(void)
{
	v_free(inserted[--n_inserted]);
	inserted[n_inserted] = NULL;
}

static void *
sleeper(void *arg)
{
	int i;

	for (i = 0; i < 1000; i++)
		cache_insert();
	n_asleep++;
	while (poll(NULL, 0, -1) < 0)
		n_interrupted++;
	return arg;
}

static void
threads(int n)
{
	pthread_t t;
	int i;

	for (i = 0; i < n; i++)
		pthread_create(&t, NULL, sleeper, NULL);
	while (n_asleep < n)
		poll(NULL, 0, 1);
}

static void
on_sigchld(int number)
{
	(void)number;
	n_sigchld++;
}

static void
children(void)
{
	siginfo_t info;
	int status;

	errno = 0;
	point(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD, "wait sees no child");
	errno = 0;
	point(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD,
	      "waitid sees no child");
	point(n_sigchld == 0, "no SIGCHLD comes (%d)", n_sigchld);
	point(n_interrupted == 0, "no sleeping thread is interrupted (%d)", n_interrupted);
}

/* One line, without stdio, which would allocate. */
static int
read_order(int fd, char *to, size_t bytes)
{
	size_t n = 0;

	while (n + 1 < bytes && read(fd, to + n, 1) == 1 && to[n] != '\n')
		n++;
	to[n] = 0;
	return n > 0;
}

static int
reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART};
	char order[64];
	int fd = argc > 1 ? open(argv[1], O_RDWR) : -1, i;
	pid_t pid;

	if (fd < 0)
		return 2;
	sigaction(SIGCHLD, &sa, NULL);
	puts("out");
	fflush(stdout);
	while (read_order(fd, order, sizeof order) && strcmp(order, "quit") != 0) {
		int n = strchr(order, ' ') ? atoi(strchr(order, ' ')) : 0;

		errno = 77;
		for (i = 0; i < n && order[0] == 'i'; i++)
			cache_insert();
		for (i = 0; i < n && order[0] == 'p'; i++)
			queue_put();
		for (i = 0; i < n && order[0] == 'd'; i++)
			cache_drop();
		if (order[0] == 't')
			threads(n);
		else
			point(errno == 77, "errno is kept (%s)", order);
		if (order[0] == 'c')
			children();
		if (order[0] == 'f') {
			pid = fork();
			if (pid != 0)
				return reap(pid) == 5 << 8 ? 5 : 1;
			say("child %ld", (long)getpid()); /* before it is done */
		}
		say("done %s", order);
	}
	puts("end");
	return 5;
}
