/* check_summary.c -- what each `gcprof check` of a suite has found, in files; a line over all.
 *
 * In:   --summary-to: the verdict of a check.  --summary: a directory of such files.
 * Out:  a file for each check: lines of NAME=VALUE (gcprof(1), SUMMARY FILES).  A line on
 *       standard output, an exit status.
 *
 * The file is there before the program runs, without a result: a check that is killed is no
 * check that passed.  It gets its contents at once, under its name, and is only read when
 * the suite has ended.
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
#include <unistd.h>

#include "command/check.h"
#include "util/complain.h"

#define SUFFIX ".check"

static const char *const results[] = {
	[SUMMARY_PASSED] = "passed",
	[SUMMARY_FINDINGS] = "findings",
	[SUMMARY_UNCHECKED] = "unchecked",
	[SUMMARY_FAILED] = "failed",
};

enum { N_RESULTS = sizeof(results) / sizeof(*results) };

/* ---- one check ---- */

int
check_open_summary(struct check *c)
{
	int fd = -1;

	if (!c->summary_to)
		return 0;
	if ((mkdir(c->summary_to, 0777) == 0 || errno == EEXIST) &&
	    (size_t)snprintf(c->summary, sizeof(c->summary), "%s/XXXXXX" SUFFIX,
			     c->summary_to) < sizeof(c->summary))
		fd = mkstemps(c->summary, sizeof(SUFFIX) - 1);
	if (fd < 0) {
		complain("--summary-to: cannot write into '%s': %s", c->summary_to,
			 strerror(errno));
		c->summary[0] = '\0';
		return EXIT_NOT_RUN;
	}
	(void)fchmod(fd, 0644); /* counts only: for whoever sums them up */
	(void)close(fd);
	return 0;
}

/* A word may have a line end in it. */
static void
put_command(char **words, FILE *f)
{
	(void)fputs("command=", f);
	for (; *words; words++) {
		for (const unsigned char *at = (unsigned char *)*words; *at; at++)
			(void)putc(*at < ' ' || *at == 0x7f ? '?' : *at, f);
		if (words[1])
			(void)putc(' ', f);
	}
	(void)putc('\n', f);
}

void
check_write_summary(const struct check *c, const struct summary *x)
{
	FILE *f;

	if (!c->summary[0])
		return;
	f = fopen(c->summary, "we");
	if (f) {
		put_command(c->command, f);
		(void)fprintf(f,
			      "status=%d\nprocesses=%lu\nunchecked=%lu\nerrors=%lu\n"
			      "warnings=%lu\nnotes=%lu\nknown=%lu\nresult=%s\n",
			      x->status, x->n_processes, x->n_unchecked, x->found.errors,
			      x->found.warnings, x->found.notes, x->found.known,
			      results[x->result]);
	}
	if (!f || fclose(f) != 0)
		complain("cannot write '%s': %s", c->summary, strerror(errno));
}

/* ---- all of them ---- */

struct total {
	size_t n_checks, n_unended, n_results[N_RESULTS];
	struct summary sum;
};

static void
take_line(struct total *t, const char *name, const char *value)
{
	const struct {
		const char *name;
		unsigned long *to;
	} numbers[] = {
		{"errors", &t->sum.found.errors},   {"warnings", &t->sum.found.warnings},
		{"notes", &t->sum.found.notes},     {"known", &t->sum.found.known},
		{"processes", &t->sum.n_processes}, {"unchecked", &t->sum.n_unchecked},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strcmp(name, numbers[i].name) == 0)
			*numbers[i].to += strtoul(value, NULL, 10);
}

/* Which result it is, or N_RESULTS. */
static size_t
result_of(const char *value)
{
	size_t i = 0;

	while (i < N_RESULTS && strcmp(value, results[i]) != 0)
		i++;
	return i;
}

/* A file that cannot be read, or has no result, is one of a check that did not end. */
static void
take_file(struct total *t, const char *dir, const char *file)
{
	char *path = words_text("%s/%s", dir, file), *line = NULL;
	FILE *f = fopen(path, "re");
	size_t result = N_RESULTS, n_line = 0;

	while (f && getline(&line, &n_line, f) > 0) {
		char *value = strchr(line, '=');

		line[strcspn(line, "\n")] = '\0';
		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "result") == 0)
			result = result_of(value);
		else
			take_line(t, line, value);
	}
	if (f)
		(void)fclose(f);
	free(line);
	free(path);
	t->n_checks++;
	if (result < N_RESULTS)
		t->n_results[result]++;
	else
		t->n_unended++;
}

static int
take_directory(struct total *t, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d) {
		complain("--summary: cannot read '%s': %s", dir, strerror(errno));
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name), n_suffix = sizeof(SUFFIX) - 1;

		if (n > n_suffix && strcmp(e->d_name + n - n_suffix, SUFFIX) == 0)
			take_file(t, dir, e->d_name);
	}
	(void)closedir(d);
	return 0;
}

static int
total_status(const struct total *t)
{
	if (t->n_results[SUMMARY_FINDINGS])
		return CHECK_FINDINGS;
	if (t->n_results[SUMMARY_FAILED])
		return ANALYZER_FAILED;
	return t->sum.n_processes == 0 || t->n_unended || t->n_results[SUMMARY_UNCHECKED]
		       ? CHECK_MISSING
		       : 0;
}

/* "; 3 WHAT" */
static void
put_count(unsigned long n, const char *what, const char *ending)
{
	if (n)
		(void)printf("; %lu %s%s", n, what, n == 1 ? "" : ending);
}

static void
print_total(const struct total *t, int status)
{
	const struct counts *found = &t->sum.found;

	(void)printf("%zu check%s, %lu process%s checked", t->n_checks,
		     t->n_checks == 1 ? "" : "s", t->sum.n_processes,
		     t->sum.n_processes == 1 ? "" : "es");
	put_count(found->errors, "error", "s");
	put_count(found->warnings, "warning", "s");
	put_count(found->notes, "note", "s");
	put_count(found->known, "known", "");
	put_count(t->sum.n_unchecked, "not checked", "");
	put_count(t->n_results[SUMMARY_FINDINGS], "with findings that fail", "");
	put_count(t->n_results[SUMMARY_UNCHECKED], "failed for a missing snapshot", "");
	put_count(t->n_results[SUMMARY_FAILED], "could not be analyzed", "");
	put_count(t->n_unended, "did not end", "");
	if (status)
		(void)printf("; exit status %d", status);
	(void)putchar('\n');
}

int
check_sum_up(const char *dir)
{
	struct total t = {0};
	int status;

	if (take_directory(&t, dir) < 0)
		return CHECK_MISSING;
	status = total_status(&t);
	print_total(&t, status);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	complain("write error: %s", strerror(errno));
	return ANALYZER_FAILED;
}
