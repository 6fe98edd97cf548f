/* holder_ways.c -- the shortest way from the roots to each block.
 *
 * In:   a heap, which of its roots count.
 * Out:  for each block the one before, and the run of blocks of one site that it is in.
 * Not here: which way stands for many blocks (holder_path.c).
 *
 * Ways are compared by what they cost: a step over a start pointer 1, over a pointer inside 3,
 * as such words may be no pointers, or go round by a header that all blocks have; and what
 * stands in holder_ways.h for the roots.  The search is breadth-first by cost.  What costs
 * more than one step waits until its turn: roots, and pointers inside.  For each block it keeps
 * the one before, and the first block of the run of its site that it is in, so that a long
 * list is one step whatever its length.  All of this is kept by turn, that is in the order in
 * which the search came to blocks: those before come in that order too, so memory is gone
 * through from one end to the other.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/holder_ways.h"

#include <stdlib.h>

#include "names/root_names.h"
#include "names/stacks.h"
#include "util/vec.h"

enum {
	AHEAD = 16,  /* blocks from the one that memory is asked for */
	LEVELS = 16, /* more than any root or step costs */
	N_PARTS = 3, /* of the search: roots of a later one come after all ways of those before */
	START_COST = 1,
	INSIDE_COST = 3,
};

/* Who waits for a level, with who leads to it. */
struct waiting {
	struct wait {
		uint32_t block, before;
	} * list;
	size_t n, size;
};

struct ways {
	const struct heap *heap;
	struct graph roots; /* for graph_is_root() and graph_is_start() */
	uint32_t *turns;    /* by block, from 1; 0 = no way leads to it */
	uint32_t *blocks;   /* by turn; [0] means nothing */
	uint32_t *befores;  /* by turn, a turn; 0 = a root */
	uint32_t *tops;     /* by turn, a turn: first of the run of blocks of one site */
	uint32_t *runs;     /* by turn: how far from there */
	uint32_t n;         /* highest turn */
	uint32_t n_owned;   /* turns of the first part: what may have an owner */
	/* While searching. */
	uint8_t *is_visited; /* a bit a block */
	uint8_t *is_waiting; /* the same: a pointer inside leads to it, from a block */
	struct waiting waiting[LEVELS]; /* by cost % LEVELS */
	size_t n_waiting;
	bool failed;
};

/* ---- roots ---- */

static const struct {
	unsigned part, cost;
} ranks[] = {
	[WAYS_VARIABLE] = {0, 0}, [WAYS_STRONG] = {0, 2}, [WAYS_FRAME] = {0, 8},
	[WAYS_STACK] = {1, 0},    [WAYS_LAST] = {2, 0},
};

enum ways_rank
ways_rank(const struct heap *h, const struct heap_root *r, uint64_t word)
{
	const struct stack_frame of_owner = {.module = r->owner};
	const struct heap_frame *frame;

	switch (r->kind) {
	case HEAPFILE_ROOT_GLOBAL:
		return r->owner && stack_is_runtime(h, &of_owner) ? WAYS_STRONG
								  : WAYS_VARIABLE;
	case HEAPFILE_ROOT_TLS:
		return WAYS_VARIABLE;
	case HEAPFILE_ROOT_REGISTERS:
	case HEAPFILE_ROOT_OTHER:
		return WAYS_LAST;
	case HEAPFILE_ROOT_STACK:
	case HEAPFILE_ROOT_ALT_STACK:
		frame = names_stack_frame(h, r, word);
		if (!frame || !frame->module)
			return WAYS_STACK;
		return stack_is_runtime(h, &(struct stack_frame){.module = frame->module})
			       ? WAYS_LAST
			       : WAYS_FRAME;
	default:
		return WAYS_STRONG;
	}
}

static unsigned
step_cost(const struct ways *w, uint64_t edge)
{
	return graph_is_start(&w->roots, edge) ? START_COST : INSIDE_COST;
}

unsigned
ways_root_cost(const struct ways *w, const struct heap_root *r, uint64_t edge)
{
	enum ways_rank rank = ways_rank(w->heap, r, edges_word(&w->heap->edges, edge));

	return ranks[rank].part * LEVELS + ranks[rank].cost + step_cost(w, edge);
}

/* ---- the search ---- */

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

/* before: as in visit(). */
static void
wait(struct ways *w, unsigned level, uint32_t block, uint32_t before)
{
	struct waiting *list = &w->waiting[level % LEVELS];

	if (bit(w->is_visited, block))
		return;
	if (VEC_PUSH(list->list, list->n, list->size, (struct wait){block, before}))
		w->failed = true;
	else
		w->n_waiting++;
}

/* Roots wait for their levels; a part begins with level 0. */
static void
wait_for_roots(struct ways *w, unsigned part)
{
	const struct edges *e = &w->heap->edges;

	for (size_t i = 0; i < w->heap->n_roots; i++) {
		const struct heap_root *r = &w->heap->roots[i];
		bool is_stack = r->kind == HEAPFILE_ROOT_STACK ||
				r->kind == HEAPFILE_ROOT_ALT_STACK;
		enum ways_rank rank = ways_rank(w->heap, r, 0);

		for (uint64_t k = r->first_edge;
		     graph_is_root(&w->roots, r) && k < r->first_edge + r->n_edges; k++) {
			/* Words of a stack are of different frames. */
			if (is_stack)
				rank = ways_rank(w->heap, r, edges_word(e, k));
			if (ranks[rank].part == part)
				wait(w, ranks[rank].cost + step_cost(w, k), e->targets[k],
				     0);
		}
	}
}

static void
visit_waiting(struct ways *w, unsigned level)
{
	struct waiting *list = &w->waiting[level % LEVELS];

	for (size_t i = 0; i < list->n; i++)
		visit(w, list->list[i].block, list->list[i].before);
	w->n_waiting -= list->n;
	list->n = 0;
}

static void
visit_targets(struct ways *w, uint32_t turn, unsigned level)
{
	const struct edges *e = &w->heap->edges;
	uint32_t block = w->blocks[turn];

	for (uint64_t k = e->first[block]; k < e->first[block + 1]; k++) {
		uint32_t target = e->targets[k];

		if (bit(w->is_visited, target))
			continue;
		if (step_cost(w, k) == START_COST) {
			visit(w, target, turn);
		} else if (!bit(w->is_waiting, target)) {
			/* Who comes later does not come sooner. */
			set_bit(w->is_waiting, target);
			wait(w, level + INSIDE_COST, target, turn);
		}
	}
}

/* On from the turns of one level. */
static void
visit_level(struct ways *w, uint32_t first, uint32_t last, unsigned level)
{
	const struct edges *e = &w->heap->edges;

	for (uint32_t turn = first; turn <= last; turn++) {
		/* The queue says what will be needed soon. */
		if (w->n - turn > 2 * AHEAD) {
			uint64_t at = e->first[w->blocks[turn + AHEAD]];

			__builtin_prefetch(&e->first[w->blocks[turn + 2 * AHEAD]]);
			__builtin_prefetch(&e->targets[at]);
			__builtin_prefetch(&e->words[at]);
		}
		visit_targets(w, turn, level);
	}
}

static void
search_part(struct ways *w, unsigned part)
{
	uint32_t first = w->n + 1;

	wait_for_roots(w, part);
	for (unsigned level = 0; (first <= w->n || w->n_waiting) && !w->failed; level++) {
		uint32_t last;

		/* Those that the level before led to are there already. */
		visit_waiting(w, level);
		last = w->n;
		visit_level(w, first, last, level);
		first = last + 1;
	}
}

static int
search(struct ways *w)
{
	size_t n = (size_t)w->heap->n_blocks / 8 + 1;

	w->is_visited = calloc(n, 1);
	w->is_waiting = calloc(n, 1);
	w->failed = !w->is_visited || !w->is_waiting;
	for (unsigned part = 0; part < N_PARTS && !w->failed; part++) {
		search_part(w, part);
		w->n_owned = part == 0 ? w->n : w->n_owned;
	}
	free(w->is_visited);
	free(w->is_waiting);
	w->is_visited = w->is_waiting = NULL;
	for (size_t i = 0; i < LEVELS; i++) {
		free(w->waiting[i].list);
		w->waiting[i] = (struct waiting){NULL, 0, 0};
	}
	return w->failed ? -1 : 0;
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
	free(w);
}

/* ---- questions ---- */

bool
ways_leads_to(const struct ways *w, uint32_t block)
{
	return w->turns[block] != 0;
}

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

bool
ways_is_owned(const struct ways *w, uint32_t block)
{
	return ways_leads_to(w, block) && w->turns[block] <= w->n_owned;
}

const struct graph *
ways_graph(const struct ways *w)
{
	return &w->roots;
}
