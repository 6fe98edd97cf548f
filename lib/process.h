/* process.h -- who this process is, and what went unrecorded in it.
 *
 * In:   what session.c finds out at the start and after a fork.
 * Out:  identity, for names and heads of snapshots; whether the code that runs now is of
 *       that process; the counters of base.h.
 * Not here: what is measured (figures.h).
 *
 * A child of vfork shares our memory but has a number of its own: nothing that it does is
 * this process's.  A child of fork becomes a process of its own (session.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PROCESS_H
#define GCPROF_PROCESS_H

#include "base.h"

#include <limits.h>

struct process {
	int pid;    /* of the process whose books these are */
	int parent; /* at the start; only if the end is to be seen from the sleeper */
	uint64_t start_ns,
		start_realtime_ns; /* of the program that it is, or was forked from */
	uint64_t run_realtime_ns;  /* what was written since is of this run (earlier.h) */
	char executable[PATH_MAX];
	const char *program; /* what it was executed as, without directories; NULL before the
			      * start */
	const char *suppressions; /* of __lsan_default_suppressions, or NULL */
	bool is_end_taken; /* atomic: the last snapshot is taken, or is not wanted; by whatever
			    * way the process ends, there is one */
	bool is_leak_check_off; /* at the end, as the program wants it */
	bool is_after_end;      /* this is the sleeper, and the process is gone */
};
extern struct process process HIDDEN;

/* Find out `executable` and `program`. */
void process_find_names(void);

/* Whether this is that process, and not a child of vfork.  Context: any. */
bool process_is_own(void);

/* Its number, also in the sleeper when it is gone. */
int process_number(void);

#endif
