/* system_programs.h -- which programs are the system's own, and not the user's.
 *
 * In:   absolute names without links, as the kernel has them.
 * Out:  whether that is where a distribution puts its programs.
 * Not here: what is done with such a program (census.h, take.c, tools/command/check.c).
 *
 * What lies in /usr/local, /opt or a home directory is not the system's: somebody built it here.
 * An interpreter is the system's, whosever the script is.  What runs a project's suite is often
 * brought by its maker, into /usr/local or a home directory; it is no more the project's for that.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SYSTEM_PROGRAMS_H
#define GCPROF_SYSTEM_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* What ends in a slash is a directory; without one, it is the beginning of the names of some:
 * /usr/lib, /usr/lib64, /usr/libexec. */
static const char *const system_programs_places[] = {
	"/bin/",    "/sbin/", "/usr/bin/", "/usr/sbin/",
	"/usr/lib", "/lib/",  "/lib32/",   "/lib64/",
};

enum {
	SYSTEM_PROGRAMS_N_PLACES =
		sizeof system_programs_places / sizeof system_programs_places[0]
};

/* Is the executable one of the system's? */
static inline bool
system_programs_has(const char *executable)
{
	for (size_t i = 0; i < SYSTEM_PROGRAMS_N_PLACES; i++) {
		const char *place = system_programs_places[i];
		size_t n = strlen(place);

		if (strncmp(executable, place, n) == 0 && strchr(executable + n - 1, '/'))
			return true;
	}
	return false;
}

/* Is the executable one of those that run suites, wherever it lies? */
static inline bool
system_programs_runs_suites(const char *executable)
{
	static const char *const names[] = {"ctest", "cmake", "ninja", "make", "gmake"};
	const char *slash = strrchr(executable, '/');

	for (size_t i = 0; slash && i < sizeof names / sizeof *names; i++)
		if (strcmp(slash + 1, names[i]) == 0)
			return true;
	return false;
}

/* Is a directory, without a slash at its end unless it is the root, such a place, or are there
 * some below it? */
static inline bool
system_programs_are_below(const char *directory)
{
	size_t n = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

	for (size_t i = 0; i < SYSTEM_PROGRAMS_N_PLACES; i++) {
		const char *place = system_programs_places[i];
		size_t n_place = strlen(place);

		if (strncmp(place, directory, n) == 0 &&
		    (place[n] == '/' || place[n] == '\0'))
			return true;
		if (place[n_place - 1] != '/' && strncmp(directory, place, n_place) == 0 &&
		    !strchr(directory + n_place, '/'))
			return true;
	}
	return false;
}

#endif
