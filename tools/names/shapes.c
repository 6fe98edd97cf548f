/* shapes.c -- structures that no library knows: lists, trees, tables in C.
 *
 * In:   classes of blocks, edges.
 * Out:  shapes.
 * Not here: names of types (types.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/shapes.h"

#include <stdlib.h>

#include "names/neighbours.h"

enum {
	LEAST_BLOCKS = 4,  /* that make a list or a tree */
	LEAST_SLOTS = 8,   /* in use, that make a table */
	MOST_SLOTS = 4096, /* in use, that are read */
	MOST_CHAINS = 256, /* slots whose chains are followed */
};

/* The blocks of class c that are read are sample[first[c]] to before
 * sample[first[c + 1]]. */
struct work {
	const struct heap *heap;
	const uint32_t *classes;
	uint32_t n_classes;
	const bool *wanted;
	uint32_t *first, *sample;
	uint32_t *targets, *words; /* of one block: MOST_SLOTS */
	uint8_t *shapes;
};

/* ---- the sample ---- */

/* What is known of a class while its sample is taken. */
struct taking {
	uint32_t n, seen, next; /* blocks; met so far; the next one for the sample */
};

/* Blocks at equal distances, so that what is old and what is new are among them. */
static void
take(struct work *w, struct taking *t)
{
	for (uint32_t b = 0; b < w->heap->n_blocks; b++) {
		uint32_t c = w->classes[b];
		uint64_t k = w->first[c + 1] - w->first[c], done;

		if (t[c].seen++ != t[c].next)
			continue;
		done = t[c].seen * k / t[c].n; /* the sample has so many with this one */
		if (done == 0 || done > k)
			continue;
		w->sample[w->first[c] + done - 1] = b;
		/* The first i with (i + 1) * k / n > done. */
		t[c].next = (uint32_t)(((done + 1) * t[c].n + k - 1) / k - 1);
	}
}

static int
take_sample(struct work *w)
{
	struct taking *t = calloc((size_t)w->n_classes + 2, sizeof(*t));
	size_t n = 0;

	w->first = calloc((size_t)w->n_classes + 2, sizeof(*w->first));
	if (!t || !w->first) {
		free(t);
		return -1;
	}
	for (uint32_t b = 0; b < w->heap->n_blocks; b++)
		t[w->classes[b]].n++;
	for (uint32_t c = 0; c <= w->n_classes; c++) {
		uint32_t k = t[c].n < SHAPES_SAMPLE ? t[c].n : SHAPES_SAMPLE;

		if (!w->wanted[c])
			k = 0;
		w->first[c] = (uint32_t)n;
		n += k;
		w->first[c + 1] = (uint32_t)n;
		t[c].next = k ? (t[c].n + k - 1) / k - 1 : UINT32_MAX;
	}
	w->sample = malloc((n + 1) * sizeof(*w->sample));
	if (w->sample)
		take(w, t);
	free(t);
	return w->sample ? 0 : -1;
}

/* ---- nodes ---- */

static bool
is_one_class(const void *arg, uint32_t a, uint32_t b)
{
	const struct work *w = arg;

	return w->classes[a] == w->classes[b];
}

/* Different blocks of its class that a block leads to. */
static unsigned
neighbours(const struct work *w, uint32_t block, uint32_t *list)
{
	return neighbours_find(w->heap, block, is_one_class, w, list);
}

/* Does it lead to two others of its class as the node of a tree does: none of them
 * leads back, or, with links to parents, all do?  In a list with links both ways only
 * two do; an entry that is in a chain and in such a list has some of either. */
static bool
is_fork(const struct work *w, uint32_t block)
{
	uint32_t list[NEIGHBOURS_MOST];
	unsigned n = neighbours(w, block, list), n_back = 0;

	for (unsigned i = 0; i < n; i++)
		n_back += neighbours_lead_to(w->heap, list[i], block, is_one_class, w);
	return n_back == 0 ? n >= 2 : n_back == n && n >= 3;
}

static enum shape
shape_of_nodes(const struct work *w, uint32_t class)
{
	uint32_t first = w->first[class], n = w->first[class + 1] - first;
	uint32_t list[NEIGHBOURS_MOST];
	unsigned n_linked = 0, n_forked = 0;

	if (n < LEAST_BLOCKS)
		return SHAPE_NONE;
	for (uint32_t i = first; i < first + n; i++) {
		n_linked += neighbours(w, w->sample[i], list) > 0;
		n_forked += is_fork(w, w->sample[i]);
	}
	if (n_forked * 10 > n)
		return SHAPE_TREE;
	return n_linked * 5 >= n * 2 ? SHAPE_LIST : SHAPE_NONE;
}

/* ---- tables ---- */

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t
greatest_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The class that more than half of a block's edges lead to, if there is one. */
static uint32_t
most_frequent(const struct work *w, uint32_t block)
{
	const struct edges *e = &w->heap->edges;
	uint32_t class = 0;
	uint64_t balance = 0;

	for (uint64_t k = e->first[block]; k < e->first[block + 1]; k++) {
		uint32_t c = w->classes[e->targets[k]];

		if (balance == 0)
			class = c;
		if (c == class)
			balance++;
		else
			balance--;
	}
	return class;
}

/* Words of a block that lead to a class, and where, in rising order of words. */
static uint32_t
find_slots(struct work *w, uint32_t block, uint32_t class)
{
	const struct edges *e = &w->heap->edges;
	uint32_t n = 0;

	for (uint64_t k = e->first[block]; k < e->first[block + 1] && n < MOST_SLOTS; k++)
		if (w->classes[e->targets[k]] == class) {
			w->targets[n] = e->targets[k];
			w->words[n++] = edges_word(e, k);
		}
	return n;
}

/* Do chains hang on some of the slots?  A block of them leads on to one of its class
 * which is in no slot itself. */
static bool
has_chains(struct work *w, uint32_t n)
{
	uint32_t n_sampled = n < MOST_CHAINS ? n : MOST_CHAINS, n_chains = 0;

	qsort(w->targets, n, sizeof(*w->targets), compare_numbers);
	for (uint32_t i = 0; i < n_sampled; i++) {
		uint32_t list[NEIGHBOURS_MOST],
			block = w->targets[(uint64_t)i * n / n_sampled];
		unsigned k = neighbours(w, block, list), n_hidden = 0;

		for (unsigned j = 0; j < k; j++)
			n_hidden += !bsearch(&list[j], w->targets, n, sizeof(*w->targets),
					     compare_numbers);
		n_chains += n_hidden > 0;
	}
	return n_chains >= 2 && n_chains * 20 >= n_sampled;
}

/* Are the gaps between slots all over, as a hash scatters them?  Of random slots in
 * use, a share p of n, about n p (1 - p) are followed by a gap; half of that is asked
 * for, as some probe from one to the next. */
static bool
is_scattered(const struct work *w, uint32_t n)
{
	uint32_t stride = 0, n_gaps = 0;
	double slots, share;

	for (uint32_t i = 1; i < n; i++)
		stride = greatest_divisor(stride, w->words[i] - w->words[i - 1]);
	if (stride == 0)
		return false;
	for (uint32_t i = 1; i < n; i++)
		n_gaps += w->words[i] - w->words[i - 1] > stride;
	slots = (double)(w->words[n - 1] - w->words[0]) / stride + 1;
	share = n / slots;
	return share < 0.95 && n_gaps >= 3 && n_gaps >= slots * share * (1 - share) / 2;
}

/* The largest of the class decides: a table that is empty has no shape. */
static enum shape
shape_of_slots(struct work *w, uint32_t class, uint32_t *ret_entries)
{
	uint32_t most = 0;
	enum shape shape = SHAPE_NONE;

	for (uint32_t i = w->first[class]; i < w->first[class + 1]; i++) {
		uint32_t block = w->sample[i];
		uint32_t target = most_frequent(w, block);
		uint32_t n = find_slots(w, block, target);
		bool is_open;

		/* Not a buffer in which some words look like pointers. */
		if (n < LEAST_SLOTS || n <= most || target == class || target == 0 ||
		    heap_block_requested(&w->heap->blocks[block]) / 8 > (uint64_t)n * 64)
			continue;
		most = n;
		is_open = is_scattered(w, n);
		/* Roots of trees are in no chains. */
		if (w->shapes[target] != SHAPE_TREE && has_chains(w, n))
			shape = SHAPE_TABLE;
		else
			shape = is_open ? SHAPE_OPEN : SHAPE_ARRAY;
		*ret_entries = target;
	}
	return shape;
}

/* ---- the whole ---- */

static void
find_shapes(struct work *w)
{
	for (uint32_t c = 1; c <= w->n_classes; c++)
		if (w->first[c + 1] > w->first[c])
			w->shapes[c] = (uint8_t)shape_of_nodes(w, c);
	for (uint32_t c = 1; c <= w->n_classes; c++) {
		uint32_t entries = 0;
		enum shape shape;

		if (w->first[c + 1] == w->first[c] || w->shapes[c] == SHAPE_ENTRY)
			continue;
		shape = shape_of_slots(w, c, &entries);
		if (shape == SHAPE_NONE)
			continue;
		if (w->shapes[c] == SHAPE_NONE)
			w->shapes[c] = (uint8_t)shape;
		if (shape == SHAPE_TABLE && w->wanted[entries])
			w->shapes[entries] = SHAPE_ENTRY;
	}
}

uint8_t *
shapes_find(const struct heap *heap, const uint32_t *classes, uint32_t n_classes,
	    const bool *wanted)
{
	struct work w = {heap, classes, n_classes, wanted, NULL, NULL, NULL, NULL, NULL};

	w.shapes = calloc((size_t)n_classes + 1, sizeof(*w.shapes));
	w.targets = malloc(MOST_SLOTS * sizeof(*w.targets));
	w.words = malloc(MOST_SLOTS * sizeof(*w.words));
	if (!w.shapes || !w.targets || !w.words ||
	    (heap->has_roots && take_sample(&w) != 0)) {
		free(w.shapes);
		w.shapes = NULL;
	} else if (heap->has_roots) {
		find_shapes(&w);
	}
	free(w.first);
	free(w.sample);
	free(w.targets);
	free(w.words);
	return w.shapes;
}

const char *
shape_name(enum shape shape)
{
	static const char *const names[SHAPE_N] = {
		[SHAPE_LIST] = "linked list node",
		[SHAPE_TREE] = "tree node",
		[SHAPE_TABLE] = "hash table with chains",
		[SHAPE_ENTRY] = "hash table entry",
		[SHAPE_OPEN] = "hash table with open addressing",
		[SHAPE_ARRAY] = "array of pointers",
	};

	return names[shape];
}
