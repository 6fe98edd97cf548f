/* browser.c -- see browser.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/words.h"

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
const char *
browser_list(void)
{
	const char *given = getenv("BROWSER");
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	if (given && *given)
		return given;
	return (x && *x) || (wayland && *wayland) ? "xdg-open" : NULL;
}

bool
browser_start(const char *list, const char *page, void (*prepare)(const void *with),
	      const void *with)
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

		prepare(with);
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
