/* check_parts.h -- what the parts of `gcprof check` share.
 *
 * check.c            the order of the work
 * check_options.c    the command line
 * check_programs.c   which programs are judged
 * check_run.c        the directory of snapshots, the program
 * check_snapshots.c  which snapshots there are, and who still runs
 * check_analyze.c    gcprof-analyze is run on them
 * check_verdict.c    what is printed of it, and the exit status
 * check_summary.c    the same in a file for each check, and the sum of such files
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CHECK_PARTS_H
#define GCPROF_CHECK_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "command/child.h"
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
	const char *output;     /* pattern of the snapshots that are kept, or NULL */
	const char *summary_to; /* the directory for the file of this check, or NULL */
	const char *sum_of;     /* the directory to sum up, and nothing is run; or NULL */
	struct words programs; /* patterns: those that are judged though they are the system's */
	int findings_status;
	bool shows_all;      /* findings of every level, not only those that fail */
	bool judges_all;     /* the system's programs as well */
	bool may_be_missing; /* a command without a snapshot is no failure */
	char analyzer[PATH_MAX];
	char library[PATH_MAX];
	char outer[PATH_MAX], dir[PATH_MAX]; /* what is removed; where snapshots go */
	char summary[PATH_MAX];              /* the file in summary_to; empty: none */
	struct child_signals signals;
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

/* What was found in all of them; nothing, if the analyzer did not say. */
struct counts {
	unsigned long errors, warnings, notes, known;
	char first[256]; /* "program at file:line" of one that fails; maybe empty */
};

enum summary_result {
	SUMMARY_PASSED,
	SUMMARY_FINDINGS,  /* at least one that fails */
	SUMMARY_UNCHECKED, /* a process left nothing to judge by */
	SUMMARY_FAILED,    /* the analysis, or the program could not be run */
};

/* A check, as others are told of it. */
struct summary {
	enum summary_result result;
	int status;                /* of `gcprof check` */
	unsigned long n_processes; /* that were judged */
	unsigned long n_unchecked; /* that should have been */
	struct counts found;
};

/* ---- check_options.c ---- */

/* Returns  0, one of check.h that are negative, or what to exit with after a complaint. */
int check_parse(struct check *c, int argc, char **argv);

/* What --snapshot says, or NULL. */
const char *check_given_snapshot(const struct check *c);

/* ---- check_programs.c ---- */

/* Take a pattern.  Returns 0, or what to exit with after a complaint: there is no room. */
int check_programs_add(struct check *c, const char *glob);

/* Tell the library; after census_open().  BOUND  Without a table all programs are judged. */
void check_programs_choose(const struct check *c);

/* No program was judged, as all were the system's. */
void check_programs_say_none(void);

/* ---- check_run.c ---- */

/* Returns  0, or EXIT_NOT_RUN after a complaint. */
int check_make_directory(struct check *c);
void check_remove_directory(const struct check *c);

/* Run the program to its end.
 * Returns  0 and its number and status; otherwise what to exit with, as it did not run. */
int check_run_program(struct check *c, pid_t *ret_pid, int *ret_wait_status);

/* ---- check_snapshots.c ---- */

/* All there are, those of the command's own process first. */
void check_find_snapshots(struct snapshots *s, const char *dir);

/* Rename it by a pattern as GCPROF_OUTPUT has it. */
void check_keep_snapshot(struct snapshot *x, const char *pattern);

/* A program's snapshots in a process stand side by side, in order: where those end that begin
 * at i.  gcprof-analyze makes one report of them. */
size_t check_process_end(const struct snapshots *s, size_t i);
size_t check_n_processes(const struct snapshots *s);

void check_free_snapshots(struct snapshots *s);

/* Wait for who writes a snapshot after its program's end, and name the processes whose
 * snapshots are still to come. */
void check_wait_for_others(const char *dir);

/* ---- check_analyze.c ---- */

/* Before the program runs, for hours maybe: is there an analyzer, and does it
 * take these options?  It reads them in order, and --help ends that.  Without options, which
 * nearly all checks of a suite are, it is not tried.
 * Returns  0, or what to exit with. */
int check_try_analyzer(struct check *c);

/* Report all snapshots; those that cannot be read are taken out of s.
 * Returns  the worst status of gcprof-analyze; ANALYZER_FAILED after a complaint. */
int check_analyze(struct check *c, struct snapshots *s, struct counts *ret_found);

/* ---- check_verdict.c ---- */

/* Why the command itself left no snapshot. */
void check_warn_missing(const struct check *c, const struct snapshots *s, int wait_status);

/* Name who of those that the command started left none.  Returns how many there are. */
size_t check_warn_lost(const struct snapshots *s);

/* The last line. */
void check_print_result(const struct check *c, const struct snapshots *s,
			const struct counts *found, int result, int status, bool fails);

/* ---- check_summary.c ---- */

/* Before the program runs: make the file that is to tell of it.
 * Returns  0, or EXIT_NOT_RUN after a complaint. */
int check_open_summary(struct check *c);
void check_write_summary(const struct check *c, const struct summary *x);

/* A line over all checks that wrote into dir.  Returns what to exit with. */
int check_sum_up(const char *dir);

#endif
