/* check_run.c -- the program of `gcprof check`, run to its end.
 *
 * In:   a command.
 * Out:  its effects, untouched; snapshots in a directory of our own.
 * Not here: starting a program (launch.c).
 *
 * The program writes its snapshots into a directory of our own, under names
 * that tell process and number.  So there is no doubt about whose they are, and
 * those that are to be kept get their names afterwards.
 *
 * SIGNAL  From before the directory is made until after it is removed, the
 * signals that people send to a program are blocked and taken from sigwaitinfo:
 * there is no moment at which one of them leaves the directory behind.  Each is
 * passed on to whichever process we wait for.  What the terminal sends reaches
 * that process without us, and is not sent twice.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/census.h"
#include "util/complain.h"

#define ABORT_AT "1000" /* wrong frees */

/* ---- signals and processes ---- */

void
check_watch_signals(struct check *c)
{
	static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,
					SIGTERM, SIGUSR1, SIGUSR2};
	const struct sigaction usual = {.sa_handler = SIG_DFL},
			       ignored = {.sa_handler = SIG_IGN};

	(void)sigemptyset(&c->watched);
	(void)sigaddset(&c->watched, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&c->watched, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &c->watched, &c->program_mask);
	/* Ignored, it would take the statuses of children with it. */
	(void)sigaction(SIGCHLD, &usual, &c->program_sigchld);
	/* A reader of standard error that has seen enough must not end us. */
	(void)sigaction(SIGPIPE, &ignored, &c->program_sigpipe);
}

void
check_unwatch_signals(const struct check *c)
{
	(void)sigaction(SIGCHLD, &c->program_sigchld, NULL);
	(void)sigaction(SIGPIPE, &c->program_sigpipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &c->program_mask, NULL);
}

int
check_wait(const struct check *c, pid_t pid)
{
	siginfo_t info;
	int status;

	for (;;) {
		int number = sigwaitinfo(&c->watched, &info);

		if (number == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			return status;
		/* Of a process, not of the terminal, which sends to all in front of it. */
		if (number > 0 && number != SIGCHLD && info.si_code <= 0)
			(void)kill(pid, number);
	}
}

int
check_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- the directory ---- */

/* A % in its name is none of ours. */
static void
set_output(const char *dir)
{
	char name[(size_t)2 * PATH_MAX + sizeof(SNAPSHOT_NAME)], *to = name;

	for (; *dir; dir++) {
		if (*dir == '%')
			*to++ = '%';
		*to++ = *dir;
	}
	strcpy(to, "/" SNAPSHOT_NAME);
	(void)setenv("GCPROF_OUTPUT", name, 1);
}

/* Where the directory is made: among the snapshots that are kept, so that these
 * only change their names; else where temporary files go. */
static void
choose_place(const struct check *c, char *ret, size_t bytes)
{
	const char *tmp = getenv("TMPDIR");

	if (c->output) {
		size_t n = strcspn(c->output, "%");

		while (n > 0 && c->output[n - 1] != '/')
			n--;
		(void)snprintf(ret, bytes, "%.*s", n ? (int)n : 1, n ? c->output : ".");
	} else {
		(void)snprintf(ret, bytes, "%s", tmp && *tmp ? tmp : "/tmp");
	}
}

/* A program that root starts may go on as somebody else, who has to be able to
 * write there: into a directory that nobody else can find, since the one around
 * it cannot be listed. */
static int
open_to_others(struct check *c)
{
	if (chmod(c->outer, 0711) < 0)
		return -1;
	if ((size_t)snprintf(c->dir, sizeof(c->dir), "%s/XXXXXX", c->outer) >=
	    sizeof(c->dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (!mkdtemp(c->dir))
		return -1;
	return chmod(c->dir, 01733);
}

int
check_make_directory(struct check *c)
{
	char place[PATH_MAX], absolute[PATH_MAX];

	choose_place(c, place, sizeof(place));
	/* The program may change its working directory. */
	if (!realpath(place, absolute))
		goto failed;
	if ((size_t)snprintf(c->outer, sizeof(c->outer), "%s/%sgcprof-check.XXXXXX",
			     absolute, c->output ? "." : "") >= sizeof(c->outer)) {
		errno = ENAMETOOLONG;
		goto failed;
	}
	if (!mkdtemp(c->outer)) {
		c->outer[0] = '\0';
		goto failed;
	}
	strcpy(c->dir, c->outer);
	if (geteuid() != 0 || open_to_others(c) == 0)
		return 0;
failed:
	complain("cannot make a temporary directory in '%s': %s", place, strerror(errno));
	return EXIT_NOT_RUN;
}

static void
remove_files(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		(void)closedir(d);
}

void
check_remove_directory(const struct check *c)
{
	bool is_double = strcmp(c->dir, c->outer) != 0;
	int tries = 3; /* against what still runs, and writes */

	if (!c->outer[0])
		return;
	do {
		remove_files(c->dir);
		if ((!is_double || rmdir(c->dir) == 0 || errno == ENOENT) &&
		    rmdir(c->outer) == 0)
			return;
	} while (--tries);
	complain("cannot remove '%s': %s", c->outer, strerror(errno));
}

/* ---- the program ---- */

/* In the child: become the program, or say through the pipe why not. */
static void
start_program(const struct check *c, int pipe_end)
{
	int status;

	check_unwatch_signals(c);
	(void)setenv("GCPROF_SNAPSHOT", "exit,fatal", 1);
	(void)setenv("GCPROF_ABORT", ABORT_AT, 0); /* one that loops would not end */
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (c->given[i])
			(void)setenv(setting_variables[i], c->given[i], 1);
	set_output(c->dir);
	census_hand_on();
	status = launch(c->command, c->library);
	if (write(pipe_end, &status, sizeof(status)) < 0)
		status = EXIT_NOT_RUN;
	_exit(status);
}

int
check_run_program(const struct check *c, pid_t *ret_pid, int *ret_wait_status)
{
	int ends[2], not_run, wait_status;
	bool is_running;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			start_program(c, ends[1]);
	}
	if (pid < 0) {
		complain("cannot fork: %s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	(void)close(ends[1]);
	is_running = read(ends[0], &not_run, sizeof(not_run)) <= 0;
	(void)close(ends[0]);
	wait_status = check_wait(c, pid);
	if (!is_running)
		return check_exit_status(wait_status);
	*ret_pid = pid;
	*ret_wait_status = wait_status;
	return 0;
}
