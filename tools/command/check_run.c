/* check_run.c -- the program of `gcprof check`, run to its end.
 *
 * In:   a command.
 * Out:  its effects, untouched; snapshots in a directory of our own.
 * Not here: starting a program (launch.c), waiting for it (child.c).
 *
 * The program writes its snapshots into a directory of our own, under names
 * that tell process and number.  So there is no doubt about whose they are, and
 * those that are to be kept get their names afterwards.
 *
 * SIGNAL  From before the directory is made until after it is removed, the
 * signals that people send to a program are blocked (child.h): there is no moment at
 * which one of them leaves the directory behind.
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

#include "command/census.h"
#include "util/complain.h"

#define ABORT_AT "1000" /* wrong frees */

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

/* In the child. */
static int
become_program(const void *with)
{
	const struct check *c = with;

	(void)setenv("GCPROF_SNAPSHOT", "exit,fatal", 1);
	(void)setenv("GCPROF_ABORT", ABORT_AT, 0); /* one that loops would not end */
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (c->given[i])
			(void)setenv(setting_variables[i], c->given[i], 1);
	set_output(c->dir);
	census_hand_on();
	return launch(c->command, c->library);
}

int
check_run_program(struct check *c, pid_t *ret_pid, int *ret_wait_status)
{
	return child_run(&c->signals, become_program, c, ret_pid, ret_wait_status);
}
