/* pager.c -- see pager.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/complain.h"
#include "util/terminal.h"
#include "util/vec.h"

extern char **environ;

enum state {
	HOLDING, /* not a screen full yet */
	PAGING,
	DIRECT, /* to the terminal: it is short, or there is no pager */
	LEFT,
};

static struct {
	enum state state;
	enum pager_when when;
	void (*before_showing)(void);
	char *text; /* all of it */
	size_t n, n_allocated;
	size_t columns, rows;  /* of the screen */
	size_t column, n_rows; /* of the text so far, wrapped as a terminal does */
	bool in_sequence;
	volatile pid_t pid;
	int saved_out, saved_err; /* -1 = not replaced */
} pager;

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { N_SIGNALS = sizeof(signals) / sizeof(*signals) };

bool
pager_is_on(void)
{
	return pager.state == PAGING;
}

bool
pager_was_left(void)
{
	return pager.state == LEFT;
}

/* ---- the pager's process ---- */

static const char *
command(void)
{
	const char *c = getenv("GCPROF_PAGER");

	if (!c)
		c = getenv("PAGER");
	if (!c)
		c = "less";
	return *c && strcmp(c, "cat") != 0 ? c : NULL;
}

/* A plain name needs no shell, and its absence is known at once. */
static int
spawn(const char *c, int in, pid_t *ret_pid)
{
	char shell[] = "sh", option[] = "-c", *word = strdup(c);
	char *with_shell[] = {shell, option, word, NULL}, *alone[] = {word, NULL};
	bool is_plain = strcspn(c, "|&;<>()$`\\\"' \t\n*?[#~=%") == strlen(c);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t broken_pipe;
	int error;

	if (!word)
		return ENOMEM;
	/* less colours as they are, nothing left on the screen but the text; the least
	 * that suits, if the user has not said what does. */
	(void)setenv("LESS", "FRX", 0);
	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawnp(ret_pid, is_plain ? word : shell, &actions, &attributes,
			     is_plain ? alone : with_shell, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(word);
	return error;
}

/* SIGNAL  The pager has the terminal and goes on after Ctrl-C; a shell that saw us end
 * would take the keyboard from it.  It gets the end of its input, we wait. */
static void
wait_and_die(int number)
{
	close(STDOUT_FILENO);
	if (pager.saved_err >= 0)
		close(STDERR_FILENO);
	while (pager.pid > 0 && waitpid(pager.pid, NULL, 0) < 0 && errno == EINTR)
		;
	signal(number, SIG_DFL);
	raise(number);
}

static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = wait_and_die}, old;

	for (int i = 0; i < N_SIGNALS; i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static void
let_signals(void)
{
	struct sigaction old;

	for (int i = 0; i < N_SIGNALS; i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == wait_and_die)
			signal(signals[i], SIG_DFL);
}

static int
replace(int fd, int by)
{
	int saved = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (saved >= 0)
		(void)dup2(by, fd);
	return saved;
}

static int
restore(int fd, int saved)
{
	if (saved >= 0) {
		(void)dup2(saved, fd);
		close(saved);
	}
	return -1;
}

static bool
start(void)
{
	const char *c = command();
	pid_t pid;
	int ends[2], error;

	if (!c || pipe2(ends, O_CLOEXEC) != 0)
		return false;
	error = spawn(c, ends[0], &pid);
	close(ends[0]);
	if (error) {
		close(ends[1]);
		complain("cannot run pager '%s': %s", c, strerror(error));
		return false;
	}
	pager.pid = pid;
	catch_signals();
	pager.saved_out = replace(STDOUT_FILENO, ends[1]);
	pager.saved_err = isatty(STDERR_FILENO) ? replace(STDERR_FILENO, ends[1]) : -1;
	close(ends[1]);
	return true;
}

/* Give it the end of the text, and wait until it has been read.
 *
 * Returns  false if the shell could not run it: nobody has seen the text.
 */
static bool
finish(void)
{
	int status = 0;

	fflush(stderr);
	pager.saved_out = restore(STDOUT_FILENO, pager.saved_out);
	pager.saved_err = restore(STDERR_FILENO, pager.saved_err);
	while (waitpid(pager.pid, &status, 0) < 0 && errno == EINTR)
		;
	pager.pid = 0;
	let_signals();
	return !WIFEXITED(status) ||
	       (WEXITSTATUS(status) != 126 && WEXITSTATUS(status) != 127);
}

/* ---- the stream ---- */

/* All of it; false with errno set. */
static bool
put(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, text, n);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			text += done;
			n -= (size_t)done;
		}
	}
	return true;
}

/* Show directly what has been held back. */
static bool
show(void)
{
	pager.state = DIRECT;
	return put(pager.text, pager.n);
}

/* To the pager, unless it has ended. */
static bool
feed(const char *text, size_t n)
{
	if (put(text, n))
		return true;
	if (errno == EPIPE && !finish())
		return show();
	if (pager.pid == 0)
		pager.state = LEFT;
	return false;
}

static void
count_rows(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			pager.n_rows++;
			pager.column = 0;
		} else if (text[i] == '\033') {
			pager.in_sequence = true;
		} else if (pager.in_sequence) {
			pager.in_sequence = text[i] != 'm';
		} else if ((text[i] & 0xc0) != 0x80 && ++pager.column > pager.columns) {
			pager.n_rows++;
			pager.column = 1;
		}
	}
}

static bool
keep(const char *text, size_t n)
{
	if (VEC_RESERVE(pager.text, pager.n_allocated, pager.n + n))
		return false;
	memcpy(pager.text + pager.n, text, n);
	pager.n += n;
	return true;
}

/* The prompt of the shell takes the last row. */
static bool
write_held(void)
{
	if (pager.when != PAGER_ALWAYS && pager.n_rows < pager.rows)
		return true;
	if (pager.before_showing)
		pager.before_showing();
	if (!start())
		return show();
	pager.state = PAGING;
	return feed(pager.text, pager.n);
}

static ssize_t
stream_write(void *cookie, const char *text, size_t n)
{
	bool ok;

	(void)cookie;
	if (pager.state == LEFT) {
		errno = EPIPE;
		return 0;
	}
	if (pager.state != DIRECT && !keep(text, n))
		return 0;
	switch (pager.state) {
	case HOLDING:
		count_rows(text, n);
		ok = write_held();
		break;
	case PAGING:
		ok = feed(text, n);
		break;
	default:
		ok = put(text, n);
	}
	return ok ? (ssize_t)n : 0;
}

static int
stream_close(void *cookie)
{
	bool ok = true;

	(void)cookie;
	if (pager.state == HOLDING) {
		if (pager.before_showing)
			pager.before_showing();
		ok = show();
	} else if (pager.state == PAGING) {
		pager.state = DIRECT;
		if (!finish())
			ok = show();
	}
	free(pager.text);
	pager.text = NULL;
	return ok ? 0 : -1;
}

FILE *
pager_open(enum pager_when when, void (*before_showing)(void))
{
	static const cookie_io_functions_t functions = {.write = stream_write,
							.close = stream_close};
	bool is_wanted = when == PAGER_ALWAYS
				 ? isatty(STDOUT_FILENO)
				 : when == PAGER_AUTO && terminal_is_capable();
	FILE *f = is_wanted && command() ? fopencookie(NULL, "w", functions) : NULL;

	if (!f)
		return stdout;
	pager.state = HOLDING;
	pager.when = when;
	pager.before_showing = before_showing;
	pager.saved_out = pager.saved_err = -1;
	terminal_size(&pager.columns, &pager.rows);
	return f;
}
