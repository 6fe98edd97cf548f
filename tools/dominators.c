/* dominators.c -- what would be free if one block were gone.
 *
 * In:   a heap with roots and edges.
 * Out:  struct dominators.
 * Not here: how sure a pointer is (graph.h).
 *
 * Semi-NCA (Georgiadis, Tarjan, Werneck: "Finding Dominators in Practice",
 * Journal of Graph Algorithms and Applications 10(1), 2006, section 2.3), over
 * the places of a depth-first search:
 *
 *     semi(w)  the lowest v from which a path leads to w over places above w
 *              only; a sweep over falling w, with path compression
 *     idom(w)  the deepest dominator of w's parent in the search tree whose
 *              place is at most semi(w); a sweep over rising w
 *
 * Three things make it fit a heap of ten million blocks.  A pointer from a lower
 * place is done with when it is seen, as nothing above w is on its way: only
 * those from higher places are turned round and kept.  Path compression needs
 * the least semi on a path and not where it is, so a place and a label make one
 * word; it climbs by reversing the pointers that it will overwrite, so there is
 * no stack, and neither has the search, which climbs by parents.  And arrays
 * serve twice (below).
 *
 * Climbing from a parent to the dominator one by one, as the paper has it, is
 * quadratic for what is common in a heap: a long list whose items hang on a
 * table as well.  Each place has a second pointer farther up, to the place that
 * Myers' skew-binary rule gives ("An applicative random-access stack",
 * Information Processing Letters 17, 1983), which makes it logarithmic.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dominators.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROGRESS_STEP = 1 << 20,
	AHEAD = 24, /* edges from the one that memory is asked for to the one in hand */
};

/* INVARIANT  twice: until the tree is there, the arrays of struct dominators
 * hold by place
 *
 *     idoms   parents in the search tree
 *     counts  semi
 *     bytes   two numbers in a word: while searching, the end of the edges and the
 *             next one to look at; then the ancestor so far and the least semi up to
 *             below it; at last the depth in the tree and the pointer farther up
 */
struct builder {
	struct dominators *d;
	const struct edges *e;
	const struct graph *roots; /* only for graph_is_root() */
	uint8_t *seen;             /* a bit a block: the search has been there */
	uint32_t *first;           /* by place: of its sources in sources[] */
	uint32_t *sources;         /* places above it that point to it */
	heap_progress *progress;
	void *progress_arg;
	uint64_t n_done;
};

static void
advance(struct builder *b)
{
	if (++b->n_done % PROGRESS_STEP == 0 && b->progress)
		b->progress(b->progress_arg, "finding dominators", b->n_done,
			    3 * (uint64_t)b->d->heap->n_blocks);
}

static uint64_t
pack(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

/* ---- search ---- */

static bool
is_seen(const struct builder *b, uint32_t block)
{
	return b->seen[block / 8] & 1u << block % 8;
}

/* Give a block the next place. */
static uint32_t
enter(struct builder *b, uint32_t block, uint32_t parent)
{
	struct dominators *d = b->d;
	uint32_t first = (uint32_t)b->e->first[block];
	uint32_t end = (uint32_t)b->e->first[block + 1];

	b->seen[block / 8] |= (uint8_t)(1u << block % 8);
	d->places[block] = ++d->n;
	d->blocks[d->n] = block;
	d->idoms[d->n] = parent;
	d->bytes[d->n] = pack(end, first);
	for (uint32_t i = first; i < end && i < first + AHEAD; i++)
		__builtin_prefetch(&b->e->first[b->e->targets[i]]);
	advance(b);
	return d->n;
}

static void
search_from(struct builder *b, uint32_t block)
{
	struct dominators *d = b->d;
	const uint32_t *targets = b->e->targets;
	uint32_t at = enter(b, block, 0);

	while (at != 0) {
		uint32_t i = (uint32_t)d->bytes[at], end = (uint32_t)(d->bytes[at] >> 32);

		while (i < end && is_seen(b, targets[i]))
			i++;
		d->bytes[at] = pack(end, i);
		at = i < end ? enter(b, targets[i], at) : d->idoms[at];
	}
}

/* Call something for each block that a root points to. */
static void
for_targets(struct builder *b, void (*call)(struct builder *b, uint32_t block))
{
	const struct heap *h = b->d->heap;

	for (size_t i = 0; i < h->n_roots; i++) {
		const struct heap_root *r = &h->roots[i];

		if (!graph_is_root(b->roots, r))
			continue;
		for (uint64_t e = r->first_edge; e < r->first_edge + r->n_edges; e++)
			call(b, b->e->targets[e]);
	}
}

static void
search(struct builder *b, uint32_t block)
{
	if (!is_seen(b, block))
		search_from(b, block);
}

/* ---- sources ---- */

static void
begin_at_roots(struct builder *b, uint32_t block)
{
	b->d->counts[b->d->places[block]] = 0;
}

/* Use the edges from lower places, count the others.  Afterwards first[w] is
 * where the sources of w + 1 begin. */
static void
use_edges(struct builder *b)
{
	const struct heap *h = b->d->heap;
	const uint32_t *places = b->d->places, *targets = b->e->targets;
	uint32_t *semi = b->d->counts, sum = 0;

	for (uint32_t block = 0; block < h->n_blocks; block++) {
		uint32_t v = places[block];

		if (v == 0)
			continue;
		for (uint64_t i = b->e->first[block]; i < b->e->first[block + 1]; i++) {
			uint32_t w = places[targets[i]];

			if (i + AHEAD < b->e->n)
				__builtin_prefetch(&places[targets[i + AHEAD]]);
			if (w > v && semi[w] > v)
				semi[w] = v;
			else if (w < v)
				b->first[w]++;
		}
	}
	for (uint32_t w = 0; w <= b->d->n; w++) {
		sum += b->first[w];
		b->first[w] = sum;
	}
	b->first[b->d->n + 1] = sum;
}

/* Turn the others round.  Afterwards those of w are first[w] .. first[w + 1] -
 * 1. */
static int
keep_sources(struct builder *b)
{
	const struct heap *h = b->d->heap;
	const uint32_t *places = b->d->places, *targets = b->e->targets;

	b->sources = malloc(((size_t)b->first[b->d->n] + AHEAD) * sizeof(*b->sources));
	if (!b->sources)
		return -1;
	for (uint32_t block = 0; block < h->n_blocks; block++) {
		uint32_t v = places[block];

		if (v == 0)
			continue;
		for (uint64_t i = b->e->first[block]; i < b->e->first[block + 1]; i++) {
			uint32_t w = places[targets[i]];

			if (i + AHEAD < b->e->n)
				__builtin_prefetch(&places[targets[i + AHEAD]]);
			if (w < v)
				b->sources[--b->first[w]] = v;
		}
	}
	return 0;
}

/* ---- semi-dominators ---- */

/* The least semi from v up to below its first ancestor at or below w. */
static uint32_t
least_semi(uint64_t *links, uint32_t v, uint32_t w)
{
	uint32_t below = 0, up, least;

	for (; (up = (uint32_t)(links[v] >> 32)) > w; v = up) {
		links[v] = pack(below, (uint32_t)links[v]);
		below = v;
	}
	least = (uint32_t)links[v];
	while (below != 0) {
		uint32_t next = (uint32_t)(links[below] >> 32);

		if ((uint32_t)links[below] < least)
			least = (uint32_t)links[below];
		links[below] = pack(up, least);
		below = next;
	}
	return least;
}

static void
find_semis(struct builder *b)
{
	const uint32_t *parents = b->d->idoms, *sources = b->sources;
	uint32_t *semi = b->d->counts;
	uint64_t *links = b->d->bytes;

	for (uint32_t w = b->d->n; w > 0; w--) {
		uint32_t least = semi[w];

		for (uint32_t i = b->first[w + 1]; i > b->first[w]; i--) {
			uint32_t s;

			if (i > AHEAD)
				__builtin_prefetch(&links[sources[i - AHEAD]]);
			s = least_semi(links, sources[i - 1], w);
			if (s < least)
				least = s;
		}
		semi[w] = least;
		links[w] = pack(parents[w], least);
		advance(b);
	}
}

/* ---- dominators ---- */

static void
find_idoms(struct builder *b)
{
	uint32_t *idoms = b->d->idoms;
	const uint32_t *semi = b->d->counts;
	uint64_t *jumps = b->d->bytes; /* depth, place farther up */

	jumps[0] = pack(0, 0);
	for (uint32_t w = 1; w <= b->d->n; w++) {
		uint32_t up = idoms[w], far, farther, depth;

		while (up > semi[w])
			up = (uint32_t)jumps[up] > semi[w] ? (uint32_t)jumps[up]
							   : idoms[up];
		idoms[w] = up;
		depth = (uint32_t)(jumps[up] >> 32);
		far = (uint32_t)jumps[up];
		farther = (uint32_t)jumps[far];
		/* Two jumps of one length make one of twice that and one. */
		if (depth - (uint32_t)(jumps[far] >> 32) ==
		    (uint32_t)(jumps[far] >> 32) - (uint32_t)(jumps[farther] >> 32))
			jumps[w] = pack(depth + 1, farther);
		else
			jumps[w] = pack(depth + 1, up);
		advance(b);
	}
}

static void
sum_up(struct dominators *d)
{
	const struct heap *h = d->heap;

	d->bytes[0] = 0;
	d->counts[0] = 0;
	for (uint32_t p = 1; p <= d->n; p++) {
		d->bytes[p] = heap_block_requested(&h->blocks[d->blocks[p]]);
		d->counts[p] = 1;
	}
	for (uint32_t p = d->n; p > 0; p--) {
		/* A sum of 2^32 blocks of 2^48 bytes may wrap in a file that was
		 * made to; no size depends on it. */
		d->bytes[d->idoms[p]] += d->bytes[p];
		d->counts[d->idoms[p]] += d->counts[p];
	}
}

/* ---- the whole ---- */

static int
build(struct builder *b)
{
	struct dominators *d = b->d;
	size_t n;

	b->seen = calloc(1, d->heap->n_blocks / 8 + 1);
	if (!b->seen)
		return -1;
	for_targets(b, search);
	free(b->seen);
	b->seen = NULL;
	n = (size_t)d->n + 2;
	b->first = calloc(n, sizeof(*b->first));
	if (!b->first)
		return -1;
	memset(d->counts, 0xff, n * sizeof(*d->counts));
	for_targets(b, begin_at_roots);
	use_edges(b);
	if (keep_sources(b) != 0)
		return -1;
	find_semis(b);
	find_idoms(b);
	sum_up(d);
	return 0;
}

struct dominators *
dominators_new(const struct heap *heap, const struct graph_options *options,
	       heap_progress *progress, void *progress_arg)
{
	const struct graph roots = {.heap = heap, .options = *options};
	struct dominators *d = calloc(1, sizeof(*d));
	struct builder b = {.d = d,
			    .e = &heap->edges,
			    .roots = &roots,
			    .progress = progress,
			    .progress_arg = progress_arg};
	size_t n = (size_t)heap->n_blocks + 2;
	int failed;

	if (!d)
		return NULL;
	d->heap = heap;
	d->places = calloc(n, sizeof(*d->places));
	d->blocks = calloc(n, sizeof(*d->blocks));
	d->idoms = calloc(n, sizeof(*d->idoms));
	d->counts = calloc(n, sizeof(*d->counts));
	d->bytes = calloc(n, sizeof(*d->bytes));
	failed = !d->places || !d->blocks || !d->idoms || !d->counts || !d->bytes ||
		 heap->n_blocks >= DOMINATORS_UNREACHABLE || heap->edges.n > UINT32_MAX ||
		 build(&b) != 0;
	free(b.first);
	free(b.sources);
	if (failed) {
		dominators_free(d);
		return NULL;
	}
	return d;
}

void
dominators_free(struct dominators *d)
{
	if (!d)
		return;
	free(d->places);
	free(d->blocks);
	free(d->idoms);
	free(d->counts);
	free(d->bytes);
	free(d);
}

/* ---- by site ---- */

/* The tree as lists of children, by place; 0 ends a list. */
struct children {
	uint32_t *first, *next;
};

/* A block's kind: as given, or its site. */
static uint32_t
kind_of(const struct dominators *d, const uint32_t *kinds, uint32_t place)
{
	uint32_t block = d->blocks[place];

	return kinds ? kinds[block] : d->heap->blocks[block].site;
}

/* Walk over the tree; on[k] is the number of blocks of kind k between the roots and
 * where the walk is, so that the outermost one counts for all. */
static void
walk(const struct dominators *d, const struct children *c, const uint32_t *kinds,
     uint32_t *on, struct heap_count *sums)
{
	uint32_t at = c->first[0];

	while (at != 0) {
		uint32_t kind = kind_of(d, kinds, at);

		if (on[kind]++ == 0) {
			sums[kind].blocks += d->counts[at];
			sums[kind].bytes += d->bytes[at];
		}
		if (c->first[at] != 0) {
			at = c->first[at];
			continue;
		}
		on[kind]--;
		while (c->next[at] == 0 && d->idoms[at] != 0) {
			at = d->idoms[at];
			on[kind_of(d, kinds, at)]--;
		}
		at = c->next[at];
	}
}

struct heap_count *
dominators_by_kind(const struct dominators *d, const uint32_t *kinds, uint32_t n_kinds)
{
	size_t n_sums = (size_t)n_kinds + 1, n = (size_t)d->n + 1;
	struct heap_count *sums = calloc(n_sums, sizeof(*sums));
	uint32_t *on = calloc(n_sums, sizeof(*on));
	struct children c = {calloc(n, sizeof(*c.first)), calloc(n, sizeof(*c.next))};

	if (sums && on && c.first && c.next) {
		for (uint32_t p = d->n; p > 0; p--) {
			c.next[p] = c.first[d->idoms[p]];
			c.first[d->idoms[p]] = p;
		}
		walk(d, &c, kinds, on, sums);
	} else {
		free(sums);
		sums = NULL;
	}
	free(on);
	free(c.first);
	free(c.next);
	return sums;
}

struct heap_count *
dominators_by_site(const struct dominators *d)
{
	return dominators_by_kind(d, NULL, d->heap->n_nodes);
}
