/* outline.c -- see outline.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/outline.h"

#include <stdlib.h>
#include <string.h>

#include "util/vec.h"

/* ---- places ---- */

/* What a word of a root is in; words with the same key are one place. */
struct extent {
	const void *key;
	uint64_t number, start, bytes;
};

static struct extent
extent_of(const struct heap *h, struct names *names, const struct heap_root *r,
	  uint64_t word)
{
	struct extent x = {NULL, 0, r->address, r->bytes};
	const struct heap_frame *f = names_stack_frame(h, r, word);
	struct variable v;

	if (names_variable(names, r, word, &v)) {
		x.key = v.name;
		x.number = v.start;
		if (r->kind == HEAPFILE_ROOT_GLOBAL) {
			x.start = v.start + h->modules[r->owner].bias;
			x.bytes = v.bytes;
		}
	} else if (f) {
		x.key = f;
		if (r->kind != HEAPFILE_ROOT_REGISTERS) {
			x.start = f->sp;
			x.bytes = f->bytes;
		}
	} else if (r->kind == HEAPFILE_ROOT_KEY) {
		x.number = word / 2; /* a key is a counter and a value */
	} else if (r->kind == HEAPFILE_ROOT_GLOBAL) {
		x.number = word;
		x.start = r->address + word * 8;
		x.bytes = 8;
	}
	return x;
}

static struct outline_place *
add_place(struct outline *o)
{
	if (VEC_RESERVE(o->places, o->places_size, (uint64_t)o->n_places + 1))
		return NULL;
	return &o->places[o->n_places++];
}

static int
add_root(struct outline *o, struct names *names, uint32_t root)
{
	const struct heap *h = o->heap;
	const struct heap_root *r = &h->roots[root];
	struct outline_place *place = NULL;
	struct extent last = {0};

	for (uint64_t i = r->first_edge; i < r->first_edge + r->n_edges; i++) {
		uint64_t word = edges_word(&h->edges, i);
		bool is_inside = place && last.key && r->kind == HEAPFILE_ROOT_GLOBAL &&
				 r->address + word * 8 - last.start < last.bytes;
		struct extent x = is_inside ? last : extent_of(h, names, r, word);

		if (!place || x.key != last.key || x.number != last.number) {
			place = add_place(o);
			if (!place)
				return -1;
			*place = (struct outline_place){i, 0, x.start, x.bytes, root};
			last = x;
		}
		place->n++;
	}
	o->n_root_edges += r->n_edges;
	return 0;
}

/* ---- what is held, and what the rest hangs beneath ---- */

struct spreader {
	struct outline *o;
	uint32_t *stack; /* has room for all blocks: each is pushed once */
	size_t n;
	uint8_t *seen; /* a bit for each block */
	uint8_t mark;  /* what blocks get that it comes to */
};

static bool
is_seen(const struct spreader *s, uint32_t block)
{
	return s->seen[block / 8] >> block % 8 & 1;
}

static void
take(struct spreader *s, uint32_t block)
{
	if (is_seen(s, block))
		return;
	s->seen[block / 8] |= (uint8_t)(1 << block % 8);
	s->o->marks[block] |= s->mark;
	s->stack[s->n++] = block;
}

static void
spread(struct spreader *s)
{
	const struct edges *e = &s->o->heap->edges;

	while (s->n > 0) {
		uint32_t block = s->stack[--s->n];

		for (uint64_t i = e->first[block]; i < e->first[block + 1]; i++)
			take(s, e->targets[i]);
	}
}

static void
hang(struct spreader *s, uint32_t block, enum outline_group group)
{
	if (is_seen(s, block))
		return;
	s->o->marks[block] |= (uint8_t)group;
	s->o->n_in_group[group]++;
	take(s, block);
	spread(s);
}

static void
mark(struct spreader *s, const struct graph *g)
{
	const struct heap *h = s->o->heap;

	s->mark = OUTLINE_HELD;
	for (size_t i = 0; i < s->o->n_places; i++)
		for (uint64_t j = 0; j < s->o->places[i].n; j++)
			take(s, h->edges.targets[s->o->places[i].first + j]);
	spread(s);
	s->mark = 0;
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (g->states[b] == GRAPH_DEFINITE)
			hang(s, b, OUTLINE_DEFINITE);
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (g->states[b] == GRAPH_IGNORED)
			hang(s, b, OUTLINE_IGNORED);
	for (uint32_t b = 0; b < h->n_blocks; b++)
		hang(s, b, OUTLINE_INDIRECT);
}

static int
hang_all(struct outline *o, const struct graph *g, struct names *names)
{
	const struct heap *h = o->heap;
	struct spreader s = {.o = o};
	int status = 0;

	for (uint32_t i = 0; i < h->n_roots && status == 0; i++)
		if (graph_is_root(g, &h->roots[i]))
			status = add_root(o, names, i);
	s.stack = malloc(((size_t)h->n_blocks + 1) * sizeof(*s.stack));
	s.seen = calloc((size_t)h->n_blocks / 8 + 1, 1);
	if (!s.stack || !s.seen)
		status = -1;
	if (status == 0)
		mark(&s, g);
	free(s.stack);
	free(s.seen);
	return status;
}

/* ---- folding ---- */

/* What was last seen of a site. */
struct recent {
	uint64_t holder; /* a block; beyond these, places and then groups; + 1 */
	uint32_t lead;
};

struct folder {
	struct outline *o;
	const struct types *types;
	const struct heap_filter *filter;
	uint8_t *in;           /* by block: pointers to it, 2 = more than one */
	struct recent *recent; /* by site */
};

static bool
is_leaf(const struct folder *f, uint32_t block)
{
	const struct heap *h = f->o->heap;

	return (!h->has_roots || h->edges.first[block] == h->edges.first[block + 1]) &&
	       f->in[block] == 1 && heap_block_requested(&h->blocks[block]) <= UINT32_MAX &&
	       heap_filter_passes(h, f->filter, h->blocks[block].birth);
}

static void
fold(struct folder *f, uint32_t block, uint64_t holder)
{
	struct outline *o = f->o;
	struct recent *r = &f->recent[o->heap->blocks[block].site];
	uint64_t bytes;

	if (!is_leaf(f, block))
		return;
	bytes = heap_block_requested(&o->heap->blocks[block]);
	if (r->holder == holder + 1 &&
	    f->types->blocks[r->lead] == f->types->blocks[block] &&
	    o->sizes[r->lead] + bytes <= UINT32_MAX) {
		o->leads[block] = r->lead;
		o->counts[r->lead]++;
		o->sizes[r->lead] += (uint32_t)bytes;
		return;
	}
	*r = (struct recent){holder + 1, block};
	o->sizes[block] = (uint32_t)bytes;
}

static void
count_in(struct folder *f)
{
	const struct outline *o = f->o;
	const struct heap *h = o->heap;
	const struct edges *e = &h->edges;
	uint64_t n_block_edges = h->has_roots ? e->first[h->n_blocks] : 0;

	for (uint64_t i = 0; i < n_block_edges; i++)
		f->in[e->targets[i]] += f->in[e->targets[i]] < 2;
	for (size_t i = 0; i < o->n_places; i++)
		for (uint64_t j = o->places[i].first;
		     j < o->places[i].first + o->places[i].n; j++)
			f->in[e->targets[j]] += f->in[e->targets[j]] < 2;
	for (uint32_t b = 0; b < h->n_blocks; b++)
		f->in[b] += outline_group(o, b) != OUTLINE_NONE && f->in[b] < 2;
}

static void
fold_all(struct folder *f)
{
	const struct outline *o = f->o;
	const struct heap *h = o->heap;
	const struct edges *e = &h->edges;
	uint64_t holder = 0;

	for (uint32_t b = 0; h->has_roots && b < h->n_blocks; b++)
		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++)
			fold(f, e->targets[i], b);
	holder = h->n_blocks;
	for (size_t i = 0; i < o->n_places; i++, holder++)
		for (uint64_t j = 0; j < o->places[i].n; j++)
			fold(f, e->targets[o->places[i].first + j], holder);
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (outline_group(o, b) != OUTLINE_NONE)
			fold(f, b, holder + outline_group(o, b));
}

static int
fold_blocks(struct outline *o, const struct types *types, const struct heap_filter *filter)
{
	const struct heap *h = o->heap;
	struct folder f = {.o = o, .types = types, .filter = filter};
	size_t n = (size_t)h->n_blocks + 1;
	bool ok;

	f.in = calloc(n, 1);
	f.recent = calloc((size_t)h->n_nodes + 1, sizeof(*f.recent));
	o->leads = malloc(n * sizeof(*o->leads));
	o->counts = malloc(n * sizeof(*o->counts));
	o->sizes = calloc(n, sizeof(*o->sizes));
	o->numbers = malloc(n * sizeof(*o->numbers));
	ok = f.in && f.recent && o->leads && o->counts && o->sizes && o->numbers;
	for (uint32_t b = 0; ok && b < h->n_blocks; b++) {
		o->leads[b] = b;
		o->counts[b] = 1;
	}
	if (ok) {
		count_in(&f);
		fold_all(&f);
	}
	o->n_left = 0;
	for (uint32_t b = 0; ok && b < h->n_blocks; b++)
		if (outline_has(o, b))
			o->numbers[b] = o->n_left++;
	for (uint32_t b = 0; ok && b < h->n_blocks; b++)
		o->numbers[b] = o->numbers[o->leads[b]];
	free(f.in);
	free(f.recent);
	return ok ? 0 : -1;
}

/* ---- the whole ---- */

struct outline *
outline_new(const struct heap *heap, const struct graph *graph, struct names *names,
	    const struct types *types, const struct heap_filter *filter, uint32_t most)
{
	struct outline *o = calloc(1, sizeof(*o));
	int status = -1;

	if (!o)
		return NULL;
	o->heap = heap;
	o->n_left = heap->n_blocks;
	o->marks = calloc((size_t)heap->n_blocks + 1, 1);
	if (o->marks && heap->has_roots) {
		status = hang_all(o, graph, names);
	} else if (o->marks) {
		memset(o->marks, OUTLINE_ALL, heap->n_blocks);
		o->n_in_group[OUTLINE_ALL] = heap->n_blocks;
		status = 0;
	}
	if (status == 0 && heap->n_blocks > most)
		status = fold_blocks(o, types, filter);
	if (status) {
		outline_free(o);
		return NULL;
	}
	return o;
}

void
outline_free(struct outline *o)
{
	if (!o)
		return;
	free(o->places);
	free(o->marks);
	free(o->leads);
	free(o->counts);
	free(o->sizes);
	free(o->numbers);
	free(o);
}
