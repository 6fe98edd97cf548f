/* run_parts.h -- what the parts of `gcprof run` share.
 *
 * run.c          the order of the work
 * run_summary.c  what is said at the end
 * run_report.c   the report, if it is wanted at once
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RUN_PARTS_H
#define GCPROF_RUN_PARTS_H

#include <stdbool.h>
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

/* ---- run_summary.c ---- */

/* Say what was written, as the census has it, and how to read it; or why nothing was.
 *
 * pid, wait_status  of the program, which has ended.
 * ret_files         what is best read first, for words_clear(); empty if there is nothing. */
void run_summary(const struct child_signals *s, pid_t pid, int wait_status,
		 struct words *ret_files);

/* ---- run_report.c ---- */

/* What gcprof-analyze says of these files, on standard error. */
void run_print_report(struct child_signals *s, const struct words *files);
/* As a page, and a browser for it, or the page's name if there is none. */
void run_open_page(struct child_signals *s, const struct words *files);

/* Start gcprof-analyze; words are its command line.
 *
 * to       a descriptor for its standard output.
 * is_mute  without its complaints.
 * Returns  its number, or -1 after a complaint. */
pid_t run_start_analyzer(const struct child_signals *s, const struct words *words, int to,
			 bool is_mute);

#endif
