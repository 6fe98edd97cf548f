/* holder_heads.h -- where lists begin.
 *
 * In:   a heap, some blocks of one site that lead to one another.
 * Out:  for each the first block of its list.
 * Not here: who holds that (holder_path.h).
 *
 * A way may come upon a list in its middle, by a cursor, or by a word that was left behind: who
 * holds the list holds its head.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HOLDER_HEADS_H
#define GCPROF_HOLDER_HEADS_H

#include <stddef.h>
#include <stdint.h>

#include "explain/holder_ways.h"
#include "model/heap.h"

struct heads;

/* heap and ways must live as long; NULL: no memory. */
struct heads *heads_new(const struct heap *heap, const struct ways *ways);

void heads_free(struct heads *x);

/* Replace blocks by the heads of their lists, as far as these are known; else they stay.
 *
 * f        blocks, n of them, each of which a way leads to; those of the first one's site
 *          are looked at.
 * Returns  0, or -1: no memory.
 * Cost     a look at all blocks of the site and their edges; the first time 4 bytes a block.
 */
int heads_find(struct heads *x, struct front *f, size_t n);

#endif
