/* queue_rests.c -- lost blocks that may be what is left of a queue.
 *
 * In/Out: queue_rests.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/queue_rests.h"

#include <stdlib.h>

enum {
	MIN_LOST = 8,
	MIN_DEATHS = 40, /* for an order to be seen in them */
};

#define FEW 0.01       /* of the deaths may be out of order */
#define GOING_ON 0.1   /* deaths to births, in each period since the first lost birth */
#define HARDLY_ANY 0.1 /* of those that live may be reachable: a queue's ends are */

/* Blocks of a site that were not freed. */
struct kept {
	uint64_t n_lost, n_others;
	uint32_t first; /* period of birth, of the oldest lost one */
	uint64_t *born; /* lost ones, by period */
};

static bool
is_lost(const struct graph *g, uint32_t block)
{
	return g->states[block] == GRAPH_DEFINITE || g->states[block] == GRAPH_INDIRECT;
}

/* The oldest first, by the turns from one death to the next, and by the births of those
 * that died since. */
static bool
is_in_order(const struct heap *h, const struct heap_book *b, uint32_t first)
{
	double born_later = 0;

	for (uint32_t p = first + 1; p < h->n_periods; p++)
		born_later += (double)b->periods[p].born.blocks;
	return b->deaths >= MIN_DEATHS && (double)b->earlier <= FEW * (double)b->deaths &&
	       born_later <= FEW * (double)b->deaths;
}

/* They went on to be freed when the first of those was there that are left.  Of the last
 * period, which is not over, nothing is asked but in the first. */
static bool
is_going_on(const struct heap *h, const struct heap_book *b, const struct kept *k)
{
	for (uint32_t p = k->first; p < h->n_periods; p++) {
		double born = (double)k->born[p] + (double)b->periods[p].born.blocks;

		if (p > k->first && p + 1 == h->n_periods)
			break;
		if ((double)b->periods[p].died.blocks < GOING_ON * born)
			return false;
	}
	return true;
}

static bool
is_rest(const struct heap *h, uint32_t site, const struct kept *k)
{
	const struct heap_book *b = h->books ? h->books[site] : NULL;

	return b && k->n_lost >= MIN_LOST &&
	       (double)k->n_others <= HARDLY_ANY * (double)k->n_lost &&
	       is_in_order(h, b, k->first) && is_going_on(h, b, k);
}

static uint32_t
period_of(const struct heap *h, uint32_t block)
{
	return h->births[h->blocks[block].birth].period;
}

/* Sites with so many lost blocks get a place for their births. */
static int
collect(const struct heap *h, const struct graph *g, struct kept *kept)
{
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		struct kept *k = &kept[h->blocks[b].site];

		if (!is_lost(g, b)) {
			k->n_others++;
			continue;
		}
		if (k->n_lost++ == 0)
			k->first = period_of(h, b);
		k->first = period_of(h, b) < k->first ? period_of(h, b) : k->first;
	}
	for (uint32_t i = 1; i <= h->n_nodes; i++)
		if (kept[i].n_lost >= MIN_LOST && h->books && h->books[i] &&
		    !(kept[i].born =
			      calloc((size_t)h->n_periods + 1, sizeof(*kept[i].born))))
			return -1;
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (is_lost(g, b) && kept[h->blocks[b].site].born)
			kept[h->blocks[b].site].born[period_of(h, b)]++;
	return 0;
}

static void
become_possible(const struct heap *h, struct graph *g, uint32_t block)
{
	struct heap_count *from = &g->counts[g->states[block]],
			  *to = &g->counts[GRAPH_POSSIBLE];
	uint64_t bytes = heap_block_requested(&h->blocks[block]);

	from->blocks--;
	from->bytes -= bytes;
	to->blocks++;
	to->bytes += bytes;
	g->states[block] = GRAPH_POSSIBLE;
}

void
queue_rests_mark(const struct heap *h, struct graph *g, const bool *rests)
{
	/* What they lead to first, while its leader is still one. */
	for (uint32_t b = 0; g->leaders && b < h->n_blocks; b++)
		if (g->states[b] == GRAPH_INDIRECT && rests[h->blocks[g->leaders[b]].site])
			become_possible(h, g, b);
	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (g->states[b] == GRAPH_DEFINITE && rests[h->blocks[b].site])
			become_possible(h, g, b);
}

int
queue_rests_drop_held(bool *rests, const struct graph *before)
{
	const struct heap *h = before->heap;
	struct {
		uint64_t held, others;
	} *sites = calloc((size_t)h->n_nodes + 1, sizeof(*sites));

	if (!sites)
		return -1;
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		bool is_held = before->states[b] == GRAPH_REACHABLE;

		*(is_held ? &sites[h->blocks[b].site].held
			  : &sites[h->blocks[b].site].others) += 1;
	}
	for (uint32_t i = 1; i <= h->n_nodes; i++)
		if (sites[i].held > sites[i].others)
			rests[i] = false;
	free(sites);
	return 0;
}

bool *
queue_rests_find(const struct heap *h, const struct graph *g, bool *ret_is_any)
{
	struct kept *kept = calloc((size_t)h->n_nodes + 1, sizeof(*kept));
	bool *rests = calloc((size_t)h->n_nodes + 1, sizeof(*rests));
	bool ok = kept && rests && (!h->n_periods || collect(h, g, kept) == 0);

	*ret_is_any = false;
	for (uint32_t i = 1; ok && h->n_periods && i <= h->n_nodes; i++)
		*ret_is_any |= rests[i] = kept[i].born && is_rest(h, i, &kept[i]);
	for (uint32_t i = 0; kept && i <= h->n_nodes; i++)
		free(kept[i].born);
	free(kept);
	if (ok)
		return rests;
	free(rests);
	return NULL;
}
