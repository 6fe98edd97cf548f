/* holder_ways.c -- the shortest way from the roots to each block.
 *
 * In:   a heap, which of its roots count.
 * Out:  for each block the one before, and the run of blocks of one site that it is in.
 * Not here: which way stands for many blocks (holder_path.c).
 *
 * Shortest ways come from one breadth-first search in four parts: start pointers
 * from variables, then from stacks and what else is weak evidence, then pointers
 * inside from either.  For each block it keeps the one before, and the first block
 * of the run of its site that it is in, so that a long list is one step whatever its
 * length.  All of this is kept by turn, that is in the order in which the search came
 * to blocks: those before come in that order too, so memory is gone through from one
 * end to the other.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/holder_ways.h"

#include <stdlib.h>

enum { AHEAD = 16 }; /* blocks from the one that memory is asked for */

struct ways {
	const struct heap *heap;
	struct graph roots;  /* for graph_is_root() and graph_is_start() */
	uint32_t *turns;     /* by block, from 1; 0 = no way leads to it */
	uint32_t *blocks;    /* by turn; [0] means nothing */
	uint32_t *befores;   /* by turn, a turn; 0 = a root */
	uint32_t *tops;      /* by turn, a turn: first of the run of blocks of one site */
	uint32_t *runs;      /* by turn: how far from there */
	uint32_t n;          /* highest turn */
	uint8_t *is_visited; /* a bit a block; while searching */
};

/* ---- the search ---- */

bool
ways_is_weak(const struct heap_root *r)
{
	return r->kind == HEAPFILE_ROOT_STACK || r->kind == HEAPFILE_ROOT_REGISTERS ||
	       r->kind == HEAPFILE_ROOT_ALT_STACK || r->kind == HEAPFILE_ROOT_OTHER;
}

static bool
bit(const uint8_t *bits, uint32_t block)
{
	return bits[block / 8] >> block % 8 & 1;
}

static void
set_bit(uint8_t *bits, uint32_t block)
{
	bits[block / 8] |= (uint8_t)(1u << block % 8);
}

/* before: a turn, 0 for a root. */
static void
visit(struct ways *w, uint32_t block, uint32_t before)
{
	if (bit(w->is_visited, block))
		return;
	set_bit(w->is_visited, block);
	w->blocks[++w->n] = block;
	w->befores[w->n] = before;
}

static void
visit_roots(struct ways *w, bool weak, bool starts_only)
{
	const struct edges *e = &w->heap->edges;

	for (size_t i = 0; i < w->heap->n_roots; i++) {
		const struct heap_root *r = &w->heap->roots[i];

		if (!graph_is_root(&w->roots, r) || ways_is_weak(r) != weak)
			continue;
		for (uint64_t k = r->first_edge; k < r->first_edge + r->n_edges; k++)
			if (!starts_only || graph_is_start(&w->roots, k))
				visit(w, e->targets[k], 0);
	}
}

static void
visit_targets(struct ways *w, uint32_t turn, bool starts_only)
{
	const struct edges *e = &w->heap->edges;
	uint32_t block = w->blocks[turn];

	for (uint64_t k = e->first[block]; k < e->first[block + 1]; k++)
		if (!bit(w->is_visited, e->targets[k]) &&
		    (!starts_only || graph_is_start(&w->roots, k)))
			visit(w, e->targets[k], turn);
}

/* On from all blocks whose turn comes after this one. */
static void
visit_rest(struct ways *w, uint32_t after, bool starts_only)
{
	const struct edges *e = &w->heap->edges;

	for (uint32_t turn = after + 1; turn <= w->n; turn++) {
		/* The queue says what will be needed soon. */
		if (w->n - turn > 2 * AHEAD) {
			uint64_t first = e->first[w->blocks[turn + AHEAD]];

			__builtin_prefetch(&e->first[w->blocks[turn + 2 * AHEAD]]);
			__builtin_prefetch(&e->targets[first]);
			__builtin_prefetch(&e->words[first]);
		}
		visit_targets(w, turn, starts_only);
	}
}

/* Over pointers inside from the blocks up to a turn; over start pointers from them
 * nothing is left.  Few blocks have what leads to a new one, and the edges are read
 * as they are in memory before the search goes by turns. */
static int
visit_insides(struct ways *w, uint32_t last)
{
	const struct edges *e = &w->heap->edges;
	uint8_t *leads_on = calloc((size_t)w->heap->n_blocks / 8 + 1, 1);

	if (!leads_on)
		return -1;
	for (uint32_t b = 0; b < w->heap->n_blocks; b++)
		for (uint64_t k = e->first[b]; k < e->first[b + 1]; k++)
			if (edges_class(e, k) != EDGES_START &&
			    !bit(w->is_visited, e->targets[k]))
				set_bit(leads_on, b);
	for (uint32_t turn = 1; turn <= last; turn++)
		if (bit(leads_on, w->blocks[turn]))
			visit_targets(w, turn, false);
	free(leads_on);
	return 0;
}

static int
search(struct ways *w)
{
	uint32_t done, with_starts;

	w->is_visited = calloc((size_t)w->heap->n_blocks / 8 + 1, 1);
	if (!w->is_visited)
		return -1;
	visit_roots(w, false, true);
	visit_rest(w, 0, true);
	done = w->n;
	visit_roots(w, true, true);
	visit_rest(w, done, true);
	with_starts = w->n;
	visit_roots(w, false, false);
	if (visit_insides(w, with_starts) != 0)
		return -1;
	visit_rest(w, with_starts, false);
	done = w->n;
	visit_roots(w, true, false);
	visit_rest(w, done, false);
	free(w->is_visited);
	w->is_visited = NULL;
	return 0;
}

/* Find the runs.  Sites are brought together first, as those of blocks are all over
 * memory. */
static int
find_runs(struct ways *w)
{
	const struct heap_block *blocks = w->heap->blocks;
	uint32_t *sites = malloc(((size_t)w->n + 1) * sizeof(*sites));

	if (!sites)
		return -1;
	for (uint32_t turn = 1; turn <= w->n; turn++) {
		if (w->n - turn > AHEAD)
			__builtin_prefetch(&blocks[w->blocks[turn + AHEAD]].site);
		sites[turn] = blocks[w->blocks[turn]].site;
	}
	for (uint32_t turn = 1; turn <= w->n; turn++) {
		uint32_t before = w->befores[turn];
		bool follows = before != 0 && sites[before] == sites[turn];

		w->tops[turn] = follows ? w->tops[before] : turn;
		w->runs[turn] = follows ? w->runs[before] + 1 : 0;
	}
	free(sites);
	return 0;
}

static int
find_ways(struct ways *w, uint32_t n_reachable)
{
	size_t n = (size_t)n_reachable + 1;

	w->blocks = malloc(n * sizeof(*w->blocks));
	w->befores = malloc(n * sizeof(*w->befores));
	if (!w->blocks || !w->befores || search(w) != 0)
		return -1;
	w->tops = malloc(n * sizeof(*w->tops));
	w->runs = malloc(n * sizeof(*w->runs));
	if (!w->tops || !w->runs || find_runs(w) != 0)
		return -1;
	w->turns = calloc((size_t)w->heap->n_blocks + 1, sizeof(*w->turns));
	if (!w->turns)
		return -1;
	for (uint32_t turn = 1; turn <= w->n; turn++)
		w->turns[w->blocks[turn]] = turn;
	return 0;
}

struct ways *
ways_new(const struct heap *heap, const struct graph_options *options, uint32_t n_reachable)
{
	struct ways *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->heap = heap;
	w->roots = (struct graph){.heap = heap, .options = *options};
	if (find_ways(w, n_reachable) != 0) {
		ways_free(w);
		return NULL;
	}
	return w;
}

void
ways_free(struct ways *w)
{
	if (!w)
		return;
	free(w->turns);
	free(w->blocks);
	free(w->befores);
	free(w->tops);
	free(w->runs);
	free(w->is_visited);
	free(w);
}

/* ---- questions ---- */

uint32_t
ways_parent(const struct ways *w, uint32_t block)
{
	uint32_t before = w->befores[w->turns[block]];

	return before ? w->blocks[before] : WAYS_ROOT;
}

uint32_t
ways_top(const struct ways *w, uint32_t block)
{
	return w->blocks[w->tops[w->turns[block]]];
}

uint32_t
ways_run(const struct ways *w, uint32_t block)
{
	return w->runs[w->turns[block]];
}

const struct graph *
ways_graph(const struct ways *w)
{
	return &w->roots;
}
