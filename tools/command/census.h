/* census.h -- the processes of a run: who has left nothing, and what others wrote.
 *
 * In:   what the library enters in the table of lib/census.h.
 * Out:  each process that is still there; each snapshot that was noted.
 * Not here: which of them have left a snapshot nevertheless (check.c), what is said about
 *       them (run_summary.c, check_verdict.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TOOLS_CENSUS_H
#define GCPROF_TOOLS_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct census; /* lib/census.h */

/* Make a table.  Without one, nothing is known of other processes, and no process is
 * called.  Returns its descriptor, which is to stay open, or -1. */
int census_open(void);
/* Small wrappers are to leave nothing. */
void census_spare_wrappers(void);
/* Those that left nothing for that; ret: the first one's name, or untouched. */
unsigned census_n_spared(char *ret, size_t bytes);
/* For who sets what is to be passed over; NULL without one. */
struct census *census_table(void);
/* Is what ran last in the command's own process, or still does, passed over? */
bool census_command_is_passed(void);
/* Programs that were passed over; ret: the first one's name, or untouched. */
unsigned census_n_passed(char *ret, size_t bytes);
/* How often gcprof itself was. */
unsigned census_n_within(void);
/* In the child that becomes the program. */
void census_hand_on(void);
/* Snapshots that are being written. */
unsigned census_n_writing(void);
/* Those that have ended. */
void census_each(void (*f)(pid_t pid, const char *program, void *with), void *with);
/* What processes of the run have in their environment, "GCPROF_RUN=..."; for free(3), NULL: no
 * table. */
char *census_mark(void);

struct census_snapshot {
	pid_t pid;
	unsigned number;
	uint64_t live_bytes, peak_bytes;
	char program[32];
	const char *file; /* empty: not known */
};
/* Snapshots in the order in which they were written, the newest some hundred. */
void census_each_snapshot(void (*f)(const struct census_snapshot *s, void *with),
			  void *with);
/* Processes that the table had no room for. */
unsigned census_unlisted(void);

#endif
