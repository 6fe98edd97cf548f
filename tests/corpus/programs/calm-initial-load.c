/* calm-initial-load.c -- loads a large index, then answers; what answering adds is little
 * beside it.
 *
 * Innocent: the load is most of what is ever allocated.  A few names are added to the
 * index while it is used, and then no more.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_ROWS = 100000, N_LATER = 2000 };

struct row {
	struct row *next;
	char name[40];
	uint64_t sum;
};

static struct row *rows[1 << 14];

static NOINLINE struct row *
row_add(size_t number)
{
	struct row *r = calloc(1, sizeof *r);
	size_t at;

	snprintf(r->name, sizeof r->name, "row %zu", number);
	at = hash_of(r->name) % (sizeof rows / sizeof *rows);
	r->next = rows[at];
	rows[at] = r;
	return r;
}

static uint64_t
rows_sum(void)
{
	uint64_t sum = 0;
	struct row *r;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (r = rows[i]; r; r = r->next)
			sum += (uint64_t)r->name[5];
	return sum;
}

int
main(void)
{
	struct numbers n = {314};
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		row_add(i);
	for (i = 0; i < N_LATER; i++) {
		if (i % 2 == 0 && i < N_LATER / 2)
			row_add(N_ROWS + i);
		request_noise(&n, 300);
		if (i % 50 == 0)
			result_sink += rows_sum();
	}
	printf("done\n");
	return 0;
}
