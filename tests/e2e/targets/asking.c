/* asking.c -- programs that are asked, and what they do with signals.
 *
 *     asking own      handles SIGUSR2
 *     asking later    handles SIGUSR2 and SIGRTMAX-8 from SIGUSR1 on
 *     asking ignores  ignores SIGUSR2
 *     asking blocks   blocks all signals, and takes them by sigwaitinfo in two threads
 *     asking mixed    one thread takes all signals by sigwaitinfo, the main one blocks none
 *     asking title    overwrites its environment
 *     asking left     its main thread has called pthread_exit
 *     asking raw      takes our handler of SIGRTMAX-8 away by a raw system call
 *     asking vfork    has a child of vfork, which sleeps: "child PID"
 *     asking execs N FILE  executes itself N times and on until FILE is there, and allocates
 *                     in between; each after the Nth stays 1 ms longer than the one before it
 *     asking chroot DIRECTORY  is there, without /proc
 *
 * Each says "ready" on descriptor 3, and ends with "calls N" (of handlers, or signals
 * taken) on standard output when it gets SIGTERM.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t n_calls, is_over, is_later;
static void *volatile kept[64];

NOINLINE static void
take_memory(void)
{
	kept[0] = malloc(4321);
	OPAQUE(kept[0]);
}

static void
on_signal(int number)
{
	(void)number;
	n_calls++;
}

static void
on_end(int number)
{
	(void)number;
	is_over = 1;
}

static void
on_later(int number)
{
	(void)number;
	is_later = 1;
}

static void
handle(int number, void (*f)(int))
{
	struct sigaction act = {.sa_handler = f};

	sigaction(number, &act, NULL);
}

/* By the first thread that comes. */
static void
end(void)
{
	static int has_ended;

	if (__atomic_exchange_n(&has_ended, 1, __ATOMIC_RELAXED))
		for (;;)
			pause();
	printf("calls %d\n", (int)n_calls);
	exit(0);
}

static void *
take_signals(void *with)
{
	sigset_t all;
	siginfo_t info;

	(void)with;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	while (!is_over) {
		int number = sigwaitinfo(&all, &info);

		if (number == SIGTERM)
			is_over = 1;
		else if (number > 0 && info.si_code == SI_QUEUE) /* a cut's is not queued */
			n_calls++;
	}
	end();
	return NULL;
}

static void
start_thread(void *(*f)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, f, NULL) != 0)
		_exit(96);
}

static void
overwrite_environment(void)
{
	extern char **environ;
	char **v;

	for (v = environ; *v; v++)
		memset(*v, 'x', strlen(*v));
	environ[0] = NULL;
}

static void *
last_thread(void *with)
{
	(void)with;
	while (!is_over)
		usleep(1000);
	end();
	return NULL;
}

/* As the kernel has it: handler, flags, restorer, mask. */
static void
default_by_kernel(int number)
{
	unsigned long act[4] = {0};

	if (syscall(SYS_rt_sigaction, number, act, NULL, 8) != 0)
		_exit(95);
}

static void
wait_in_child(void)
{
	pid_t child = vfork();

	if (child == 0) {
		char line[32] = "child ";
		int n = getpid(), i = 6, digits = 1;

		for (; n / digits > 9; digits *= 10)
			;
		for (; digits; digits /= 10)
			line[i++] = (char)('0' + n / digits % 10);
		line[i++] = '\n';
		(void)!write(TRUTH_FD, line, (size_t)i);
		for (;;)
			usleep(1000000);
	}
	waitpid(child, NULL, 0);
}

/* LEFT: below 0, how many have run after the last that had to. */
static void
execute_again(const char *self, int left, const char *until)
{
	char number[16];

	for (int i = 0; i < 64; i++)
		kept[i] = malloc(1000);
	if (left <= 0) {
		if (access(until, F_OK) == 0)
			return;
		usleep((useconds_t)(1 - left) * 1000);
	}
	snprintf(number, sizeof number, "%d", left - 1);
	execl(self, self, "execs", number, until, (char *)NULL);
	_exit(94);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	bool is_execs = strcmp(mode, "execs") == 0;

	if (is_execs)
		execute_again("/proc/self/exe", atoi(argv[2]), argv[3]);
	handle(SIGTERM, on_end);
	handle(SIGUSR1, on_later);
	take_memory();
	if (strcmp(mode, "own") == 0)
		handle(SIGUSR2, on_signal);
	else if (strcmp(mode, "ignores") == 0)
		handle(SIGUSR2, SIG_IGN);
	else if (strcmp(mode, "title") == 0)
		overwrite_environment();
	else if (strcmp(mode, "raw") == 0)
		default_by_kernel(SIGRTMAX - 8);
	else if (strcmp(mode, "chroot") == 0 && (chroot(argv[2]) != 0 || chdir("/") != 0))
		_exit(93);
	if (strcmp(mode, "mixed") == 0)
		start_thread(take_signals);
	if (strcmp(mode, "blocks") == 0) {
		sigset_t all;

		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, NULL);
		start_thread(take_signals);
		say("ready");
		take_signals(NULL);
	}
	if (strcmp(mode, "left") == 0) {
		start_thread(last_thread);
		say("ready");
		pthread_exit(NULL);
	}
	if (strcmp(mode, "vfork") == 0)
		wait_in_child();
	say("ready");
	while (!is_over) {
		usleep(1000);
		if (is_later == 1 && strcmp(mode, "later") == 0) {
			handle(SIGUSR2, on_signal);
			handle(SIGRTMAX - 8, on_signal);
			is_later = 2;
			say("later");
		}
	}
	end();
}
