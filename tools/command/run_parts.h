/* run_parts.h -- what the parts of `gcprof run` share.
 *
 * run.c          the order of the work
 * run_summary.c  what is said at the end
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RUN_PARTS_H
#define GCPROF_RUN_PARTS_H

#include <stdint.h>
#include <sys/types.h>

#include "command/child.h"
#include "command/words.h"

/* A process, and the snapshots that it wrote. */
struct run_process {
	pid_t pid;
	uint64_t live_bytes, peak_bytes; /* of the last one; the most of all */
	char program[32];
	struct words files; /* as seen from the working directory; empty: not known */
};

/* Say what was written, as the census has it, and how to read it; or why nothing was.
 *
 * pid, wait_status  of the program, which has ended. */
void run_summary(const struct child_signals *s, pid_t pid, int wait_status);

#endif
