/* complain.c -- see complain.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/complain.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

enum { LONGEST_WORD = 40, MOST_WRONG = 2 };

static const char *command = "gcprof";

void
complain_as(const char *name)
{
	command = name;
}

void
complain(const char *format, ...)
{
	char *line = NULL, *safe = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&line, format, args);
	va_end(args);
	if (n >= 0)
		safe = text_utf8(line, (size_t)n, true);
	fprintf(stderr, "%s: %s\n", command, safe ? safe : "out of memory");
	free(safe);
	if (n >= 0)
		free(line);
}

/* ---- what was meant ---- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to be changed, left out, put in or swapped with the next.  Source: Damerau, A
 * technique for computer detection and correction of spelling errors (1964); each letter is
 * edited once at most. */
static size_t
distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), rows[3][LONGEST_WORD + 1];

	if (n > LONGEST_WORD || m > LONGEST_WORD)
		return LONGEST_WORD;
	for (size_t k = 0; k <= m; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *before = rows[(i + 2) % 3],
		       *two = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= m; k++) {
			row[k] = least(least(before[k], row[k - 1]) + 1,
				       before[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], two[k - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

const char *
complain_meant(const char *wrong, size_t n,
	       const char *(*word)(const void *with, size_t i), const void *with)
{
	const char *best = NULL;
	size_t least_wrong = MOST_WRONG + 1;

	for (size_t i = 0; i < n; i++) {
		const char *w = word(with, i);
		size_t d = distance(wrong, w);

		if (d < least_wrong && 2 * d < strlen(w)) {
			best = w;
			least_wrong = d;
		}
	}
	return best;
}

/* ---- options ---- */

/* optopt is 0 of a long option that is not known; of all others it is their value, or
 * their letter. */
static bool
is_long(const char *word, const struct option *options)
{
	if (strncmp(word, "--", 2) != 0)
		return false;
	for (; options->name && optopt; options++)
		if (options->val == optopt)
			return true;
	return optopt == 0;
}

static const char *
option_name(const void *options, size_t i)
{
	return ((const struct option *)options)[i].name;
}

static void
complain_of_long(const char *word, const struct option *options)
{
	char name[LONGEST_WORD + 1];
	const char *meant;
	size_t n = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	while (options[n].name)
		n++;
	meant = complain_meant(name, n, option_name, options);
	if (meant)
		complain("unrecognized option '%s'; did you mean --%s?", word, meant);
	else
		complain("unrecognized or ambiguous option '%s'; try --help", word);
}

int
complain_getopt(int argc, char **argv, const char *letters, const struct option *options,
		int *ret_index)
{
	bool in_order = letters[0] == '+';
	char all[32];
	const char *word;
	int c;

	opterr = 0;
	snprintf(all, sizeof(all), "%s:%s", in_order ? "+" : "", letters + in_order);
	c = getopt_long(argc, argv, all, options, ret_index);
	if (c != '?' && c != ':')
		return c;
	word = argv[optind - 1];
	if (!is_long(word, options))
		complain(c == ':' ? "option -%c requires an argument" : "invalid option -%c",
			 optopt);
	else if (c == ':')
		complain("option '%s' requires an argument", word);
	else if (optopt == 0)
		complain_of_long(word, options);
	else
		complain("option '%s' takes no argument", word);
	return '?';
}
