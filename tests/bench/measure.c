/* measure.c -- run a command; wall time, processor time and peak memory in one line.
 *
 *     measure FILE [NAME=VALUE...] COMMAND...
 *
 * appends "WALL-NS CPU-NS PEAK-KIB STATUS" to FILE, the status as wait(2) gives it.
 * The variables are set in the command's environment only: no other program is
 * started, or preloaded into, on the way.  Processor time is of all processes waited
 * for, peak memory the largest resident set of any of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
cpu_ns(const struct rusage *usage)
{
	return ((uint64_t)usage->ru_utime.tv_sec + (uint64_t)usage->ru_stime.tv_sec) *
		       1000000000u +
	       ((uint64_t)usage->ru_utime.tv_usec + (uint64_t)usage->ru_stime.tv_usec) *
		       1000u;
}

/* In the child: does not return. */
static void
run(char **argv)
{
	for (; *argv != NULL && strchr(*argv, '=') != NULL; argv++)
		if (putenv(*argv) != 0)
			_exit(126);
	if (*argv != NULL) {
		execvp(*argv, argv);
		perror(*argv);
	}
	_exit(127);
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	uint64_t start, wall;
	FILE *out;
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	start = now_ns();
	pid = fork();
	if (pid == 0)
		run(argv + 2);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	wall = now_ns() - start;
	out = fopen(argv[1], "a");
	if (out == NULL)
		return 1;
	fprintf(out, "%" PRIu64 " %" PRIu64 " %ld %d\n", wall, cpu_ns(&usage),
		usage.ru_maxrss, status);
	return fclose(out) != 0;
}
