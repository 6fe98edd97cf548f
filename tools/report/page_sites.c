/* page_sites.c -- see page_sites.h.
 *
 * INVARIANT  parent < own number, of nodes: callers come before what they call.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/page_sites.h"

#include <stdlib.h>

#include "names/stacks.h"

/* Parts of the whole, of which the largest counts. */
struct share {
	double live, bytes, allocations;
};

struct chooser {
	const struct report *r;
	struct page_sites *p;
	const uint32_t *list; /* sites, as the report lists them */
	size_t n;
	struct share *below; /* by node: of it and what it calls */
	double *weight;      /* by node of a site */
	bool *has_row;       /* by node of a site: one of its own */
	size_t n_nodes;      /* wanted */
};

static double
part(uint64_t of, uint64_t whole)
{
	return whole ? (double)of / (double)whole : 0;
}

static double
largest(const struct share *s)
{
	double most = s->live > s->bytes ? s->live : s->bytes;

	return most > s->allocations ? most : s->allocations;
}

/* ---- the tree ---- */

static size_t
want(struct page_sites *p, const struct heap *h, uint32_t node)
{
	size_t n = 0;

	for (; node && !p->is_wanted[node]; node = h->nodes[node].parent, n++)
		p->is_wanted[node] = true;
	return n;
}

void
page_sites_want(struct page_sites *p, const struct heap *h, uint32_t node)
{
	(void)want(p, h, node);
}

/* ---- choosing ---- */

static void
sum_up(struct chooser *c)
{
	const struct heap *h = c->r->heap;
	uint64_t live = 0, bytes = 0, allocations = 0;

	for (size_t i = 0; i < c->n; i++) {
		live = heap_sum(live, c->r->sites[c->list[i]].live.bytes);
		bytes = heap_sum(bytes, h->nodes[c->list[i]].allocated_bytes);
		allocations = heap_sum(allocations, h->nodes[c->list[i]].allocations);
	}
	for (size_t i = 0; i < c->n; i++) {
		uint32_t site = c->list[i], top = stack_top(h, site);
		struct share s = {part(c->r->sites[site].live.bytes, live),
				  part(h->nodes[site].allocated_bytes, bytes),
				  part(h->nodes[site].allocations, allocations)};

		c->weight[site] = largest(&s);
		c->below[top].live += s.live;
		c->below[top].bytes += s.bytes;
		c->below[top].allocations += s.allocations;
	}
	for (uint32_t i = h->n_nodes; i > 0; i--) {
		struct share *to = &c->below[h->nodes[i].parent];

		to->live += c->below[i].live;
		to->bytes += c->below[i].bytes;
		to->allocations += c->below[i].allocations;
	}
}

static int
compare_weights(const void *a, const void *b, void *arg)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const double *weight = arg;

	if (weight[x] != weight[y])
		return weight[x] < weight[y] ? 1 : -1;
	return (x > y) - (x < y);
}

static uint32_t
outermost(const struct heap *h, uint32_t node)
{
	while (node && h->nodes[node].parent)
		node = h->nodes[node].parent;
	return node;
}

static bool
is_visible(const struct chooser *c, uint32_t node)
{
	return largest(&c->below[node]) >= 1.0 / PAGE_PIXEL;
}

/* The tree to the pixel, then the largest sites as long as there is room. */
static bool
choose(struct chooser *c)
{
	const struct heap *h = c->r->heap;
	uint32_t *sorted = malloc((c->n + 1) * sizeof(*sorted));

	if (!sorted)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		sorted[i] = c->list[i];
		/* The outermost frame is there for whatever is below it. */
		c->n_nodes += want(c->p, h, outermost(h, c->list[i]));
	}
	for (uint32_t i = h->n_nodes; i > 0; i--)
		if (is_visible(c, i))
			c->n_nodes += want(c->p, h, i);
	if (c->n)
		qsort_r(sorted, c->n, sizeof(*sorted), compare_weights, c->weight);
	for (size_t i = 0; i < c->n && i < PAGE_SITES && c->n_nodes < PAGE_NODES; i++) {
		c->n_nodes += want(c->p, h, stack_top(h, sorted[i]));
		c->has_row[sorted[i]] = true;
	}
	free(sorted);
	return true;
}

/* ---- rows ---- */

/* The caller that a site is summed up at: one that can be seen, or the outermost. */
static uint32_t
summed_at(const struct chooser *c, uint32_t site)
{
	const struct heap_node *nodes = c->r->heap->nodes;
	uint32_t node = stack_top(c->r->heap, site);

	while (node && nodes[node].parent && !is_visible(c, node))
		node = nodes[node].parent;
	return node;
}

/* A row for each site that has one, then the sums. */
static bool
make_rows(struct chooser *c)
{
	struct page_sites *p = c->p;
	uint32_t n_nodes = c->r->heap->n_nodes, n_members = 0;
	/* By node: how many are summed up there, then the row + 1. */
	uint32_t *sums = calloc((size_t)n_nodes + 1, sizeof(*sums));

	p->rows = calloc(c->n + 1, sizeof(*p->rows));
	p->members = calloc(c->n + 1, sizeof(*p->members));
	if (!sums || !p->rows || !p->members) {
		free(sums);
		return false;
	}
	for (size_t i = 0; i < c->n; i++) {
		uint32_t site = c->list[i];

		if (!c->has_row[site]) {
			sums[summed_at(c, site)]++;
			continue;
		}
		p->members[n_members] = site;
		p->rows[p->n_rows++] = (struct page_row){site, n_members++, 1, false};
	}
	p->n_folded = c->n - n_members;
	for (uint32_t node = 0; node <= n_nodes; node++) {
		uint32_t n = sums[node];

		if (n == 0)
			continue;
		p->rows[p->n_rows++] = (struct page_row){node, n_members, 0, true};
		sums[node] = (uint32_t)p->n_rows;
		n_members += n;
	}
	for (size_t i = 0; i < c->n; i++)
		if (!c->has_row[c->list[i]]) {
			struct page_row *row = &p->rows[sums[summed_at(c, c->list[i])] - 1];

			p->members[row->first + row->n++] = c->list[i];
		}
	free(sums);
	return true;
}

struct page_sites *
page_sites_new(const struct report *r)
{
	enum order sort = r->options.sort;
	struct page_sites *p = calloc(1, sizeof(*p));
	struct chooser c = {
		.r = r,
		.p = p,
		.list = r->lists[sort],
		.n = r->n_listed[sort],
		.below = calloc((size_t)r->heap->n_nodes + 1, sizeof(*c.below)),
		.weight = calloc((size_t)r->heap->n_nodes + 1, sizeof(*c.weight)),
		.has_row = calloc((size_t)r->heap->n_nodes + 1, sizeof(*c.has_row)),
	};
	bool ok = p && c.below && c.weight && c.has_row;

	if (ok)
		p->is_wanted = calloc((size_t)r->heap->n_nodes + 1, sizeof(*p->is_wanted));
	ok = ok && p->is_wanted;
	if (ok) {
		sum_up(&c);
		ok = choose(&c) && make_rows(&c);
	}
	free(c.below);
	free(c.weight);
	free(c.has_row);
	if (ok)
		return p;
	page_sites_free(p);
	return NULL;
}

void
page_sites_free(struct page_sites *p)
{
	if (!p)
		return;
	free(p->is_wanted);
	free(p->rows);
	free(p->members);
	free(p);
}
