/* calm-arena.c -- an arena for each request, its chunks freed at its end, one kept.
 *
 * Innocent: nothing outlives its request but one chunk.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { CHUNK_BYTES = 4000 };

struct chunk {
	struct chunk *next;
	size_t used;
	char bytes[CHUNK_BYTES];
};

static struct chunk *arena;

static NOINLINE struct chunk *
chunk_new(void)
{
	struct chunk *c = malloc(sizeof *c);

	c->next = arena;
	c->used = 0;
	arena = c;
	return c;
}

static void *
arena_get(size_t bytes)
{
	struct chunk *c = arena;

	if (!c || c->used + bytes > CHUNK_BYTES)
		c = chunk_new();
	c->used += bytes;
	return c->bytes + c->used - bytes;
}

static void
arena_reset(void)
{
	while (arena->next) {
		struct chunk *c = arena;

		arena = c->next;
		free(c);
	}
	arena->used = 0;
}

int
main(void)
{
	struct numbers n = {74};
	size_t i, j;

	settings_load(100);
	for (i = 0; i < 60000; i++) {
		size_t parts = 5 + below(&n, 60);

		for (j = 0; j < parts; j++) {
			size_t bytes = 16 + 8 * below(&n, 50);

			memset(arena_get(bytes), 'a', bytes);
		}
		arena_reset();
		request_noise(&n, 800);
	}
	return 0;
}
