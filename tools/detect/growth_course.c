/* growth_course.c -- whether a site grows, is bounded, or has been drained.
 *
 * In:   the history of each site that matters, over periods of equal volume.
 * Out:  its course and trend.
 * Not here: how a trend is distinguished from noise (trend.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "detect/growth.h"
#include "names/function_names.h"
#include "names/runtime.h"

enum {
	FEW_BLOCKS = 16,   /* of so few, the bytes' course counts, not the blocks' */
	BLOCK_WEIGHT = 64, /* bytes that a block adds to the volume of a period */
};

#define GOES_ON 0.33   /* last slope to the mean one: it still grows */
#define SLOWS_DOWN 0.5 /* slope of the last third to that of the first */
#define DRAINED_SHARE 0.1

static double
slope(const double *v, size_t n)
{
	return n < 3 ? (n == 2 ? v[1] - v[0] : 0) : trend_of(v, n).slope;
}

static double
most(const double *v, size_t n)
{
	double max = 0;

	for (size_t i = 0; i < n; i++)
		max = v[i] > max ? v[i] : max;
	return max;
}

/* Periods that are over and count for a site.  Threads that end one after the other
 * free what is theirs while others go on: what is at its peak a few periods before the
 * end, and gone at the end, is judged up to there. */
static size_t
end_of(const struct growth_work *w, const struct growing *g, size_t n_periods)
{
	size_t n = n_periods - 1, peak = n - 1;

	for (size_t i = n - 1; w->is_torn_down && i-- > n - 1 - n / TEARDOWN_PART;)
		peak = g->series[i] > 2 * g->series[n] && g->series[i] > g->series[peak] * 1.1
			       ? i
			       : peak;
	return peak + 1;
}

/* The last period is not over: it has stopped if most of the period is, and hardly
 * any was born.  (What was freed does not count: who empties a queue goes on when who
 * fills it has ended.) */
static bool
has_stopped(const struct growth_work *w, const struct growing *g, double mean)
{
	size_t last = w->h->n_periods - 1;
	const struct hf_period *p = &w->h->periods[last];
	const struct heap_book *b = g->history->book;
	/* Both count from the start of the process. */
	double volume = (double)(p->allocated_bytes - p[-1].allocated_bytes) +
			BLOCK_WEIGHT * (double)(p->allocations - p[-1].allocations);
	double part = volume / ((double)w->h->info.period_bytes + 1);

	uint64_t born =
		g->history->born[last].blocks + (b ? b->periods[last].born.blocks : 0);

	return !g->is_torn_down && !growth_is_joined(w, g) && part > 0.5 &&
	       (double)born < GOES_ON * mean * part;
}

/* The last period is not over: its end is looked at, not its slope; and not even its
 * end if the blocks were freed with all the others at the end of the program. */
static enum growth_course
course_of(const struct growth_work *w, struct growing *g, size_t n_periods)
{
	const double *v = g->series;
	size_t n = end_of(w, g, n_periods), warm = n / 5, third = (n - warm) / 3;
	size_t half = n / 2 > 5 ? n / 2 : 5;
	double mean, early, late, latest, least = g->is_bytes ? MIN_BYTES : MIN_BLOCKS / 4;

	g->end = n - 1;
	g->is_torn_down = w->is_torn_down && v[n - 1] > 2 * v[n_periods - 1];
	g->first = v[warm];
	g->last = g->is_torn_down ? v[n - 1] : v[n];
	g->peak = most(v, n_periods);
	if (g->peak < least)
		return NOTHING;
	if (g->last <= DRAINED_SHARE * g->peak)
		return DRAINED;
	mean = (v[n - 1] - v[warm]) / (double)(n - 1 - warm);
	early = slope(v + warm, third + 1);
	late = slope(v + n - third - 1, third + 1);
	latest = n < 20 ? v[n - 1] - v[n - 2] : (v[n - 1] - v[n - 3]) / 2;
	g->trend = trend_of(v + n - half, half);
	/* A block that doubles grows in few steps; the last one is long ago in volume
	 * as soon as it has doubled. */
	if (g->is_bytes)
		return v[n - 1] > 2 * v[warm] &&
				       v[n - 1] > v[n - 1 - (n - warm) * 3 / 5] * 1.3
			       ? GROWING
			       : BOUNDED;
	if (g->trend.p > MAX_P || g->trend.slope <= 0 || g->last - g->first < least ||
	    g->last < 1.3 * g->first || late < GOES_ON * mean || latest < GOES_ON * mean)
		return BOUNDED;
	if (has_stopped(w, g, mean))
		return BOUNDED;
	return late < SLOWS_DOWN * early ? SLOWING : GROWING;
}

struct heap_count
growth_count(const struct growing *g)
{
	const struct history *y = g->history;

	return g->is_torn_down ? (struct heap_count){(uint64_t)y->blocks[g->end],
						     (uint64_t)y->bytes[g->end]}
			       : y->live;
}

uint64_t
growth_kept_blocks(const struct growing *g)
{
	return growth_count(g).blocks + g->history->n_leaked;
}

static double
freed_share(const struct growing *g)
{
	double all = (double)g->history->allocations;

	return all > 0 ? fmax(0, 1 - (double)growth_kept_blocks(g) / all) : 0;
}

bool
growth_is_turning_over(const struct growth_work *w, const struct growing *g)
{
	const struct heap_book *b = g->history->book;

	double deaths = b ? (double)b->deaths : 0;

	if (b && g->is_torn_down)
		deaths -= (double)b->periods[w->h->n_periods - 1].died.blocks;
	return !g->is_bytes && g->freed >= 0.5 && g->peak >= MIN_BLOCKS &&
	       deaths >= g->peak;
}

void
growth_find_teardown(struct growth_work *w)
{
	const struct hf_period *last = &w->h->periods[w->h->n_periods - 1],
			       *before = last - 1;

	for (size_t i = 2; i <= 1 + (w->h->n_periods - 1) / TEARDOWN_PART; i++)
		if (last[-(ptrdiff_t)i].live_bytes > before->live_bytes)
			before = last - i;

	w->is_torn_down = strcmp(w->h->info.reason.bytes, "exit") == 0 &&
			  before->live_bytes > 2 * last->live_bytes;
	w->heap_bytes = (double)(w->is_torn_down ? before->live_bytes : w->h->live.bytes);
	w->heap_blocks =
		(double)(w->is_torn_down ? before->live_blocks : w->h->live.blocks);
}

void
growth_compute_courses(struct growth_work *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		w->by_site[w->histories->list[i].node] = i + 1;
	for (uint32_t i = 1; i <= w->h->n_nodes; i++)
		w->by_site[i] = w->by_site[joins_leader(w->joins, i)];
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];
		const struct history *y = &w->histories->list[i];
		const char *function;
		struct stack s;

		g->history = y;
		g->is_bytes = most(y->blocks, w->h->n_periods) < FEW_BLOCKS;
		g->series = g->is_bytes ? y->bytes : y->blocks;
		g->is_lost = y->n_lost * 2 > y->live.blocks;
		g->course = course_of(w, g, w->h->n_periods);
		g->freed = freed_share(g);
		if (g->course == NOTHING || g->course == SLOWING ||
		    stack_get(w->h, w->d->symbols, y->node, &s) != 0)
			continue;
		function = names_function(w->h, &s);
		if (function && !runtime_is_start(function))
			g->function = strdup(function);
		stack_free(&s);
	}
}
