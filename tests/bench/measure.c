/* measure.c -- run a command; wall time and peak memory in one line.
 *
 *     measure FILE COMMAND...      appends "WALL-NS PEAK-KIB STATUS" to FILE
 *
 * Peak memory is the largest resident set of any process waited for.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

int
main(int argc, char **argv)
{
	struct rusage usage;
	uint64_t start;
	FILE *out;
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	start = now_ns();
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	out = fopen(argv[1], "a");
	if (out == NULL)
		return 1;
	fprintf(out, "%" PRIu64 " %ld %d\n", now_ns() - start, usage.ru_maxrss, status);
	return fclose(out) != 0;
}
