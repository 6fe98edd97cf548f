/* glob.c -- see glob.h.
 *
 * One star at a time is tried again: what an earlier one takes more of, the last one can take
 * as well.
 *
 * SPDX-License-Identifier: MIT
 */
#include "glob.h"

#include <stddef.h>

/* The end of the set that begins behind a bracket, where the closing one is; NULL: it has none. */
static const char *
end_of_set(const char *p)
{
	p += *p == '!' || *p == '^';
	p += *p == ']'; /* the first is one of the set */
	for (; *p && *p != ']'; p++)
		p += *p == '\\' && p[1];
	return *p ? p : NULL;
}

static bool
is_in_set(const char *p, const char *end, unsigned char c)
{
	bool is_not = *p == '!' || *p == '^', is_in = false;

	for (p += is_not; p < end; p++) {
		unsigned char low, high;

		p += *p == '\\';
		low = high = (unsigned char)*p;
		if (p[1] == '-' && p + 2 < end) {
			p += 2;
			p += *p == '\\';
			high = (unsigned char)*p;
		}
		is_in |= low <= c && c <= high;
	}
	return is_in != is_not;
}

/* One byte of a name against what stands at p, which is no star.  Returns what is behind that,
 * or NULL. */
static const char *
match_one(const char *p, char c)
{
	const char *end = *p == '[' ? end_of_set(p + 1) : NULL;

	if (!*p || !c)
		return NULL;
	if (end)
		return is_in_set(p + 1, end, (unsigned char)c) ? end + 1 : NULL;
	if (*p == '?')
		return p + 1;
	p += *p == '\\' && p[1];
	return *p == c ? p + 1 : NULL;
}

bool
glob_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL, *next;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (!*pattern && !*name) {
			return true;
		} else if ((next = match_one(pattern, *name)) != NULL) {
			pattern = next;
			name++;
		} else if (star && *from) {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
}
