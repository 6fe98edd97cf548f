/* stacktree.h -- the tree of all stacks of several snapshots.
 *
 * In:   models, one after the other.
 * Out:  a number for each stack that is the same in all of them.
 * Not here: sums (series.h), names (compare/cross_index.h).
 *
 * A file numbers its sites by itself, so sites are matched by their stacks: from
 * the outermost frame inwards, each by its module's build id, or its path if it has
 * none, and the offset in it.  Such a stack, of the sites of all files, is a place.
 *
 * BOUND  A module is known by a hash of 64 bits; two modules that share one would
 * be taken for the same.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_STACKTREE_H
#define GCPROF_STACKTREE_H

#include <stddef.h>
#include <stdint.h>

#include "model/heap.h"

#include "util/hash_index.h"

/* INVARIANT  parent < own number. */
struct stacktree_place {
	uint64_t module; /* hash; 0 = none */
	uint64_t offset;
	uint32_t parent, flags;
};

/* Zero it to begin with. */
struct stacktree {
	struct stacktree_place *places; /* from 1; 0 stands for no stack at all */
	uint32_t n_places, places_size;
	struct hash_index numbers; /* of places */
};

/* Number the stacks of a model.
 * Returns  by node, its place, for free(3); NULL: no memory. */
uint32_t *stacktree_add(struct stacktree *t, const struct heap *heap);

void stacktree_fini(struct stacktree *t);

/* By its build id a module is the same wherever it lies; 0: none. */
uint64_t stacktree_module(const struct heap *heap, uint32_t module);

uint64_t stacktree_hash(uint64_t hash, const void *bytes, size_t n);

#endif
