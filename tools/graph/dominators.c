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
 * What makes it fit a heap of ten million blocks is that memory is waited for as
 * seldom as can be.  The search finds all that it needs of a block in one cache line,
 * and the sweeps ask for what they will need some edges before they do.  A pointer
 * from a lower place is done with when it is seen, as nothing above w is on its way:
 * only those from higher places are turned round and kept.  Path compression needs
 * the least semi on a path and not where it is, so a place and a label make one
 * word; it climbs by reversing the pointers that it will overwrite, so there is
 * no stack, and neither has the search, which climbs by parents.  And arrays
 * serve twice (below).
 *
 * Where many pointers lead everywhere, paths are long before they are compressed, but
 * then most labels are as low as they can be: semi(w) comes from a pointer into w
 * or a place above, so the lowest source of all these is a floor.  A way up ends where
 * the floor is met.
 *
 * Climbing from a parent to the dominator one by one, as the paper has it, is
 * quadratic for what is common in a heap: a long list whose items hang on a
 * table as well.  Each place has a second pointer farther up, to the place that
 * Myers' skew-binary rule gives ("An applicative random-access stack",
 * Information Processing Letters 17, 1983), which makes it logarithmic.
 *
 * SPDX-License-Identifier: MIT
 */
#include "graph/dominators.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROGRESS_STEP = 1 << 20,
	AHEAD = 16,   /* edges from one that memory is asked for to the one in hand */
	NEAREST = 3,  /* edges that a block's node has */
	BACKWARD = 8, /* places from one that memory is asked for, on the way up */
};

/* All that the search wants to know of a block, in one cache line or two neighbours:
 * to come to the next block costs it a wait for memory, and nothing else can be done
 * meanwhile. */
struct node {
	uint32_t first; /* edge; those of the block end where the next's begin */
	uint32_t targets[NEAREST]; /* of the first ones */
};

/* INVARIANT  twice: until the tree is there, the arrays of struct dominators
 * hold by place
 *
 *     idoms   parents in the search tree
 *     counts  while searching, how many edges have been followed; then semi
 *     bytes   two numbers in a word: the sources above and semi so far; then the
 *             ancestor so far and the least semi up to below it; at last the depth
 *             in the tree and the pointer farther up
 */
struct builder {
	struct dominators *d;
	const struct edges *e;
	const struct graph *roots; /* only for graph_is_root() */
	struct node *nodes;        /* by block, and one for the end; while searching */
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

static int
make_nodes(struct builder *b)
{
	const struct edges *e = b->e;
	uint32_t n = b->d->heap->n_blocks;

	b->nodes = malloc(((size_t)n + 1) * sizeof(*b->nodes));
	if (!b->nodes)
		return -1;
	for (uint32_t block = 0; block < n; block++) {
		struct node *x = &b->nodes[block];
		uint64_t first = e->first[block], end = e->first[block + 1];

		x->first = (uint32_t)first;
		for (unsigned i = 0; i < NEAREST && first + i < end; i++)
			x->targets[i] = e->targets[first + i];
	}
	b->nodes[n].first = (uint32_t)e->first[n];
	return 0;
}

static uint32_t
n_edges(const struct node *x)
{
	return x[1].first - x[0].first;
}

static uint32_t
target_of(const struct builder *b, const struct node *x, uint32_t i)
{
	return i < NEAREST ? x->targets[i] : b->e->targets[x->first + i];
}

/* Give a block the next place. */
static uint32_t
enter(struct builder *b, uint32_t block, uint32_t parent)
{
	struct dominators *d = b->d;

	b->seen[block / 8] |= (uint8_t)(1u << block % 8);
	d->places[block] = ++d->n;
	d->blocks[d->n] = block;
	d->idoms[d->n] = parent;
	d->counts[d->n] = 0;
	advance(b);
	return d->n;
}

/* The first edge from i on to a block that has not been seen, or the number of
 * edges. */
static uint32_t
next_edge(const struct builder *b, const struct node *x, uint32_t i)
{
	uint32_t n = n_edges(x);

	while (i < n && is_seen(b, target_of(b, x, i)))
		i++;
	return i;
}

static void
search_from(struct builder *b, uint32_t block)
{
	struct dominators *d = b->d;
	uint32_t at = enter(b, block, 0);

	while (at != 0) {
		const struct node *x = &b->nodes[d->blocks[at]];
		uint32_t i = next_edge(b, x, d->counts[at]);

		if (i < n_edges(x)) {
			uint32_t target = target_of(b, x, i);

			d->counts[at] = i + 1;
			at = enter(b, target, at);
			__builtin_prefetch(&b->nodes[target]);
		} else {
			at = d->idoms[at];
			if (at > BACKWARD)
				__builtin_prefetch(&b->nodes[d->blocks[at - BACKWARD]]);
		}
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
	b->d->bytes[b->d->places[block]] = 0;
}

/* The place that edge i leads to, with memory asked for what comes next: for the
 * places of edges far ahead, and for what an array has for those nearer. */
static inline uint32_t
place_of_target(const struct builder *b, uint64_t i, const void *array, size_t size)
{
	const uint32_t *places = b->d->places, *targets = b->e->targets;

	if (i + UINT64_C(2) * AHEAD < b->e->n) {
		uint32_t nearer = places[targets[i + AHEAD]];

		__builtin_prefetch(&places[targets[i + UINT64_C(2) * AHEAD]]);
		__builtin_prefetch((const char *)array + nearer * size, 1);
	}
	return places[targets[i]];
}

/* Use the edges from lower places, count the others.  Afterwards first[w] is
 * where the sources of w + 1 begin. */
static void
use_edges(struct builder *b)
{
	struct dominators *d = b->d;
	uint64_t *found = d->bytes; /* sources above, semi */
	uint32_t sum = 0;

	for (uint32_t block = 0; block < d->heap->n_blocks; block++) {
		uint32_t v = d->places[block];

		if (v == 0)
			continue;
		for (uint64_t i = b->e->first[block]; i < b->e->first[block + 1]; i++) {
			uint32_t w = place_of_target(b, i, found, sizeof(*found));
			uint64_t x = found[w];

			if (w < v)
				x += 1ull << 32;
			else if (w > v && (uint32_t)x > v)
				x = x >> 32 << 32 | v;
			found[w] = x;
		}
	}
	for (uint32_t w = 0; w <= d->n; w++) {
		sum += (uint32_t)(found[w] >> 32);
		b->first[w] = sum;
		d->counts[w] = (uint32_t)found[w];
		found[w] = pack(0, 0); /* fetch_links() may look before it is linked */
	}
	b->first[d->n + 1] = sum;
}

/* Turn the others round.  Afterwards those of w are first[w] .. first[w + 1] -
 * 1. */
static int
keep_sources(struct builder *b)
{
	const struct dominators *d = b->d;

	b->sources = calloc((size_t)b->first[d->n] + 1, sizeof(*b->sources));
	if (!b->sources)
		return -1;
	for (uint32_t block = 0; block < d->heap->n_blocks; block++) {
		uint32_t v = d->places[block];

		if (v == 0)
			continue;
		for (uint64_t i = b->e->first[block]; i < b->e->first[block + 1]; i++) {
			uint32_t w = place_of_target(b, i, b->first, sizeof(*b->first));

			if (w < v)
				b->sources[--b->first[w]] = v;
		}
	}
	return 0;
}

/* ---- semi-dominators ---- */

/* The least semi from v up to below its first ancestor at or below w.  None is
 * below `floor`, so where that is met the way up can end. */
static uint32_t
least_semi(uint64_t *links, uint32_t v, uint32_t w, uint32_t floor)
{
	uint32_t below = 0, up, least;

	for (; (up = (uint32_t)(links[v] >> 32)) > w && (uint32_t)links[v] > floor; v = up) {
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

/* Ask for what is linked to sources to come; also one and two links up. */
static inline void
fetch_links(const uint64_t *links, const uint32_t *sources, uint32_t i)
{
	if (i <= 3 * AHEAD)
		return;
	__builtin_prefetch(&links[sources[i - 3 * AHEAD]]);
	__builtin_prefetch(&links[links[sources[i - 2 * AHEAD]] >> 32]);
	__builtin_prefetch(&links[links[links[sources[i - AHEAD]] >> 32] >> 32]);
}

static void
find_semis(struct builder *b)
{
	const uint32_t *parents = b->d->idoms, *sources = b->sources;
	uint32_t *semi = b->d->counts;
	uint64_t *links = b->d->bytes;
	uint32_t floor = UINT32_MAX;

	for (uint32_t w = b->d->n; w > 0; w--) {
		uint32_t least = semi[w];

		if (least < floor)
			floor = least;

		for (uint32_t i = b->first[w + 1]; i > b->first[w] && least > floor; i--) {
			uint32_t s;

			fetch_links(links, sources, i);
			s = least_semi(links, sources[i - 1], w, floor);
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
	if (!b->seen || make_nodes(b) != 0)
		return -1;
	for_targets(b, search);
	free(b->nodes);
	b->nodes = NULL;
	free(b->seen);
	b->seen = NULL;
	n = (size_t)d->n + 2;
	b->first = calloc(n, sizeof(*b->first));
	if (!b->first)
		return -1;
	for (uint32_t p = 0; p <= d->n; p++)
		d->bytes[p] = UINT32_MAX;
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
	free(b.nodes);
	free(b.seen);
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
