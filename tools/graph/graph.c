/* graph.c -- which blocks the program can still reach, and how.
 *
 * In:   a heap with roots and edges.
 * Out:  struct graph.
 * Not here: which of it is worth a finding (detect/leak.c).
 *
 * Seven marks, each a search with a stack of its own over blocks that no mark
 * before has taken: from the roots over start pointers; from ignored blocks;
 * from roots and reachable blocks over start pointers with tags, and then over
 * all others; from what threads may have held that a fork left behind; then twice
 * over what is left, to find leaders.
 *
 * Leaders.  The first search takes lost blocks by rising address and notes from
 * which it had to begin anew.  Whatever leads to the last of these beginnings is
 * reachable from it, or it would not have been a beginning; so is it for any
 * other, unless a later beginning leads to it.  The second search takes the
 * beginnings backwards, and those which it has not reached when their turn
 * comes are the leaders.
 *
 * SPDX-License-Identifier: MIT
 */
#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

#include "util/vec.h"

/* States while the marks run, besides those of enum graph_state. */
enum {
	UNSEEN = GRAPH_N_STATES, /* no mark has taken it */
	LOST,                    /* the first of the two last searches has */
	PASSED,                  /* reachable, and mark_ignored() went through it */
	LEFT,                    /* mark_left() has */
};

/* Blocks that memory is asked for at once, and how many wait for each part. */
enum { RING = 64, STAGE = 16 };

/* Blocks to go on from.  A block is pushed when a mark takes it, so once a
 * mark. */
struct marker {
	struct graph *g;
	uint32_t *stack;
	size_t n, size;
	heap_progress *progress;
	void *progress_arg;
	uint64_t n_taken;
	bool failed; /* no memory: what follows means nothing */
};

static void
push(struct marker *m, uint32_t block)
{
	if (VEC_PUSH(m->stack, m->n, m->size, block))
		m->failed = true;
}

/* Take a block for a mark. */
static void
take(struct marker *m, uint32_t block, unsigned state)
{
	m->g->states[block] = (uint8_t)state;
	if (++m->n_taken % (1u << 22) == 0 && m->progress)
		m->progress(m->progress_arg, "following pointers", m->n_taken, 0);
	push(m, block);
}

/* Which edges are followed. */
enum follow { STARTS, STARTS_AND_TAGS, ALL };

static bool
is_followed(const struct graph *g, uint64_t edge, enum follow follow)
{
	return follow == ALL || graph_is_start(g, edge) ||
	       (follow == STARTS_AND_TAGS &&
		edges_offset(&g->heap->edges, edge) < sizeof(uint64_t));
}

/* Ask for the states that a block's first edges lead to. */
static void
fetch_states(const struct edges *e, const uint8_t *states, uint32_t block)
{
	uint64_t end = e->first[block + 1];

	if (end > e->first[block] + STAGE)
		end = e->first[block] + STAGE;
	for (uint64_t i = e->first[block]; i < end; i++)
		__builtin_prefetch(&states[e->targets[i]], 1);
}

/* From all blocks on the stack to all blocks in state `from`.  Blocks wait in a ring
 * between the stack and their turn, so that memory has the time to bring first where
 * their edges are, then the edges, then the states of their targets. */
static void
spread(struct marker *m, unsigned from, unsigned to, enum follow follow)
{
	const struct edges *e = &m->g->heap->edges;
	const uint8_t *states = m->g->states;
	uint32_t ring[RING];
	size_t head = 0, near = 0, middle = 0, tail = 0;

	for (;;) {
		uint32_t block;

		for (; tail - head < UINT64_C(3) * STAGE && m->n > 0; tail++) {
			ring[tail % RING] = block = m->stack[--m->n];
			__builtin_prefetch(&e->first[block]);
		}
		if (head == tail)
			return;
		for (; middle < tail && middle - head < UINT64_C(2) * STAGE; middle++) {
			uint64_t first = e->first[ring[middle % RING]];

			if (first == e->first[ring[middle % RING] + 1])
				continue; /* it has none, and maybe there are none at all */
			__builtin_prefetch(&e->targets[first]);
			__builtin_prefetch(&e->words[first]);
		}
		for (; near < middle && near - head < STAGE; near++)
			fetch_states(e, states, ring[near % RING]);
		block = ring[head++ % RING];
		for (uint64_t i = e->first[block]; i < e->first[block + 1]; i++)
			if (states[e->targets[i]] == from && is_followed(m->g, i, follow))
				take(m, e->targets[i], to);
	}
}

static void
take_roots(struct marker *m, unsigned to, enum follow follow)
{
	const struct heap *h = m->g->heap;
	const uint32_t *targets = h->edges.targets;

	for (size_t i = 0; i < h->n_roots; i++) {
		const struct heap_root *r = &h->roots[i];

		if (!graph_is_root(m->g, r))
			continue;
		for (uint64_t k = r->first_edge; k < r->first_edge + r->n_edges; k++)
			if (m->g->states[targets[k]] == UNSEEN &&
			    is_followed(m->g, k, follow))
				take(m, targets[k], to);
	}
}

/* Take or pass a block on the way from one that is to be left alone. */
static void
ignore(struct marker *m, uint32_t block)
{
	if (m->g->states[block] == UNSEEN)
		take(m, block, GRAPH_IGNORED);
	else if (m->g->states[block] == GRAPH_REACHABLE)
		take(m, block, PASSED);
}

/* What is reachable from a block that is to be left alone is left alone too,
 * by whichever pointers, also through blocks that are reachable anyway. */
static void
mark_ignored(struct marker *m)
{
	const struct heap *h = m->g->heap;
	const struct edges *e = &h->edges;
	bool is_any = false;

	for (uint32_t b = 0; b < h->n_blocks; b++) {
		if (heap_block_kind(&h->blocks[b]) != HEAPFILE_KIND_IGNORED)
			continue;
		is_any = true;
		ignore(m, b);
		while (m->n > 0) {
			uint32_t block = m->stack[--m->n];

			for (uint64_t i = e->first[block]; i < e->first[block + 1]; i++)
				ignore(m, e->targets[i]);
		}
	}
	for (uint32_t b = 0; is_any && b < h->n_blocks; b++)
		if (m->g->states[b] == PASSED)
			m->g->states[b] = GRAPH_REACHABLE;
}

/* Take what a block leads to by pointers inside; start pointers have been followed.
 * The edge is looked at first, as it is the next in memory. */
static void
take_insides(struct marker *m, uint32_t block, enum follow follow)
{
	const struct edges *e = &m->g->heap->edges;

	for (uint64_t i = e->first[block]; i < e->first[block + 1]; i++)
		if (edges_class(e, i) != EDGES_START &&
		    m->g->states[e->targets[i]] == UNSEEN && is_followed(m->g, i, follow))
			take(m, e->targets[i], GRAPH_POSSIBLE);
}

/* What roots and blocks that are reachable or possibly so lead to, and on from
 * there. */
static void
mark_possible_over(struct marker *m, enum follow follow)
{
	const struct heap *h = m->g->heap;

	take_roots(m, GRAPH_POSSIBLE, follow);
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (m->g->states[b] == GRAPH_REACHABLE || m->g->states[b] == GRAPH_POSSIBLE)
			take_insides(m, b, follow);
	spread(m, UNSEEN, GRAPH_POSSIBLE, follow);
}

static void
mark_possible(struct marker *m)
{
	const struct heap *h = m->g->heap;

	mark_possible_over(m, STARTS_AND_TAGS);
	m->g->is_tagged = calloc((size_t)h->n_blocks / 8 + 1, 1);
	if (!m->g->is_tagged) {
		m->failed = true;
		return;
	}
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (m->g->states[b] == GRAPH_POSSIBLE)
			m->g->is_tagged[b / 8] |= (uint8_t)(1u << b % 8);
	mark_possible_over(m, ALL);
}

/* Nobody knows what the registers held of threads that a fork left behind, nor memory. */
static void
mark_left(struct marker *m)
{
	const struct heap *h = m->g->heap;

	if (!h->info.left_behind_epoch || m->failed)
		return;
	m->g->is_left = calloc((size_t)h->n_blocks / 8 + 1, 1);
	if (!m->g->is_left) {
		m->failed = true;
		return;
	}
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		const struct heap_birth *birth = &h->births[h->blocks[b].birth];

		if (m->g->states[b] == UNSEEN &&
		    (!birth->is_known || birth->epoch <= h->info.left_behind_epoch))
			take(m, b, LEFT);
	}
	spread(m, UNSEEN, LEFT, ALL);
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		if (m->g->states[b] != LEFT)
			continue;
		m->g->states[b] = GRAPH_POSSIBLE;
		m->g->is_left[b / 8] |= (uint8_t)(1u << b % 8);
	}
}

/* Where the search for lost blocks had to begin anew. */
struct beginnings {
	uint32_t *blocks;
	size_t n;
};

static void
mark_lost(struct marker *m, struct beginnings *begin)
{
	uint32_t n_blocks = m->g->heap->n_blocks, n = 0;

	for (uint32_t b = 0; b < n_blocks; b++)
		n += m->g->states[b] == UNSEEN;
	begin->blocks = malloc(((size_t)n + 1) * sizeof(*begin->blocks));
	if (!begin->blocks) {
		m->failed = true;
		return;
	}
	for (uint32_t b = 0; b < n_blocks; b++) {
		if (m->g->states[b] != UNSEEN)
			continue;
		begin->blocks[begin->n++] = b;
		take(m, b, LOST);
		spread(m, UNSEEN, LOST, ALL);
	}
}

/* spread() for the last search, which notes whom a block follows. */
static void
lead(struct marker *m, uint32_t leader)
{
	const struct edges *e = &m->g->heap->edges;

	take(m, leader, GRAPH_DEFINITE);
	while (m->n > 0) {
		uint32_t block = m->stack[--m->n];

		for (uint64_t i = e->first[block]; i < e->first[block + 1]; i++) {
			uint32_t target = e->targets[i];

			if (m->g->states[target] != LOST)
				continue;
			m->g->leaders[target] = leader;
			take(m, target, GRAPH_INDIRECT);
		}
	}
}

static void
mark_leaders(struct marker *m)
{
	struct beginnings begin = {NULL, 0};

	mark_lost(m, &begin);
	if (!m->failed && begin.n) {
		m->g->leaders = calloc(m->g->heap->n_blocks, sizeof(*m->g->leaders));
		m->failed = !m->g->leaders;
	}
	for (size_t i = begin.n; i > 0 && !m->failed; i--)
		if (m->g->states[begin.blocks[i - 1]] == LOST)
			lead(m, begin.blocks[i - 1]);
	free(begin.blocks);
}

static void
count_states(struct graph *g)
{
	for (uint32_t b = 0; b < g->heap->n_blocks; b++) {
		struct heap_count *c = &g->counts[g->states[b]];

		c->blocks++;
		/* At most 2^32 blocks of 2^48 bytes: it may wrap in a file that
		 * was made to; no size depends on it. */
		c->bytes += heap_block_requested(&g->heap->blocks[b]);
	}
}

struct graph *
graph_new(const struct heap *heap, const struct graph_options *options,
	  heap_progress *progress, void *progress_arg)
{
	struct graph *g = calloc(1, sizeof(*g));
	struct marker m = {.g = g, .progress = progress, .progress_arg = progress_arg};

	if (!g)
		return NULL;
	g->heap = heap;
	g->options = *options;
	g->states = malloc((size_t)heap->n_blocks + 1);
	m.failed = !g->states;
	if (!m.failed) {
		memset(g->states, UNSEEN, heap->n_blocks);
		take_roots(&m, GRAPH_REACHABLE, STARTS);
		spread(&m, UNSEEN, GRAPH_REACHABLE, STARTS);
		mark_ignored(&m);
		mark_possible(&m);
		mark_left(&m);
		mark_leaders(&m);
	}
	free(m.stack);
	if (m.failed) {
		graph_free(g);
		return NULL;
	}
	count_states(g);
	return g;
}

void
graph_free(struct graph *g)
{
	if (!g)
		return;
	free(g->states);
	free(g->leaders);
	free(g->is_tagged);
	free(g->is_left);
	free(g->is_cyclic);
	free(g);
}

const char *
graph_state_name(enum graph_state state)
{
	static const char *const names[GRAPH_N_STATES] = {
		[GRAPH_DEFINITE] = "definite", [GRAPH_INDIRECT] = "indirect",
		[GRAPH_POSSIBLE] = "possible", [GRAPH_REACHABLE] = "reachable",
		[GRAPH_IGNORED] = "ignored",
	};

	return names[state];
}

const char *
graph_state_title(enum graph_state state)
{
	static const char *const titles[GRAPH_N_STATES] = {
		[GRAPH_DEFINITE] = "definitely lost",
		[GRAPH_INDIRECT] = "indirectly lost",
		[GRAPH_POSSIBLE] = "possibly lost",
		[GRAPH_REACHABLE] = "still reachable",
		[GRAPH_IGNORED] = "ignored",
	};

	return titles[state];
}

enum graph_state
graph_state_named(const char *name)
{
	unsigned state = 0;

	while (state < GRAPH_N_STATES &&
	       strcmp(graph_state_name((enum graph_state)state), name) != 0)
		state++;
	return (enum graph_state)state;
}

const char *
graph_root_name(uint32_t kind)
{
	static const char *const names[] = {
		[0] = "",
		[HEAPFILE_ROOT_GLOBAL] = "globals",
		[HEAPFILE_ROOT_STACK] = "stacks",
		[HEAPFILE_ROOT_REGISTERS] = "registers",
		[HEAPFILE_ROOT_TLS] = "tls",
		[HEAPFILE_ROOT_KEY] = "keys",
		[HEAPFILE_ROOT_MAPPING] = "mappings",
		[HEAPFILE_ROOT_ALT_STACK] = "alt-stacks",
		[HEAPFILE_ROOT_REGISTERED] = "registered",
		[HEAPFILE_ROOT_OTHER] = "other",
	};

	return kind < sizeof(names) / sizeof(*names) ? names[kind] : NULL;
}
