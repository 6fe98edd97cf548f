/* check_snapshots.c -- which snapshots a program left, and who still runs.
 *
 * In:   the directory of snapshots; /proc.
 * Out:  struct snapshots; warnings.
 * Not here: who still runs, in /proc (running.c).
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

#include "command/running.h"
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

size_t
check_process_end(const struct snapshots *s, size_t i)
{
	const struct snapshot *first = &s->list[i];

	while (i < s->n && s->list[i].pid == first->pid &&
	       strcmp(s->list[i].program, first->program) == 0)
		i++;
	return i;
}

size_t
check_n_processes(const struct snapshots *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i = check_process_end(s, i))
		n++;
	return n;
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

static char *
mark_of(const char *dir)
{
	return words_text("GCPROF_OUTPUT=%s", dir);
}

void
check_wait_for_others(const char *dir)
{
	char *mark = mark_of(dir);
	struct running_one one;
	unsigned n = running_wait_for_sleepers(mark) ? running_count(mark, &one) : 0;

	free(mark);
	if (n == 1)
		complain("process %d is still running, and was not checked", (int)one.pid);
	else if (n)
		complain("%u processes, %d among them, are still running, and were "
			 "not checked",
			 n, (int)one.pid);
}
