/* growth-arena.c -- a reader with one arena for the strings of its records.
 *
 * Planted: the arena is meant to be reset after each record and is not; it
 * takes chunk after chunk.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { CHUNK_BYTES = 16384 };

struct chunk {
	struct chunk *before;
	size_t used;
	char bytes[CHUNK_BYTES];
};

static struct chunk *arena;

static NOINLINE struct chunk *
chunk_new(struct chunk *before)
{
	struct chunk *c = malloc(sizeof *c);

	c->before = before;
	c->used = 0;
	return c;
}

static char *
arena_copy(const char *text)
{
	size_t length = strlen(text) + 1;
	char *copy;

	if (!arena || arena->used + length > CHUNK_BYTES)
		arena = chunk_new(arena);
	copy = arena->bytes + arena->used;
	memcpy(copy, text, length);
	arena->used += length;
	return copy;
}

int
main(void)
{
	struct numbers n = {62};
	size_t i, j;

	settings_load(50);
	for (i = 0; i < 120000; i++) {
		char text[80];

		for (j = 0; j < 5; j++) {
			snprintf(text, sizeof text, "column %zu of record %zu has %zu", j,
				 i, below(&n, 1000000));
			result_sink += (uint64_t)arena_copy(text)[7];
		}
		request_noise(&n, 1200);
	}
	return 0;
}
