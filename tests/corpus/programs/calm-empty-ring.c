/* calm-empty-ring.c -- a ring of messages that has just been emptied and cleared.
 *
 * Innocent: 900 KiB of zeros beside 2 MiB that hold something.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_MESSAGES = 225, BYTES = 4096, N_ROWS = 8192, ROW = 256 };

static char *ring[N_MESSAGES];
static unsigned char *rows[N_ROWS];
static size_t n_rows;

static NOINLINE char *
message_buffer(void)
{
	char *p = malloc(BYTES);

	/* Whatever the compiler knows of malloc. */
	__asm__ volatile("" : "+r"(p) : : "memory");
	memset(p, 0, BYTES);
	return p;
}

static NOINLINE void
row_read(struct numbers *n)
{
	unsigned char *p = malloc(ROW);
	size_t i;

	for (i = 0; i < ROW; i++)
		p[i] = (unsigned char)(next_number(n) | 1);
	rows[n_rows++] = p;
}

int
main(void)
{
	struct numbers n = {34};
	size_t i;

	settings_load(100);
	for (i = 0; i < N_MESSAGES; i++)
		ring[i] = message_buffer();
	for (i = 0; i < N_ROWS; i++)
		row_read(&n);
	for (i = 0; i < 3000; i++)
		request_noise(&n, 1500);
	for (i = 0; i < n_rows * ROW; i++)
		result_sink += rows[i / ROW][i % ROW];
	for (i = 0; i < N_MESSAGES; i++)
		result_sink += (unsigned char)ring[i][0];
	printf("%zu rows of data\n", n_rows);
	return 0;
}
