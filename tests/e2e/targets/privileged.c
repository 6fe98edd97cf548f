/* privileged.c -- what a program that runs with more rights than its user's may be made to do.
 *
 *     privileged             works, asks for all that gcprof.h offers, and says what it finds
 *     privileged exec FILE   works, then becomes FILE
 *     privileged sudo FILE   takes its owner's rights for good, as sudo does, then becomes FILE
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static void *volatile kept[20000];

/* Over several epochs and looks of a watch. */
static void
work(void)
{
	const struct timespec pause = {0, 2000000};
	int i, round;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < 20000; i++) {
			free(kept[i]);
			kept[i] = malloc(10 + (size_t)(i % 100));
			memset(kept[i], 1, 10);
		}
		(void)nanosleep(&pause, NULL);
	}
}

static int
n_handlers(void)
{
	struct sigaction act;
	int number, n = 0;

	for (number = 1; number < NSIG; number++)
		n += sigaction(number, NULL, &act) == 0 && act.sa_handler != SIG_DFL &&
		     act.sa_handler != SIG_IGN;
	return n;
}

static int
n_variables(void)
{
	char **v;
	int n = 0;

	for (v = environ; *v; v++)
		n += strncmp(*v, "GCPROF_", 7) == 0;
	return n;
}

int
main(int argc, char **argv)
{
	int child, status = 0;

	work();
	if (argc > 2) {
		if (strcmp(argv[1], "sudo") == 0 && (setgid(getegid()) || setuid(geteuid())))
			return 1;
		execl(argv[2], argv[2], (char *)NULL);
		return 127;
	}
	printf("secure %lu\n", getauxval(AT_SECURE));
	printf("preloaded %d\n", gcprof_mark_ref_ != NULL);
	printf("calls %d %d\n", gcprof_snapshot(), gcprof_leak_check());
	printf("handlers %d\n", n_handlers());
	printf("variables %d\n", n_variables());
	printf("kept %s\n", getenv("KEPT"));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		free(malloc(100));
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return 1;
	if (argc > 1)
		raise(atoi(argv[1]));
	return 7;
}
