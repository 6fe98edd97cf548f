/* check.c -- run a program, then say what it leaked, by the exit status too.
 *
 * In:   a command; options of the library, and of gcprof-analyze.
 * Out:  the command's effects, untouched; a report on standard error or in
 *       files; an exit status.
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

static int
report(const struct check *c, pid_t pid, int wait_status)
{
	struct snapshots s = {.first = pid};
	int status = check_exit_status(wait_status), result = 0;
	bool is_missing, is_lost, fails;

	check_wait_for_sleepers(c->dir);
	check_warn_running(c->dir);
	check_find_snapshots(&s, c->dir);
	is_missing = s.n == 0 || s.list[0].pid != pid;
	if (is_missing)
		check_warn_missing(c, &s, wait_status);
	else if (WIFSIGNALED(wait_status))
		complain("the program was killed by signal %d (%s); the report shows "
			 "the heap at that moment",
			 WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	is_lost = check_warn_lost(&s);
	for (size_t i = 0; i < s.n && c->output; i++)
		check_keep_snapshot(&s.list[i], c->output);
	check_drop_earlier(&s);
	if (s.n)
		result = check_analyze(c, &s);
	fails = result == 0 && !s.n_unread && (is_missing || is_lost) && !c->may_be_missing;
	if (s.n)
		check_print_result(c, &s, result, status, fails);
	check_free_snapshots(&s);
	if (status)
		return status;
	if (result == ANALYZER_FINDINGS)
		return c->findings_status;
	if (fails)
		return CHECK_MISSING;
	return s.n_unread ? ANALYZER_FAILED : result;
}

static int
run_and_report(const struct check *c)
{
	pid_t pid;
	int wait_status, status = check_run_program(c, &pid, &wait_status);

	return status ? status : report(c, pid, wait_status);
}

int
check(int argc, char **argv)
{
	struct check c = {.fail_on = "error", .findings_status = CHECK_FINDINGS};
	int status = check_parse(&c, argc, argv);

	if (status == 0)
		status = launch_check(c.command[0], c.library);
	if (status == 0) {
		check_watch_signals(&c);
		status = check_try_analyzer(&c);
		if (status == 0)
			status = check_make_directory(&c);
		if (status == 0)
			census_open();
		if (status == 0)
			status = run_and_report(&c);
		check_remove_directory(&c);
	}
	words_clear(&c.options);
	words_clear(&c.once);
	words_clear(&c.formats);
	return status;
}
