/* interned.c -- small numbers for things that are the same.
 *
 * In/Out: interned.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/interned.h"

#include <stdlib.h>
#include <string.h>

static struct interned_slot *
find(const struct interned *t, uint64_t hash, interned_same *same, const void *arg,
     const void *key)
{
	size_t at = (size_t)hash & (t->size - 1);

	while (t->slots[at].number &&
	       (t->slots[at].hash != hash || !same(arg, t->slots[at].number, key)))
		at = (at + 1) & (t->size - 1);
	return &t->slots[at];
}

static int
grow(struct interned *t)
{
	size_t size = t->size ? 2 * t->size : 256;
	struct interned_slot *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < t->size; i++) {
		size_t at = (size_t)t->slots[i].hash & (size - 1);

		if (!t->slots[i].number)
			continue;
		while (slots[at].number)
			at = (at + 1) & (size - 1);
		slots[at] = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->size = size;
	return 0;
}

uint32_t
interned_put(struct interned *t, uint64_t hash, interned_same *same, const void *arg,
	     const void *key)
{
	struct interned_slot *slot;

	/* The low bits choose the slot: they have to depend on all others. */
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	hash ^= hash >> 29;
	if (2 * ((size_t)t->n + 1) > t->size && grow(t))
		return 0;
	slot = find(t, hash, same, arg, key);
	if (!slot->number)
		*slot = (struct interned_slot){hash, ++t->n};
	return slot->number;
}

void
interned_fini(struct interned *t)
{
	free(t->slots);
}

int
interned_grow(void *array, size_t element, uint32_t *size, uint32_t number)
{
	uint32_t more = *size ? *size : 64;
	char *now, *larger;

	if (number < *size)
		return 0;
	while (more <= number) {
		if (more > UINT32_MAX / 2)
			return -1;
		more *= 2;
	}
	/* Pointers of any type have one representation, but may not stand for one
	 * another. */
	memcpy(&now, array, sizeof(now));
	larger = realloc(now, more * element);
	if (!larger)
		return -1;
	memset(larger + *size * element, 0, (more - *size) * element);
	memcpy(array, &larger, sizeof(larger));
	*size = more;
	return 0;
}

/* ---- texts ---- */

static bool
is_same_text(const void *arg, uint32_t number, const void *key)
{
	const struct texts *t = arg;

	/* A number without a text: there was no memory for it. */
	return t->list[number] && strcmp(t->list[number], key) == 0;
}

uint32_t
texts_put(struct texts *t, const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	uint32_t number;

	for (const char *p = text; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3ull;
	if (interned_grow(&t->list, sizeof(*t->list), &t->size, t->numbers.n + 1))
		return 0;
	number = interned_put(&t->numbers, hash, is_same_text, t, text);
	if (number && !t->list[number])
		t->list[number] = strdup(text);
	return number && t->list[number] ? number : 0;
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
	interned_fini(&t->numbers);
}
