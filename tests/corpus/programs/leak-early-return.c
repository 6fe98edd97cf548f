/* leak-early-return.c -- a parser of records with several checks.
 *
 * Planted: one check returns before the record's buffer is freed; one record
 * in fifty takes that way.  Short.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

static NOINLINE char *
record_buffer(size_t bytes)
{
	return memset(malloc(bytes), ' ', bytes);
}

static int
record_parse(struct numbers *n)
{
	char *buffer = record_buffer(300 + below(n, 200));
	int length, kind;

	length = snprintf(buffer, 300, "record kind=%zu sum=%zu", below(n, 50),
			  below(n, 1000));
	if (length < 10) {
		free(buffer);
		return -1;
	}
	if (sscanf(buffer, "record kind=%d", &kind) != 1) {
		free(buffer);
		return -1;
	}
	if (kind == 13)
		return -1;
	result_sink += (uint64_t)kind;
	free(buffer);
	return 0;
}

int
main(void)
{
	struct numbers n = {11};
	size_t i, bad = 0;

	for (i = 0; i < 12000; i++) {
		bad += record_parse(&n) != 0;
		if (i % 8 == 0)
			request_noise(&n, 100);
	}
	printf("%zu bad records\n", bad);
	return 0;
}
