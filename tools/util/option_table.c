/* option_table.c -- see option_table.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/option_table.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"

enum { LEFT = 24, COLUMNS = 79 };

/* ---- the command line ---- */

static int
has_arg(const struct option_row *row)
{
	return !row->argument[0]         ? no_argument
	       : row->argument[0] == '[' ? optional_argument
					 : required_argument;
}

/* A letter stands for its long option. */
static int
code_of(const struct option_row *rows, size_t n, int letter)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].letter == letter)
			return rows[i].code;
	return letter;
}

/* "+o:h" and the like; ret has room for three characters a row. */
static void
list_letters(const struct option_row *rows, size_t n, bool in_order, char *ret)
{
	if (in_order)
		*ret++ = '+';
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].letter)
			continue;
		*ret++ = rows[i].letter;
		for (int colons = has_arg(&rows[i]); colons > 0; colons--)
			*ret++ = ':';
	}
	*ret = '\0';
}

int
option_table_next(const struct option_row *rows, size_t n, bool in_order, int argc,
		  char **argv)
{
	struct option *options = calloc(n + 1, sizeof(*options)), *to = options;
	char *letters = malloc(3 * n + 2);
	int code = '?';

	if (options && letters) {
		for (size_t i = 0; i < n; i++)
			if (rows[i].code != OPTION_GROUP)
				*to++ = (struct option){rows[i].name, has_arg(&rows[i]),
							NULL, rows[i].code};
		list_letters(rows, n, in_order, letters);
		code = complain_getopt(argc, argv, letters, options, NULL);
	} else {
		complain("out of memory");
	}
	free(options);
	free(letters);
	return code == '?' || code == -1 ? code : code_of(rows, n, code);
}

const struct option_row *
option_table_find(const struct option_row *rows, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == code && code != OPTION_GROUP)
			return &rows[i];
	return NULL;
}

/* ---- help ---- */

/* Print words from column `at` on, in lines that begin at column `left`; returns the column
 * behind. */
static size_t
put_words(FILE *f, size_t left, size_t at, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (at > left && at + 1 + n > COLUMNS) {
			fprintf(f, "\n%*s", (int)left, "");
			at = left;
		}
		fprintf(f, "%s%.*s", at > left ? " " : "", (int)n, words);
		at += n + (at > left);
		words += n + (words[n] == ' ');
	}
	return at;
}

void
option_table_paragraph(FILE *f, const char *name, const char *words)
{
	size_t at = (size_t)fprintf(f, "%s:", name);

	(void)put_words(f, 0, at, words);
	putc('\n', f);
}

void
option_table_put(FILE *f, const char *left, const char *words)
{
	fprintf(f, "  %-*s", LEFT - 2, left);
	if (strlen(left) + 2 >= LEFT)
		fprintf(f, "\n%*s", LEFT, ""); /* too wide: a line of its own */
	(void)put_words(f, LEFT, LEFT, words);
	putc('\n', f);
}

static void
put_row(FILE *f, const struct option_row *row)
{
	char left[64], words[1024];
	size_t n = 0;

	if (row->letter)
		n = (size_t)snprintf(left, sizeof(left), "-%c, ", row->letter);
	snprintf(left + n, sizeof(left) - n, "--%s%s", row->name, row->argument);
	n = (size_t)snprintf(words, sizeof(words), "%s", row->help);
	if (*row->dflt && n < sizeof(words))
		snprintf(words + n, sizeof(words) - n, " (default %s)", row->dflt);
	option_table_put(f, left, words);
}

void
option_table_write(const struct option_row *rows, size_t n, FILE *f)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == OPTION_GROUP)
			fprintf(f, "%s%s\n", i ? "\n" : "", rows[i].help);
		else
			put_row(f, &rows[i]);
}
