/* child.h -- a program that this one runs, and waits for.
 *
 * In:   what becomes the program; signals that others send.
 * Out:  the program with its signals, as if it stood in our place; how it ended.
 * Not here: its environment (launch.h).
 *
 * The program is in our process group, and in front of the terminal if we are.
 *
 * SIGNALS  From child_watch until the end they are blocked, and taken one by one while we wait.
 * One that a process sent to us alone is passed on to whichever program we wait for.  What the
 * terminal sends, or who sends to the group (kill %1, timeout), reaches the program
 * without us, and is not sent twice.  To know which it was, there is a sentinel: a
 * child in the same group that does nothing but notice signals.  The kernel sends a
 * signal to a group while it holds the lock on which setpgid(2) waits; so once we have
 * ours, and have called that, the sentinel has its own.
 *
 * When the program is stopped from the terminal, so are we: a shell that waits for us
 * sees it.
 *
 * BOUND  SIGSTOP to us alone stops nobody but us.  If we are killed, the program is
 * (PR_SET_PDEATHSIG), unless its file gave it other rights.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CHILD_H
#define GCPROF_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child_signals {
	sigset_t watched, program_mask;
	struct sigaction program_sigchld, program_sigpipe;
	bool has_jobs;  /* stops are followed, and the program's descriptors left to it */
	int kept;       /* has_jobs: the one that is needed until the end, or -1 */
	pid_t sentinel; /* 0: none */
	int answers;    /* it writes there what it has seen */
	uint64_t by_group; /* signals that it has told of, and we have not had, by bit */
};

/* Block the signals that are passed on: those that people send to a program, or all that can be
 * meant for it.  In a child, undo it. */
void child_watch(struct child_signals *s, bool is_all);
void child_unwatch(const struct child_signals *s);
/* No more program: the sentinel ends. */
void child_end_watch(struct child_signals *s);

/* Wait for a child, and pass on to it what others send us.  Returns its status as wait has
 * it. */
int child_wait(struct child_signals *s, pid_t pid);

/* Run a program to its end.
 *
 * become   in the child: becomes the program, or returns the status to exit with, after having
 *          said why not.
 * Returns  0 and its number and status; otherwise what to exit with, as it did not run. */
int child_run(struct child_signals *s, int (*become)(const void *with), const void *with,
	      pid_t *ret_pid, int *ret_wait_status);

/* A status of wait as a shell has it. */
int child_exit_status(int status);

/* End as it did: by the same signal, or with its exit status, which is returned. */
int child_end_like(int status);

#endif
