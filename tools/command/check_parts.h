/* check_parts.h -- what the parts of `gcprof check` share.
 *
 * check.c            the order of the work
 * check_options.c    the command line
 * check_run.c        signals, the directory of snapshots, the program
 * check_snapshots.c  which snapshots there are, and who still runs
 * check_analyze.c    gcprof-analyze is run on them
 * check_verdict.c    what is printed of it, and the exit status
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CHECK_PARTS_H
#define GCPROF_CHECK_PARTS_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "command/launch.h"
#include "command/words.h"

enum { ANALYZER_FINDINGS = 1, ANALYZER_FAILED = 2 };

#define SNAPSHOT_NAME "%e.%p.%n.heap"

struct check {
	char **command;
	const char *given[N_SETTINGS]; /* options of the library; NULL: not given */
	struct words options;          /* of the analyzer */
	struct words once;             /* those for one call of it, on all snapshots */
	struct words formats;          /* FORMAT[:FILE]; one is without file */
	const char *report;            /* -o: that one's file; NULL: standard error */
	const char *fail_on;
	const char *output; /* pattern of the snapshots that are kept, or NULL */
	int findings_status;
	bool may_be_missing; /* a command without a snapshot is no failure */
	char analyzer[PATH_MAX];
	char library[PATH_MAX];
	char outer[PATH_MAX], dir[PATH_MAX]; /* what is removed; where snapshots go */
	sigset_t watched, program_mask;
	struct sigaction program_sigchld, program_sigpipe;
};

struct snapshot {
	char *path;
	char *program;
	pid_t pid;
	unsigned long number;
};

struct snapshots {
	struct snapshot *list;
	size_t n;
	size_t n_cut_short; /* files that were not written to their end */
	size_t n_unread;    /* left out, as the analyzer does not take them */
	pid_t first;        /* the command's own process */
};

/* ---- check_options.c ---- */

/* Returns  0, or one of check.h that are negative. */
int check_parse(struct check *c, int argc, char **argv);

/* What --snapshot says, or NULL. */
const char *check_given_snapshot(const struct check *c);

/* ---- check_run.c ---- */

/* Block the signals that are passed on; in a child, undo it. */
void check_watch_signals(struct check *c);
void check_unwatch_signals(const struct check *c);

/* Wait for a child, and pass on to it what others send us.  Returns its status
 * as wait has it. */
int check_wait(const struct check *c, pid_t pid);

/* A status of wait as a shell has it. */
int check_exit_status(int status);

/* Returns  0, or EXIT_NOT_RUN after a complaint. */
int check_make_directory(struct check *c);
void check_remove_directory(const struct check *c);

/* Run the program to its end.
 * Returns  0 and its number and status; otherwise what to exit with, as it did not run. */
int check_run_program(const struct check *c, pid_t *ret_pid, int *ret_wait_status);

/* ---- check_snapshots.c ---- */

/* All there are, those of the command's own process first. */
void check_find_snapshots(struct snapshots *s, const char *dir);

/* Rename it by a pattern as GCPROF_OUTPUT has it. */
void check_keep_snapshot(struct snapshot *x, const char *pattern);

/* Of each program in each process leave the last one, which knows the most. */
void check_drop_earlier(struct snapshots *s);

void check_free_snapshots(struct snapshots *s);

/* Wait for who writes a snapshot after its program's end. */
void check_wait_for_sleepers(const char *dir);

/* Name the processes whose snapshots are still to come. */
void check_warn_running(const char *dir);

/* ---- check_analyze.c ---- */

/* Before the program runs, for hours maybe: is there an analyzer, and does it
 * take these options?  It reads them in order, and --help ends that.
 * Returns  0, or what to exit with. */
int check_try_analyzer(struct check *c);

/* Report all snapshots; those that cannot be read are taken out of s.
 * Returns  the worst status of gcprof-analyze; ANALYZER_FAILED after a complaint. */
int check_analyze(const struct check *c, struct snapshots *s);

/* ---- check_verdict.c ---- */

/* Why the command itself left no snapshot. */
void check_warn_missing(const struct check *c, const struct snapshots *s, int wait_status);

/* Name who of those that the command started left none.  Returns whether there are any. */
bool check_warn_lost(const struct snapshots *s);

void check_print_result(const struct check *c, const struct snapshots *s, int result,
			int status, bool fails);

#endif
