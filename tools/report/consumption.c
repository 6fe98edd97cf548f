/* consumption.c -- see consumption.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/consumption.h"

#include <stdlib.h>
#include <string.h>

#include "detect/history.h"

enum { CANDIDATES = 24, MIN_PERIODS = 3 };

/* The sites that hold most now, and those that did at the peak: who was large at another time is
 * missing.  Returns how many. */
static size_t
candidates(const struct report *r, uint32_t *ret)
{
	const uint32_t *lists[] = {r->lists[ORDER_LIVE], r->peak_sites};
	size_t lengths[] = {r->n_listed[ORDER_LIVE], r->n_peak_sites}, n = 0;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; lists[l] && i < lengths[l] && i < CANDIDATES; i++) {
			size_t k = 0;

			while (k < n && ret[k] != lists[l][i])
				k++;
			if (k == n && lists[l][i])
				ret[n++] = lists[l][i];
		}
	return n;
}

static double
sum_of(const struct history *y, uint32_t n_periods)
{
	double sum = 0;

	for (uint32_t p = 0; p < n_periods; p++)
		sum += y->bytes[p];
	return sum;
}

/* Take the largest out of the list, which is changed; NULL: none holds anything. */
static const struct history *
take_largest(struct histories *all)
{
	struct history *best = NULL;
	double most = 0;

	for (size_t i = 0; i < all->n; i++) {
		double sum = all->list[i].node ? sum_of(&all->list[i], all->n_periods) : 0;

		if (sum > most) {
			best = &all->list[i];
			most = sum;
		}
	}
	return best;
}

static void
fill(struct consumption *c, const struct heap *h, struct histories *all)
{
	const struct history *chosen[CONSUMPTION_SITES] = {NULL}, *y;
	size_t row;

	while (c->n_sites < CONSUMPTION_SITES && (y = take_largest(all)) != NULL) {
		chosen[c->n_sites] = y;
		c->sites[c->n_sites++] = y->node;
		all->list[y - all->list].node = 0;
	}
	row = c->n_sites + 1;
	for (uint32_t p = 0; p < c->n_periods; p++) {
		double *to = c->bytes + p * row;

		to[c->n_sites] = (double)h->periods[p].live_bytes;
		for (size_t i = 0; i < c->n_sites; i++) {
			to[i] = chosen[i]->bytes[p];
			to[c->n_sites] -= to[i];
		}
		if (to[c->n_sites] < 0)
			to[c->n_sites] = 0;
	}
}

struct consumption *
consumption_new(const struct report *r)
{
	const struct heap *h = r->heap;
	uint32_t nodes[2 * CANDIDATES];
	struct consumption *c = NULL;
	struct histories *all = NULL;
	size_t n = candidates(r, nodes);

	if (h->n_periods < MIN_PERIODS || h->info.sample_bytes || n == 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	all = histories_new(h, NULL, NULL, NULL, nodes, n);
	if (c)
		c->bytes = calloc((size_t)h->n_periods * (CONSUMPTION_SITES + 1),
				  sizeof(*c->bytes));
	if (all && c && c->bytes) {
		c->n_periods = h->n_periods;
		fill(c, h, all);
	} else {
		consumption_free(c);
		c = NULL;
	}
	histories_free(all);
	return c;
}

void
consumption_free(struct consumption *c)
{
	if (c)
		free(c->bytes);
	free(c);
}
