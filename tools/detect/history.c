/* history.c -- how many blocks of a site lived when, out of one snapshot.
 *
 * In/Out: history.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/history.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAX_SAMPLE = sizeof(((struct history *)NULL)->sample) / sizeof(uint32_t),
	FEW_LEADERS = 2, /* more of one site are leaks one by one, all along */
};

/* Who counts as live. */
struct living {
	const struct heap *heap;
	const struct graph *graph;
	uint32_t *n_lost; /* by site: DEFINITE blocks; NULL: only the others count */
	uint8_t *is_late; /* a bit for each block: it was held before the end; or NULL */
};

static bool
is_held(const struct graph *g, uint32_t block)
{
	return g->states[block] == GRAPH_REACHABLE || g->states[block] == GRAPH_POSSIBLE;
}

/* Blocks that are lost now, of sites whose blocks were held before the end, nearly all of
 * them, and are no more: they were lost together.  Of a site that is still held as it was
 * they are leaks one by one.  BOUND  So they are, though not seen, if the program began to
 * lose them only after that look. */
static int
find_late(struct living *l, const struct graph *before)
{
	const struct heap *h = l->heap, *then = before->heap;
	struct {
		uint64_t held, lost, held_now;
	} *sites = calloc((size_t)h->n_nodes + 1, sizeof(*sites)), *x;

	l->is_late = calloc((size_t)h->n_blocks / 8 + 1, 1);
	if (!sites || !l->is_late) {
		free(sites);
		return -1;
	}
	for (uint32_t b = 0; b < then->n_blocks; b++) {
		x = &sites[then->blocks[b].site];
		*(is_held(before, b) ? &x->held : &x->lost) += 1;
	}
	for (uint32_t b = 0; b < h->n_blocks; b++)
		sites[h->blocks[b].site].held_now += is_held(l->graph, b);
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		x = &sites[h->blocks[b].site];
		if (!is_held(l->graph, b) && x->held_now * 2 < x->held &&
		    x->lost * 20 <= x->held)
			l->is_late[b / 8] |= (uint8_t)(1u << b % 8);
	}
	free(sites);
	return 0;
}

static void
living_fini(struct living *l)
{
	free(l->n_lost);
	free(l->is_late);
}

static int
living_init(struct living *l, const struct heap *h, const struct graph *g,
	    const struct graph *before)
{
	*l = (struct living){.heap = h, .graph = g};
	if (!g || !heap_is_exit(h))
		return 0;
	if (before && find_late(l, before))
		return -1;
	l->n_lost = calloc((size_t)h->n_nodes + 1, sizeof(*l->n_lost));
	for (uint32_t b = 0; l->n_lost && b < h->n_blocks; b++)
		l->n_lost[h->blocks[b].site] += g->states[b] == GRAPH_DEFINITE;
	return l->n_lost ? 0 : -1;
}

/* Lost at the end of the program with a block of which there were few. */
static bool
is_lost_late(const struct living *l, uint32_t block)
{
	const struct graph *g = l->graph;

	if (l->is_late && l->is_late[block / 8] >> block % 8 & 1)
		return true;
	return l->n_lost && g->leaders && g->states[block] == GRAPH_INDIRECT &&
	       l->n_lost[l->heap->blocks[g->leaders[block]].site] <= FEW_LEADERS;
}

static bool
counts(const struct living *l, uint32_t block)
{
	const struct graph *g = l->graph;

	return !g || is_held(g, block) || is_lost_late(l, block);
}

static uint32_t
period_of(const struct heap *h, uint32_t block)
{
	return h->births[h->blocks[block].birth].period;
}

static int
history_init(struct history *y, const struct heap *h, const struct joins *joins,
	     uint32_t node)
{
	y->node = node;
	y->allocations =
		joins ? joins_allocations(joins, node) : h->nodes[node].allocations;
	y->book = joins ? joins_book(joins, node) : h->books ? h->books[node] : NULL;
	y->born = calloc((size_t)h->n_periods + 1, sizeof(*y->born));
	y->blocks = calloc((size_t)h->n_periods + 1, sizeof(*y->blocks));
	y->bytes = calloc((size_t)h->n_periods + 1, sizeof(*y->bytes));
	return y->born && y->blocks && y->bytes ? 0 : -1;
}

static void
history_sum(struct history *y, const struct heap *h)
{
	const struct heap_book *book = y->book;
	double blocks = 0, bytes = 0;

	y->deaths = book ? (double)book->deaths : 0;
	for (uint32_t p = 0; p < h->n_periods; p++) {
		blocks += (double)y->born[p].blocks;
		bytes += (double)y->born[p].bytes;
		if (book) {
			blocks += (double)book->periods[p].born.blocks -
				  (double)book->periods[p].died.blocks;
			bytes += (double)book->periods[p].born.bytes -
				 (double)book->periods[p].died.bytes;
		}
		y->blocks[p] = blocks;
		y->bytes[p] = bytes;
	}
}

/* Blocks of a site among which its sample is evenly spread. */
struct younger {
	uint32_t first; /* period; from the newest backwards half of the blocks */
	uint64_t n, n_seen;
};

static struct younger
younger_of(const struct heap *h, const struct history *y)
{
	struct younger x = {.first = h->n_periods};

	while (x.first > 0 && (x.n < MAX_SAMPLE || x.n * 2 < y->live.blocks))
		x.n += y->born[--x.first].blocks;
	return x;
}

static void
take_samples(struct histories *all, const struct heap *h, const struct living *l,
	     const uint32_t *index)
{
	struct younger *list = calloc(all->n + 1, sizeof(*list));

	if (!list)
		return; /* samples are only for illustration then */
	for (size_t i = 0; i < all->n; i++)
		list[i] = younger_of(h, &all->list[i]);
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		uint32_t i = index[h->blocks[b].site];
		struct younger *x = &list[i ? i - 1 : 0];
		struct history *y;
		uint64_t before;

		if (i == 0 || !counts(l, b) || period_of(h, b) < x->first)
			continue;
		y = &all->list[i - 1];
		before = x->n_seen++ * MAX_SAMPLE / x->n;
		if (y->n_sample < MAX_SAMPLE &&
		    (x->n <= MAX_SAMPLE || x->n_seen * MAX_SAMPLE / x->n > before))
			y->sample[y->n_sample++] = b;
	}
	free(list);
}

struct histories *
histories_new(const struct heap *h, const struct graph *g, const struct graph *before,
	      const struct joins *joins, const uint32_t *nodes, size_t n)
{
	struct histories *all = calloc(1, sizeof(*all));
	uint32_t *index = calloc((size_t)h->n_nodes + 1, sizeof(*index));
	struct living l = {.heap = h};

	if (all)
		all->list = calloc(n + 1, sizeof(*all->list));
	if (!index || !all || !all->list || living_init(&l, h, g, before))
		goto failed;
	all->n_periods = h->n_periods;
	for (; all->n < n; all->n++) {
		if (history_init(&all->list[all->n], h, joins, nodes[all->n]) != 0) {
			all->n++;
			goto failed;
		}
		index[nodes[all->n]] = (uint32_t)all->n + 1;
	}
	for (uint32_t i = 1; joins && i <= h->n_nodes; i++)
		index[i] = index[joins_leader(joins, i)];
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		uint32_t i = index[h->blocks[b].site];
		uint64_t bytes = heap_block_requested(&h->blocks[b]);
		struct heap_count *born;

		if (i == 0)
			continue;
		if (!counts(&l, b)) {
			all->list[i - 1].n_leaked++;
			continue;
		}
		all->list[i - 1].n_lost += is_lost_late(&l, b);
		born = &all->list[i - 1].born[period_of(h, b)];
		born->blocks++;
		born->bytes += bytes;
		all->list[i - 1].live.blocks++;
		all->list[i - 1].live.bytes += bytes;
	}
	for (size_t i = 0; i < n; i++)
		history_sum(&all->list[i], h);
	take_samples(all, h, &l, index);
	living_fini(&l);
	free(index);
	return all;
failed:
	living_fini(&l);
	free(index);
	histories_free(all);
	return NULL;
}

void
histories_free(struct histories *all)
{
	if (!all)
		return;
	for (size_t i = 0; all->list && i < all->n; i++) {
		free(all->list[i].born);
		free(all->list[i].blocks);
		free(all->list[i].bytes);
	}
	free(all->list);
	free(all);
}
