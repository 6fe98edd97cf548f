/* graph.h -- which blocks the program can still reach, and how.
 *
 * In:   a heap with roots and edges.
 * Out:  for each block one state, as memcheck defines them.
 * Not here: which of it is worth a finding (detect/leak.c).
 *
 * A start pointer leads to a block's first byte, or inside in a way that a
 * heuristic knows to be as good (graph_options).  Any other pointer into a block
 * is an interior one, and might be a number that only looks like a pointer.
 *
 *     REACHABLE  start pointers lead to it all the way from a root
 *     POSSIBLE   pointers do, but on every way one is interior; or none does, and a
 *                thread that a fork left behind may have held it (gcprof-heap(5),
 *                left_behind_epoch), or something that leads to it
 *     IGNORED    neither, but it was to be left alone (HEAPFILE_KIND_IGNORED),
 *                or pointers lead to it from one that was
 *     INDIRECT   none of these; a lost block leads to it
 *     DEFINITE   none of these
 *
 * Lost blocks that lead to one another, and to which no other lost block leads,
 * have one leader, the one at the lowest address unless cycles.h chooses another:
 * it is DEFINITE, the others are INDIRECT.  memcheck names the lowest, and further
 * ones where it came to a block in the middle of lost data before it came to the
 * beginning; that depends on the order of addresses, which is not the same in two
 * runs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_GRAPH_H
#define GCPROF_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/heap.h"

enum graph_state {
	GRAPH_DEFINITE,
	GRAPH_INDIRECT,
	GRAPH_POSSIBLE,
	GRAPH_REACHABLE,
	GRAPH_IGNORED,
	GRAPH_N_STATES,
};

struct graph_options {
	uint32_t roots_off; /* a bit for each enum heapfile_root that is no root */
	bool no_heuristics; /* every pointer inside is an interior one */
};

struct graph {
	const struct heap *heap;
	struct graph_options options;
	uint8_t *states;    /* by block, enum graph_state */
	uint8_t *is_tagged; /* a bit for each block: see graph_is_tagged() */
	uint8_t *is_left;   /* the same: see graph_is_left(); NULL = none is */
	uint8_t *is_cyclic; /* the same: see cycles_has(); NULL before cycles_lead() */
	uint32_t *leaders;  /* by block; of an INDIRECT one; NULL if there is none */
	struct heap_count counts[GRAPH_N_STATES]; /* requested bytes */
};

/* Find the state of each block.
 *
 * heap     has_roots; must live as long as the graph.
 * Returns  the graph for graph_free(), or NULL: no memory.
 * Cost     each edge is looked at four times at most; 10 bytes a block.
 */
struct graph *graph_new(const struct heap *heap, const struct graph_options *options,
			heap_progress *progress, void *progress_arg);

void graph_free(struct graph *g);

/* Does this edge count as a start pointer? */
static inline bool
graph_is_start(const struct graph *g, uint64_t edge)
{
	enum edges_class class = edges_class(&g->heap->edges, edge);

	return class == EDGES_START ||
	       (class >= EDGES_INSIDE_STRING && !g->options.no_heuristics);
}

/* Is a POSSIBLE block so only because of pointers that are off by less than a word,
 * as those are that have a tag in their low bits? */
static inline bool
graph_is_tagged(const struct graph *g, uint32_t block)
{
	return g->is_tagged[block / 8] >> block % 8 & 1;
}

/* Is a POSSIBLE block so only because of threads that a fork left behind? */
static inline bool
graph_is_left(const struct graph *g, uint32_t block)
{
	return g->is_left && g->is_left[block / 8] >> block % 8 & 1;
}

static inline bool
graph_is_root(const struct graph *g, const struct heap_root *r)
{
	return r->kind > 31 || !(g->options.roots_off & 1u << r->kind);
}

/* "definite" and the like, and back (GRAPH_N_STATES: no such word). */
const char *graph_state_name(enum graph_state state);
enum graph_state graph_state_named(const char *name);
/* "definitely lost" and the like, as memcheck calls them. */
const char *graph_state_title(enum graph_state state);

/* "globals" and the like, of enum heapfile_root; NULL beyond the last. */
const char *graph_root_name(uint32_t kind);

#endif
