/* execs.c -- replaces itself over and over, each time some moments after its start.
 *
 *     execs WHO N [ROUND]
 *
 * WHO    main     the only thread calls the exec functions in turn
 *        asked    main does, while another thread asks for snapshots by SIGUSR2
 *        other    a thread that is not the main one does, the main thread asks
 *        both     two threads at once, and a third asks
 *        raw      main by syscall(2) alone, while another thread asks
 *        failed   main, and each time some that fail come first
 *        handler  main, in a signal handler
 *        child    a child of fork, with the interval's thread of its own; main waits
 *        spawn    main starts itself by vfork, posix_spawn, system and popen, and waits
 * With much in the arguments, so that the kernel takes a while.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char big[120000], number[16], *args[20], self[4096];
static int n, is_raw;

static void
spin_us(long us)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do {
		free(malloc(100));
		clock_gettime(CLOCK_MONOTONIC, &b);
	} while ((b.tv_sec - a.tv_sec) * 1000000L + (b.tv_nsec - a.tv_nsec) / 1000 < us);
}

/* Each way in turn. */
static int
replace(void)
{
	switch (is_raw ? 9 + n % 2 : n % 11) {
	case 0:
		return execve(self, args, environ);
	case 1:
		return execv(self, args);
	case 2:
		return execvp(self, args);
	case 3:
		return execvpe(self, args, environ);
	case 4:
		return execl(self, args[0], args[1], args[2], big, big, big, big, NULL);
	case 5:
		return execlp(self, args[0], args[1], args[2], big, big, big, big, NULL);
	case 6:
		return execle(self, args[0], args[1], args[2], big, big, big, big, NULL, environ);
	case 7:
		return execveat(AT_FDCWD, self, args, environ, 0);
	case 9:
		return (int)syscall(SYS_execve, self, args, environ);
	case 10:
		return (int)syscall(SYS_execveat, AT_FDCWD, self, args, environ, 0);
	default:
		return fexecve(open(self, O_RDONLY | O_CLOEXEC), args, environ);
	}
}

static void *
ask(void *with)
{
	(void)with;
	for (;;) {
		pthread_kill(pthread_self(), SIGUSR2);
		free(malloc(10));
		usleep(300);
	}
	return NULL;
}

static void *
call(void *with)
{
	(void)with;
	spin_us(500 + n * 997L % 6000);
	replace();
	_exit(99);
}

static void
on_signal(int signal)
{
	(void)signal;
	replace();
	_exit(98);
}

static void
fail(void)
{
	int error;

	errno = 0;
	error = execl("/nonexistent", "x", NULL) == -1 ? errno : 0;
	if (error != ENOENT || execv("/", args) != -1 || errno != EACCES)
		_exit(97);
	errno = 0;
	if (syscall(SYS_execve, "/nonexistent", args, environ) != -1 || errno != ENOENT ||
	    syscall(SYS_execveat, -1, "x", args, environ, 0) != -1 || errno != EBADF)
		_exit(93);
}

static void
spawn(void)
{
	char line[5000];
	pid_t child = -1;
	int status = -1;
	FILE *f;

	snprintf(line, sizeof line, "exec '%s' done 0", self);
	switch (n % 4) {
	case 0:
		child = vfork();
		if (child == 0) {
			execl(self, self, "done", "0", NULL);
			_exit(96);
		}
		break;
	case 1:
		args[1] = "done";
		args[2] = "0";
		if (posix_spawn(&child, self, NULL, NULL, args, environ) != 0)
			_exit(95);
		break;
	case 2:
		status = system(line);
		break;
	default:
		f = popen(line, "r");
		status = pclose(f);
		break;
	}
	if (child > 0)
		while (waitpid(child, &status, 0) < 0)
			;
	if (status != 0)
		_exit(94);
}

int
main(int argc, char **argv)
{
	const char *who = argv[1];
	pthread_t t;
	int i, status;

	if (argc < 3)
		return 2;
	n = atoi(argv[2]);
	if (n == 0) {
		if (strcmp(who, "done") != 0)
			puts("got to the end");
		return 0;
	}
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		return 3;
	memset(big, 'x', sizeof big - 1);
	sprintf(number, "%d", n - 1);
	args[0] = argv[0];
	args[1] = argv[1];
	args[2] = number;
	for (i = 3; i < 14; i++)
		args[i] = big;
	if (strcmp(who, "spawn") == 0) {
		for (; n > 0; n--) {
			spin_us(500 + n * 997L % 6000);
			spawn();
		}
		puts("got to the end");
		return 0;
	}
	if (strcmp(who, "child") == 0) {
		pid_t child = fork();

		if (child == 0)
			call(NULL);
		while (waitpid(child, &status, 0) < 0)
			;
		return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
	}
	is_raw = strcmp(who, "raw") == 0;
	if (strcmp(who, "asked") == 0 || strcmp(who, "both") == 0 || is_raw)
		pthread_create(&t, NULL, ask, NULL);
	if (strcmp(who, "other") == 0 || strcmp(who, "both") == 0)
		pthread_create(&t, NULL, call, NULL);
	if (strcmp(who, "other") == 0)
		ask(NULL);
	if (strcmp(who, "failed") == 0)
		for (i = 0; i < 20; i++)
			fail();
	if (strcmp(who, "handler") == 0) {
		struct sigaction act = {.sa_handler = on_signal};

		sigaction(SIGUSR1, &act, NULL);
		spin_us(500 + n * 997L % 6000);
		/* The mask goes along: it must not be blocked in the next one. */
		act.sa_flags = SA_NODEFER;
		sigaction(SIGUSR1, &act, NULL);
		raise(SIGUSR1);
	}
	call(NULL);
	return 99;
}
