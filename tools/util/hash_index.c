/* hash_index.c -- the numbers of things, by hash: growth.
 *
 * In/Out: hash_index.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/hash_index.h"

#include <stdlib.h>

enum { FIRST_SIZE = 256 };

/* A slot of something that is not there yet. */
static void
put_slot(uint64_t *slots, size_t size, uint64_t slot)
{
	size_t at = slot >> 32 & (size - 1);

	while (slots[at])
		at = (at + 1) & (size - 1);
	slots[at] = slot;
}

int
hash_index_grow(struct hash_index *t, size_t n)
{
	size_t size = t->size ? t->size : FIRST_SIZE;
	uint64_t *slots;

	if (n > UINT32_MAX)
		return -1;
	while (size / 2 < n)
		size *= 2;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -1;
	for (size_t i = 0; i < t->size; i++)
		if (t->slots[i])
			put_slot(slots, size, t->slots[i]);
	free(t->slots);
	t->slots = slots;
	t->size = size;
	return 0;
}

void
hash_index_fini(struct hash_index *t)
{
	free(t->slots);
}
