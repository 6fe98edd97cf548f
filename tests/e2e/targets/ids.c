/* ids.c -- gives up rights, in each way that the C library has.
 *
 *     ids STEP...    prints, for each step, how it went, on stdout, and "after STEP" on stderr
 *
 * A step is a function's name, =, its arguments; or fork:STEP, which a child does, vfork:STEP.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
call(const char *name, const unsigned *id)
{
	if (strcmp(name, "setuid") == 0)
		return setuid(id[0]);
	if (strcmp(name, "seteuid") == 0)
		return seteuid(id[0]);
	if (strcmp(name, "setreuid") == 0)
		return setreuid(id[0], id[1]);
	if (strcmp(name, "setresuid") == 0)
		return setresuid(id[0], id[1], id[2]);
	if (strcmp(name, "setgid") == 0)
		return setgid(id[0]);
	if (strcmp(name, "setegid") == 0)
		return setegid(id[0]);
	if (strcmp(name, "setregid") == 0)
		return setregid(id[0], id[1]);
	if (strcmp(name, "setresgid") == 0)
		return setresgid(id[0], id[1], id[2]);
	exit(99);
}

static void
step(const char *text)
{
	char name[16] = "";
	unsigned id[3] = {0};
	int result;

	if (sscanf(text, "%15[a-z]=%u,%u,%u", name, &id[0], &id[1], &id[2]) < 2)
		exit(99);
	errno = 77;
	result = call(name, id);
	dprintf(1, "%s %d %d\n", text, result, errno);
	dprintf(2, "after %s\n", text);
}

int
main(int argc, char **argv)
{
	int i;
	pid_t child;

	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], "fork:", 5) == 0) {
			child = fork();
			if (child == 0) {
				step(argv[i] + 5);
				_exit(0);
			}
			(void)waitpid(child, NULL, 0);
		} else if (strncmp(argv[i], "vfork:", 6) == 0) {
			child = vfork();
			if (child == 0) {
				(void)setuid(65534);
				_exit(0);
			}
			(void)waitpid(child, NULL, 0);
			dprintf(2, "after %s\n", argv[i]);
		} else {
			step(argv[i]);
		}
	}
	return 3;
}
