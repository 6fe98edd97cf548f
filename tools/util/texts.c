/* texts.c -- texts, each kept once, at an address that stays.
 *
 * In/Out: texts.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/texts.h"

#include <stdlib.h>
#include <string.h>

#include "util/vec.h"

static bool
is_same(const void *arg, uint32_t number, const void *key)
{
	const struct texts *t = arg;

	/* A number without a text: there was no memory for it. */
	return t->list[number] && strcmp(t->list[number], key) == 0;
}

/* The number of a text, whose place in the list is NULL if it is new. */
static uint32_t
number_of(struct texts *t, const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (const char *p = text; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3ull;
	if (VEC_RESERVE_ZEROED(t->list, t->size, (uint64_t)t->numbers.n + 2))
		return 0;
	return hash_index_put(&t->numbers, hash, is_same, t, text);
}

uint32_t
texts_put(struct texts *t, const char *text)
{
	uint32_t number = number_of(t, text);

	if (number && !t->list[number])
		t->list[number] = strdup(text);
	return number && t->list[number] ? number : 0;
}

uint32_t
texts_take(struct texts *t, char *text)
{
	uint32_t number = text ? number_of(t, text) : 0;

	if (number && !t->list[number])
		t->list[number] = text;
	else
		free(text);
	return number;
}

const char *
texts_keep(struct texts *t, const char *text)
{
	uint32_t number = texts_put(t, text);

	return number ? t->list[number] : NULL;
}

void
texts_fini(struct texts *t)
{
	for (uint32_t i = 1; i <= t->numbers.n && i < t->size; i++)
		free(t->list[i]);
	free(t->list);
	hash_index_fini(&t->numbers);
}
