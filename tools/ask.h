/* ask.h -- ask a running process for a snapshot, and wait for it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ASK_H
#define GCPROF_ASK_H

#include <limits.h>
#include <sys/types.h>

/* What to use instead of what the process was started with; NULL: that. */
struct ask_options {
	const char *signal;  /* as GCPROF_SIGNAL */
	const char *output;  /* as GCPROF_OUTPUT */
	unsigned timeout_ms;
};

/* Everything that may go wrong ends in one sentence for the user. */
struct ask_error {
	char text[512 + PATH_MAX];
};

/* Ask process `pid` for a snapshot.
 *
 * ret_name  room for PATH_MAX bytes: an absolute name under which the caller
 *           can open the new file; untouched on failure.
 * ret_err   set on failure only.
 * Returns   0 or -1.
 * Cost      waits until the file is there, the process ends, or the timeout.
 */
int ask_snapshot(pid_t pid, const struct ask_options *o, char *ret_name, struct ask_error *ret_err);

/* Find the page through which process `pid` can be looked at (live_page.h).
 *
 * may_signal  ask for one by signal where there is none; else it is waited for.
 * ret_page    room for PATH_MAX bytes: its name, through /proc; untouched on failure.
 * ret_err     set on failure only.
 * Returns     0; 1 if it was asked for, and a first look with it; or -1.
 * Cost        waits until it is there, the process ends, or the timeout.
 */
int ask_live(pid_t pid, const struct ask_options *o, int may_signal, char *ret_page,
	     struct ask_error *ret_err);

/* Ask a process that has a page for a look, by signal; does not wait.  Returns and
 * ret_err as above. */
int ask_look(pid_t pid, const struct ask_options *o, struct ask_error *ret_err);

/* Does `name` fit a snapshot template whose %e and %p are expanded already
 * and whose %n and %t stand for any number? */
int ask_name_matches(const char *name, const char *pattern);

/* Number of a signal by name ("USR2", "SIGUSR2", "RTMIN+3") or number; -1. */
int ask_signal_number(const char *name);

#endif
