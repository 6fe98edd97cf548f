/* holder_container.c -- where the blocks of a class come together, and what that looks like.
 *
 * In:   a heap, its dominators, the shortest way to each block.
 * Out:  the container, what it has of the class, its shape.
 * Not here: what it is called (holders.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/holder_container.h"

#include <stdlib.h>
#include <string.h>

#include "names/neighbours.h"

enum {
	MOST_LEVELS = 4,     /* from a class up to the links that hold it */
	MOST_SAMPLED = 4096, /* blocks, for the shape */
	MOST_IN_BUCKET = 16, /* of a table; more are lists */
};

int
gathering_init(struct gathering *g, const struct heap *heap, const struct dominators *d,
	       const struct ways *ways)
{
	*g = (struct gathering){
		.heap = heap,
		.d = d,
		.ways = ways,
		.on_site = calloc((size_t)heap->n_nodes + 1, sizeof(*g->on_site)),
		.counts = calloc((size_t)d->n + 1, sizeof(*g->counts)),
		.marks = malloc((size_t)d->n + 1),
	};
	return g->on_site && g->counts && g->marks ? 0 : -1;
}

void
gathering_fini(struct gathering *g)
{
	free(g->on_site);
	free(g->counts);
	free(g->marks);
}

/* ---- the container ---- */

static bool
is_link(const struct gathering *g, const struct container *x, uint32_t place)
{
	uint32_t block = g->d->blocks[place];

	return holder_is_kin(g->heap, block, x->example) ||
	       g->on_site[g->heap->blocks[block].site] >= 2;
}

void
container_find(struct gathering *g, struct container *x)
{
	const struct dominators *d = g->d;
	uint32_t need, high = 0, at, stop = 0;
	bool is_found = false;

	for (size_t i = 0; i < x->n; i++) {
		uint32_t place = d->places[x->blocks[i]];

		g->counts[place] += place != 0;
		high = place > high ? place : high;
	}
	need = (uint32_t)((x->n_reached * 4 + 4) / 5);
	x->place = 0;
	x->n_below = (uint32_t)x->n_reached;
	for (at = high; at > 0; at--) {
		if (g->counts[at] == 0)
			continue;
		if (!is_found && g->counts[at] >= need) {
			is_found = true;
			stop = at;
			while (stop != 0 && is_link(g, x, stop))
				stop = d->idoms[stop];
			x->place = stop;
		}
		if (is_found && at == stop)
			x->n_below = g->counts[at];
		if (!is_found)
			g->on_site[g->heap->blocks[d->blocks[at]].site]++;
		g->counts[d->idoms[at]] += g->counts[at];
		g->counts[at] = 0;
	}
	g->counts[0] = 0;
}

/* What on_site[] was used for: back to 0. */
static void
forget_sites(struct gathering *g)
{
	memset(g->on_site, 0, ((size_t)g->heap->n_nodes + 1) * sizeof(*g->on_site));
}

enum { INSIDE = 1, COVERED = 2 };

void
container_count_entries(struct gathering *g, const struct container *x,
			struct heap_count *ret_entries, struct heap_count *ret_retained)
{
	const struct dominators *d = g->d;
	const struct heap_block *blocks = g->heap->blocks;
	struct heap_count by_class = {0, 0};

	*ret_entries = (struct heap_count){0, 0};
	forget_sites(g);
	for (size_t i = 0; i < x->n; i++)
		g->on_site[blocks[x->blocks[i]].site] = 1;
	g->marks[x->place] = INSIDE;
	for (uint32_t p = x->place + 1; p <= d->n; p++) {
		uint32_t up = d->idoms[p];
		bool is_entry;

		g->marks[p] = up >= x->place ? g->marks[up] : 0;
		is_entry = g->on_site[blocks[d->blocks[p]].site] != 0;
		if (!is_entry || !(g->marks[p] & INSIDE))
			continue;
		ret_entries->blocks++;
		ret_entries->bytes += heap_block_requested(&blocks[d->blocks[p]]);
		if (!(g->marks[p] & COVERED)) {
			by_class.blocks += d->counts[p];
			by_class.bytes += d->bytes[p];
			g->marks[p] |= COVERED;
		}
	}
	forget_sites(g);
	*ret_retained =
		x->place ? (struct heap_count){d->counts[x->place], d->bytes[x->place]}
			 : by_class;
}

struct heap_count
container_retained(struct gathering *g, const uint32_t *list, size_t n)
{
	const struct dominators *d = g->d;
	struct heap_count retained = {0, 0};

	memset(g->marks, 0, (size_t)d->n + 1);
	for (size_t i = 0; i < n; i++)
		g->marks[d->places[list[i]]] = INSIDE;
	g->marks[0] = 0;
	for (uint32_t p = 1; p <= d->n; p++) {
		bool is_covered = g->marks[d->idoms[p]] & COVERED;

		if (g->marks[p] & INSIDE && !is_covered) {
			retained.blocks += d->counts[p];
			retained.bytes += d->bytes[p];
		}
		if (is_covered || g->marks[p] & INSIDE)
			g->marks[p] |= COVERED;
	}
	return retained;
}

/* ---- the shape ---- */

static bool
is_kin(const void *heap, uint32_t a, uint32_t b)
{
	return holder_is_kin(heap, a, b);
}

static bool
leads_back(const struct gathering *g, uint32_t from, uint32_t to)
{
	return neighbours_lead_to(g->heap, from, to, is_kin, g->heap);
}

/* Chain or tree, by whom they lead to; OTHER if to nobody of their kind. */
static enum holder_shape
shape_of_links(const struct gathering *g, const struct front *f, size_t n)
{
	size_t n_linked = 0, n_forked = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t list[NEIGHBOURS_MOST];
		unsigned k = neighbours_find(g->heap, f[i].block, is_kin, g->heap, list);

		n_linked += k > 0;
		n_forked += k > 2 || (k == 2 && !leads_back(g, list[0], f[i].block) &&
				      !leads_back(g, list[1], f[i].block));
	}
	if (n_linked * 5 < n * 2 || n_linked == 0)
		return HOLDER_OTHER;
	return n_forked * 20 > n ? HOLDER_TREE : HOLDER_CHAIN;
}

/* Do many of them hang on one block, which is none of them, alone or in chains that
 * are not long? */
static bool
is_array(const struct gathering *g, struct front *f, size_t n)
{
	size_t most = 0, most_tops = 0;

	for (size_t i = 0; i < n; i++) {
		f[i].root = ways_top(g->ways, f[i].block);
		f[i].parent = ways_parent(g->ways, f[i].root);
		f[i].key = (uint64_t)f[i].parent << 32 | f[i].root;
	}
	front_sort_by_key(f, n);
	for (size_t i = 0, end; i < n; i = end) {
		uint32_t parent = f[i].parent;
		size_t tops = 0;

		for (end = i; end < n && f[end].parent == parent; end++)
			tops += end == i || f[end].root != f[end - 1].root;
		if (end - i > most) {
			most = end - i;
			most_tops = tops;
		}
	}
	/* A list linked both ways may hang on its head by both ends. */
	return most * 10 >= n * 3 && most_tops * MOST_IN_BUCKET >= most &&
	       (most_tops > 2 || (most_tops == 2 && n == 2));
}

enum holder_shape
container_shape(const struct gathering *g, struct front *f, size_t n, uint32_t container,
		uint32_t *ret_link)
{
	n = n < MOST_SAMPLED ? n : MOST_SAMPLED;
	for (unsigned level = 0; level < MOST_LEVELS && n > 0; level++) {
		enum holder_shape shape;
		size_t kept = 0;

		*ret_link = f[0].block;
		if (is_array(g, f, n))
			return HOLDER_ARRAY;
		shape = shape_of_links(g, f, n);
		if (shape != HOLDER_OTHER)
			return shape;
		for (size_t i = 0; i < n; i++)
			f[i].parent = ways_parent(g->ways, f[i].block);
		for (size_t i = 0; i < n; i++)
			if (f[i].parent != WAYS_ROOT && f[i].parent != container) {
				f[kept] = f[i];
				f[kept++].block = f[i].parent;
			}
		n = front_merge(f, kept);
	}
	return HOLDER_OTHER;
}
