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

#include <getopt.h>
#include <stddef.h>

/* `run` and `check` keep to what env(1) and its like do, out of the way of the
 * program's own statuses. */
enum {
	EXIT_USAGE = 2,
	EXIT_NOT_RUN = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* Options of the library, from options.def: getopt_long gives SETTING_FIRST + i. */
struct setting {
	const char *variable;
	const char *option;
	const char *argument;
	const char *value;
	const char *help;
};
extern const struct setting settings[];
enum {
	SETTING_FIRST = 1024,
	N_SETTINGS = 0
#define OPTION(name, option, argument, value, help) +1
#include "options.def"
#undef OPTION
};

/* An option whose values begin with 0 and 1 may stand alone, and means 1. */
int setting_is_switch(const struct setting *s);

/* Fill in the settings; ret has room for N_SETTINGS. */
void settings_list(struct option *ret);

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
