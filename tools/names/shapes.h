/* shapes.h -- structures that no library knows: lists, trees, tables in C.
 *
 * In:   blocks in classes, as those that one call allocates; the edges between them.
 * Out:  for each class what its blocks look like.
 * Not here: the structure that holds given blocks (holders.h); containers whose name is
 *           known (containers.h).
 *
 *     LIST   most lead to another of their class: links one way or both ways
 *     TREE   some lead to two others or more, and either none of these leads back, or
 *            all do, with a third, the parent
 *     TABLE  the slots of a hash table with chains: many words at equal distances lead
 *            to blocks of one class, and some of these on to others of it that no slot
 *            leads to
 *     ENTRY  what hangs in the chains of such a table
 *     OPEN   such words without chains, with gaps all over: open addressing
 *     ARRAY  such words without gaps, or with them in few places
 *
 * BOUND  SHAPES_SAMPLE blocks of each class are read.  Slots that lead nowhere, as of
 * a table with numbers only, cannot be told from any other memory.  A graph looks like
 * a tree, an array of lists like a table with chains, and an array with many elements
 * deleted here and there like one with open addressing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SHAPES_H
#define GCPROF_SHAPES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/heap.h"

enum shape {
	SHAPE_NONE,
	SHAPE_LIST,
	SHAPE_TREE,
	SHAPE_TABLE,
	SHAPE_ENTRY,
	SHAPE_OPEN,
	SHAPE_ARRAY,
	SHAPE_N,
};

enum { SHAPES_SAMPLE = 64 };

/* Find the shapes of classes.
 *
 * classes  by block, 0 to n_classes; 0 = of none.
 * wanted   by class; the shape of others is NONE, though they may be targets.
 * Returns  an enum shape by class, 0 to n_classes, for free(3); NULL: no memory.
 * Cost     two sweeps over the blocks, and the edges of SHAPES_SAMPLE blocks a class;
 *          4 bytes for each of these, 8 a class.
 */
uint8_t *shapes_find(const struct heap *heap, const uint32_t *classes, uint32_t n_classes,
		     const bool *wanted);

/* "linked list node", or NULL for NONE. */
const char *shape_name(enum shape shape);

#endif
