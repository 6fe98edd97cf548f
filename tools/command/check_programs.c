/* check_programs.c -- which programs `gcprof check` judges, and what is said if there was none.
 *
 * In:   --all-programs, --program; the working directory.
 * Out:  the table that the library decides by (lib/census.h).
 * Not here: what is the system's (lib/system_programs.h).
 *
 * A suite of shell scripts runs sed, grep and the shell itself hundreds of times, and each of
 * them loses a few bytes that nobody here is going to mend.  So the system's programs pass,
 * wherever they were started, and the project's are judged: those that lie anywhere else, below
 * the working directory, or below the project's root.  The latter two only matter to who works
 * in /usr/lib.
 *
 * gcprof itself passes, too: a suite under one check whose tests have each one of their own is
 * judged once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/census.h"
#include "lib/census.h"
#include "system_programs.h"
#include "util/complain.h"

enum { WORKING_DIRECTORY, PROJECT_ROOT };

_Static_assert(CENSUS_DIRECTORIES == PROJECT_ROOT + 1, "as many as there are");

static bool
has_file(const char *directory, const char *name)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) <
		       sizeof(path) &&
	       access(path, F_OK) == 0;
}

static bool
has_build_file(const char *directory)
{
	static const char *const names[] = {"configure.ac", "CMakeLists.txt",
					    "meson.build", "Makefile"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (has_file(directory, names[i]))
			return true;
	return false;
}

/* The nearest directory that has .git; else the farthest with a file of a build system, which
 * may have one in each; else empty.  The root of all is none. */
static void
find_root(const char *directory, char *ret)
{
	char at[PATH_MAX], *slash;

	(void)snprintf(at, sizeof(at), "%s", directory);
	*ret = '\0';
	while ((slash = strrchr(at, '/')) != NULL && slash[1]) {
		bool is_end = has_file(at, ".git");

		if (is_end || has_build_file(at))
			strcpy(ret, at);
		if (is_end || slash == at)
			return;
		*slash = '\0';
	}
}

/* A directory with the system's programs in it, as / and /usr, is nobody's project. */
static void
put_directory(char *to, const char *directory)
{
	if (*directory && !system_programs_are_below(directory))
		(void)snprintf(to, CENSUS_DIRECTORY_BYTES, "%s", directory);
}

/* As the kernel names it; empty, if that is not known. */
static void
put_self(char *to, size_t bytes)
{
	ssize_t n = readlink("/proc/self/exe", to, bytes - 1);

	to[n > 0 ? n : 0] = '\0';
}

int
check_programs_add(struct check *c, const char *glob)
{
	size_t n = 1; /* the NUL at the end of all */

	words_add(&c->programs, words_text("%s", glob));
	for (size_t i = 0; i < c->programs.n; i++)
		n += strlen(c->programs.list[i]) + 1;
	if (*glob && n <= CENSUS_GLOB_BYTES)
		return 0;
	complain(*glob ? "--program: the patterns are longer than %d bytes in all"
		       : "--program: a pattern is missing",
		 CENSUS_GLOB_BYTES - 1);
	return EXIT_USAGE;
}

void
check_programs_choose(const struct check *c)
{
	struct census *t = census_table();
	char here[PATH_MAX], root[PATH_MAX], *to;

	if (!t)
		return;
	put_self(t->self, sizeof(t->self));
	if (c->judges_all)
		return;
	if (getcwd(here, sizeof(here)) && *here == '/') {
		find_root(here, root);
		put_directory(t->directories[WORKING_DIRECTORY], here);
		put_directory(t->directories[PROJECT_ROOT], root);
	}
	to = t->globs;
	for (size_t i = 0; i < c->programs.n; i++)
		to = stpcpy(to, c->programs.list[i]) + 1;
	t->passes_system = 1;
}

void
check_programs_say_none(void)
{
	char name[32] = "";
	unsigned n = census_n_passed(name, sizeof(name)), n_within = census_n_within();

	if (n_within)
		complain("nothing else to check: gcprof ran %u time%s within, and judges "
			 "what it runs",
			 n_within, n_within == 1 ? "" : "s");
	else if (n == 1)
		complain("nothing to check: %s is the system's; --all-programs or "
			 "--program=%s judges it",
			 name, name);
	else
		complain("nothing to check: only programs of the system ran, %s and %u "
			 "more; --all-programs or --program=GLOB judges them",
			 name, n - 1);
}
