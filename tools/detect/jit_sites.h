/* jit_sites.h -- sites that differ only in code without a name.
 *
 * In:   a model, names if there are any.
 * Out:  for each site, the one that it is judged with; their books together.
 * Not here: what their history means (detect/growth.c).
 *
 * A program that compiles code while it runs, as engines of JavaScript and Java do,
 * calls one function from many addresses that belong to no file: an interpreter's, a
 * first compiler's, a second one's, moved ones.  Each makes a site of its own, and
 * what was put in by one tier of the code is taken out of the history of another.
 * So sites whose stacks lead through such code, and that one function allocates, are
 * one site.
 *
 * BOUND  Two places in compiled code that call the same function are not told apart.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_JOINS_H
#define GCPROF_JOINS_H

#include <stdint.h>

#include "model/heap.h"
#include "names/symbolize.h"

/* INVARIANT  A leader leads itself, and so does a site that is not joined. */
struct joins {
	const struct heap *heap;
	uint32_t *leaders;        /* by node; NULL: no site is joined */
	uint32_t *sizes;          /* by leader: its sites; 0 or 1: itself alone */
	uint64_t *allocations;    /* by leader: of all its sites */
	struct heap_book **books; /* by leader: sums, where there are several */
};

/* Returns  joins for joins_free(), or NULL: no memory.
 * Cost     names of the stacks that lead through code without a name. */
struct joins *joins_new(const struct heap *heap, struct symbols *symbols);
void joins_free(struct joins *j);

/* The site that a node is judged with; itself if it stands alone. */
uint32_t joins_leader(const struct joins *j, uint32_t node);

/* Of a leader, with those that it leads: how many they are; their allocations; the
 * book of their dead, or NULL. */
uint32_t joins_size(const struct joins *j, uint32_t leader);
uint64_t joins_allocations(const struct joins *j, uint32_t leader);
const struct heap_book *joins_book(const struct joins *j, uint32_t leader);

#endif
