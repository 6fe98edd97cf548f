/* check_verdict.c -- what `gcprof check` prints of the snapshots and their analysis.
 *
 * In:   snapshots, the status of gcprof-analyze.
 * Out:  lines on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "command/census.h"
#include "command/check.h"
#include "util/complain.h"

void
check_warn_missing(const struct check *c, const struct snapshots *s, int status)
{
	const char *what = s->n ? "the command left no snapshot, only its children did"
				: "no snapshot, nothing was checked";
	const char *when = check_given_snapshot(c);

	if (s->n_cut_short)
		complain("%s: it was incomplete, its writer was killed", what);
	else if (WIFSIGNALED(status))
		complain("%s: the program was killed by signal %d (%s)", what,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (when && !launch_wants(when, "exit"))
		complain("%s: --snapshot=%s does not include 'exit'", what, when);
	else
		complain("%s: it bypassed exit(), could not write, or executed a "
			 "static or set-user-ID program",
			 what);
}

struct lost {
	const struct snapshots *s;
	unsigned n;
	pid_t pid; /* of one of them */
	char program[32];
};

static void
note_lost(pid_t pid, const char *program, void *with)
{
	struct lost *l = with;

	if (pid == l->s->first) /* said apart */
		return;
	for (size_t i = 0; i < l->s->n; i++)
		if (l->s->list[i].pid == pid)
			return;
	if (l->n++ == 0) {
		l->pid = pid;
		(void)snprintf(l->program, sizeof(l->program), "%s", program);
	}
}

size_t
check_warn_lost(const struct snapshots *s)
{
	struct lost l = {.s = s};

	census_each(note_lost, &l);
	if (l.n == 1)
		complain("process %d (%s) left no snapshot, and was not checked",
			 (int)l.pid, l.program);
	else if (l.n)
		complain("%u processes, %d (%s) among them, left no snapshot, and "
			 "were not checked",
			 l.n, (int)l.pid, l.program);
	if (census_unlisted())
		complain("too many processes: %u more were not watched for snapshots",
			 census_unlisted());
	return l.n;
}

static const char *const levels[] = {"error", "warning", "note"};

/* How many of these fail; 0 with --fail-on=never. */
static size_t
n_failing_levels(const struct check *c)
{
	for (size_t i = 0; i < 3; i++)
		if (strcmp(c->fail_on, levels[i]) == 0)
			return i + 1;
	return 0;
}

/* "2 warnings, 5 notes (--all)": what is there besides, and fails nothing. */
static void
put_others(const struct check *c, const struct counts *found, const char *separator,
	   FILE *f)
{
	const unsigned long n[] = {found->errors, found->warnings, found->notes};
	size_t first = n_failing_levels(c);
	bool is_shown = first == 0 || c->shows_all, is_any = false;

	for (size_t i = first; i < 3; i++)
		if (n[i]) {
			fprintf(f, "%s%lu %s%s", separator, n[i], levels[i],
				n[i] == 1 ? "" : "s");
			separator = ", ";
			is_any = true;
		}
	if (is_any && !is_shown)
		fputs(" (--all)", f);
	if (found->known)
		fprintf(f, "%s%lu known", is_any ? "; " : separator, found->known);
}

/* "2 findings of level error, the first in PROGRAM at FILE:LINE"; without what is not known. */
static void
put_failing(const struct check *c, const struct counts *found, bool are_any, FILE *f)
{
	const unsigned long list[] = {found->errors, found->warnings, found->notes};
	unsigned long n = 0;

	for (size_t i = 0; i < n_failing_levels(c); i++)
		n += list[i];
	if (are_any && n)
		fprintf(f, "%lu finding%s", n, n == 1 ? "" : "s");
	else
		fputs(are_any ? "findings" : "no findings", f);
	fprintf(f, " of level %s%s", c->fail_on,
		n_failing_levels(c) == 1 ? "" : " or above");
	if (are_any && *found->first)
		fprintf(f, ", %sin %s", n == 1 ? "" : "the first ", found->first);
}

static void
put_result(const struct check *c, const struct counts *found, int result, int status,
	   bool fails, FILE *f)
{
	bool can_fail = n_failing_levels(c) != 0;

	if (can_fail) {
		fputs(": ", f);
		put_failing(c, found, result != 0, f);
	}
	put_others(c, found, can_fail ? "; " : ": ", f);
	if (result && can_fail && status)
		fprintf(f, "; the program's own exit status is %d", status);
	else if (result && can_fail)
		fprintf(f, "; exit status %d", c->findings_status);
	else if (fails && !status)
		fprintf(f, "; exit status %d (see --allow-missing)", CHECK_MISSING);
}

void
check_print_result(const struct check *c, const struct snapshots *s,
		   const struct counts *found, int result, int status, bool fails)
{
	size_t n = check_n_processes(s), n_said;
	const char *es = n == 1 ? "" : "es";
	char *said = NULL;
	FILE *f;

	if (result >= ANALYZER_FAILED) {
		complain("the analysis of %zu process%s %s", n, es,
			 result == ANALYZER_FAILED ? "failed" : "was interrupted");
		return;
	}
	f = words_need(open_memstream(&said, &n_said));
	put_result(c, found, result, status, fails, f);
	if (fclose(f) != 0)
		words_need(NULL);
	complain("%zu process%s checked%s", n, es, said);
	free(said);
}
