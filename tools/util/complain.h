/* complain.h -- what a command says on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_COMPLAIN_H
#define GCPROF_COMPLAIN_H

#include <stddef.h>

/* The command that speaks; before the first complaint. */
void complain_as(const char *command);

/* "COMMAND: what is wrong", and a line end.  File names and the like may hold anything: control
 * bytes are replaced. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* getopt_long(), whose complaints go through complain(), as it prints the word as it is; an
 * option that is not known may have been meant to be another.  Returns '?' whatever was
 * wrong. */
struct option;
int complain_getopt(int argc, char **argv, const char *letters,
		    const struct option *options, int *ret_index);

/* Which of n words was meant by one that is none of them: at most two letters differ, are
 * missing or too many, or two have changed places, and not so many as to be another word.
 * word(with, i) gives the i-th.  Returns NULL if there is none. */
const char *complain_meant(const char *wrong, size_t n,
			   const char *(*word)(const void *with, size_t i),
			   const void *with);

#endif
