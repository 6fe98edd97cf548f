/* holder_path.h -- the way from a root that most of some blocks agree on.
 *
 * In:   the shortest way to each of the blocks.
 * Out:  struct path, from the blocks up to a root.
 * Not here: the search for shortest ways (holder_ways.h), what the steps are called
 *           (holders.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HOLDER_PATH_H
#define GCPROF_HOLDER_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/holder_ways.h"
#include "model/heap.h"
#include "names/root_names.h"

struct heads; /* holder_heads.h */

struct way {
	uint32_t block; /* one of the step */
	uint32_t word;  /* in bytes / 8: where it points to the step before */
	uint64_t n_folded;
	const struct heap_root *root;
	uint32_t last_word; /* of a root: the last one, where word is the first */
	bool is_one_word;   /* all agree on the word */
};

struct path {
	struct way *list; /* from the class to the root */
	size_t n, size;
	double agreement;
};

/* What a path is found with. */
struct path_input {
	const struct heap *heap;
	const struct ways *ways;
	struct heads *heads;
	struct names *names; /* which words of a root are one variable */
};

/* Find the path to blocks that a way leads to.
 *
 * f        one for each, n of them, one at least; changed.
 * p        zero; free its list, also on failure.
 * Returns  0, or -1: no memory.
 * Cost     a sweep over the edges of roots; for each step through lists that of heads_find().
 */
int path_find(const struct path_input *in, struct front *f, size_t n, struct path *p);

/* Put blocks in rising order, each once with the weight of all of it.  Returns their
 * number. */
size_t front_merge(struct front *f, size_t n);

void front_sort_by_key(struct front *f, size_t n);

/* Are two blocks of one kind: of one site, or of one size and the same two calls nearest
 * to the allocation, as those of a function that calls itself to build a tree? */
bool holder_is_kin(const struct heap *h, uint32_t a, uint32_t b);

#endif
