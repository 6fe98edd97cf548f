/* calm-peaks.c -- now and then a report is made of 32 MiB of rows, all of which are freed
 * when it is done.
 *
 * Innocent: between reports little is live and the allocator holds most of rss, for the next
 * one; what it keeps is free pages, which nobody pins.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_REPORTS = 8, N_ROWS = 32 << 10, ROW = 1000 };

static char *rows[N_ROWS];

static NOINLINE char *
row_read(size_t number)
{
	char *row = malloc(ROW);

	memset(row, (int)('a' + number % 26), ROW);
	return row;
}

static void
report(void)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		rows[i] = row_read(i);
	for (i = 0; i < N_ROWS; i++) {
		result_sink += (size_t)rows[i][0];
		free(rows[i]);
	}
}

int
main(void)
{
	struct numbers n = {227};
	size_t i, k;

	settings_load(100);
	for (i = 0; i < N_REPORTS; i++) {
		report();
		for (k = 0; k < 10000; k++)
			request_noise(&n, 2000);
	}
	printf("%d reports\n", N_REPORTS);
	return 0;
}
