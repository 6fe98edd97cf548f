/* hash_index.h -- the numbers of things, by hash.
 *
 * In:   a hash of a thing, and a function that compares a thing with the one of a number.
 * Out:  a number for each, from 1 on, in the order of their first appearance.
 * Not here: the things.  They stand in an array of the caller's, by number (vec.h); texts
 *           have one ready made (texts.h).
 *
 * Open addressing with steps of one, at most half full.  A slot is one word: half of the
 * hash above, the number below.  So a thing is compared only if 32 bits of its hash are
 * the same, and a larger table is filled from the smaller one alone.
 *
 * BOUND: 32 bits choose among the slots: with more than 2^31 things, chains get longer.
 * A file that is made to collide costs time, not memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HASH_INDEX_H
#define GCPROF_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it to begin with. */
struct hash_index {
	uint64_t *slots; /* 0 = empty */
	size_t size;     /* a power of two, or 0 */
	uint32_t n;
};

/* Is what has this number the same as the key?  A number that hash_index_put() gave
 * must answer as long as the table is used, whatever became of its thing. */
typedef bool hash_index_same(const void *arg, uint32_t number, const void *key);

/* The bits that are kept.  Both halves of the product depend on all of the hash: callers
 * need not mix theirs. */
static inline uint64_t
hash_index_bits(uint64_t hash)
{
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	return (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull >> 32;
}

/* The hash of what has been hashed, with one number more. */
static inline uint64_t
hash_index_mix(uint64_t hash, uint64_t v)
{
	return (hash ^ v) * 0x9e3779b97f4a7c15ull;
}

int hash_index_grow(struct hash_index *t, size_t n);

/* Make room for n things in all.  Returns 0, or -1: no memory, and nothing changed. */
static inline int
hash_index_reserve(struct hash_index *t, size_t n)
{
	return n <= t->size / 2 ? 0 : hash_index_grow(t, n);
}

/* Find a key, or give it the next number.  Inline, as a comparison that the compiler sees
 * costs no call.
 * Returns  its number, which is then t->n if it is new; 0: no memory. */
static inline uint32_t
hash_index_put(struct hash_index *t, uint64_t hash, hash_index_same *same,
	       const void *arg, const void *key)
{
	uint64_t bits = hash_index_bits(hash);

	if (hash_index_reserve(t, (size_t)t->n + 1))
		return 0;
	for (size_t at = bits & (t->size - 1);; at = (at + 1) & (t->size - 1)) {
		uint64_t slot = t->slots[at];

		if (slot == 0) {
			t->slots[at] = bits << 32 | ++t->n;
			return t->n;
		}
		if (slot >> 32 == bits && same(arg, (uint32_t)slot, key))
			return (uint32_t)slot;
	}
}

void hash_index_fini(struct hash_index *t);

#endif
