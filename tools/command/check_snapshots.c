/* check_snapshots.c -- which snapshots a program left, and who still runs.
 *
 * In:   the directory of snapshots; /proc.
 * Out:  struct snapshots; warnings.
 *
 * BOUND  What still runs when the command has ended is not waited for: it is
 * named, and is not in the report.  But for the process that writes a Go program's
 * snapshot after its end.  Processes that have ended and left no snapshot are named too, as
 * far as they could enter themselves in the census (lib/census.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sleeper.h"
#include "util/complain.h"

/* The part of a name behind its last dot, as a number; cuts it off. */
static int
cut_number(char *name, unsigned long *ret)
{
	char *dot = strrchr(name, '.'), *end;

	if (!dot)
		return -1;
	*ret = strtoul(dot + 1, &end, 10);
	if (end == dot + 1 || *end)
		return -1;
	*dot = '\0';
	return 0;
}

static void
add_file(struct snapshots *s, const char *dir, const char *name)
{
	static const char suffix[] = ".heap";
	size_t n = strlen(name), n_suffix = sizeof(suffix) - 1;
	struct snapshot x = {0};
	unsigned long pid;

	if (n <= n_suffix || strcmp(name + n - n_suffix, suffix) != 0) {
		s->n_cut_short += name[0] != '.';
		return;
	}
	x.program = words_need(strndup(name, n - n_suffix));
	if (cut_number(x.program, &x.number) < 0 || cut_number(x.program, &pid) < 0) {
		free(x.program);
		return;
	}
	x.pid = (pid_t)pid;
	x.path = words_text("%s/%s", dir, name);
	s->list = words_need(reallocarray(s->list, s->n + 1, sizeof(*s->list)));
	s->list[s->n++] = x;
}

static int
compare(const void *a, const void *b, void *with)
{
	const struct snapshot *x = a, *y = b;
	pid_t first = *(const pid_t *)with;
	int r = (y->pid == first) - (x->pid == first);

	if (r == 0)
		r = (x->pid > y->pid) - (x->pid < y->pid);
	if (r == 0)
		r = strcmp(x->program, y->program);
	return r ? r : (x->number > y->number) - (x->number < y->number);
}

void
check_find_snapshots(struct snapshots *s, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		add_file(s, dir, e->d_name);
	if (d)
		(void)closedir(d);
	if (s->n)
		qsort_r(s->list, s->n, sizeof(*s->list), compare, &s->first);
}

/* The name that the library would have given it. */
static void
expand(const struct snapshot *x, const char *pattern, FILE *f)
{
	struct stat st = {0};

	for (; *pattern; pattern++) {
		if (*pattern != '%' || !pattern[1]) {
			(void)putc(*pattern, f);
			continue;
		}
		switch (*++pattern) {
		case 'e':
			(void)fputs(x->program, f);
			break;
		case 'p':
			(void)fprintf(f, "%d", (int)x->pid);
			break;
		case 'n':
			(void)fprintf(f, "%lu", x->number);
			break;
		case 't':
			(void)stat(x->path, &st);
			(void)fprintf(f, "%lld", (long long)st.st_mtime);
			break;
		default:
			(void)putc(*pattern, f);
			break;
		}
	}
}

void
check_keep_snapshot(struct snapshot *x, const char *pattern)
{
	char *name = NULL;
	size_t n;
	FILE *f = words_need(open_memstream(&name, &n));

	expand(x, pattern, f);
	if (fclose(f) != 0)
		words_need(NULL);
	if (rename(x->path, name) < 0) {
		complain("cannot keep a snapshot as '%s': %s", name, strerror(errno));
		free(name);
		return;
	}
	free(x->path);
	x->path = name;
}

void
check_drop_earlier(struct snapshots *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct snapshot *x = &s->list[i], *next = x + 1;

		if (i + 1 < s->n && next->pid == x->pid &&
		    strcmp(next->program, x->program) == 0) {
			free(x->path);
			free(x->program);
		} else {
			s->list[n++] = *x;
		}
	}
	s->n = n;
}

void
check_free_snapshots(struct snapshots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].path);
		free(s->list[i].program);
	}
	free(s->list);
}

/* ---- processes that go on ---- */

/* Does a process write its snapshots into dir?  Its environment tells, if we may
 * see it. */
static bool
is_ours(const char *pid, const char *dir)
{
	char name[64], *environment = NULL;
	size_t room = 0, n_dir = strlen(dir);
	bool found = false;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/environ", pid);
	f = fopen(name, "re");
	while (f && !found && getdelim(&environment, &room, '\0', f) > 0)
		found = strncmp(environment, "GCPROF_OUTPUT=", 14) == 0 &&
			strncmp(environment + 14, dir, n_dir) == 0;
	free(environment);
	if (f)
		(void)fclose(f);
	return found;
}

/* Of the process that writes a Go program's snapshot, which has its memory and so its
 * environment (lib/sleeper.h): who made it, or now takes care of it; 0 if it is none. */
static long
sleeper_parent(const char *pid)
{
	char name[64], line[512], *end;
	long parent = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/stat", pid);
	f = fopen(name, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) != NULL &&
	    strlen(end) > 4) {
		*end = '\0';
		if (strchr(line, '(') && strcmp(strchr(line, '(') + 1, SLEEPER_NAME) == 0)
			parent = strtol(end + 4, NULL, 10);
	}
	(void)fclose(f);
	return parent;
}

/* Whether such a process still writes: its program is gone. */
static bool
is_written(const char *dir)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)) != NULL) {
		char parent[32];
		long number;

		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !is_ours(e->d_name, dir))
			continue;
		number = sleeper_parent(e->d_name);
		(void)snprintf(parent, sizeof(parent), "%ld", number);
		found = number != 0 && !is_ours(parent, dir);
	}
	if (d)
		(void)closedir(d);
	return found;
}

/* Such a process is nobody's child that could be waited for. */
void
check_wait_for_sleepers(const char *dir)
{
	const struct timespec nap = {.tv_nsec = 5000000};

	while (is_written(dir))
		(void)nanosleep(&nap, NULL);
}

void
check_warn_running(const char *dir)
{
	DIR *d = opendir("/proc");
	unsigned long n = 0;
	char one[32] = "";
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    is_ours(e->d_name, dir) && !sleeper_parent(e->d_name)) {
			(void)snprintf(one, sizeof(one), "%.20s", e->d_name);
			n++;
		}
	if (d)
		(void)closedir(d);
	if (n == 1)
		complain("process %s is still running, and was not checked", one);
	else if (n)
		complain("%lu processes, %s among them, are still running, and were "
			 "not checked",
			 n, one);
}
