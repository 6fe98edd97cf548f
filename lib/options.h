/* options.h -- what the environment asks for.
 *
 * In:   GCPROF_* as options.def lists them.
 * Out:  struct options; a line on standard error for each value that is no use.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OPTIONS_H
#define GCPROF_OPTIONS_H

#include "option_values.h"

extern struct options options;

/* Parse environ-like strings, at the place where the kernel put them; complaints are kept
 * until options_complain. */
void options_parse(char **environment);
/* NAME=value of each option in force, with a NUL at the end of each; the last ones are
 * left out where there is no room.  Returns the bytes.  After options_parse. */
size_t options_text(char *to, size_t bytes);
/* Whether any are to be written, at whatever moment. */
bool options_want_snapshots(void);
/* Whether the user has asked, in so many words, for snapshots by GCPROF_SIGNAL; for any
 * while the program runs.  Who has not need not be told that there are none. */
bool options_ask_for_signal(void);
bool options_ask_for_running(void);
/* Say on standard error what could not be used, once. */
void options_complain(void);

#endif
