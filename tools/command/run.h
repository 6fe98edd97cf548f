/* run.h -- run a program under the profiler, and say what it wrote.
 *
 * In:   a command; options of the library.
 * Out:  the program's effects, untouched; two lines on standard error; its exit status, or its
 *       end by a signal.
 * Not here: starting a program (launch.c), waiting for it (child.c).
 *
 * Its parts: run_parts.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RUN_H
#define GCPROF_RUN_H

#include <stdio.h>

enum {
	RUN_WANTS_HELP = -1,
	RUN_WRONG_USAGE = -2, /* and it has been said how */
};

/* `gcprof run`: argv[0] is for getopt's messages.
 *
 * Returns  the status to exit with, or one of the above that are negative. */
int run(int argc, char **argv);

/* Print its options. */
void run_list_options(FILE *f);

#endif
