/* run_report.c -- `gcprof run` reads what its program wrote.
 *
 * In:   snapshots of one process; $BROWSER, or xdg-open where there is a display.
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

/* Become one of the browsers of a list as $BROWSER has it: commands, separated by colons, in
 * which %s is the address, or it is behind them.  Returns if none of them can be run. */
static void
become_browser(const char *list, const char *page)
{
	while (*list) {
		size_t n = strcspn(list, ":");
		char *command = words_text("%.*s", (int)n, list), *rest = command, *word;
		struct words w = {0};
		bool has_page = false;

		while ((word = strsep(&rest, " ")) != NULL) {
			bool is_page = strcmp(word, "%s") == 0;

			has_page |= is_page;
			if (*word)
				words_add(&w, words_text("%s", is_page ? page : word));
		}
		if (!has_page)
			words_add(&w, words_text("%s", page));
		if (w.n > 1)
			(void)execvp(w.list[0], w.list);
		words_clear(&w);
		free(command);
		list += n + (list[n] == ':');
	}
}

/* Without a display xdg-open would take over the terminal. */
static const char *
browsers(void)
{
	const char *given = getenv("BROWSER");
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	if (given && *given)
		return given;
	return (x && *x) || (wayland && *wayland) ? "xdg-open" : NULL;
}

/* A browser outlives us, and is no business of this terminal's.  Returns whether it was
 * started. */
static bool
start_browser(const struct child_signals *s, const char *list, const char *page)
{
	int ends[2], status;
	char failed;
	ssize_t n = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0 && fork() == 0) {
		int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

		child_unwatch(s);
		(void)setsid();
		(void)dup2(nowhere, STDIN_FILENO);
		(void)dup2(nowhere, STDOUT_FILENO);
		(void)dup2(nowhere, STDERR_FILENO);
		become_browser(list, page);
		(void)!write(ends[1], "", 1);
	}
	if (pid == 0)
		_exit(0);
	(void)close(ends[1]);
	if (pid > 0) {
		(void)waitpid(pid, &status, 0);
		/* exec closes it. */
		do
			n = read(ends[0], &failed, 1);
		while (n < 0 && errno == EINTR);
	}
	(void)close(ends[0]);
	return n == 0;
}

void
run_open_page(struct child_signals *s, const struct words *files)
{
	const char *last = files->list[files->n - 1], *list = browsers();
	char *page = words_text("%s.html", last);
	char *option = words_text("--format=html:%s", page);
	char absolute[PATH_MAX];

	if (analyze(s, option, files) && realpath(page, absolute)) {
		if (!list)
			complain("the page is %s; no browser is known: set BROWSER, or "
				 "open it by hand",
				 page);
		else if (!start_browser(s, list, absolute))
			complain("the page is %s; cannot run '%s'", page, list);
		else
			complain("the page is %s", page);
	}
	free(option);
	free(page);
}
