/* cycles.c -- see cycles.h.
 *
 * Whatever leads to a leader is of its cycle: nothing else that is lost leads there.  So
 * an indirect block with a pointer to a leader shows that there is a cycle, and its blocks
 * are those from which pointers lead back to the leader, which the same leader leads.
 *
 * SPDX-License-Identifier: MIT
 */
#include "graph/cycles.h"

#include <stdlib.h>

#include "util/vec.h"

enum {
	WAITING = GRAPH_N_STATES, /* lost, and no leader has come to it yet */
	MOST_LEADERS = 1 << 20,
};

/* A lost block that is a leader. */
struct leader {
	struct cycles_rank rank;
	uint32_t block;
};

struct cycles_work {
	struct graph *g;
	cycles_order *order;
	void *arg;
	struct cycles_rank *ranks; /* by site */
	uint8_t *has_rank;         /* by site */
	uint8_t *has_cycle;        /* a bit for each block: it leads a cycle */
	/* Who points to whom, of blocks that are lost with a cycle: those that point to
	 * block b are sources[first[b]] .. sources[first[b + 1] - 1]. */
	uint64_t *first;
	uint32_t *sources;
	uint32_t *stack;
	size_t n, size;
	struct leader *leaders;
	size_t n_leaders, leaders_size;
	bool failed;
};

static bool
has_bit(const uint8_t *bits, uint32_t block)
{
	return bits[block / 8] >> block % 8 & 1;
}

static void
set_bit(uint8_t *bits, uint32_t block)
{
	bits[block / 8] |= (uint8_t)(1u << block % 8);
}

static void
push(struct cycles_work *w, uint32_t block)
{
	if (VEC_PUSH(w->stack, w->n, w->size, block))
		w->failed = true;
}

static struct cycles_rank
rank_of(struct cycles_work *w, uint32_t block)
{
	uint32_t site = w->g->heap->blocks[block].site;

	if (!w->has_rank[site]) {
		w->ranks[site] = w->order(w->arg, site);
		w->has_rank[site] = 1;
	}
	return w->ranks[site];
}

static int
compare_leaders(const void *a, const void *b)
{
	const struct leader *x = a, *y = b;

	if (x->rank.first != y->rank.first)
		return x->rank.first < y->rank.first ? -1 : 1;
	if (x->rank.second != y->rank.second)
		return x->rank.second < y->rank.second ? -1 : 1;
	return (x->block > y->block) - (x->block < y->block);
}

/* ---- cycles ---- */

/* Returns whether there is any. */
static bool
find_cycles(struct cycles_work *w)
{
	const struct edges *e = &w->g->heap->edges;
	bool is_any = false;

	for (uint32_t b = 0; b < w->g->heap->n_blocks; b++) {
		if (w->g->states[b] != GRAPH_INDIRECT)
			continue;
		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++)
			if (w->g->states[e->targets[i]] == GRAPH_DEFINITE) {
				set_bit(w->has_cycle, e->targets[i]);
				is_any = true;
			}
	}
	return is_any;
}

/* Is a block lost with a cycle? */
static bool
is_with_cycle(const struct cycles_work *w, uint32_t block)
{
	unsigned state = w->g->states[block];

	return (state == GRAPH_DEFINITE && has_bit(w->has_cycle, block)) ||
	       (state == GRAPH_INDIRECT && has_bit(w->has_cycle, w->g->leaders[block]));
}

/* Each edge between two of them: counted first, then noted. */
static void
walk_sources(struct cycles_work *w, bool is_noted)
{
	const struct edges *e = &w->g->heap->edges;

	for (uint32_t b = 0; b < w->g->heap->n_blocks; b++) {
		if (w->g->states[b] > GRAPH_INDIRECT || !is_with_cycle(w, b))
			continue;
		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++) {
			uint32_t t = e->targets[i];

			if (t == b || w->g->states[t] > GRAPH_INDIRECT ||
			    !is_with_cycle(w, t))
				continue;
			if (is_noted)
				w->sources[w->first[t]++] = b;
			else
				w->first[t + 1]++;
		}
	}
}

static void
find_sources(struct cycles_work *w)
{
	uint32_t n = w->g->heap->n_blocks;

	w->first = calloc((size_t)n + 2, sizeof(*w->first));
	w->failed |= !w->first;
	if (w->failed)
		return;
	walk_sources(w, false);
	for (uint32_t b = 0; b < n; b++)
		w->first[b + 1] += w->first[b];
	w->sources = malloc((w->first[n] + 1) * sizeof(*w->sources));
	w->failed |= !w->sources;
	if (w->failed)
		return;
	walk_sources(w, true);
	/* Each has come to where the next began. */
	for (uint32_t b = n; b > 0; b--)
		w->first[b] = w->first[b - 1];
	w->first[0] = 0;
}

/* The block that comes first in the cycle of a leader; all of them are marked. */
static struct leader
first_of_cycle(struct cycles_work *w, uint32_t leader)
{
	struct leader best = {rank_of(w, leader), leader};

	set_bit(w->g->is_cyclic, leader);
	push(w, leader);
	while (w->n > 0 && !w->failed) {
		uint32_t block = w->stack[--w->n];
		struct leader x = {rank_of(w, block), block};

		if (compare_leaders(&x, &best) < 0)
			best = x;
		for (uint64_t i = w->first[block]; i < w->first[block + 1]; i++) {
			uint32_t source = w->sources[i];

			if (has_bit(w->g->is_cyclic, source))
				continue;
			set_bit(w->g->is_cyclic, source);
			push(w, source);
		}
	}
	return best;
}

/* ---- leaders ---- */

static void
find_leaders(struct cycles_work *w)
{
	for (uint32_t b = 0; b < w->g->heap->n_blocks && !w->failed; b++) {
		struct leader x = {.block = b};

		if (w->g->states[b] != GRAPH_DEFINITE)
			continue;
		if (w->first && has_bit(w->has_cycle, b))
			x = first_of_cycle(w, b);
		else
			x.rank = rank_of(w, b);
		w->failed |= VEC_PUSH(w->leaders, w->n_leaders, w->leaders_size, x) != 0;
	}
	if (!w->failed && w->leaders && w->n_leaders <= MOST_LEADERS)
		qsort(w->leaders, w->n_leaders, sizeof(*w->leaders), compare_leaders);
}

static void
move(struct graph *g, uint32_t block, enum graph_state from, enum graph_state to)
{
	uint64_t bytes = heap_block_requested(&g->heap->blocks[block]);

	g->counts[from].blocks--;
	g->counts[from].bytes -= bytes;
	g->counts[to].blocks++;
	g->counts[to].bytes += bytes;
}

/* Take what it leads to and no leader before has taken. */
static void
lead(struct cycles_work *w, uint32_t leader)
{
	const struct edges *e = &w->g->heap->edges;

	w->g->states[leader] = GRAPH_DEFINITE;
	move(w->g, leader, GRAPH_INDIRECT, GRAPH_DEFINITE);
	push(w, leader);
	while (w->n > 0 && !w->failed) {
		uint32_t block = w->stack[--w->n];

		for (uint64_t i = e->first[block]; i < e->first[block + 1]; i++) {
			uint32_t target = e->targets[i];

			if (w->g->states[target] != WAITING)
				continue;
			w->g->states[target] = GRAPH_INDIRECT;
			w->g->leaders[target] = leader;
			push(w, target);
		}
	}
}

static void
lead_all(struct cycles_work *w)
{
	for (uint32_t b = 0; b < w->g->heap->n_blocks; b++) {
		if (w->g->states[b] == GRAPH_DEFINITE)
			move(w->g, b, GRAPH_DEFINITE, GRAPH_INDIRECT);
		if (w->g->states[b] <= GRAPH_INDIRECT)
			w->g->states[b] = WAITING;
	}
	for (size_t i = 0; i < w->n_leaders && !w->failed; i++)
		lead(w, w->leaders[i].block);
}

int
cycles_lead(struct graph *g, cycles_order *order, void *arg)
{
	struct cycles_work w = {.g = g, .order = order, .arg = arg};
	size_t n_sites = (size_t)g->heap->n_nodes + 1;

	/* What leads to nothing needs no order. */
	if (!g->leaders || g->counts[GRAPH_INDIRECT].blocks == 0)
		return 0;
	g->is_cyclic = calloc((size_t)g->heap->n_blocks / 8 + 1, 1);
	w.has_cycle = calloc((size_t)g->heap->n_blocks / 8 + 1, 1);
	w.ranks = calloc(n_sites, sizeof(*w.ranks));
	w.has_rank = calloc(n_sites, 1);
	w.failed = !g->is_cyclic || !w.has_cycle || !w.ranks || !w.has_rank;
	if (!w.failed && find_cycles(&w))
		find_sources(&w);
	if (!w.failed)
		find_leaders(&w);
	if (!w.failed)
		lead_all(&w);
	free(w.has_cycle);
	free(w.ranks);
	free(w.has_rank);
	free(w.first);
	free(w.sources);
	free(w.stack);
	free(w.leaders);
	return w.failed ? -1 : 0;
}
