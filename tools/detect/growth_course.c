/* growth_course.c -- whether a site grows, is bounded, or has been drained.
 *
 * In:   the history of each site that matters, over periods of equal volume.
 * Out:  its course and trend.
 * Not here: how a trend is distinguished from noise (trend.h).
 *
 * Volume is the first clock, as a program that waits does nothing that could make it grow.
 * Time is the second one, where volume is deceived: by a site that stands still while
 * much is allocated to print what it holds, and goes on to grow after that, again and
 * again; by a load at the start that is nearly all of the volume, and hardly any
 * of the time; and by a program that allocates nothing but what it keeps, as one that
 * counts words does: by volume its table grows at one pace, for ever.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/growth.h"
#include "detect/one_after_other.h"
#include "names/function_names.h"
#include "names/runtime.h"

enum {
	FEW_BLOCKS = 16,   /* of so few, the bytes' course counts, not the blocks' */
	BLOCK_WEIGHT = 64, /* bytes that a block adds to the volume of a period */
	MIN_RISES = 3,     /* of one block that has no limit: who is made larger once or
			    * twice has found its size */
	MIN_RESUMED = 3,   /* times that growth went on after it had stopped; */
	MOST_LATEST = 4,   /* periods in which growth may pause */
	MIN_STEPS = 6,     /* resumptions of which the last half are compared with all */
	FEW_RESUMED = 2,   /* where the last stop is no longer than those before */
};

#define GOES_ON 0.33   /* last slope to the mean one: it still grows */
#define SLOWS_DOWN 0.5 /* slope of the last third to that of the first */
#define DRAINED_SHARE 0.1
#define LEAST_GROWN 1.3 /* the end to the beginning, of what grows */
#define LONG_TIME 0.25  /* of all the time: so long without growth is no pause */
#define LONG_END 0.15   /* of all the time, after what was allocated */
#define LONG_IDLE 0.5   /* the same, of a program that is not at its end */
#define NEARLY_ALL_VOLUME 0.8
#define LATE_TIME 0.45  /* of all the time, for the last fifth of the growth */
#define LATE_LONGER 1.5 /* a period of then, to the usual one */
#define MUCH_LONGER 2.5 /* the same, where less of the time is LATE_LESS_TIME */
#define LATE_LESS_TIME 0.3
#define LARGER_BLOCKS 1.5 /* than after the start: they, and not their number, grow */
#define FLAT 0.1          /* a period's growth to the mean one, if it stands still */
#define LEAST_STEP 0.75   /* of one resumption of growth, to the mean of all */
#define LEAST_RISE 0.02   /* of one block, to its size at the end */

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

/* Periods that are over and count for a site: what is at its peak a few periods before the
 * end, and gone at the end, is judged up to there. */
static size_t
end_of(const struct growth_work *w, const struct growing *g, size_t n_periods)
{
	size_t n = n_periods - 1, peak = n - 1;

	for (size_t i = n - 1; w->is_torn_down && i-- > 0 && heap_is_near_end(w->h, i);)
		peak = g->series[i] > 2 * g->series[n] && g->series[i] > g->series[peak] * 1.1
			       ? i
			       : peak;
	/* Most of it is gone; it may have begun to go before. */
	while (peak < n - 1 && peak > 0 && heap_is_near_end(w->h, peak - 1) &&
	       g->series[peak - 1] > g->series[peak])
		peak--;
	return peak + 1;
}

/* The part of the last period, which is not over, by volume. */
static double
part_of_last(const struct growth_work *w)
{
	/* Both count from the start of the process. */
	const struct hf_period *p = &w->h->periods[w->h->n_periods - 1];
	double volume = (double)(p->allocated_bytes - p[-1].allocated_bytes) +
			BLOCK_WEIGHT * (double)(p->allocations - p[-1].allocations);

	return volume / ((double)w->h->info.period_bytes + 1);
}

/* The last period is not over: it has stopped if most of the period is, and hardly
 * any was born.  (What was freed does not count: who empties a queue goes on when who
 * fills it has ended.) */
static bool
has_stopped(const struct growth_work *w, const struct growing *g, double mean)
{
	size_t last = w->h->n_periods - 1;
	const struct heap_book *b = g->history->book;
	double part = part_of_last(w);
	uint64_t born =
		g->history->born[last].blocks + (b ? b->periods[last].born.blocks : 0);

	return !g->is_torn_down && !growth_is_joined(w, g) && part > 0.5 &&
	       (double)born < GOES_ON * mean * part;
}

/* A site's figures up to the end of period n. */
struct course {
	const double *v;
	size_t n, warm; /* periods before warm are the program's start */
	double mean;    /* growth of a period, after the start */
};

/* How much grew in a period, of so many up to the end of period i. */
static double
growth_of(const struct course *c, size_t i, size_t n_periods)
{
	return (c->v[i] - c->v[i - n_periods]) / (double)n_periods;
}

/* Has growth paused for so many periods in the last half before, and gone on? */
static bool
has_paused(const struct course *c, size_t n_periods)
{
	for (size_t i = c->n / 2 + n_periods; i + n_periods < c->n; i++)
		if (growth_of(c, i, n_periods) < GOES_ON * c->mean)
			return true;
	return false;
}

/* How much grew in one of the newest periods, against the mean one: of two where there are
 * many, but of one if that took so much time that there was enough to see in it; of more where
 * growth paused for as long before, as that of a queue does by who gets the processor. */
static double
latest_growth(const struct growth_work *w, const struct course *c)
{
	const struct hf_period *p = w->h->periods;
	size_t n = c->n, n_latest = 2;
	double time = (double)(p[n - 1].end_ns - p[n - 2].end_ns);

	if (n < 20 || time > LONG_TIME * (double)p[n - 1].end_ns)
		return growth_of(c, n - 1, 1);
	while (n_latest < MOST_LATEST && has_paused(c, n_latest))
		n_latest++;
	return growth_of(c, n - 1, n_latest);
}

/* Are the last ones as large as those before? */
static bool
are_steps_kept(const double *steps, size_t n)
{
	double sum = 0;

	if (n < MIN_STEPS)
		return false;
	for (size_t i = 0; i < n; i++)
		sum += steps[i];
	for (size_t i = n - MIN_STEPS / 2; i < n; i++)
		if (steps[i] * (double)n < LEAST_STEP * sum)
			return false;
	return true;
}

/* Growth that stops, and goes on, again and again, in steps of volume, and has not stopped
 * for longer than before, is seen in time: it stops while something else allocates much,
 * as who prints all that there is does. */
static bool
is_resuming(const struct growth_work *w, const struct course *c)
{
	const struct hf_period *p = w->h->periods;
	double time[TREND_MAX], at[TREND_MAX], steps[TREND_MAX];
	double mean_time, last_time, all, pause;
	size_t n_resumed = 0, flat = 0, longest = 0, n_at = 0, n_steps = 0, late;
	bool is_short;

	if (c->n > TREND_MAX)
		return false;
	for (size_t i = 1; i < c->n; i++) {
		double by = c->v[i] - c->v[i - 1];

		if (by < -c->mean)
			return false;
		if (by < FLAT * c->mean) {
			flat++;
			continue;
		}
		n_resumed += flat > 0;
		if (flat > 0 || n_steps == 0)
			steps[n_steps++] = 0;
		steps[n_steps - 1] += by;
		longest = flat > longest ? flat : longest;
		flat = 0;
		time[n_at] = (double)p[i].end_ns;
		at[n_at++] = c->v[i];
	}
	if (n_at < MIN_RESUMED + 1)
		return false;
	all = (double)p[c->n - 1].end_ns;
	pause = all - time[n_at - 1];
	is_short = flat <= longest && pause < LONG_TIME * all;
	if (n_resumed < (is_short ? FEW_RESUMED : MIN_RESUMED) || flat > 2 * longest)
		return false;
	/* In time, from one rise to the next, it does not slow down; of some rises, as one
	 * may have taken long because other programs ran.  Where each time as much is added as
	 * before, it may by the time that printing takes, which prints more each time. */
	mean_time = (at[n_at - 1] - at[0]) / (time[n_at - 1] - time[0] + 1);
	late = n_at - 1 - (n_at > 8 ? n_at / 4 : 2);
	last_time = (at[n_at - 1] - at[late]) / (time[n_at - 1] - time[late] + 1);
	return last_time >
	       (are_steps_kept(steps, n_steps) ? GOES_ON : SLOWS_DOWN) * mean_time;
}

/* How much there was at the start, as far as the growth of the last half explains the
 * rest: a load that goes on beyond the start counts as loaded. */
static double
loaded(const struct growing *g, const struct course *c)
{
	double before = c->v[c->n - 1] - g->trend.slope * (double)(c->n - 1 - c->warm);

	return before > g->first ? before : g->first;
}

/* Blocks so few that their bytes count: a string, a vector, an arena's chunks.  One that
 * doubles grows in few steps; the last one is long ago in volume as soon as it has
 * doubled.  What shrinks to less than half starts anew; what did so again and again, and
 * lately, comes and goes: it may be there, and large, at the snapshot. */
static enum growth_course
course_of_bytes(struct growing *g, const struct course *c)
{
	const double *v = c->v;
	size_t n = c->n, n_rises = 0, n_falls = 0, last_fall = 0;
	double top = v[0];

	for (size_t i = 1; i < n; i++) {
		if (v[i] < top / 2) {
			top = v[i];
			n_rises = 0;
			n_falls++;
			last_fall = i;
		} else if (v[i] >= top + LEAST_RISE * v[n - 1] && top > 0) {
			n_rises++;
		}
		top = v[i] > top ? v[i] : top;
	}
	g->trend = trend_of(v + c->warm, n - c->warm);
	if (n_falls > 1 && n - last_fall < n / 2)
		return BOUNDED;
	return n_rises >= MIN_RISES && g->trend.p <= MAX_P && v[n - 1] > 2 * v[c->warm] &&
			       v[n - 1] > v[n - 1 - (n - c->warm) * 3 / 5] * LEAST_GROWN
		       ? GROWING
		       : BOUNDED;
}

static int
compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How long a period took, of those from first to before end: the one in the middle, as
 * one may be long because other programs ran. */
static uint64_t
usual_time(const struct growth_work *w, size_t first, size_t end)
{
	uint64_t times[TREND_MAX];
	size_t n = 0;

	for (size_t i = first > 0 ? first : 1; i < end && n < TREND_MAX; i++)
		times[n++] = w->h->periods[i].end_ns - w->h->periods[i - 1].end_ns;
	if (n == 0)
		return 0;
	qsort(times, n, sizeof(*times), compare_times);
	return times[n / 2];
}

/* Where nearly all that is allocated stays, volume tells nothing of how growth slows
 * down, but time does: the last fifth of the growth took about half of it. */
static bool
has_slowed_in_time(const struct growth_work *w, const struct course *c)
{
	const struct hf_period *p = w->h->periods;
	size_t from = c->n - c->n / 5;
	double all = (double)p[c->n - 1].end_ns;
	double last = all - (double)p[from - 1].end_ns;
	double longer = (double)usual_time(w, from, c->n) /
			(double)(usual_time(w, c->warm, c->n) + 1);

	return w->kept_share > NEARLY_ALL_VOLUME &&
	       ((last > LATE_TIME * all && longer > LATE_LONGER) ||
		(last > LATE_LESS_TIME * all && longer > MUCH_LONGER));
}

static enum growth_course
course_of_blocks(const struct growth_work *w, struct growing *g, const struct course *c)
{
	const double *v = c->v;
	size_t n = c->n, third = (n - c->warm) / 3, half = n / 2 > 5 ? n / 2 : 5;
	double early = slope(v + c->warm, third + 1);
	double late = slope(v + n - third - 1, third + 1);
	bool is_on_now, is_on;

	g->trend = trend_of(v + n - half, half);
	if (g->trend.p > MAX_P || g->trend.slope < 0 ||
	    g->last - g->first < MIN_BLOCKS / 4.0 || g->last < LEAST_GROWN * g->first)
		return BOUNDED;
	is_on = g->trend.slope > 0 && g->last >= LEAST_GROWN * loaded(g, c) &&
		late >= GOES_ON * c->mean;
	is_on_now = latest_growth(w, c) >= GOES_ON * c->mean && !has_stopped(w, g, c->mean);
	if (is_on && is_on_now && has_slowed_in_time(w, c))
		return SLOWING;
	if (!is_on || !is_on_now)
		return is_resuming(w, c) ? GROWING : BOUNDED;
	return late < SLOWS_DOWN * early ? SLOWING : GROWING;
}

/* The last period is not over: its end is looked at, not its slope; and not even its
 * end if the blocks were freed with all the others at the end of the program. */
static enum growth_course
course_of(const struct growth_work *w, struct growing *g, size_t n_periods)
{
	const double *v = g->series;
	size_t n = end_of(w, g, n_periods);
	struct course c = {.v = v, .n = n, .warm = n / 5};

	g->end = n - 1;
	g->is_torn_down = w->is_torn_down && v[n - 1] > 2 * v[n_periods - 1];
	g->first = v[c.warm];
	g->last = g->is_torn_down ? v[n - 1] : v[n];
	g->peak = most(v, n_periods);
	if (g->peak < (g->is_bytes ? MIN_BYTES : MIN_BLOCKS / 4))
		return NOTHING;
	if (g->last <= DRAINED_SHARE * g->peak)
		return DRAINED;
	c.mean = (v[n - 1] - v[c.warm]) / (double)(n - 1 - c.warm);
	return g->is_bytes ? course_of_bytes(g, &c) : course_of_blocks(w, g, &c);
}

/* Blocks that do not become more may become larger, as buffers of connections do: then
 * their bytes count, as those of few blocks do. */
static void
look_at_bytes(const struct growth_work *w, struct growing *g)
{
	const struct history *y = g->history;
	size_t end = g->end, warm = (end + 1) / 5;
	struct growing in_bytes = *g;

	if (y->blocks[warm] < 1 || y->blocks[end] < 1 ||
	    y->bytes[end] / y->blocks[end] <
		    LARGER_BLOCKS * y->bytes[warm] / y->blocks[warm])
		return;
	in_bytes.is_bytes = true;
	in_bytes.series = y->bytes;
	in_bytes.course = course_of(w, &in_bytes, w->h->n_periods);
	if (in_bytes.course == GROWING)
		*g = in_bytes;
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

bool
growth_is_all(const struct growth_work *w)
{
	double volume = 0;
	size_t end = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct growing *g = &w->list[i];

		if (!g->is_torn_down || (g->course != GROWING && !g->is_bytes))
			continue;
		end = g->end > end ? g->end : end;
		volume += g->history->bytes[g->end] +
			  BLOCK_WEIGHT * g->history->blocks[g->end];
	}
	return volume >
	       NEARLY_ALL_VOLUME * (double)(end + 1) * (double)w->h->info.period_bytes;
}

/* Time after what was allocated, as a share of all. */
static double
idle_share(const struct growth_work *w)
{
	size_t last = w->h->n_periods - 1;
	const struct hf_period *p = &w->h->periods[last];
	double mean = (double)p[-1].end_ns / (double)last;

	return ((double)(p->end_ns - p[-1].end_ns) - mean * part_of_last(w)) /
	       ((double)p->end_ns + 1);
}

bool
growth_has_ended(const struct growth_work *w)
{
	return heap_is_exit(w->h)
		       ? idle_share(w) > LONG_END
		       : w->kept_share > NEARLY_ALL_VOLUME && idle_share(w) > LONG_IDLE;
}

void
growth_find_teardown(struct growth_work *w)
{
	const struct heap *earlier = w->d->options->before;
	/* That a program which may run on has freed most is its end only if the series
	 * ends with that. */
	bool may_end = heap_is_exit(w->h) ||
		       (earlier && earlier->live.bytes > 2 * w->h->live.bytes);
	const struct hf_period *before = may_end ? heap_before_teardown(w->h) : NULL;

	w->is_torn_down = before != NULL;
	w->heap_bytes = (double)(w->is_torn_down ? before->live_bytes : w->h->live.bytes);
	w->heap_blocks =
		(double)(w->is_torn_down ? before->live_blocks : w->h->live.blocks);
}

/* Of the volume after the start, what stays: of the sites that matter, as there were more
 * of them at the end of the last whole period than at that of the start. */
static double
kept_share(const struct growth_work *w)
{
	size_t n = w->h->n_periods - 1, warm = n / 5;
	double sum = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct history *y = &w->histories->list[i];

		sum += y->bytes[n - 1] - y->bytes[warm] +
		       BLOCK_WEIGHT * (y->blocks[n - 1] - y->blocks[warm]);
	}
	return sum / ((double)(n - 1 - warm) * (double)w->h->info.period_bytes + 1);
}

/* The function that allocates; what it calls, and what calls main(), is not looked at closely. */
static char *
function_of(const struct growth_work *w, uint32_t node)
{
	bool was_brief = symbols_be_brief_in_runtime(w->d->symbols, true);
	const char *function;
	char *copy = NULL;
	struct stack s;

	if (stack_get(w->h, w->d->symbols, node, &s) == 0) {
		function = names_function(w->h, &s);
		if (function && !runtime_is_start(function))
			copy = strdup(function);
		stack_free(&s);
	}
	(void)symbols_be_brief_in_runtime(w->d->symbols, was_brief);
	return copy;
}

void
growth_compute_courses(struct growth_work *w)
{
	w->kept_share = kept_share(w);
	for (uint32_t i = 0; i < w->n; i++)
		w->by_site[w->histories->list[i].node] = i + 1;
	for (uint32_t i = 1; i <= w->h->n_nodes; i++)
		w->by_site[i] = w->by_site[joins_leader(w->joins, i)];
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];
		const struct history *y = &w->histories->list[i];

		g->history = y;
		g->is_bytes = most(y->blocks, w->h->n_periods) < FEW_BLOCKS;
		g->series = g->is_bytes ? y->bytes : y->blocks;
		g->is_lost = y->n_lost * 2 > y->live.blocks;
		g->course = course_of(w, g, w->h->n_periods);
		if (!g->is_bytes && g->course != GROWING && g->course != DRAINED)
			look_at_bytes(w, g);
		g->freed = freed_share(g);
		if (g->course != NOTHING && g->course != SLOWING)
			g->function = function_of(w, y->node);
		if (g->course == GROWING && !g->is_bytes &&
		    one_after_other(w->d, y->node, y->born, g->is_torn_down))
			g->course = BOUNDED;
	}
}
