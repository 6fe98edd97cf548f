/* leak-list-head.c -- a batch reader: rows of each batch are put into a list.
 *
 * Planted: before the next batch the head is set to NULL, not the list freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct row {
	struct row *next;
	size_t number;
	char *text;
};

static struct row *rows;

static NOINLINE void
row_add(size_t number)
{
	struct row *r = malloc(sizeof *r);
	char text[60];

	snprintf(text, sizeof text, "row %zu of this batch", number);
	r->number = number;
	r->text = strdup(text);
	r->next = rows;
	rows = r;
}

static void
batch_read(struct numbers *n)
{
	size_t count = 10 + below(n, 50), i;
	struct row *r;

	rows = NULL;
	for (i = 0; i < count; i++)
		row_add(i);
	for (r = rows; r; r = r->next)
		result_sink += r->number;
}

int
main(void)
{
	struct numbers n = {51};
	size_t i, j;

	settings_load(100);
	for (i = 0; i < 4000; i++) {
		batch_read(&n);
		for (j = 0; j < 40; j++)
			request_noise(&n, 1200);
	}
	return 0;
}
