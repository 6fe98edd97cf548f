/* neighbours.h -- which others of its kind a block leads to: the links of lists and trees.
 *
 * In:   a block, and what makes two blocks alike.
 * Out:  some of those that it points to.
 * Not here: what shape the links make (shapes.h, explain/holder_container.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_NEIGHBOURS_H
#define GCPROF_NEIGHBOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/heap.h"

enum { NEIGHBOURS_MOST = 8 };

/* Are two blocks of one kind? */
typedef bool neighbours_alike(const void *arg, uint32_t a, uint32_t b);

/* Find different blocks, alike to a block and not itself, that it leads to.
 *
 * list     room for NEIGHBOURS_MOST of them.
 * Returns  their number.
 * BOUND    only the first 64 edges of a block are followed.
 */
unsigned neighbours_find(const struct heap *heap, uint32_t block, neighbours_alike *alike,
			 const void *arg, uint32_t *list);

/* Is `to` a neighbour of `from`? */
bool neighbours_lead_to(const struct heap *heap, uint32_t from, uint32_t to,
			neighbours_alike *alike, const void *arg);

#endif
