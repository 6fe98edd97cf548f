/* inside.h -- pointers into blocks by which a program keeps what it uses.
 *
 * In:   a heap with its edges, the state of each block.
 * Out:  of the blocks that are POSSIBLE, those that are in use in all likelihood.
 * Not here: what is said of them (leak.c); pointers with tags in their low bits, which
 *           graph.h knows.
 *
 * Many programs keep no pointer to a block's start: objects stand behind a header, maybe
 * one of varying size, or link to one another by a member.  Then pointers meet the blocks
 * not anywhere, as chance or a forgotten cursor does, but by a rule:
 *
 *     place   blocks that the same code allocates are met at the same byte
 *     end     or at the same distance from their end: behind a header that varies
 *     member  blocks that the same code allocates hold such pointers in the same word
 *     table   one block, or some variables that stand together, hold them
 *
 * A rule holds from INSIDE_FEW blocks on; the last two if that word or that table has
 * mostly such pointers.  What a rule leads to from a root or a reachable block is in use,
 * and what that leads to by start pointers or by a rule.  Stacks and registers are no
 * table: what stands there may be dead.
 *
 * "The same code" is taken as the innermost one, two, three or four callers: where all
 * memory comes through one wrapper, one says too little; four too much, where the same
 * object is made in many ways.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_INSIDE_H
#define GCPROF_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"
#include "model/heap.h"

/* Distinct blocks that make a rule. */
enum { INSIDE_FEW = 4 };

/* A bit for each block: it is POSSIBLE and in use.
 *
 * Returns  0 and the bits for free(3), NULL if there are none; -1: no memory.
 * Cost     32 bytes a site, 16 for each pointer into a POSSIBLE block, 56 for each rule
 *          that is tried, of which such a pointer may add 13; the edges of what holds them
 *          are looked at again.
 */
int inside_find(const struct heap *h, const struct graph *g, uint8_t **ret);

#endif
