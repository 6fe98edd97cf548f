/* running.h -- processes of a run that still go on when its program has ended.
 *
 * In:   /proc; a mark in their environment, "NAME=value" or its beginning.
 * Out:  how many there are; the end of those that write a Go program's snapshot.
 * Not here: processes that have ended (census.h).
 *
 * BOUND  Those whose environment we may not see are not known.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RUNNING_H
#define GCPROF_RUNNING_H

#include <stdbool.h>
#include <sys/types.h>

/* Wait for who writes a snapshot after its program's end (lib/sleeper.h).  Returns whether
 * somebody is left who has the mark. */
bool running_wait_for_sleepers(const char *mark);

struct running_one {
	pid_t pid;
	char program[32]; /* as the kernel calls it */
};

/* Returns how many there are, without ourselves; ret is one of them. */
unsigned running_count(const char *mark, struct running_one *ret);

#endif
