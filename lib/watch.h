/* watch.h -- alarms about the heap while the program runs.
 *
 * In:   the rules of GCPROF_WATCH; the clock; how much is live in all.
 * Out:  when to check; in a child, the check, which gcprof-analyze takes.
 * Not here: the child itself, and its file (monitor.c); what the rules mean
 *       (watch_rules.h); names, lines and actions (tools/detect/alarms.c).
 *
 * A check costs the program a fork, and nothing where no rule can have anything to
 * say: while all blocks together are within its limit.  The child writes a brief
 * snapshot and starts the analyzer as a child of its own.  It does not become the
 * analyzer: a process that calls execve sends its parent SIGCHLD at its end, and the
 * program's wait() would see it.
 *
 * INVARIANT  one-check: the state of the rules is in a page that the program and the
 * child share; the child writes it, and the program only while there is none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WATCH_H
#define GCPROF_WATCH_H

#include "base.h"
#include "epochs.h"

/* Read the rules; complain of those that are no use.  Context: after options_parse
 * and sys_log_init. */
void watch_init(void);
/* In the child: nothing has been raised here; or there are no more watches. */
void watch_after_fork(bool is_follow);

/* When to ask watch_is_wanted again; UINT64_MAX without watches. */
uint64_t watch_next_ns(void);
/* Whether a check is due.  sum as in epochs_tick.  Context: no check is under way. */
bool watch_is_wanted(uint64_t now_ns, void (*sum)(struct epochs_counts *ret));
/* Whether a rule may want to keep the snapshot. */
bool watch_may_keep(void);
/* Whether the last check has kept it.  Context: as above. */
bool watch_has_kept(void);

struct watch_check {
	const char *file; /* the brief snapshot; gone afterwards */
	const char *keep; /* its name if it is kept; NULL: it cannot be */
	const char *analyzer;
	char *const *environment; /* for the analyzer */
};
/* In the child, whose descriptors but 2 are closed. */
void watch_check(const struct watch_check *l);
/* The snapshot could not be written.  Context: as above. */
void watch_failed(const char *file, const char *why);

#endif
