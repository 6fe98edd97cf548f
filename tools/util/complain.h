/* complain.h -- what a command says on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_COMPLAIN_H
#define GCPROF_COMPLAIN_H

/* The command that speaks; before the first complaint. */
void complain_as(const char *command);

/* "COMMAND: what is wrong", and a line end; control bytes are shown escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
