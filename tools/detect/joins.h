/* joins.h -- sites that are judged as one.
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
 * Sites that differ only in how often a function has called itself (recursion.h), each of too
 * few blocks to be judged by itself, are one site as well.
 *
 * BOUND  A site's dead are in no book before the fourth.  Where many blocks of such sites were
 * freed, and it is not known when, their history is not known, and they stay apart.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_JOINS_H
#define GCPROF_JOINS_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/finding.h"
#include "model/heap.h"
#include "names/symbolize.h"

/* INVARIANT  A leader leads itself, and so does a site that is not joined. */
struct joins {
	const struct heap *heap;
	uint32_t *leaders;     /* by node; NULL: no site is joined */
	uint32_t *sizes;       /* by leader: its sites; 0 or 1: itself alone */
	uint32_t *next;        /* by node: another that is led by the same; 0: no more */
	uint8_t *is_recursive; /* by leader: they differ in recursion only */
	uint64_t *allocations; /* by leader: of all its sites */
	struct heap_book **books; /* by leader: sums, where there are several */
};

/* Returns  joins for joins_free(), or NULL: no memory.
 * Cost     names of the stacks that lead through code without a name; recursion_find(). */
struct joins *joins_new(const struct heap *heap, struct symbols *symbols);
void joins_free(struct joins *j);

/* The site that a node is judged with; itself if it stands alone. */
uint32_t joins_leader(const struct joins *j, uint32_t node);

/* Of a leader first, 0 to begin with, then of those that it leads, itself included, the
 * next one; 0: that was the last. */
uint32_t joins_next(const struct joins *j, uint32_t leader, uint32_t node);

/* Of a leader: do its sites differ in recursion only? */
bool joins_is_recursive(const struct joins *j, uint32_t leader);

/* A finding of a site says so if it is judged with others. */
void joins_add_evidence(const struct joins *j, uint32_t node, struct findings *all,
			struct finding *f);

/* Of a leader, with those that it leads: how many they are; their allocations; the
 * book of their dead, or NULL. */
uint32_t joins_size(const struct joins *j, uint32_t leader);
uint64_t joins_allocations(const struct joins *j, uint32_t leader);
const struct heap_book *joins_book(const struct joins *j, uint32_t leader);

#endif
