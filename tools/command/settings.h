/* settings.h -- options of the library, looked at before a program is started with them.
 *
 * In:   values from the command line; GCPROF_* of the environment.
 * Out:  a complaint that says what the option takes, or where nothing can be written.
 * Not here: how the library reads them (lib/option_values.h, which is asked), variables that
 *       somebody else has set: the library names those itself, and uses their defaults.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SETTINGS_H
#define GCPROF_SETTINGS_H

#include <stdbool.h>

/* code: of launch.h. */
const char *settings_default(int code);
/* Whether the library would take it. */
bool settings_takes(int code, const char *value);
/* The same; returns 0, or EXIT_USAGE after a complaint. */
int settings_check(int code, const char *value);

/* Can snapshots be written where `output` has them?  NULL: where the library would by itself.
 * Returns 0, or EXIT_NOT_RUN after a complaint. */
int settings_check_output(const char *output);

/* The same of one file, of the option that is named. */
int settings_check_file(const char *option, const char *name);

#endif
