/* glob.h -- names that match a pattern, without the locale and the allocator of fnmatch(3).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_GLOB_H
#define GCPROF_GLOB_H

#include <stdbool.h>

/* Does the whole of a name match?  As fnmatch(3) without flags: * is any text, slashes too,
 * ? any byte, [a-z] and [!a-z] one of some; a backslash takes the next byte as it is.  A bracket
 * that nothing closes is itself.
 *
 * BOUND  bytes, not characters; no [:classes:]. */
bool glob_matches(const char *pattern, const char *name);

#endif
