/* holders.c -- what holds a class of blocks: a path from a named root, and the
 * container in which they pile up.
 *
 * In:   a heap, its dominators, names.
 * Out:  struct holder.
 * Not here: how things are called (names.c).
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
#include "explain/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BY_ROOT = -1,     /* in place of a block: a root */
	AHEAD = 16,       /* blocks from the one that memory is asked for */
	MANY_STEPS = 256, /* from here on one way stands for all */
	MOST_LEVELS = 4,  /* from a class up to the links that hold it */
	MOST_EDGES = 64,  /* of one block that are looked at for its shape */
	MOST_NEIGHBOURS = 8,
	MOST_LOOKED_AT = 4096, /* blocks, for the shape */
	MOST_IN_BUCKET = 16,   /* of a table; more are lists */
};

#define ROOT_PARENT ((uint32_t)BY_ROOT)

struct holders {
	const struct heap *heap;
	const struct dominators *d;
	struct names *names;
	struct graph roots;  /* for graph_is_root() and graph_is_start() */
	uint32_t *turns;     /* by block, from 1; 0 = no way leads to it */
	uint32_t *blocks;    /* by turn; [0] means nothing */
	uint32_t *befores;   /* by turn, a turn; 0 = a root */
	uint32_t *tops;      /* by turn, a turn: first of the run of blocks of one site */
	uint32_t *runs;      /* by turn: how far from there */
	uint32_t *counts;    /* by place; all 0 between calls */
	uint32_t *on_site;   /* by site; all 0 between calls */
	uint8_t *marks;      /* by place; nothing between calls */
	uint32_t n;          /* highest turn */
	uint8_t *is_visited; /* a bit a block; while searching */
};

/* ---- shortest ways ---- */

static bool
is_weak(const struct heap_root *r)
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
visit(struct holders *h, uint32_t block, uint32_t before)
{
	if (bit(h->is_visited, block))
		return;
	set_bit(h->is_visited, block);
	h->blocks[++h->n] = block;
	h->befores[h->n] = before;
}

static void
visit_roots(struct holders *h, bool weak, bool starts_only)
{
	const struct edges *e = &h->heap->edges;

	for (size_t i = 0; i < h->heap->n_roots; i++) {
		const struct heap_root *r = &h->heap->roots[i];

		if (!graph_is_root(&h->roots, r) || is_weak(r) != weak)
			continue;
		for (uint64_t k = r->first_edge; k < r->first_edge + r->n_edges; k++)
			if (!starts_only || graph_is_start(&h->roots, k))
				visit(h, e->targets[k], 0);
	}
}

static void
visit_targets(struct holders *h, uint32_t turn, bool starts_only)
{
	const struct edges *e = &h->heap->edges;
	uint32_t block = h->blocks[turn];

	for (uint64_t k = e->first[block]; k < e->first[block + 1]; k++)
		if (!bit(h->is_visited, e->targets[k]) &&
		    (!starts_only || graph_is_start(&h->roots, k)))
			visit(h, e->targets[k], turn);
}

/* On from all blocks whose turn comes after this one. */
static void
visit_rest(struct holders *h, uint32_t after, bool starts_only)
{
	const struct edges *e = &h->heap->edges;

	for (uint32_t turn = after + 1; turn <= h->n; turn++) {
		/* The queue says what will be needed soon. */
		if (h->n - turn > 2 * AHEAD) {
			uint64_t first = e->first[h->blocks[turn + AHEAD]];

			__builtin_prefetch(&e->first[h->blocks[turn + 2 * AHEAD]]);
			__builtin_prefetch(&e->targets[first]);
			__builtin_prefetch(&e->words[first]);
		}
		visit_targets(h, turn, starts_only);
	}
}

/* Over pointers inside from the blocks up to a turn; over start pointers from them
 * nothing is left.  Few blocks have what leads to a new one, and the edges are looked
 * through for them as they are in memory before it goes by turns. */
static int
visit_insides(struct holders *h, uint32_t last)
{
	const struct edges *e = &h->heap->edges;
	uint8_t *leads_on = calloc((size_t)h->heap->n_blocks / 8 + 1, 1);

	if (!leads_on)
		return -1;
	for (uint32_t b = 0; b < h->heap->n_blocks; b++)
		for (uint64_t k = e->first[b]; k < e->first[b + 1]; k++)
			if (edges_class(e, k) != EDGES_START &&
			    !bit(h->is_visited, e->targets[k]))
				set_bit(leads_on, b);
	for (uint32_t turn = 1; turn <= last; turn++)
		if (bit(leads_on, h->blocks[turn]))
			visit_targets(h, turn, false);
	free(leads_on);
	return 0;
}

static int
search(struct holders *h)
{
	uint32_t done, with_starts;

	h->is_visited = calloc((size_t)h->heap->n_blocks / 8 + 1, 1);
	if (!h->is_visited)
		return -1;
	visit_roots(h, false, true);
	visit_rest(h, 0, true);
	done = h->n;
	visit_roots(h, true, true);
	visit_rest(h, done, true);
	with_starts = h->n;
	visit_roots(h, false, false);
	if (visit_insides(h, with_starts) != 0)
		return -1;
	visit_rest(h, with_starts, false);
	done = h->n;
	visit_roots(h, true, false);
	visit_rest(h, done, false);
	free(h->is_visited);
	h->is_visited = NULL;
	return 0;
}

/* Find the runs.  Sites are brought together first, as those of blocks are all over
 * memory. */
static int
find_runs(struct holders *h)
{
	const struct heap_block *blocks = h->heap->blocks;
	uint32_t *sites = malloc(((size_t)h->n + 1) * sizeof(*sites));

	if (!sites)
		return -1;
	for (uint32_t turn = 1; turn <= h->n; turn++) {
		if (h->n - turn > AHEAD)
			__builtin_prefetch(&blocks[h->blocks[turn + AHEAD]].site);
		sites[turn] = blocks[h->blocks[turn]].site;
	}
	for (uint32_t turn = 1; turn <= h->n; turn++) {
		uint32_t before = h->befores[turn];
		bool follows = before != 0 && sites[before] == sites[turn];

		h->tops[turn] = follows ? h->tops[before] : turn;
		h->runs[turn] = follows ? h->runs[before] + 1 : 0;
	}
	free(sites);
	return 0;
}

/* The block before on the way to this one, or ROOT_PARENT. */
static uint32_t
parent_of(const struct holders *h, uint32_t block)
{
	uint32_t before = h->befores[h->turns[block]];

	return before ? h->blocks[before] : ROOT_PARENT;
}

/* The first block of its run. */
static uint32_t
top_of(const struct holders *h, uint32_t block)
{
	return h->blocks[h->tops[h->turns[block]]];
}

static int
find_ways(struct holders *h)
{
	size_t n = (size_t)h->d->n + 1;

	/* What a way leads to is what the tree has. */
	h->blocks = malloc(n * sizeof(*h->blocks));
	h->befores = malloc(n * sizeof(*h->befores));
	if (!h->blocks || !h->befores || search(h) != 0)
		return -1;
	h->tops = malloc(n * sizeof(*h->tops));
	h->runs = malloc(n * sizeof(*h->runs));
	if (!h->tops || !h->runs || find_runs(h) != 0)
		return -1;
	h->turns = calloc((size_t)h->heap->n_blocks + 1, sizeof(*h->turns));
	if (!h->turns)
		return -1;
	for (uint32_t turn = 1; turn <= h->n; turn++)
		h->turns[h->blocks[turn]] = turn;
	return 0;
}

struct holders *
holders_new(const struct heap *heap, const struct graph_options *options,
	    const struct dominators *d, struct names *names)
{
	struct holders *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->heap = heap;
	h->d = d;
	h->names = names;
	h->roots = (struct graph){.heap = heap, .options = *options};
	h->on_site = calloc((size_t)heap->n_nodes + 1, sizeof(*h->on_site));
	h->counts = calloc((size_t)d->n + 1, sizeof(*h->counts));
	h->marks = malloc((size_t)d->n + 1);
	if (!h->on_site || !h->counts || !h->marks || find_ways(h) != 0) {
		holders_free(h);
		return NULL;
	}
	return h;
}

void
holders_free(struct holders *h)
{
	if (!h)
		return;
	free(h->turns);
	free(h->blocks);
	free(h->befores);
	free(h->tops);
	free(h->runs);
	free(h->counts);
	free(h->on_site);
	free(h->marks);
	free(h->is_visited);
	free(h);
}

/* ---- likeness ---- */

/* The calls nearest to the allocation are the same, and so is the size: of one
 * site, or of one function that calls itself, as those for trees do. */
static bool
is_kin(const struct heap *h, uint32_t a, uint32_t b)
{
	const struct heap_block *x = &h->blocks[a], *y = &h->blocks[b];
	uint32_t i = x->site, k = y->site;

	if (i == k)
		return true;
	if (heap_block_requested(x) != heap_block_requested(y))
		return false;
	i = stack_top(h, i);
	k = stack_top(h, k);
	for (int level = 0; level < 2; level++) {
		const struct heap_node *p = &h->nodes[i], *q = &h->nodes[k];

		if (i == 0 || k == 0 || p->module != q->module ||
		    p->offset != q->offset || p->flags != q->flags)
			return false;
		i = p->parent;
		k = q->parent;
	}
	return true;
}

/* ---- the path ---- */

/* A block on the way, and how many of the class go that way. */
struct front {
	uint32_t block, weight;
	uint32_t parent;
	uint32_t word; /* of the parent, that points to it */
	uint32_t root; /* if the parent is a root; or the first of the run */
	uint64_t key;  /* what is voted on */
};

struct way {
	uint32_t block; /* one of the step */
	uint32_t word;  /* in bytes / 8: where it points to the step before */
	uint64_t n_folded;
	const struct heap_root *root;
	bool is_one_word; /* all agree on the word */
};

struct path {
	struct way *list; /* from the class to the root */
	size_t n, size;
	double agreement;
};

static int
compare_blocks(const void *a, const void *b)
{
	const struct front *x = a, *y = b;

	return (x->block > y->block) - (x->block < y->block);
}

static int
compare_parents(const void *a, const void *b)
{
	const struct front *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return compare_blocks(a, b);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct front *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* By rising block, each once. */
static size_t
merge(struct front *f, size_t n)
{
	size_t kept = 0;

	qsort(f, n, sizeof(*f), compare_blocks);
	for (size_t i = 0; i < n; i++)
		if (kept && f[kept - 1].block == f[i].block)
			f[kept - 1].weight += f[i].weight;
		else
			f[kept++] = f[i];
	return kept;
}

/* Keep those whose key most have; what they weigh together in *ret_weight, the key
 * first. */
static size_t
vote(struct front *f, size_t n, uint64_t *ret_weight)
{
	size_t best = 0, best_n = 0;
	uint64_t most = 0;

	qsort(f, n, sizeof(*f), compare_keys);
	for (size_t i = 0, end; i < n; i = end) {
		uint64_t weight = 0;

		for (end = i; end < n && f[end].key == f[i].key; end++)
			weight += f[end].weight;
		if (weight > most) {
			most = weight;
			best = i;
			best_n = end - i;
		}
	}
	memmove(f, f + best, best_n * sizeof(*f));
	*ret_weight = most;
	return best_n;
}

static uint64_t
weigh(const struct front *f, size_t n)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < n; i++)
		weight += f[i].weight;
	return weight;
}

static int
path_add(struct path *p, const struct way *w)
{
	if (p->n == p->size) {
		size_t size = p->size ? p->size * 2 : 16;
		void *more = realloc(p->list, size * sizeof(*p->list));

		if (!more)
			return -1;
		p->list = more;
		p->size = size;
	}
	p->list[p->n++] = *w;
	return 0;
}

/* The one with most behind it. */
static const struct front *
heaviest(const struct front *f, size_t n)
{
	const struct front *best = f;

	for (size_t i = 1; i < n; i++)
		if (f[i].weight > best->weight)
			best = &f[i];
	return best;
}

static struct front *
front_of(struct front *f, size_t n, uint32_t block)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f[middle].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && f[low].block == block ? &f[low] : NULL;
}

/* Find the words that point to blocks from their parents: each parent's edges are
 * gone through once. */
static void
find_words(const struct holders *h, struct front *f, size_t n)
{
	const struct edges *e = &h->heap->edges;

	qsort(f, n, sizeof(*f), compare_parents);
	for (size_t i = 0, end; i < n; i = end) {
		uint32_t parent = f[i].parent;
		size_t n_left;

		for (end = i; end < n && f[end].parent == parent; end++)
			f[end].word = UINT32_MAX;
		n_left = end - i;
		for (uint64_t k = e->first[parent]; n_left && k < e->first[parent + 1];
		     k++) {
			struct front *x = front_of(f + i, end - i, e->targets[k]);

			if (x && x->word == UINT32_MAX) {
				x->word = edges_word(e, k);
				n_left--;
			}
		}
	}
}

/* Keep those that agree on the word, if most do; else, as of a table's words, none
 * matters. */
static int
vote_on_words(struct front *f, size_t *n, uint64_t all, struct way *w)
{
	struct front *copy = calloc(*n + 1, sizeof(*copy));
	uint64_t weight;
	size_t kept;

	if (!copy)
		return -1;
	memcpy(copy, f, *n * sizeof(*copy));
	for (size_t i = 0; i < *n; i++)
		copy[i].key = copy[i].word;
	kept = vote(copy, *n, &weight);
	w->word = copy[0].word;
	w->is_one_word = weight * 2 > all;
	if (w->is_one_word) {
		memcpy(f, copy, kept * sizeof(*f));
		*n = kept;
	}
	free(copy);
	return 0;
}

/* One step up from blocks to their parents. */
static int
step_up(struct holders *h, struct front *f, size_t *n, struct path *p)
{
	struct way w = {.n_folded = 1};
	uint64_t all;

	find_words(h, f, *n);
	for (size_t i = 0; i < *n; i++)
		f[i].key = h->heap->blocks[f[i].parent].site;
	*n = vote(f, *n, &all);
	if (vote_on_words(f, n, all, &w) != 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		f[i].block = f[i].parent;
	*n = merge(f, *n);
	w.block = heaviest(f, *n)->block;
	return path_add(p, &w);
}

/* Replace blocks by the first of their runs. */
static void
fold(struct holders *h, struct front *f, size_t *n, struct way *w)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < *n; i++) {
		uint32_t run = h->runs[h->turns[f[i].block]];

		if (run > longest)
			longest = run;
		f[i].block = top_of(h, f[i].block);
	}
	*n = merge(f, *n);
	w->n_folded += longest;
	if (longest)
		w->block = heaviest(f, *n)->block;
}

/* The roots that point to blocks; strong ones first, start pointers first. */
static int
step_to_root(struct holders *h, struct front *f, size_t *n, struct path *p)
{
	const struct heap *heap = h->heap;
	const struct edges *e = &heap->edges;
	struct way w = {.is_one_word = true, .n_folded = 1};
	uint64_t weight;
	size_t n_left;

	*n = n_left = merge(f, *n);
	for (size_t i = 0; i < *n; i++)
		f[i].root = UINT32_MAX;
	for (int pass = 0; pass < 4; pass++)
		for (size_t i = 0; i < heap->n_roots && n_left; i++) {
			const struct heap_root *r = &heap->roots[i];

			if (!graph_is_root(&h->roots, r) || is_weak(r) != (pass & 1))
				continue;
			for (uint64_t k = r->first_edge; k < r->first_edge + r->n_edges;
			     k++) {
				struct front *x = front_of(f, *n, e->targets[k]);

				if (x && x->root == UINT32_MAX &&
				    (pass >= 2 || graph_is_start(&h->roots, k))) {
					x->root = (uint32_t)i;
					x->word = edges_word(e, k);
					n_left--;
				}
			}
		}
	for (size_t i = 0; i < *n; i++) {
		struct variable v = {.start = f[i].word};

		if (f[i].root == UINT32_MAX)
			return -1;
		(void)names_variable(h->names, &heap->roots[f[i].root], f[i].word, &v);
		f[i].key = (uint64_t)f[i].root << 32 ^ v.start;
	}
	*n = vote(f, *n, &weight);
	w.word = f[0].word;
	w.root = &heap->roots[f[0].root];
	w.block = f[0].block;
	for (size_t i = 1; i < *n; i++)
		w.is_one_word &= f[i].word == f[0].word;
	return path_add(p, &w);
}

static int
find_path(struct holders *h, struct front *f, size_t n, struct path *p)
{
	uint64_t total = weigh(f, n);
	struct way w = {.n_folded = 1};

	n = merge(f, n);
	w.block = heaviest(f, n)->block;
	if (path_add(p, &w) != 0)
		return -1;
	for (;;) {
		size_t n_root = 0, at = p->n - 1;

		fold(h, f, &n, &p->list[at]);
		if (p->n > MANY_STEPS && n > 1) {
			f[0] = *heaviest(f, n);
			n = 1;
		}
		for (size_t i = 0; i < n; i++) {
			f[i].parent = parent_of(h, f[i].block);
			f[i].key = f[i].parent == ROOT_PARENT;
			n_root += f[i].parent == ROOT_PARENT;
		}
		if (n_root) {
			uint64_t weight;

			n = vote(f, n, &weight);
		}
		if (f[0].parent == ROOT_PARENT) {
			if (step_to_root(h, f, &n, p) != 0)
				return -1;
			break;
		}
		if (step_up(h, f, &n, p) != 0)
			return -1;
		/* What calls itself to allocate has several sites for one thing. */
		if (is_kin(h->heap, p->list[p->n - 1].block, p->list[at].block)) {
			p->list[at].n_folded++;
			p->n--;
		}
	}
	p->agreement = p->n > MANY_STEPS ? 0 : (double)weigh(f, n) / (double)total;
	return 0;
}

/* ---- the container ---- */

/* Sites of the class, as bits in marks by site: on_site[] counts what is between. */
struct search {
	const uint32_t *blocks;
	size_t n, n_reached;
	uint32_t example;
	uint32_t place;   /* of the container; 0 = the roots */
	uint32_t n_below; /* of the class */
};

static bool
is_link(const struct holders *h, const struct search *s, uint32_t place)
{
	uint32_t block = h->d->blocks[place];

	return is_kin(h->heap, block, s->example) ||
	       h->on_site[h->heap->blocks[block].site] >= 2;
}

static void
find_container(struct holders *h, struct search *s)
{
	const struct dominators *d = h->d;
	uint32_t need, high = 0, at, stop = 0;
	bool is_found = false;

	for (size_t i = 0; i < s->n; i++) {
		uint32_t place = d->places[s->blocks[i]];

		h->counts[place] += place != 0;
		high = place > high ? place : high;
	}
	need = (uint32_t)((s->n_reached * 4 + 4) / 5);
	s->place = 0;
	s->n_below = (uint32_t)s->n_reached;
	for (at = high; at > 0; at--) {
		if (h->counts[at] == 0)
			continue;
		if (!is_found && h->counts[at] >= need) {
			is_found = true;
			stop = at;
			while (stop != 0 && is_link(h, s, stop))
				stop = d->idoms[stop];
			s->place = stop;
		}
		if (is_found && at == stop)
			s->n_below = h->counts[at];
		if (!is_found)
			h->on_site[h->heap->blocks[d->blocks[at]].site]++;
		h->counts[d->idoms[at]] += h->counts[at];
		h->counts[at] = 0;
	}
	h->counts[0] = 0;
}

/* What on_site[] was used for: back to 0. */
static void
forget_sites(struct holders *h)
{
	memset(h->on_site, 0, ((size_t)h->heap->n_nodes + 1) * sizeof(*h->on_site));
}

enum { INSIDE = 1, COVERED = 2 };

/* Count what the container has of the class's sites, and what these retain. */
static void
count_entries(struct holders *h, const struct search *s, struct holder *x)
{
	const struct dominators *d = h->d;
	const struct heap_block *blocks = h->heap->blocks;
	struct heap_count by_class = {0, 0};

	forget_sites(h);
	for (size_t i = 0; i < s->n; i++)
		h->on_site[blocks[s->blocks[i]].site] = 1;
	h->marks[s->place] = INSIDE;
	for (uint32_t p = s->place + 1; p <= d->n; p++) {
		uint32_t up = d->idoms[p];
		bool is_entry;

		h->marks[p] = up >= s->place ? h->marks[up] : 0;
		is_entry = h->on_site[blocks[d->blocks[p]].site] != 0;
		if (!is_entry || !(h->marks[p] & INSIDE))
			continue;
		x->entries.blocks++;
		x->entries.bytes += heap_block_requested(&blocks[d->blocks[p]]);
		if (!(h->marks[p] & COVERED)) {
			by_class.blocks += d->counts[p];
			by_class.bytes += d->bytes[p];
			h->marks[p] |= COVERED;
		}
	}
	forget_sites(h);
	x->retained =
		s->place ? (struct heap_count){d->counts[s->place], d->bytes[s->place]}
			 : by_class;
}

int
holders_retained(struct holders *h, const uint32_t *list, size_t n, struct heap_count *ret)
{
	const struct dominators *d = h->d;

	*ret = (struct heap_count){0, 0};
	memset(h->marks, 0, (size_t)d->n + 1);
	for (size_t i = 0; i < n; i++)
		h->marks[d->places[list[i]]] = INSIDE;
	h->marks[0] = 0;
	for (uint32_t p = 1; p <= d->n; p++) {
		bool is_covered = h->marks[d->idoms[p]] & COVERED;

		if (h->marks[p] & INSIDE && !is_covered) {
			ret->blocks += d->counts[p];
			ret->bytes += d->bytes[p];
		}
		if (is_covered || h->marks[p] & INSIDE)
			h->marks[p] |= COVERED;
	}
	return 0;
}

/* ---- the shape ---- */

/* Different blocks of the same kind that a block leads to. */
static unsigned
neighbours(const struct holders *h, uint32_t block, uint32_t *list)
{
	const struct edges *e = &h->heap->edges;
	uint64_t end = e->first[block + 1];
	unsigned n = 0;

	if (end > e->first[block] + MOST_EDGES)
		end = e->first[block] + MOST_EDGES;
	for (uint64_t k = e->first[block]; k < end && n < MOST_NEIGHBOURS; k++) {
		uint32_t t = e->targets[k];
		unsigned i = 0;

		if (t == block || !is_kin(h->heap, t, block))
			continue;
		while (i < n && list[i] != t)
			i++;
		if (i == n)
			list[n++] = t;
	}
	return n;
}

static bool
leads_back(const struct holders *h, uint32_t from, uint32_t to)
{
	uint32_t list[MOST_NEIGHBOURS];
	unsigned n = neighbours(h, from, list);

	for (unsigned i = 0; i < n; i++)
		if (list[i] == to)
			return true;
	return false;
}

/* Chain or tree, by whom they lead to; OTHER if to nobody of their kind. */
static enum holder_shape
shape_of_links(const struct holders *h, const struct front *f, size_t n)
{
	size_t n_linked = 0, n_forked = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t list[MOST_NEIGHBOURS];
		unsigned k = neighbours(h, f[i].block, list);

		n_linked += k > 0;
		n_forked += k > 2 || (k == 2 && !leads_back(h, list[0], f[i].block) &&
				      !leads_back(h, list[1], f[i].block));
	}
	if (n_linked * 5 < n * 2 || n_linked == 0)
		return HOLDER_OTHER;
	return n_forked * 20 > n ? HOLDER_TREE : HOLDER_CHAIN;
}

/* Do many of them hang on one block, which is none of them, alone or in chains that
 * are not long? */
static bool
is_array(const struct holders *h, struct front *f, size_t n)
{
	size_t most = 0, most_tops = 0;

	for (size_t i = 0; i < n; i++) {
		f[i].root = top_of(h, f[i].block);
		f[i].parent = parent_of(h, f[i].root);
		f[i].key = (uint64_t)f[i].parent << 32 | f[i].root;
	}
	qsort(f, n, sizeof(*f), compare_keys);
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

/* Go up from the class, through payloads and buffers, to what is linked in a way
 * that has a name.  The block of that kind in *ret_link. */
static enum holder_shape
find_shape(struct holders *h, struct front *f, size_t n, uint32_t container,
	   uint32_t *ret_link)
{
	n = n < MOST_LOOKED_AT ? n : MOST_LOOKED_AT;
	for (unsigned level = 0; level < MOST_LEVELS && n > 0; level++) {
		enum holder_shape shape;
		size_t kept = 0;

		*ret_link = f[0].block;
		if (is_array(h, f, n))
			return HOLDER_ARRAY;
		shape = shape_of_links(h, f, n);
		if (shape != HOLDER_OTHER)
			return shape;
		for (size_t i = 0; i < n; i++)
			f[i].parent = parent_of(h, f[i].block);
		for (size_t i = 0; i < n; i++)
			if (f[i].parent != ROOT_PARENT && f[i].parent != container) {
				f[kept] = f[i];
				f[kept++].block = f[i].parent;
			}
		n = merge(f, kept);
	}
	return HOLDER_OTHER;
}

/* ---- words ---- */

/* What a block's site is called: the function that allocated it, the container. */
static void
describe_site(const struct holders *h, struct symbols *symbols, uint32_t site,
	      char **function, const char **kind)
{
	struct stack s;
	const char *name;

	if (!symbols || stack_get(h->heap, symbols, site, &s) != 0)
		return;
	name = names_function(h->heap, &s);
	if (function && name)
		*function = strdup(name);
	if (kind && !*kind)
		*kind = names_container(&s);
	stack_free(&s);
}

static void
describe_root(struct holders *h, const struct way *w, struct holder_step *step)
{
	const struct heap_frame *frame = names_stack_frame(h->heap, w->root, w->word);
	const char *function = frame ? names_stack_function(h->names, frame) : NULL;

	step->is_root = true;
	step->root_kind = w->root->kind;
	step->address = w->root->address + step->offset;
	step->name = names_root(h->names, w->root, w->word, w->is_one_word);
	step->function = function ? strdup(function) : NULL;
	step->thread = names_owner(h->heap, w->root, w->word, &step->tid);
}

static void
describe_step(struct holders *h, const struct path *p, size_t i, struct holder_step *step)
{
	const struct way *w = &p->list[i];
	const char *kind = NULL;
	struct heap_block *b;

	step->offset = (uint64_t)w->word * 8;
	step->n_folded = w->n_folded;
	if (w->root) {
		describe_root(h, w, step);
		return;
	}
	b = &h->heap->blocks[w->block];
	step->site = b->site;
	step->address = heap_block_address(b);
	step->retained = dominators_retained(h->d, w->block);
	step->name = names_type(h->names, w->block);
	if (!step->name && i > 0)
		step->name = names_dynamic_tls(h->names, w->block, w->word);
	describe_site(h, names_symbols(h->names), b->site, &step->function, &kind);
	if (!step->name && kind)
		step->name = strdup(kind);
}

/* From the root to the class; of a long path both ends. */
static void
describe_path(struct holders *h, const struct path *p, struct holder *x)
{
	x->agreement = p->agreement;
	x->n_left_out = p->n > HOLDER_STEPS ? p->n - HOLDER_STEPS : 0;
	x->n_steps = p->n - x->n_left_out;
	for (size_t i = 0; i < x->n_steps; i++) {
		size_t at = i < HOLDER_STEPS / 2 ? i : i + x->n_left_out;

		describe_step(h, p, p->n - 1 - at, &x->steps[i]);
	}
}

static void
describe_container(struct holders *h, const struct search *s, uint32_t link,
		   struct holder *x)
{
	struct symbols *symbols = names_symbols(h->names);
	const struct heap_block *blocks = h->heap->blocks;

	x->container = s->place ? h->d->blocks[s->place] : DOMINATORS_ROOTS;
	x->share = (double)s->n_below / (double)s->n_reached;
	describe_site(h, symbols, blocks[link].site, NULL, &x->kind);
	if (s->place) {
		describe_site(h, symbols, blocks[x->container].site, &x->function,
			      &x->kind);
		x->name = names_type(h->names, x->container);
	} else if (x->n_steps && x->steps[0].name) {
		x->name = strdup(x->steps[0].name);
	}
}

/* Those of the list that are reachable, for free(3); *ret_n is 0 if none is. */
static struct front *
front_new(const struct holders *h, const uint32_t *list, size_t n, size_t *ret_n)
{
	struct front *f = calloc(n + 1, sizeof(*f));

	*ret_n = 0;
	for (size_t i = 0; f && i < n; i++)
		if (h->d->places[list[i]] != 0)
			f[(*ret_n)++] = (struct front){.block = list[i], .weight = 1};
	return f;
}

int
holders_path(struct holders *h, const uint32_t *list, size_t n, struct holder *ret)
{
	struct holder x = {.container = DOMINATORS_ROOTS};
	struct path p = {NULL, 0, 0, 0};
	size_t n_reached;
	struct front *f = front_new(h, list, n, &n_reached);
	int status = !f ? -1 : n_reached ? 0 : 1;

	if (status == 0)
		status = find_path(h, f, n_reached, &p);
	if (status == 0) {
		describe_path(h, &p, &x);
		*ret = x;
	}
	free(p.list);
	free(f);
	return status;
}

int
holders_find(struct holders *h, const uint32_t *list, size_t n, struct holder *ret)
{
	struct search s = {.blocks = list, .n = n};
	struct front *f = front_new(h, list, n, &s.n_reached);
	struct holder x;
	uint32_t link;
	int status = f ? holders_path(h, list, n, &x) : -1;

	if (status == 0) {
		link = s.example = f[0].block;
		find_container(h, &s);
		count_entries(h, &s, &x);
		x.shape = find_shape(h, f, merge(f, s.n_reached),
				     s.place ? h->d->blocks[s.place] : ROOT_PARENT, &link);
		describe_container(h, &s, link, &x);
		*ret = x;
	}
	free(f);
	return status;
}

void
holder_free(struct holder *x)
{
	for (size_t i = 0; i < x->n_steps; i++) {
		free(x->steps[i].name);
		free(x->steps[i].function);
	}
	free(x->name);
	free(x->function);
	memset(x, 0, sizeof(*x));
}

const char *
holder_shape_name(enum holder_shape shape)
{
	static const char *const names[] = {
		[HOLDER_OTHER] = "other",
		[HOLDER_ARRAY] = "array",
		[HOLDER_CHAIN] = "chain",
		[HOLDER_TREE] = "tree",
	};

	return names[shape];
}
