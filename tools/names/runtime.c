/* runtime.c -- names of what stands around every program: runtime libraries, and the
 * functions in which programs and threads begin.
 *
 * In:   a module's path, a function's name.
 * Out:  whether it is one of these.
 * Not here: containers and allocators (function_names.c).
 *
 * Source  names: glibc 2.28 to 2.40, libgcc, libstdc++, libc++.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/runtime.h"

#include <stddef.h>
#include <string.h>

#include "util/text.h"

/* Beginnings of the names of files. */
static const char *const libraries[] = {
	"libc.so.", "libc-2.", "ld-linux", "ld-2.",        "libpthread",
	"libdl.",   "libm.so", "libgcc_s", "libstdc++.so", "libc++",
};

/* Whole names, but for the first: __libc_start_main calls __libc_start_call_main.  A
 * function of the program may begin like one of these, as clone_tree() does. */
static const struct start {
	const char *name;
	bool is_prefix;
	bool is_outside; /* of what is worth showing of a stack */
} starts[] = {
	{"__libc_start_", true, true},  {"_start", false, false},
	{"start_thread", false, false}, {"clone", false, true},
	{"__clone", false, true}, /* the same one: a symbol table may have either first */
	{"clone3", false, true},        {"__clone3", false, true},
};

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

bool
runtime_is_library(const char *path)
{
	const char *name = text_basename(path);

	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++)
		if (begins(name, libraries[i]))
			return true;
	return false;
}

static const struct start *
find_start(const char *function)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (starts[i].is_prefix ? begins(function, starts[i].name)
					: strcmp(function, starts[i].name) == 0)
			return &starts[i];
	return NULL;
}

bool
runtime_is_start(const char *function)
{
	return find_start(function) != NULL;
}

bool
runtime_is_outside(const char *function)
{
	const struct start *s = find_start(function);

	return s && s->is_outside;
}

bool
runtime_is_main(const char *function)
{
	return strcmp(function, "main") == 0;
}
