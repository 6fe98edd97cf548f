/* check.c -- run a program, then say what it leaked, by the exit status too.
 *
 * In:   a command; options of the library, and of gcprof-analyze.
 * Out:  the command's effects, untouched; a report on standard error or in
 *       files; an exit status.  Or a line over all checks of a suite.
 * Not here: what a leak is (gcprof-analyze, which is run), starting a program
 *       (launch.c).
 *
 * Its parts: check_parts.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check.h"

#include <string.h>
#include <sys/wait.h>

#include "command/census.h"
#include "command/check_parts.h"
#include "util/complain.h"

static enum summary_result
summary_result(const struct snapshots *s, int result, bool fails)
{
	if (result == ANALYZER_FINDINGS)
		return SUMMARY_FINDINGS;
	if (result || s->n_unread)
		return SUMMARY_FAILED;
	return fails ? SUMMARY_UNCHECKED : SUMMARY_PASSED;
}

/* status: the program's own. */
static int
report_status(const struct check *c, enum summary_result what, int result, int status)
{
	if (status)
		return status;
	switch (what) {
	case SUMMARY_FINDINGS:
		return c->findings_status;
	case SUMMARY_UNCHECKED:
		return CHECK_MISSING;
	case SUMMARY_FAILED:
		return result ? result : ANALYZER_FAILED;
	default:
		return 0;
	}
}

static int
report(struct check *c, pid_t pid, int wait_status)
{
	struct snapshots s = {.first = pid};
	struct summary x = {0};
	int status = child_exit_status(wait_status), result = 0;
	bool is_there, is_missing, fails;
	size_t n_lost;

	check_wait_for_others(c->dir);
	check_find_snapshots(&s, c->dir);
	is_there = s.n && s.list[0].pid == pid;
	is_missing = !is_there && !census_command_is_passed();
	if (is_missing)
		check_warn_missing(c, &s, wait_status);
	else if (is_there && WIFSIGNALED(wait_status))
		complain("the program was killed by signal %d (%s); the report shows "
			 "the heap at that moment",
			 WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	n_lost = check_warn_lost(&s);
	if (s.n == 0 && !is_missing && n_lost == 0)
		check_programs_say_none();
	for (size_t i = 0; i < s.n && c->output; i++)
		check_keep_snapshot(&s.list[i], c->output);
	if (s.n)
		result = check_analyze(c, &s, &x.found);
	fails = result == 0 && !s.n_unread && (is_missing || n_lost) && !c->may_be_missing;
	if (s.n)
		check_print_result(c, &s, &x.found, result, status, fails);
	x.result = summary_result(&s, result, fails);
	x.status = report_status(c, x.result, result, status);
	x.n_processes = result < ANALYZER_FAILED ? check_n_processes(&s) : 0;
	x.n_unchecked = is_missing + n_lost + s.n_unread;
	check_write_summary(c, &x);
	check_free_snapshots(&s);
	return x.status;
}

static int
run_and_report(struct check *c)
{
	pid_t pid;
	int wait_status, status = check_run_program(c, &pid, &wait_status);

	if (status == 0)
		return report(c, pid, wait_status);
	check_write_summary(c,
			    &(struct summary){.result = SUMMARY_FAILED, .status = status});
	return status;
}

static int
run_command(struct check *c)
{
	int status = launch_check(c->command[0], c->library);

	if (status)
		return status;
	child_watch(&c->signals, false);
	status = check_try_analyzer(c);
	if (status == 0)
		status = check_make_directory(c);
	if (status == 0)
		status = check_open_summary(c);
	if (status == 0) {
		(void)census_open();
		check_programs_choose(c);
		status = run_and_report(c);
	}
	check_remove_directory(c);
	child_end_watch(&c->signals);
	return status;
}

int
check(int argc, char **argv)
{
	struct check c = {.fail_on = "error", .findings_status = CHECK_FINDINGS};
	int status = check_parse(&c, argc, argv);

	if (status == 0)
		status = c.sum_of ? check_sum_up(c.sum_of) : run_command(&c);
	words_clear(&c.options);
	words_clear(&c.once);
	words_clear(&c.formats);
	words_clear(&c.programs);
	return status;
}
