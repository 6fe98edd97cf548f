/* check_verdict.c -- what `gcprof check` prints of the snapshots and their analysis.
 *
 * In:   snapshots, the status of gcprof-analyze.
 * Out:  lines on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "command/census.h"
#include "command/check.h"
#include "util/complain.h"

/* Whether a list of GCPROF_SNAPSHOT asks for a snapshot at the end. */
static bool
wants_exit(const char *list)
{
	static const char word[] = "exit";
	size_t n = sizeof(word) - 1;

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ',') && (at[n] == ',' || !at[n]))
			return true;
	return false;
}

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
	else if (when && !wants_exit(when))
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

bool
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
	return l.n > 0;
}

void
check_print_result(const struct check *c, const struct snapshots *s, int result,
		   int status, bool fails)
{
	const char *above = strcmp(c->fail_on, "error") == 0 ? "" : " or above";
	char processes[64], why[64] = "";

	if (fails && !status)
		(void)snprintf(why, sizeof(why), "; exit status %d (see --allow-missing)",
			       CHECK_MISSING);

	(void)snprintf(processes, sizeof(processes), "%zu process%s", s->n,
		       s->n == 1 ? "" : "es");
	if (result == ANALYZER_FAILED)
		complain("the analysis of %s failed", processes);
	else if (result > ANALYZER_FAILED)
		complain("the analysis of %s was interrupted", processes);
	else if (strcmp(c->fail_on, "never") == 0)
		complain("%s checked%s", processes, why);
	else if (result == 0)
		complain("%s checked: no findings of level %s%s%s", processes, c->fail_on,
			 above, why);
	else if (status)
		complain("%s checked: findings of level %s%s; the program's own exit "
			 "status is %d",
			 processes, c->fail_on, above, status);
	else
		complain("%s checked: findings of level %s%s; exit status %d", processes,
			 c->fail_on, above, c->findings_status);
}
