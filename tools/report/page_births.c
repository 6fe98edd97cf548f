/* page_births.c -- what lives by when it was allocated.
 *
 * In/Out: report/page_births.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/page_births.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/json_stream.h"
#include "report/tallies.h"

enum { CELL_NUMBERS = 5 };
struct cell {
	uint64_t blocks, bytes, old, usable;
};

/* Blocks by a key: those of key k are list[first[k]] to list[first[k + 1] - 1]. */
struct grouped {
	uint32_t n_keys;
	uint32_t *first, *list;
};

struct page_births {
	const struct report *r;
	uint64_t *starts; /* first epochs of the periods, rising, without doubles */
	size_t n;
	uint32_t *period_of; /* by birth; n: none */
	struct cell *cells;  /* by period; all nothing between uses */
	struct grouped sites;
};

/* ---- periods ---- */

static int
compare_epochs(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
cut_time(struct page_births *b)
{
	const struct report *r = b->r;
	size_t n = 0;

	/* A file may have sums by site in place of blocks. */
	if (r->n_epochs == 0 || r->heap->n_blocks == 0)
		return;
	for (size_t i = 0; i < r->n_epochs; i++)
		b->starts[n++] = r->epochs[i].first;
	for (size_t i = 0; i < r->heap->n_marks; i++)
		if (r->heap->marks[i].epoch > r->epochs[0].first &&
		    r->heap->marks[i].epoch <= r->epochs[r->n_epochs - 1].last)
			b->starts[n++] = r->heap->marks[i].epoch;
	qsort(b->starts, n, sizeof(*b->starts), compare_epochs);
	for (size_t i = 0; i < n; i++)
		if (b->n == 0 || b->starts[b->n - 1] != b->starts[i])
			b->starts[b->n++] = b->starts[i];
}

/* The period of an epoch; n: none. */
static size_t
period_of_epoch(const struct page_births *b, uint64_t epoch)
{
	size_t low = 0, high = b->n;

	if (b->n == 0 || report_row_of_epoch(b->r, epoch) == b->r->n_epochs)
		return b->n;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		*(b->starts[middle] <= epoch ? &low : &high) = middle;
	}
	return low;
}

/* ---- blocks by key ---- */

/* The key of a block; UINT32_MAX: none. */
typedef uint32_t key_fn(const struct page_births *b, uint32_t block);

static uint32_t
key_if_counted(const struct page_births *b, key_fn *key, uint32_t block)
{
	const struct heap *h = b->r->heap;
	uint32_t birth = h->blocks[block].birth;

	if (b->period_of[birth] == b->n ||
	    !heap_filter_passes(h, &b->r->options.filter, birth))
		return UINT32_MAX;
	return key(b, block);
}

static void
group_fini(struct grouped *g)
{
	free(g->first);
	free(g->list);
	*g = (struct grouped){0, NULL, NULL};
}

/* A counting sort.  No memory: there is no key then. */
static void
group(struct grouped *g, const struct page_births *b, uint32_t n_keys, key_fn *key)
{
	uint32_t n_blocks = b->r->heap->n_blocks;
	uint32_t *next = calloc((size_t)n_keys + 2, sizeof(*next));

	*g = (struct grouped){
		.n_keys = n_keys,
		.first = calloc((size_t)n_keys + 1, sizeof(*g->first)),
		.list = calloc((size_t)n_blocks + 1, sizeof(*g->list)),
	};
	if (!next || !g->first || !g->list) {
		free(next);
		group_fini(g);
		return;
	}
	for (uint32_t i = 0; i < n_blocks; i++) {
		uint32_t k = key_if_counted(b, key, i);

		if (k < n_keys)
			next[k + 1]++;
	}
	for (uint32_t k = 0; k < n_keys; k++)
		next[k + 1] += next[k];
	memcpy(g->first, next, ((size_t)n_keys + 1) * sizeof(*next));
	for (uint32_t i = 0; i < n_blocks; i++) {
		uint32_t k = key_if_counted(b, key, i);

		if (k < n_keys)
			g->list[next[k]++] = i;
	}
	free(next);
}

static uint32_t
site_of(const struct page_births *b, uint32_t block)
{
	return b->r->heap->blocks[block].site;
}

static uint32_t
type_of(const struct page_births *b, uint32_t block)
{
	return types_of_block(b->r->findings->types, block) - 1;
}

static uint32_t
thread_of(const struct page_births *b, uint32_t block)
{
	const struct heap *h = b->r->heap;

	return h->births[h->blocks[block].birth].thread - 1;
}

static uint32_t
size_of(const struct page_births *b, uint32_t block)
{
	return tally_size_class(heap_block_requested(&b->r->heap->blocks[block]));
}

/* ---- cells ---- */

static void
add_blocks(struct page_births *b, const struct grouped *g, uint32_t key)
{
	const struct heap *h = b->r->heap;

	for (uint32_t i = g->n_keys ? g->first[key] : 0;
	     g->n_keys && i < g->first[key + 1]; i++) {
		const struct heap_block *block = &h->blocks[g->list[i]];
		uint64_t bytes = heap_block_requested(block);
		struct cell *c = &b->cells[b->period_of[block->birth]];

		c->blocks++;
		c->bytes = heap_sum(c->bytes, bytes);
		if (h->births[block->birth].is_old)
			c->old = heap_sum(c->old, bytes);
		c->usable = heap_sum(c->usable, heap_block_usable(h, g->list[i]));
	}
}

/* Take what has been added up, as numbers of an array. */
static json_t *
take_cells(struct page_births *b)
{
	json_t *array = json_array();

	for (size_t p = 0; p < b->n; p++) {
		const struct cell *c = &b->cells[p];
		const uint64_t numbers[CELL_NUMBERS] = {p, c->blocks, c->bytes, c->old,
							c->usable};

		if (c->blocks == 0)
			continue;
		for (int i = 0; i < CELL_NUMBERS; i++)
			(void)json_array_append_new(
				array, json_integer(numbers[i] > INT64_MAX
							    ? INT64_MAX
							    : (json_int_t)numbers[i]));
	}
	memset(b->cells, 0, b->n * sizeof(*b->cells));
	return array;
}

/* ---- the whole ---- */

struct page_births *
page_births_new(const struct report *r)
{
	const struct heap *h = r->heap;
	struct page_births *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->r = r;
	b->starts = calloc(r->n_epochs + h->n_marks + 1, sizeof(*b->starts));
	b->period_of = calloc((size_t)h->n_births + 1, sizeof(*b->period_of));
	if (b->starts)
		cut_time(b);
	b->cells = calloc(b->n + 1, sizeof(*b->cells));
	if (!b->starts || !b->period_of || !b->cells) {
		page_births_free(b);
		return NULL;
	}
	for (uint32_t i = 0; i <= h->n_births; i++)
		b->period_of[i] =
			(uint32_t)(h->births[i].is_known
					   ? period_of_epoch(b, h->births[i].epoch)
					   : b->n);
	group(&b->sites, b, h->n_nodes + 1, site_of);
	return b;
}

void
page_births_free(struct page_births *b)
{
	if (!b)
		return;
	group_fini(&b->sites);
	free(b->starts);
	free(b->period_of);
	free(b->cells);
	free(b);
}

static json_t *
periods(const struct page_births *b)
{
	const struct report *r = b->r;
	json_t *array = json_array();

	for (size_t i = 0; i < b->n; i++) {
		uint64_t last = i + 1 < b->n ? b->starts[i + 1] - 1
					     : r->epochs[r->n_epochs - 1].last;

		(void)json_array_append_new(
			array,
			json_pack("[I, I]", (json_int_t)b->starts[i], (json_int_t)last));
	}
	return array;
}

static json_t *
cells_by(struct page_births *b, uint32_t n_keys, key_fn *key)
{
	struct grouped g;
	json_t *array = json_array();

	group(&g, b, n_keys, key);
	for (uint32_t k = 0; k < n_keys; k++) {
		add_blocks(b, &g, k);
		(void)json_array_append_new(array, take_cells(b));
	}
	group_fini(&g);
	return array;
}

/* Sizes that no block has are not in the report's list. */
static json_t *
cells_by_size(struct page_births *b)
{
	struct tally_size sizes[TALLY_SIZES];
	json_t *all = cells_by(b, TALLY_SIZES, size_of), *array = json_array();

	tallies_by_size(b->r, sizes);
	for (size_t i = 0; i < TALLY_SIZES; i++)
		if (sizes[i].live.blocks)
			(void)json_array_append(array, json_array_get(all, i));
	json_decref(all);
	return array;
}

static json_t *
cells_by_finding(struct page_births *b)
{
	const struct findings *all = b->r->findings;
	json_t *array = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct finding *x = &all->list[i];

		for (size_t k = 0; k < (x->sites ? x->n_sites : 1); k++)
			add_blocks(b, &b->sites, x->sites ? x->sites[k] : x->site);
		(void)json_array_append_new(array, take_cells(b));
	}
	return array;
}

void
page_births_write(struct page_births *b, FILE *f)
{
	const struct report *r = b->r;
	json_t *o = json_object();

	(void)json_object_set_new(o, "periods", periods(b));
	(void)json_object_set_new(o, "types",
				  r->findings->types
					  ? cells_by(b, report_n_types(r), type_of)
					  : json_array());
	(void)json_object_set_new(o, "threads", cells_by(b, r->heap->n_threads, thread_of));
	(void)json_object_set_new(o, "sizes", cells_by_size(b));
	(void)json_object_set_new(o, "findings", cells_by_finding(b));
	fputs(",\n\"births\": ", f);
	json_stream_value(f, o);
}

void
page_births_add(struct page_births *b, uint32_t node)
{
	add_blocks(b, &b->sites, node);
}

json_t *
page_births_take(struct page_births *b)
{
	return take_cells(b);
}
