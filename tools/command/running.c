/* running.c -- see running.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/running.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "command/words.h"
#include "sleeper.h"

/* Is there one, at the start of a text that ends in a NUL? */
static bool
is_among(const char *texts, size_t bytes, const char *mark)
{
	size_t n = strlen(mark);

	for (const char *at = texts, *end = texts + bytes; (size_t)(end - at) >= n;) {
		if (memcmp(at, mark, n) == 0)
			return true;
		at = memchr(at, '\0', (size_t)(end - at));
		if (!at++)
			break;
	}
	return false;
}

/* In large pieces, as this is asked of every process of the machine. */
static bool
has_mark(const char *pid, const char *mark)
{
	static char *environment;
	static size_t room;
	char name[64];
	size_t n = 0;
	ssize_t more;
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/environ", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	do {
		if (n == room) {
			room = room ? 2 * room : 64 << 10;
			environment = words_need(realloc(environment, room));
		}
		more = read(fd, environment + n, room - n);
		n += more > 0 ? (size_t)more : 0;
	} while (more > 0);
	(void)close(fd);
	return is_among(environment, n, mark);
}

/* What the kernel calls a process, and its parent; false if it is gone. */
static bool
read_stat(const char *pid, struct running_one *ret, long *ret_parent)
{
	char name[64], line[512], *begin, *end;
	bool is_read = false;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/stat", pid);
	f = fopen(name, "re");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f) && (begin = strchr(line, '(')) != NULL &&
	    (end = strrchr(line, ')')) != NULL && strlen(end) > 4) {
		*end = '\0';
		ret->pid = (pid_t)strtol(pid, NULL, 10);
		(void)snprintf(ret->program, sizeof(ret->program), "%s", begin + 1);
		*ret_parent = strtol(end + 4, NULL, 10);
		is_read = true;
	}
	(void)fclose(f);
	return is_read;
}

/* Of the process that writes a Go program's snapshot, which has its memory and so its
 * environment: who made it, or now takes care of it; 0 if it is none. */
static long
sleeper_parent(const char *pid)
{
	struct running_one one;
	long parent;

	return read_stat(pid, &one, &parent) && strcmp(one.program, SLEEPER_NAME) == 0
		       ? parent
		       : 0;
}

/* Whether such a process still writes: its program is gone.  ret_is_any: somebody has the mark,
 * whoever it is. */
static bool
is_written(const char *mark, bool *ret_is_any)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool found = false;

	*ret_is_any = false;

	while (d && !found && (e = readdir(d)) != NULL) {
		char parent[32];
		long number;

		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !has_mark(e->d_name, mark))
			continue;
		*ret_is_any = true;
		number = sleeper_parent(e->d_name);
		(void)snprintf(parent, sizeof(parent), "%ld", number);
		found = number != 0 && !has_mark(parent, mark);
	}
	if (d)
		(void)closedir(d);
	return found;
}

/* Such a process is nobody's child that could be waited for. */
bool
running_wait_for_sleepers(const char *mark)
{
	const struct timespec nap = {.tv_nsec = 5000000};
	bool is_any;

	while (is_written(mark, &is_any))
		(void)nanosleep(&nap, NULL);
	return is_any;
}

unsigned
running_count(const char *mark, struct running_one *ret)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	unsigned n = 0;
	long parent;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    strtol(e->d_name, NULL, 10) != getpid() && has_mark(e->d_name, mark) &&
		    !sleeper_parent(e->d_name) && read_stat(e->d_name, ret, &parent))
			n++;
	if (d)
		(void)closedir(d);
	return n;
}
