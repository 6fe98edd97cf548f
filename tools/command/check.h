/* check.h -- run a program, then say what it leaked, by the exit status too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CHECK_H
#define GCPROF_CHECK_H

#include <stdio.h>

enum {
	CHECK_WANTS_HELP = -1,
	CHECK_WRONG_USAGE = -2, /* and it has been said how */
	CHECK_MISSING = 24,     /* status if a process left nothing to judge by */
	CHECK_FINDINGS = 23,    /* status if there are any; --error-exitcode */
};

/* `gcprof check`: argv[0] is for getopt's messages.
 *
 * Returns  the status to exit with, or one of the above that are negative.
 * Context  waits for the command to end; SIGCHLD and the signals that ask a
 *          program to end are blocked when it returns.
 */
int check(int argc, char **argv);

/* Print its options, without those of lib/options.def. */
void check_list_options(FILE *f);

#endif
