/* census.h -- the processes of a run that have left nothing to judge by.
 *
 * In:   what the library enters in the table of lib/census.h.
 * Out:  each process that is still there and has ended.
 * Not here: which of them have left a snapshot nevertheless (check.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TOOLS_CENSUS_H
#define GCPROF_TOOLS_CENSUS_H

#include <sys/types.h>

/* Make a table.  Without one, nothing is known of other processes, and no process is
 * called. */
void census_open(void);
/* In the child that becomes the program. */
void census_hand_on(void);
void census_each(void (*f)(pid_t pid, const char *program, void *with), void *with);
/* Processes that the table had no room for. */
unsigned census_unlisted(void);

#endif
