/* forks.c -- processes that make processes.
 *
 *     forks fork|vfork|spawn|system|leaf|wait|threaded N|quick N|daemon|exec
 *
 * Ledger lines carry the pid, so one fd 3 serves all.  A child's ledger starts
 * with what it inherited.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>

extern char **environ;

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

enum { N_MINE = 200 };
static void *mine[N_MINE];
static size_t mine_bytes[N_MINE];

static void
make_mine(size_t base)
{
	int i;

	for (i = 0; i < N_MINE; i++) {
		mine_bytes[i] = base + (size_t)i;
		mine[i] = keep(v_malloc(mine_bytes[i]), mine_bytes[i], "malloc");
	}
}

/* In a child: what it has from its parent is now on its own ledger too;
 * which thread made it is left open. */
static void
inherit(void)
{
	int i;

	for (i = 0; i < N_MINE; i++)
		say("block %ld %p %zu malloc", (long)getpid(), mine[i], mine_bytes[i]);
}

static void
change(int first, int step, size_t base)
{
	int i;

	for (i = first; i < N_MINE; i += step) {
		v_free(gone(mine[i], mine_bytes[i]));
		mine_bytes[i] = base + (size_t)i;
		mine[i] = keep(v_malloc(mine_bytes[i]), mine_bytes[i], "malloc");
	}
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

static int
do_fork(void)
{
	pid_t pid;

	make_mine(1000);
	pid = fork();
	if (pid == 0) {
		inherit();
		change(0, 2, 3000);
		puts("child");
		exit(4);
	}
	say("child %ld", (long)pid);
	change(1, 2, 5000);
	if (reap(pid) != 4 << 8)
		return 1;
	puts("parent");
	return 0;
}

static int
do_exec(char *self, const char *how)
{
	char *args[] = {self, "leaf", NULL};
	pid_t pid;

	make_mine(1000);
	if (!strcmp(how, "vfork")) {
		pid = vfork();
		if (pid == 0) {
			execv(self, args);
			_exit(127);
		}
	} else if (!strcmp(how, "spawn")) {
		if (posix_spawn(&pid, self, NULL, NULL, args, environ) != 0)
			return 1;
	} else if (!strcmp(how, "fork+exec")) {
		pid = fork();
		if (pid == 0) {
			execv(self, args);
			_exit(127);
		}
	} else {
		char command[4096];

		snprintf(command, sizeof command, "'%s' leaf", self);
		change(1, 2, 5000);
		return system(command) == 6 << 8 ? 0 : 1;
	}
	say("child %ld", (long)pid);
	change(1, 2, 5000);
	return reap(pid) == 6 << 8 ? 0 : 1;
}

static _Atomic int n_sigchld;

static void
on_sigchld(int sig)
{
	(void)sig;
	n_sigchld++;
}

/* wait() must give our own children and nobody else, and SIGCHLD must come for
 * them only, while snapshots are taken. */
static int
do_wait(void)
{
	struct sigaction sa = {.sa_handler = on_sigchld};
	int round, status, strange = 0, snapshots = 0;
	siginfo_t info;
	pid_t pid, got;

	make_mine(1000);
	errno = 0;
	point(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD, "a process starts without children");
	sigaction(SIGCHLD, &sa, NULL);
	for (round = 0; round < 20; round++) {
		snapshots += gcprof_snapshot() == 0;
		errno = 0;
		strange += waitpid(-1, &status, WNOHANG) != -1 || errno != ECHILD;
		errno = 0;
		strange += waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != -1 || errno != ECHILD;
		pid = fork();
		if (pid == 0) {
			v_free(v_malloc(100));
			_exit(round);
		}
		snapshots += gcprof_snapshot() == 0;
		do
			got = wait(&status);
		while (got < 0 && errno == EINTR);
		strange += got != pid || status != round << 8;
	}
	point(strange == 0, "wait and waitid see the program's own children only");
	point(n_sigchld == 20, "SIGCHLD comes once per child of the program's (%d of 20)", n_sigchld);
	say("snapshots %d", snapshots);
	return 0;
}

static _Atomic bool stop;

static void *
hammer(void *arg)
{
	void *blocks[64] = {NULL};
	uint32_t state = (uint32_t)(uintptr_t)arg;

	while (!stop) {
		uint32_t i = rnd(&state) % 64;

		v_free(blocks[i]);
		blocks[i] = v_malloc(rnd(&state) % 5000);
	}
	for (int i = 0; i < 64; i++)
		v_free(blocks[i]);
	return NULL;
}

/* Fork again and again while other threads are inside the allocator. */
static int
do_threaded(int n, bool by_exit)
{
	pthread_t threads[3];
	int i, bad = 0;

	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, hammer, (void *)(uintptr_t)(i + 7));
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			uint32_t state = (uint32_t)i;
			void *blocks[50];
			int j;

			for (j = 0; j < 50; j++)
				blocks[j] = v_malloc(rnd(&state) % 3000);
			for (j = 0; j < 50; j++)
				v_free(blocks[j]);
			if (by_exit)
				exit(i & 63);
			_exit(i & 63);
		}
		bad += pid < 0 || reap(pid) != (i & 63) << 8;
	}
	stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	point(bad == 0, "%d forks of a program with three busy threads end as they should", n);
	return 0;
}

/* The usual way to become a daemon.  What holds the pipe of our output open
 * would make x=$(forks daemon) wait for the daemon's end. */
static int
do_daemon(void)
{
	int null;
	pid_t pid;

	puts("started");
	fflush(stdout);
	v_malloc(100);
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	setsid();
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	close(null);
	v_malloc(1000);
	say("daemon %ld", (long)getpid());
	for (;;) {
		v_free(v_malloc(200));
		pause();
	}
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(how, "leaf")) {
		say("leaf %ld", (long)getpid());
		make_mine(7000);
		puts("leaf");
		return 6;
	}
	if (!strcmp(how, "fork"))
		return do_fork();
	if (!strcmp(how, "wait"))
		return do_wait();
	if (!strcmp(how, "threaded"))
		return do_threaded(n, false);
	if (!strcmp(how, "threaded-exit"))
		return do_threaded(n, true);
	if (!strcmp(how, "daemon"))
		return do_daemon();
	if (!strcmp(how, "exec")) {
		char *args[] = {argv[0], "leaf", NULL};

		make_mine(1000);
		execv(argv[0], args);
		return 127;
	}
	return do_exec(argv[0], how);
}
