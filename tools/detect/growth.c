/* growth.c -- what grows though the program still holds it, and what kind of
 * thing that is.
 *
 * In:   the history of each site that matters (history.h), what holds its blocks
 *       (holders.h), how they died (gcprof-heap(5), BOOKS).
 * Out:  findings of kind cache, queue, closure, missing-free and growth.
 * Not here: lost blocks (detect/leak.c); how a trend is distinguished from noise (trend.h).
 *
 * A site's course comes first (growth_course.c): over periods of equal volume it is growing,
 * bounded, drained, or nothing to speak of.  What grows is then classified
 * (growth_classify.c), in this order:
 *
 *     queue         those that die are the oldest: the living are a suffix of
 *                   the births; and they die all along
 *     closure       blocks, or what leads to them, hold a code pointer, or are called
 *                   so
 *     missing-free  nearly all the others of the site are freed
 *     cache         a table or a tree into whose old parts new blocks are put
 *     growth        none of these: an array that is appended to, a list
 *
 * What is known of objects and containers, and of the order of deaths, comes before the
 * places in which new blocks are put.
 *
 * A site whose blocks are held by blocks of another growing site is of that one's
 * kind: a queue's messages, the strings in a cache's entries.  Sites of one
 * allocating function make one finding.
 *
 * Numbers that are constants in these files were calibrated on tests/corpus.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/growth.h"

#include <stdlib.h>
#include <string.h>

enum {
	MIN_PERIODS = 9, /* below: too short for a trend */
	MAX_CANDIDATES = 64,
	MIN_CANDIDATES = 8,
};

struct ranked {
	uint32_t node;
	double weight;
};

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->weight < y->weight || x->weight > y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

/* What lives of sites that are one counts for their leader. */
static void
sum_joined(const struct growth_work *w, struct heap_site *sites)
{
	for (uint32_t i = 1; i <= w->h->n_nodes; i++) {
		uint32_t leader = joins_leader(w->joins, i);

		if (leader == i)
			continue;
		sites[leader].live.blocks += sites[i].live.blocks;
		sites[leader].live.bytes += sites[i].live.bytes;
	}
}

/* Sites that matter, the heaviest first.  BOUND  Not more than looking for what
 * holds them is worth: 64, in large heaps 8. */
static size_t
candidates(const struct growth_work *w, struct heap_site *sites, uint32_t *ret)
{
	const struct heap *h = w->h;
	struct ranked *all = calloc((size_t)h->n_nodes + 1, sizeof(*all));
	size_t n = 0, most = 40000000 / ((size_t)h->n_blocks + 1);

	if (!all)
		return 0;
	most = most > MAX_CANDIDATES   ? MAX_CANDIDATES
	       : most < MIN_CANDIDATES ? MIN_CANDIDATES
				       : most;
	sum_joined(w, sites);
	for (uint32_t i = 1; i <= h->n_nodes; i++) {
		const struct heap_book *book = joins_book(w->joins, i);
		struct heap_count live = sites[i].live;
		double weight;

		if (joins_leader(w->joins, i) != i)
			continue;
		if (w->is_torn_down && book) {
			live.blocks += book->periods[h->n_periods - 1].died.blocks;
			live.bytes += book->periods[h->n_periods - 1].died.bytes;
		}
		weight = (double)live.bytes / (w->heap_bytes + 1) +
			 (double)live.blocks / (w->heap_blocks + 1);
		if (live.blocks < MIN_BLOCKS && live.bytes < MIN_BYTES &&
		    (double)live.bytes < w->heap_bytes / 100 &&
		    !(book && book->deaths >= MIN_BLOCKS))
			continue;
		if (h->nodes[i].flags & HEAPFILE_SITE_SPECIAL)
			continue;
		all[n++] = (struct ranked){i, weight};
	}
	if (n)
		qsort(all, n, sizeof(*all), compare_ranked);
	n = n < most ? n : most;
	for (size_t i = 0; i < n; i++)
		ret[i] = all[i].node;
	free(all);
	return n;
}

static void
before_free(struct growth_work *b)
{
	if (!b)
		return;
	free(b->retained);
	histories_free(b->histories);
	free(b);
}

/* The sites in the heap before; NULL: there is none, or no memory. */
static struct growth_work *
before_new(const struct growth_work *w, const uint32_t *nodes)
{
	const struct detector *d = detector_before(w->d);
	struct growth_work *b = d ? calloc(1, sizeof(*b)) : NULL;
	uint32_t *own = b ? calloc(w->n + 1, sizeof(*own)) : NULL;

	if (!d)
		return NULL;
	if (b && own) {
		b->d = d;
		b->h = d->heap;
		b->joins = detector_joins(d);
	}
	if (b && b->joins) {
		for (size_t i = 0; i < w->n; i++)
			own[i] = nodes[i] <= b->h->n_nodes
					 ? joins_leader(b->joins, nodes[i])
					 : 0;
		b->histories = histories_new(b->h, d->graph, NULL, b->joins, own, w->n);
	}
	free(own);
	if (b && b->histories)
		return b;
	before_free(b);
	w->d->findings->failed = true;
	return NULL;
}

static void
fini(struct growth_work *w)
{
	before_free(w->before);
	for (size_t i = 0; w->list && i < w->n; i++) {
		free(w->list[i].function);
		free(w->list[i].type);
		if (w->list[i].has_holder)
			holder_free(&w->list[i].holder);
	}
	free(w->retained);
	histories_free(w->histories);
	free(w->by_site);
	free(w->list);
}

void
detect_growth(const struct detector *d)
{
	const struct heap *h = d->heap;
	const struct heap_filter filter = {.cohort = HEAP_ALL};
	struct growth_work w = {.d = d, .h = h};
	struct heap_site *sites;
	uint32_t *nodes;

	if (h->n_periods < MIN_PERIODS)
		return;
	growth_find_teardown(&w);
	sites = heap_aggregate(h, &filter);
	nodes = calloc(MAX_CANDIDATES, sizeof(*nodes));
	w.by_site = calloc((size_t)h->n_nodes + 1, sizeof(*w.by_site));
	w.joins = detector_joins(d);
	if (sites && nodes && w.by_site && w.joins)
		w.n = candidates(&w, sites, nodes);
	w.list = calloc(w.n + 1, sizeof(*w.list));
	if (nodes && w.joins)
		w.before = before_new(&w, nodes);
	w.histories =
		nodes ? histories_new(h, d->graph, w.before ? w.before->d->graph : NULL,
				      w.joins, nodes, w.n)
		      : NULL;
	if (w.list && w.histories && w.by_site && w.joins) {
		growth_compute_courses(&w);
		growth_classify(&w);
		growth_emit_findings(&w);
	} else {
		d->findings->failed = true;
	}
	fini(&w);
	free(nodes);
	free(sites);
}
