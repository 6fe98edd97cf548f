/* launch.c -- start a program with the library preloaded.
 *
 * All that is done before the program is its environment: LD_PRELOAD, and
 * GCPROF_* from the options, which options.def lists for both worlds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/launch.h"
#include "command/target.h"
#include "util/complain.h"
#include "util/text.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const setting_variables[N_SETTINGS] = {
#define OPTION(name, option, argument, value, help) "GCPROF_" #name,
#include "options.def"
#undef OPTION
};

bool
launch_wants(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ',') &&
		    (at[n] == ',' || at[n] == '=' || !at[n]))
			return true;
	return false;
}

/* ---- the library ---- */

/* Where libdir lies, seen from a bindir that may have been moved together with
 * it: the part in which the two configured names agree is exchanged. */
static int
beside_installed(const char *exe_dir, char *ret, size_t bytes)
{
	static const char bindir[] = GCPROF_BINDIR, libdir[] = GCPROF_LIBDIR;
	size_t common = 0, i, n_tail, n_dir = strlen(exe_dir);

	for (i = 0; bindir[i] && bindir[i] == libdir[i]; i++) {
		if (bindir[i] == '/')
			common = i;
	}
	n_tail = strlen(bindir + common);
	if (n_dir < n_tail || strcmp(exe_dir + n_dir - n_tail, bindir + common) != 0)
		return -1;
	i = (size_t)snprintf(ret, bytes, "%.*s%s/libgcprof.so", (int)(n_dir - n_tail),
			     exe_dir, libdir + common);
	return i < bytes ? 0 : -1;
}

/* The directory of this program, with room for PATH_MAX bytes. */
static int
own_directory(char *ret)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);

	if (n <= 0)
		return -1;
	ret[n] = '\0';
	*strrchr(ret, '/') = '\0';
	return 0;
}

static int
find_library(char *ret)
{
	char exe[PATH_MAX], file[PATH_MAX + 64];

	if (own_directory(exe) == 0) {
		/* In the build tree: tools/gcprof and lib/.libs/libgcprof.so. */
		(void)snprintf(file, sizeof(file), "%s/../lib/.libs/libgcprof.so", exe);
		if (realpath(file, ret))
			return 0;
		if (beside_installed(exe, file, sizeof(file)) == 0 && realpath(file, ret))
			return 0;
	}
	return realpath(GCPROF_LIBDIR "/libgcprof.so", ret) ? 0 : -1;
}

int
launch_find_tool(const char *name, char *ret_path)
{
	char dir[PATH_MAX], file[PATH_MAX + 64];

	if (own_directory(dir) == 0) {
		(void)snprintf(file, sizeof(file), "%s/%s", dir, name);
		if (access(file, X_OK) == 0 && realpath(file, ret_path))
			return 0;
	}
	(void)snprintf(file, sizeof(file), "%s/%s", GCPROF_BINDIR, name);
	return access(file, X_OK) == 0 && realpath(file, ret_path) ? 0 : -1;
}

int
launch_find_analyzer(char *ret_path)
{
	const char *named = getenv("GCPROF_ANALYZE");

	if (named && *named && strlen(named) < PATH_MAX) {
		strcpy(ret_path, named);
		return 0;
	}
	if (launch_find_tool("gcprof-analyze", ret_path) == 0)
		return 0;
	complain("cannot find gcprof-analyze, neither beside this program nor "
		 "in " GCPROF_BINDIR);
	return -1;
}

/* In front of what is preloaded already: the first definition of malloc wins. */
static int
preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *value;
	int r;

	if (!others || !*others)
		return setenv("LD_PRELOAD", library, 1);
	if (strncmp(others, library, strlen(library)) == 0 &&
	    strchr(": ", others[strlen(library)])) /* also at the end of the string */
		return 0;
	if (asprintf(&value, "%s:%s", library, others) < 0)
		return -1;
	r = setenv("LD_PRELOAD", value, 1);
	free(value);
	return r;
}

/* ---- the program ---- */

int
launch_check(const char *command, char *ret_library)
{
	char path[PATH_MAX], library[PATH_MAX], why[PATH_MAX];
	int r = target_find(command, path);

	if (r < 0) {
		complain("%s: %s", command,
			 r == -ENOENT ? "command not found" : strerror(-r));
		return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	if (target_check(path, why, sizeof(why)) < 0) {
		complain("cannot profile '%s': %s", path, why);
		return EXIT_NOT_RUN;
	}
	if (find_library(library) < 0) {
		complain("cannot find libgcprof.so, neither beside this program nor "
			 "in " GCPROF_LIBDIR);
		return EXIT_NOT_RUN;
	}
	if (strpbrk(library, " :")) {
		complain("cannot preload '%s': its name contains a space or a colon",
			 library);
		return EXIT_NOT_RUN;
	}
	strcpy(ret_library, library);
	return 0;
}

/* gcprof_leak_check() in the program runs it. */
static int
name_analyzer(void)
{
	char path[PATH_MAX];

	return launch_find_tool("gcprof-analyze", path) < 0
		       ? 0
		       : setenv("GCPROF_ANALYZE", path, 0);
}

int
launch(char **command, const char *library)
{
	if (preload(library) < 0 || name_analyzer() < 0) {
		complain("%s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	(void)execvp(command[0], command);
	/* The file has been looked at: what is not there is another one. */
	if (errno == ENOENT) {
		complain("cannot run '%s': no such interpreter", command[0]);
		return EXIT_NOT_FOUND;
	}
	complain("%s: %s", command[0], strerror(errno));
	return EXIT_NOT_EXECUTABLE;
}
