/* run_report.c -- `gcprof run` reads what its program wrote.
 *
 * In:   snapshots of one process.
 * Out:  gcprof-analyze's report on standard error, as standard output is the program's; a page
 *       beside the last snapshot, and a browser that is not waited for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/browser.h"
#include "command/launch.h"
#include "util/complain.h"

/* ---- the analyzer ---- */

pid_t
run_start_analyzer(const struct child_signals *s, const struct words *words, int to,
		   bool is_mute)
{
	char analyzer[PATH_MAX];
	pid_t pid;

	if (launch_find_analyzer(analyzer) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		complain("cannot start gcprof-analyze: %s", strerror(errno));
	if (pid == 0) {
		int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

		child_unwatch(s);
		(void)dup2(nowhere, STDIN_FILENO);
		(void)dup2(to, STDOUT_FILENO);
		if (is_mute)
			(void)dup2(nowhere, STDERR_FILENO);
		(void)execv(analyzer, words->list);
		complain("'%s': %s", analyzer, strerror(errno));
		_exit(EXIT_NOT_RUN);
	}
	return pid;
}

/* Returns whether it did what it was asked for; otherwise it, or we, said why not. */
static bool
analyze(struct child_signals *s, const char *option, const struct words *files)
{
	struct words w = {0};
	int status = -1;
	pid_t pid;

	words_add(&w, words_text("gcprof-analyze"));
	words_add(&w, words_text("--no-pager"));
	words_add(&w, words_text("%s", option));
	words_add(&w, words_text("--"));
	words_add_all(&w, files);
	pid = run_start_analyzer(s, &w, STDERR_FILENO, false);
	words_clear(&w);
	if (pid > 0)
		status = child_wait(s, pid);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
run_print_report(struct child_signals *s, const struct words *files)
{
	(void)analyze(s, "--format=text", files);
}

/* ---- the page ---- */

static void
unwatch(const void *signals)
{
	child_unwatch(signals);
}

void
run_open_page(struct child_signals *s, const struct words *files)
{
	const char *last = files->list[files->n - 1], *list = browser_list();
	char *page = words_text("%s.html", last);
	char *option = words_text("--format=html:%s", page);
	char absolute[PATH_MAX];

	if (analyze(s, option, files) && realpath(page, absolute)) {
		if (!list)
			complain("the page is %s; no browser is known: set BROWSER, or "
				 "open it by hand",
				 page);
		else if (!browser_start(list, absolute, unwatch, s))
			complain("the page is %s; cannot run '%s'", page, list);
		else
			complain("the page is %s", page);
	}
	free(option);
	free(page);
}
