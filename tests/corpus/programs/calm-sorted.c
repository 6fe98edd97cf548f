/* calm-sorted.c -- reads lines, sorts them, prints them, ends.
 *
 * Innocent: all it allocates is lines, in an array of pointers, and it needs them all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_LINES = 120000 };

static char **lines;
static size_t n_lines, n_room;

static NOINLINE void
line_read(struct numbers *n)
{
	char text[80];
	int length = snprintf(text, sizeof text, "%016llx of a line that was read",
			      (unsigned long long)next_number(n));

	if (n_lines == n_room) {
		n_room = n_room ? n_room * 2 : 1024;
		lines = realloc(lines, n_room * sizeof *lines);
	}
	lines[n_lines] = malloc((size_t)length + 1);
	memcpy(lines[n_lines++], text, (size_t)length + 1);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
main(void)
{
	struct numbers n = {311};
	size_t i;

	for (i = 0; i < N_LINES; i++)
		line_read(&n);
	qsort(lines, n_lines, sizeof *lines, compare_lines);
	for (i = 0; i < n_lines; i++)
		printf("%s\n", lines[i]);
	return 0;
}
