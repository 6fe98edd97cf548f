/* holder_path.c -- the way from a root that most of some blocks agree on.
 *
 * In:   the shortest way to each of the blocks.
 * Out:  struct path, from the blocks up to a root.
 * Not here: the search for shortest ways (holder_ways.c), what the steps are called
 *           (holders.c).
 *
 * From the blocks upwards, each step goes where most ways go: to a site, and a word in
 * its blocks.  What goes elsewhere is dropped, and counts against the agreement.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/holder_path.h"

#include <stdlib.h>
#include <string.h>

#include "explain/holder_heads.h"
#include "names/stacks.h"
#include "util/bisect.h"
#include "util/vec.h"

enum {
	MANY_STEPS = 256, /* from here on one way stands for all */
	MOST_HEADS = 16,  /* of lists on a path: more are a tangle */
	LONG_LIST = 8,    /* blocks that are one step, though of several sites */
};

/* ---- likeness ---- */

bool
holder_is_kin(const struct heap *h, uint32_t a, uint32_t b)
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

/* ---- fronts ---- */

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

void
front_sort_by_key(struct front *f, size_t n)
{
	qsort(f, n, sizeof(*f), compare_keys);
}

size_t
front_merge(struct front *f, size_t n)
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

	front_sort_by_key(f, n);
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
	size_t low = BISECT(n, at, f[at].block < block);

	return low < n && f[low].block == block ? &f[low] : NULL;
}

/* Find the words that point to blocks from their parents: each parent's edges are
 * gone through once. */
static void
find_words(const struct heap *heap, struct front *f, size_t n)
{
	const struct edges *e = &heap->edges;

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
step_up(const struct heap *heap, struct front *f, size_t *n, struct path *p)
{
	struct way w = {.n_folded = 1};
	uint64_t all;

	find_words(heap, f, *n);
	for (size_t i = 0; i < *n; i++)
		f[i].key = heap->blocks[f[i].parent].site;
	*n = vote(f, *n, &all);
	if (vote_on_words(f, n, all, &w) != 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		f[i].block = f[i].parent;
	*n = front_merge(f, *n);
	w.block = heaviest(f, *n)->block;
	return VEC_PUSH(p->list, p->n, p->size, w);
}

/* Do most of them hang on others of their site, as the items of a list do? */
static bool
is_list(const struct ways *ways, const struct front *f, size_t n)
{
	uint64_t linked = 0;

	for (size_t i = 0; i < n; i++)
		linked += ways_run(ways, f[i].block) ? f[i].weight : 0;
	return linked * 2 > weigh(f, n);
}

/* Replace blocks by the first of their lists, or of their runs.  Each step goes nearer to
 * the roots, but for that to a list's head, which may be farther away than the block: of
 * lists that lead to one another there would be no end.  So there are no more than
 * *n_heads of these. */
static int
fold(const struct path_input *in, struct front *f, size_t *n, struct way *w,
     unsigned *n_heads)
{
	const struct ways *ways = in->ways;
	uint32_t longest = 0;
	bool is_one = *n_heads && is_list(ways, f, *n);

	for (size_t i = 0; i < *n; i++) {
		uint32_t run = ways_run(ways, f[i].block);

		if (run > longest)
			longest = run;
	}
	*n_heads -= is_one;
	if (is_one && heads_find(in->heads, f, *n) != 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		f[i].block = ways_top(ways, f[i].block);
	*n = front_merge(f, *n);
	w->n_folded += longest;
	if (longest)
		w->block = heaviest(f, *n)->block;
	return 0;
}

/* The word of a root where the variable begins that has one. */
static uint64_t
variable_of(struct names *names, const struct heap_root *r, uint32_t word)
{
	struct variable v;
	struct name_local local;

	if (names_variable(names, r, word, &v))
		return v.start;
	return names_local(names, r, word, word, &local) ? word - local.offset / 8 : word;
}

/* The roots that point to blocks; of several the best one. */
static int
step_to_root(const struct path_input *in, struct front *f, size_t *n, struct path *p)
{
	const struct heap *heap = in->heap;
	const struct graph *roots = ways_graph(in->ways);
	const struct edges *e = &heap->edges;
	struct way w = {.is_one_word = true, .n_folded = 1};
	uint64_t weight;

	*n = front_merge(f, *n);
	for (size_t i = 0; i < *n; i++) {
		f[i].root = UINT32_MAX;
		f[i].key = UINT64_MAX; /* what it costs */
	}
	for (size_t i = 0; i < heap->n_roots; i++) {
		const struct heap_root *r = &heap->roots[i];

		for (uint64_t k = r->first_edge;
		     graph_is_root(roots, r) && k < r->first_edge + r->n_edges; k++) {
			struct front *x = front_of(f, *n, e->targets[k]);
			unsigned cost = x ? ways_root_cost(in->ways, r, k) : 0;

			if (x && cost < x->key) {
				x->key = cost;
				x->root = (uint32_t)i;
				x->word = edges_word(e, k);
			}
		}
	}
	for (size_t i = 0; i < *n; i++) {
		if (f[i].root == UINT32_MAX)
			return -1;
		f[i].key = (uint64_t)f[i].root << 32 ^
			   variable_of(in->names, &heap->roots[f[i].root], f[i].word);
	}
	*n = vote(f, *n, &weight);
	w.word = w.last_word = f[0].word;
	w.root = &heap->roots[f[0].root];
	w.block = f[0].block;
	for (size_t i = 1; i < *n; i++) {
		w.is_one_word &= f[i].word == f[0].word;
		w.word = f[i].word < w.word ? f[i].word : w.word;
		w.last_word = f[i].word > w.last_word ? f[i].word : w.last_word;
	}
	return VEC_PUSH(p->list, p->n, p->size, w);
}

/* Blocks of any sites, each of which leads to the next by the same word: a list through all
 * objects of a collector, or what is linked into one by a member that all have, is one
 * step. */
static void
fold_links(struct path *p)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < p->n; i = end) {
		struct way w = p->list[i];

		for (end = i + 1; i > 0 && end < p->n && !p->list[end].root &&
				  p->list[end].word == w.word && p->list[end].is_one_word;)
			end++;
		if (i > 0 && !w.root && w.is_one_word && end - i >= LONG_LIST)
			for (size_t k = i + 1; k < end; k++) {
				w.n_folded += p->list[k].n_folded;
				w.block = p->list[k].block;
			}
		else
			end = i + 1;
		p->list[kept++] = w;
	}
	p->n = kept;
}

int
path_find(const struct path_input *in, struct front *f, size_t n, struct path *p)
{
	uint64_t total = weigh(f, n);
	struct way w = {.n_folded = 1};
	unsigned n_heads = MOST_HEADS;

	n = front_merge(f, n);
	w.block = heaviest(f, n)->block;
	if (VEC_PUSH(p->list, p->n, p->size, w) != 0)
		return -1;
	for (;;) {
		size_t n_root = 0, at = p->n - 1;

		if (fold(in, f, &n, &p->list[at], &n_heads) != 0)
			return -1;
		if (p->n > MANY_STEPS && n > 1) {
			f[0] = *heaviest(f, n);
			n = 1;
		}
		for (size_t i = 0; i < n; i++) {
			f[i].parent = ways_parent(in->ways, f[i].block);
			f[i].key = f[i].parent == WAYS_ROOT;
			n_root += f[i].parent == WAYS_ROOT;
		}
		if (n_root) {
			uint64_t weight;

			n = vote(f, n, &weight);
		}
		if (f[0].parent == WAYS_ROOT) {
			if (step_to_root(in, f, &n, p) != 0)
				return -1;
			break;
		}
		if (step_up(in->heap, f, &n, p) != 0)
			return -1;
		/* What calls itself to allocate has several sites for one thing. */
		if (holder_is_kin(in->heap, p->list[p->n - 1].block, p->list[at].block)) {
			p->list[at].n_folded++;
			p->n--;
		}
	}
	fold_links(p);
	p->agreement = p->n > MANY_STEPS ? 0 : (double)weigh(f, n) / (double)total;
	return 0;
}
