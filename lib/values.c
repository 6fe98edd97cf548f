/* values.c -- see values.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "values.h"

#include <stddef.h>
#include <string.h>

bool
values_number(const char *s, const char *end, uint64_t *ret)
{
	uint64_t v = 0;

	if (s == end)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9' || v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*ret = v;
	return true;
}

/* Where the digits end that a value starts with. */
static const char *
skip_digits(const char *s, const char *end)
{
	while (s < end && *s >= '0' && *s <= '9')
		s++;
	return s;
}

static bool
is_word(const char *s, const char *end, const char *word)
{
	return (size_t)(end - s) == strlen(word) && memcmp(s, word, (size_t)(end - s)) == 0;
}

bool
values_bytes(const char *s, const char *end, uint64_t *ret)
{
	static const char letters[] = "kmgt";
	const char *unit = skip_digits(s, end), *letter = NULL, *rest = unit;
	unsigned shift = 0;
	uint64_t v;

	if (unit < end)
		letter = strchr(letters, *unit | 0x20);
	if (letter) {
		shift = 10 * (unsigned)(letter - letters + 1);
		rest++;
		if (rest < end && *rest == 'i')
			rest++;
		if (rest < end && (*rest | 0x20) == 'b')
			rest++;
		else if (rest[-1] == 'i')
			return false;
	}
	if (rest != end || !values_number(s, unit, &v) || v > UINT64_MAX >> shift)
		return false;
	*ret = v << shift;
	return true;
}

#define LONGEST_NS UINT64_C(1000000000000000000) /* 1000000000s */

bool
values_interval(const char *s, const char *end, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"", 1000000000},
		     {"s", 1000000000},
		     {"ms", 1000000},
		     {"m", 60000000000},
		     {"h", 3600000000000}};
	const char *unit = skip_digits(s, end);
	uint64_t v;
	size_t i;

	if (!values_number(s, unit, &v))
		return false;
	for (i = 0; i < sizeof units / sizeof units[0]; i++)
		if (is_word(unit, end, units[i].unit)) {
			if (v > LONGEST_NS / units[i].ns)
				return false;
			*ret = v * units[i].ns;
			return true;
		}
	return false;
}
