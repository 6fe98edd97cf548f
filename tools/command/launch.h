/* launch.h -- start a program with the library preloaded.
 *
 * In:   a command; options that become GCPROF_* of its environment.
 * Out:  the program in our place, or the reason why not.
 * Not here: what is done around it (command/main.c, check.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LAUNCH_H
#define GCPROF_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

/* `run` and `check` keep to what env(1) and its like do, out of the way of the
 * program's own statuses. */
enum {
	EXIT_USAGE = 2,
	EXIT_NOT_RUN = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* Options of the library, from lib/options.def, and the variables that they set. */
enum {
	SETTING_FIRST = 1024, /* above the codes of a command's own options */
	SETTING_BEFORE = SETTING_FIRST - 1,
#define OPTION(name, option, argument, value, help) SETTING_##name,
#include "options.def"
#undef OPTION
	SETTING_END,
	N_SETTINGS = SETTING_END - SETTING_FIRST
};
extern const char *const setting_variables[N_SETTINGS]; /* by code - SETTING_FIRST */

/* Whether a list of GCPROF_SNAPSHOT has a word, as "exit", alone or with a value. */
bool launch_wants(const char *list, const char *word);

/* Such a line as a row of an option table.  An option whose values begin with 0 and 1 may stand
 * alone, and means 1. */
#define SETTING_ROW(name, option, argument, value, help)                                  \
	{SETTING_##name,                                                                  \
	 0,                                                                               \
	 option,                                                                          \
	 (argument)[0] == '0' && (argument)[1] == '|' ? "[=" argument "]" : "=" argument, \
	 value "; GCPROF_" #name,                                                         \
	 help},

/* Find a program that is installed with this one, or built with it.
 *
 * ret_path  room for PATH_MAX bytes; untouched on failure.
 * Returns   0 or -1.
 */
int launch_find_tool(const char *name, char *ret_path);

/* Find the analyzer: what GCPROF_ANALYZE names, or the one beside this program.  The
 * same, but the failure has been said. */
int launch_find_analyzer(char *ret_path);

/* Can `command` be profiled, and by which library?
 *
 * ret_library  room for PATH_MAX bytes; untouched on failure.
 * Returns      0, or the status to exit with, after having said why not.
 */
int launch_check(const char *command, char *ret_library);

/* Become the program.  Returns only if that fails: the status to exit with,
 * after having said why. */
int launch(char **command, const char *library);

#endif
