/* holder_heads.c -- where lists begin.
 *
 * In/Out: explain/holder_heads.h.
 *
 * The head of a list is the block to which none of its kind leads.  In one that is linked both
 * ways its ends are those to which just one leads.  Only what is held from outside counts; of
 * two ends the one whose holder has both, and then the older one: whoever keeps the last
 * few at hand has the other end as well.  One that is still being put in, to which a register
 * alone leads, is no head of those that have an owner.  From each head the list is followed, so that each block
 * finds its own.
 *
 * BOUND  A kind is a site: a list of blocks of several sites is several lists.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/holder_heads.h"

#include <stdlib.h>
#include <string.h>

#include "util/bisect.h"

struct heads {
	const struct heap *heap;
	const struct ways *ways;
	uint32_t *first;  /* by site: in blocks; n_nodes + 2 of them */
	uint32_t *blocks; /* by site */
	uint8_t *is_done; /* by site: what follows is known of its blocks */
	/* By block.  Pages that are not used are never touched. */
	uint8_t *n_before; /* of its kind that lead to it; no more than MANY */
	uint32_t *head;    /* + 1 */
	uint32_t *stack;   /* while one site is looked at */
	size_t n_stack;
	uint64_t n_edges; /* of holders that may still be looked at for this site */
};

enum {
	MANY = 2,
	MOST_EDGES = 4096,        /* of a holder that are looked at */
	MOST_EDGES_ALL = 1 << 20, /* BOUND: of all holders of a site's blocks */
};

static int
sort_by_site(struct heads *x)
{
	const struct heap *h = x->heap;
	uint32_t *first = calloc((size_t)h->n_nodes + 2, sizeof(*first));
	uint32_t *blocks = malloc(((size_t)h->n_blocks + 1) * sizeof(*blocks));

	x->first = first;
	x->blocks = blocks;
	if (!first || !blocks)
		return -1;
	for (uint32_t b = 0; b < h->n_blocks; b++)
		first[h->blocks[b].site + 1]++;
	for (uint32_t i = 1; i <= h->n_nodes + 1; i++)
		first[i] += first[i - 1];
	for (uint32_t b = 0; b < h->n_blocks; b++)
		blocks[first[h->blocks[b].site]++] = b;
	/* Each has moved on to where the next one begins. */
	memmove(first + 1, first, ((size_t)h->n_nodes + 1) * sizeof(*first));
	first[0] = 0;
	return 0;
}

struct heads *
heads_new(const struct heap *heap, const struct ways *ways)
{
	struct heads *x = calloc(1, sizeof(*x));

	if (x) {
		x->heap = heap;
		x->ways = ways;
	}
	return x;
}

void
heads_free(struct heads *x)
{
	if (!x)
		return;
	free(x->is_done);
	free(x->n_before);
	free(x->head);
	free(x->first);
	free(x->blocks);
	free(x);
}

/* Calls for each edge of a block to another one of its site: `t`. */
#define FOR_EACH_OF_KIND(x, b, t)                                                        \
	for (uint64_t k_ = (x)->heap->edges.first[b];                                    \
	     k_ < (x)->heap->edges.first[(b) + 1]; k_++)                                 \
		if (((t) = (x)->heap->edges.targets[k_]) != (b) &&                       \
		    (x)->heap->blocks[t].site == (x)->heap->blocks[b].site)

/* Give all to which a head leads, and that have none yet, this one. */
static void
follow(struct heads *x, uint32_t head)
{
	if (x->head[head])
		return;
	x->head[head] = head + 1;
	x->stack[x->n_stack++] = head;
	while (x->n_stack) {
		uint32_t b = x->stack[--x->n_stack], t;

		FOR_EACH_OF_KIND(x, b, t)
		if (!x->head[t]) {
			x->head[t] = head + 1;
			x->stack[x->n_stack++] = t;
		}
	}
}

static bool
is_held_from_outside(const struct heads *x, uint32_t block)
{
	return ways_leads_to(x->ways, block) && ways_run(x->ways, block) == 0;
}

/* ---- which is the head ---- */

struct end {
	uint32_t block;
	bool is_owned;
	unsigned n_before, n_held; /* ends that its holder has */
	uint64_t born;
};

static int
compare_ends(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->is_owned != y->is_owned)
		return x->is_owned ? -1 : 1;
	if (x->n_before != y->n_before)
		return x->n_before < y->n_before ? -1 : 1;
	if (x->n_held != y->n_held)
		return x->n_held > y->n_held ? -1 : 1;
	if (x->born != y->born)
		return x->born < y->born ? -1 : 1;
	return (x->block > y->block) - (x->block < y->block);
}

/* How many ends the holder of a block leads to, MANY at most; of a root that is not asked. */
static unsigned
count_held(struct heads *x, uint32_t block)
{
	const struct edges *e = &x->heap->edges;
	uint32_t holder = ways_parent(x->ways, block), t;
	uint64_t end;
	unsigned n = 0;

	if (holder == WAYS_ROOT)
		return 1;
	end = e->first[holder + 1] - e->first[holder] > MOST_EDGES
		      ? e->first[holder] + MOST_EDGES
		      : e->first[holder + 1];
	for (uint64_t k = e->first[holder]; n < MANY && k < end && x->n_edges; k++) {
		x->n_edges--;
		t = e->targets[k];
		n += x->heap->blocks[t].site == x->heap->blocks[block].site &&
		     x->n_before[t] < MANY;
	}
	return n;
}

/* An end that a variable has is its list's; a local that is as close may be a cursor. */
static void
prefer_variables(const struct heads *x, struct end *ends, size_t n)
{
	const struct heap *h = x->heap;

	for (size_t i = 0; i < h->n_roots; i++) {
		const struct heap_root *r = &h->roots[i];

		if (r->kind != HEAPFILE_ROOT_GLOBAL ||
		    !graph_is_root(ways_graph(x->ways), r))
			continue;
		for (uint64_t k = r->first_edge; k < r->first_edge + r->n_edges; k++) {
			size_t at = BISECT(n, e, ends[e].block < h->edges.targets[k]);

			if (at < n && ends[at].block == h->edges.targets[k])
				ends[at].n_held = MANY;
		}
	}
}

/* Follow the lists of a site from their ends, the best ones first.  0, or -1. */
static int
follow_all(struct heads *x, const uint32_t *list, size_t n)
{
	struct end *ends = malloc((n + 1) * sizeof(*ends));
	size_t n_ends = 0;

	if (!ends)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (x->n_before[list[i]] < MANY && is_held_from_outside(x, list[i]))
			ends[n_ends++] = (struct end){
				.block = list[i],
				.is_owned = ways_is_owned(x->ways, list[i]),
				.n_before = x->n_before[list[i]],
				.n_held = count_held(x, list[i]),
				.born = x->heap->births[x->heap->blocks[list[i]].birth].epoch,
			};
	prefer_variables(x, ends, n_ends);
	if (n_ends)
		qsort(ends, n_ends, sizeof(*ends), compare_ends);
	for (size_t i = 0; i < n_ends; i++)
		follow(x, ends[i].block);
	free(ends);
	return 0;
}

static int
init(struct heads *x)
{
	size_t n = (size_t)x->heap->n_blocks + 1;

	if (sort_by_site(x) != 0)
		return -1;
	x->is_done = calloc((size_t)x->heap->n_nodes + 1, 1);
	x->n_before = calloc(n, sizeof(*x->n_before));
	x->head = calloc(n, sizeof(*x->head));
	return x->is_done && x->n_before && x->head ? 0 : -1;
}

/* Find the heads of all of a site's blocks, which are asked for one after the other. */
static int
look_at_site(struct heads *x, uint32_t site)
{
	const uint32_t *list = x->blocks + x->first[site],
		       *end = x->blocks + x->first[site + 1];
	uint32_t t;
	int status;

	x->stack = malloc(((size_t)(end - list) + 1) * sizeof(*x->stack));
	if (!x->stack)
		return -1;
	x->n_edges = MOST_EDGES_ALL;
	for (const uint32_t *b = list; b < end; b++)
		FOR_EACH_OF_KIND(x, *b, t)
	x->n_before[t] += x->n_before[t] < MANY;
	status = follow_all(x, list, (size_t)(end - list));
	free(x->stack);
	x->stack = NULL;
	x->is_done[site] = status == 0;
	return status;
}

int
heads_find(struct heads *x, struct front *f, size_t n)
{
	uint32_t site = x->heap->blocks[f[0].block].site;

	if (!x->is_done && init(x) != 0)
		return -1;
	if (!x->is_done[site] && look_at_site(x, site) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (x->head[f[i].block])
			f[i].block = x->head[f[i].block] - 1;
	return 0;
}
