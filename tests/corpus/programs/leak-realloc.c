/* leak-realloc.c -- a reader that widens its line buffer for long lines.
 *
 * Planted: the helper is given the pointer by value, so that the widened
 * buffer is lost when the helper returns; the caller has a new one made.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

static char *buffer;
static size_t room;

static NOINLINE char *
buffer_widen(char *old, size_t bytes)
{
	char *wider = realloc(old, bytes);

	memset(wider, 'w', bytes);
	return wider;
}

static NOINLINE int
read_long(char *line, size_t bytes)
{
	line = buffer_widen(line, bytes);
	result_sink += (uint64_t)line[bytes / 2];
	return line[0];
}

static void
read_line(struct numbers *n)
{
	size_t bytes = 80 + below(n, 400);

	if (!buffer) {
		room = 256;
		buffer = malloc(room);
	}
	memset(buffer, 'l', room);
	if (bytes > 470) { /* one line in forty */
		read_long(buffer, bytes * 2);
		buffer = NULL;
	}
}

int
main(void)
{
	struct numbers n = {50};
	size_t i;

	settings_load(100);
	for (i = 0; i < 300000; i++) {
		read_line(&n);
		request_noise(&n, 700);
	}
	return 0;
}
