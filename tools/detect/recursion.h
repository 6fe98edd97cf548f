/* recursion.h -- sites that differ only in how often a function has called itself.
 *
 * In:   a model, names if there are any.
 * Out:  for each site the number of its folded stack; of those with the same number one
 *       at least was reached by recursion.
 * Not here: what is made of them together (joins.h).
 *
 * A function that inserts into a tree by calling itself for the left side and for the
 * right one has a stack for each path, and so a site for each place in the tree, with
 * hardly a block.  Folding takes repeated calls out of a stack: where the last functions of
 * it, up to MOST_PERIOD, are the same as as many before them, only the last ones stay.  Two
 * stacks are folded alike if what is left is the same: the same instructions, but of functions
 * that call themselves the same lines.
 *
 * Names are asked for only where a stack holds the same return address twice, near by, and of
 * who calls these functions or is called by them: most programs have no such stack.
 *
 * BOUND  Without names a recursion is folded only where it always calls from one place.
 * BOUND  Circles of more than MOST_PERIOD functions are not seen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RECURSION_H
#define GCPROF_RECURSION_H

#include <stdint.h>

#include "model/heap.h"
#include "names/symbolize.h"

struct recursion {
	uint32_t *folded; /* by node: a number of its stack from 1; NULL: no recursion */
	uint32_t n;       /* the highest */
	/* By that number: a stack that was folded to it was a longer one. */
	uint8_t *is_shorter;
};

/* Returns  0 and what is for recursion_fini(), or -1: no memory.
 * Cost     two sweeps over the nodes; names of the functions that are in question. */
int recursion_find(struct recursion *ret, const struct heap *heap, struct symbols *symbols);
void recursion_fini(struct recursion *r);

#endif
