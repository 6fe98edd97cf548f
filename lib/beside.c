/* beside.c -- see beside.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "beside.h"
#include "modules.h"
#include "options.h"
#include "sys.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char configured[] = GCPROF_BINDIR "/gcprof-analyze";
static const char *library; /* its path, or NULL */

void
beside_init(void)
{
	struct module_find m;

	if (modules_find((uintptr_t)configured, &m) && m.module)
		library = modules_get(m.module)->path;
}

static bool
ends_with(const char *s, size_t n, const char *tail)
{
	size_t k = strlen(tail);

	return n >= k && memcmp(s + n - k, tail, k) == 0;
}

static bool
is_there(char *to, size_t bytes, int n_directory, const char *tail)
{
	size_t n = (size_t)n_directory;

	if (n + strlen(tail) >= bytes)
		return false;
	memcpy(to, library, n);
	memcpy(to + n, tail, strlen(tail) + 1);
	return sys_access(to, X_OK) == 0;
}

static const char *
find_beside(void)
{
	static char path[PATH_MAX];
	const char *slash = library ? strrchr(library, '/') : NULL;
	int n = slash ? (int)(slash - library) : 0;

	if (!slash || library[0] != '/')
		return configured;
	if (ends_with(library, (size_t)n, "/lib/.libs") &&
	    is_there(path, sizeof path, n, "/../../tools/gcprof-analyze"))
		return path;
	if (is_there(path, sizeof path, n, "/../bin/gcprof-analyze") ||
	    is_there(path, sizeof path, n, "/../../bin/gcprof-analyze"))
		return path;
	return configured;
}

const char *
beside_analyzer(void)
{
	return options.analyzer ? options.analyzer : find_beside();
}

char *const *
beside_environment(void)
{
	extern char **environ;
	static char *environment[1024];
	int n = 0, i;

	for (i = 0; environ && environ[i] && n < 1023; i++)
		if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 &&
		    strncmp(environ[i], "GCPROF_WATCH=", 13) != 0)
			environment[n++] = environ[i];
	return environment;
}
