/* cycle_text.c -- see cycle_text.h.
 *
 * The shortest way from the leader back to it, breadth first over the blocks of its
 * cycle.
 *
 * BOUND  A way of more blocks than MOST_SEEN can be found in is not told.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/cycle_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/cycles.h"
#include "names/function_names.h"
#include "util/hash_index.h"
#include "util/text.h"
#include "util/vec.h"

enum {
	MOST_SEEN = 100000,
	MOST_STEPS = 6, /* of the way, in words */
};

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

/* A block on the way, and by which pointer it was come to. */
struct step {
	uint32_t block, from; /* from: index of a step */
	uint32_t word;        /* of that one, in which the pointer stands */
};

struct circuit {
	struct step *steps;
	size_t n, size;
	struct hash_index numbers; /* index + 1 */
	uint32_t *path;            /* indexes, from the leader on */
	size_t n_path;
	uint32_t back; /* the word in the last that points to the leader */
};

static bool
is_same_step(const void *way, uint32_t number, const void *key)
{
	return ((const struct circuit *)way)->steps[number - 1].block ==
	       *(const uint32_t *)key;
}

/* Add a block that the way has not come to yet; 0, or -1: no memory. */
static int
way_add(struct circuit *w, struct step step)
{
	uint32_t number;

	if (VEC_RESERVE(w->steps, w->size, w->n + 1))
		return -1;
	number = hash_index_put(&w->numbers, step.block, is_same_step, w, &step.block);
	if (number > w->n)
		w->steps[w->n++] = step;
	return number ? 0 : -1;
}

static int
way_finish(struct circuit *w, size_t last, uint32_t word)
{
	w->back = word;
	for (size_t i = last; i; i = w->steps[i].from)
		w->n_path++;
	w->n_path++;
	w->path = calloc(w->n_path, sizeof(*w->path));
	if (!w->path)
		return -1;
	for (size_t i = last, k = w->n_path; k > 0; i = w->steps[i].from)
		w->path[--k] = (uint32_t)i;
	return 0;
}

/* 0 and a path, 0 without one: it is too long; -1: no memory. */
static int
way_find(struct circuit *w, const struct graph *g, uint32_t leader)
{
	const struct edges *e = &g->heap->edges;

	if (way_add(w, (struct step){.block = leader}) != 0)
		return -1;
	for (size_t i = 0; i < w->n && w->n < MOST_SEEN; i++) {
		uint32_t block = w->steps[i].block;

		for (uint64_t k = e->first[block]; k < e->first[block + 1]; k++) {
			uint32_t target = e->targets[k];

			if (target == leader && i > 0)
				return way_finish(w, i, edges_word(e, k));
			if (target == leader || !cycles_has(g, target) ||
			    g->states[target] != GRAPH_INDIRECT ||
			    g->leaders[target] != leader)
				continue;
			if (way_add(w, (struct step){target, (uint32_t)i,
						     edges_word(e, k)}) != 0)
				return -1;
		}
	}
	return 0;
}

static void
way_fini(struct circuit *w)
{
	free(w->steps);
	free(w->path);
	hash_index_fini(&w->numbers);
}

/* "40 B allocated in socket_open (socket.c:12, S7)" */
static int
format_block(const struct detector *d, uint32_t block, char *buf, size_t n)
{
	const struct heap_block *b = &d->heap->blocks[block];
	char plain[160] = "", place[160] = "";
	struct stack s;
	size_t frame;

	if (stack_get(d->heap, d->symbols, b->site, &s) != 0)
		return -1;
	frame = names_frame(d->heap, &s);
	if (frame < s.n && s.frames[frame].function) {
		names_plain(s.frames[frame].function, plain, sizeof(plain));
		if (s.frames[frame].file)
			snprintf(place, sizeof(place), "%s:%u, ",
				 text_basename(s.frames[frame].file), s.frames[frame].line);
	}
	stack_free(&s);
	if (*plain)
		snprintf(buf, n, "%s allocated in %s (%sS%" PRIu32 ")",
			 SIZE(heap_block_requested(b)), plain, place, b->site);
	else
		snprintf(buf, n, "%s allocated at S%" PRIu32,
			 SIZE(heap_block_requested(b)), b->site);
	return 0;
}

static bool
is_of_one_site(const struct detector *d, const struct circuit *w)
{
	for (size_t i = 1; i < w->n_path; i++)
		if (d->heap->blocks[w->steps[w->path[i]].block].site !=
		    d->heap->blocks[w->steps[w->path[0]].block].site)
			return false;
	return true;
}

/* "40 B allocated in a, which at byte 8 points to 16 B allocated in b, ..." */
static int
add_way(const struct detector *d, struct finding *f, const struct circuit *w)
{
	char text[MOST_STEPS * 450], block[400];
	size_t at = 0;

	for (size_t i = 0; i < w->n_path && i < MOST_STEPS; i++) {
		const struct step *s = &w->steps[w->path[i]];

		if (format_block(d, s->block, block, sizeof(block)) != 0)
			return -1;
		if (i > 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at,
					       ", which at byte %" PRIu64 " points to ",
					       8 * (uint64_t)s->word);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", block);
	}
	if (w->n_path > MOST_STEPS)
		finding_add_evidence(d->findings, f, "A cycle: %s, and back over %zu more.",
				     text, w->n_path - MOST_STEPS);
	else
		finding_add_evidence(d->findings, f,
				     "A cycle: %s, which at byte %" PRIu64
				     " points back to the first.",
				     text, 8 * (uint64_t)w->back);
	return 0;
}

void
cycle_add_evidence(const struct detector *d, struct finding *f, uint32_t leader,
		   uint64_t n_cycles, uint64_t n_blocks)
{
	struct circuit w = {.n = 0};

	if (n_blocks == 1)
		finding_add_evidence(
			d->findings, f,
			"It is a reference cycle (shared_ptr?); break it with a "
			"weak reference.");
	else
		finding_add_evidence(
			d->findings, f,
			"%s of them are reference cycles (shared_ptr?); break "
			"these with weak references.",
			COUNT(n_cycles));
	if (way_find(&w, d->graph, leader) != 0 || (w.n_path && add_way(d, f, &w) != 0))
		d->findings->failed = true;
	else if (w.n_path && is_of_one_site(d, &w))
		finding_add_evidence(
			d->findings, f,
			"A list linked both ways, or a tree with pointers to "
			"parents, looks the same when the last pointer to it is "
			"lost.");
	way_fini(&w);
}
