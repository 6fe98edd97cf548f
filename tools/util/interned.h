/* interned.h -- small numbers for things that are the same.
 *
 * In:   texts, or whatever has a hash and can be compared.
 * Out:  a number for each, from 1 on, in the order of their first appearance.
 * Not here: what the numbers index.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_INTERNED_H
#define GCPROF_INTERNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers by hash: open addressing, at most half full.  Zero it to begin with. */
struct interned {
	struct interned_slot {
		uint64_t hash;
		uint32_t number; /* 0 = empty */
	} * slots;
	size_t size; /* a power of two, or 0 */
	uint32_t n;
};

/* Is what has this number the same as the key? */
typedef bool interned_same(const void *arg, uint32_t number, const void *key);

/* Find a key, or give it the next number.
 * Returns  its number, which is then t->n if it is new; 0: no memory. */
uint32_t interned_put(struct interned *t, uint64_t hash, interned_same *same,
		      const void *arg, const void *key);

void interned_fini(struct interned *t);

/* Texts, each kept once, at an address that stays.  Zero it to begin with. */
struct texts {
	struct interned numbers;
	char **list; /* from 1 */
	uint32_t size;
};

/* Returns  its number; 0: no memory. */
uint32_t texts_put(struct texts *t, const char *text);

/* The text as it is kept; NULL: no memory. */
const char *texts_keep(struct texts *t, const char *text);

void texts_fini(struct texts *t);

/* Make room for an element with this number in an array that has *size of them, and
 * zero what is new.  Returns 0, or -1: no memory. */
int interned_grow(void *array, size_t element, uint32_t *size, uint32_t number);

#endif
