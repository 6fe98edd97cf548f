/* series_trend.c -- what several snapshots of one process say together.
 *
 * In:   findings of the last snapshot; sums of all of them (series.h); marks.
 * Out:  evidence more on findings of what grows, or against them; findings of what
 *       only the snapshots show: growth, and what a busy time has left behind.
 * Not here: matching of sites (series.h), snapshots and marks (detect/idle_retention.h), the
 *       history that one snapshot has (detect/growth.c).
 *
 * A finding is weighed by the sites whose blocks it counts.  Of the others those of
 * one allocating function are reported together: those of them that grow or stay, or,
 * if it takes all of them to see it, all.
 * What falls into the end of the program (several_snapshot.is_teardown) counts for none
 * of this: it says what was cleaned up, and not what grew.  Holders are then those of the
 * heap before.
 * BOUND  Of these the 512 sites that hold most at any of the snapshots are examined.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/series_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/one_after_other.h"
#include "detect/trend.h"
#include "graph/dominators.h"
#include "names/function_names.h"
#include "names/runtime.h"
#include "util/text.h"

enum {
	MAX_SITES = 512,
	MIN_TREND = 3,         /* snapshots; two are a difference */
	MIN_SURE = 5,          /* for a warning; with work between them */
	MIN_BYTES = 64 << 10,  /* more, that matter in any heap */
	LEAST_BYTES = 4 << 10, /* that matter in a small one */
	FEW_BLOCKS = 16,       /* of so few, the bytes count, not the blocks */
	MAX_DRAINED = 5,       /* notes of what has drained */
	SAMPLE = 64,
	MIN_MOVES = 2, /* of threads, from snapshot to snapshot, of a program that works */
	SHOWN = 8,     /* numbers in a row */
};

#define MIN_SHARE 0.05 /* of live bytes, more */
#define MAX_P 0.05
#define GOES_ON 0.33 /* last slope, by allocations, to the mean one: it still grows */
#define MIN_WORK 0.1 /* of all allocation: less between snapshots shows nothing */
#define MIN_STEP                                                                         \
	0.02           /* of that between first and last: less is no step, as from the
			  last snapshot that was asked for to the one at exit */
#define NEARLY_ALL 0.8 /* kept, of the blocks that were allocated */
#define LONG_REST 0.25 /* of the time: as in growth_course.c */
#define FLAT 0.1       /* of the mean growth, in that time */
#define NO_MORE 0.02   /* of all growth: less is none */

#define SIZE(v) text_size((uint64_t)((v) > 0 ? (v) : 0), (char[24]){0}, 24)
#define COUNT(v) text_count((uint64_t)((v) > 0 ? (v) : 0), (char[32]){0}, 32)
#define TIME(v) time_format(v, (char[24]){0}, 24)
#define PLAIN(f) names_plain(f, (char[120]){0}, 120)

/* ---- sites and their functions ------------------------------------------- */

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

/* What each place held at most, as a share of what lived then; for free(3). */
static double *
weights(const struct several *s)
{
	double *w = calloc((size_t)s->tree.n_places + 1, sizeof(*w));

	for (size_t i = 0; w && i < s->n; i++) {
		const struct several_snapshot *x = &s->list[i];

		for (size_t k = 0; k < x->n_sums; k++) {
			const struct several_sum *sum = &x->sums[k];
			double v = (double)sum->live.bytes /
					   ((double)x->reachable.bytes + 1) +
				   (double)sum->live.blocks /
					   ((double)x->reachable.blocks + 1);

			w[sum->place] = v > w[sum->place] ? v : w[sum->place];
		}
	}
	return w;
}

char *
series_function(const struct work *w, uint32_t node)
{
	const char *function;
	char *copy = NULL;
	struct stack s;

	if (stack_get(w->h, w->d->symbols, node, &s) != 0)
		return NULL;
	function = names_function(w->h, &s);
	if (function && !runtime_is_start(function))
		copy = strdup(function);
	stack_free(&s);
	return copy;
}

/* Of the sites that a leader leads. */
static double
weight_of(const struct work *w, const double *weight, uint32_t leader)
{
	double sum = 0;

	for (uint32_t i = 0; (i = joins_next(w->joins, leader, i)) != 0;)
		sum += weight[w->s->by_node[i]];
	return sum;
}

/* Nodes of the last snapshot, the heaviest first; of those that are judged as one their
 * leader. */
static void
choose(struct work *w)
{
	struct ranked *all = calloc((size_t)w->h->n_nodes + 1, sizeof(*all));
	double *weight = weights(w->s);
	size_t n = 0;

	w->d->findings->failed |= !all || !weight;
	for (uint32_t i = 1; all && weight && i <= w->h->n_nodes; i++) {
		double sum = joins_leader(w->joins, i) == i ? weight_of(w, weight, i) : 0;

		if (sum > 0 && !(w->h->nodes[i].flags & HEAPFILE_SITE_SPECIAL))
			all[n++] = (struct ranked){i, sum};
	}
	if (n)
		qsort(all, n, sizeof(*all), compare_ranked);
	for (size_t i = 0; i < n && i < MAX_SITES; i++) {
		w->list[w->n++] = (struct candidate){
			.node = all[i].node, .function = series_function(w, all[i].node)};
		for (uint32_t k = 0; (k = joins_next(w->joins, all[i].node, k)) != 0;)
			w->by_node[k] = (uint32_t)w->n;
	}
	free(weight);
	free(all);
}

/* ---- sums of sites ------------------------------------------------------- */

/* 0, or -1: no memory, and it is said so. */
static int
group_init(const struct work *w, struct group *g, const char *function)
{
	*g = (struct group){.function = function, .n = w->n_alive};
	g->blocks = calloc(w->s->n, sizeof(*g->blocks));
	g->bytes = calloc(w->s->n, sizeof(*g->bytes));
	if (g->blocks && g->bytes)
		return 0;
	group_fini(g);
	w->d->findings->failed = true;
	return -1;
}

void
group_fini(struct group *g)
{
	free(g->blocks);
	free(g->bytes);
	*g = (struct group){0};
}

static void
group_add(const struct work *w, struct group *g, uint32_t node)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < w->s->n; i++) {
		struct several_sum sum = several_get(w->s, i, w->s->by_node[node]);

		g->blocks[i] += (double)sum.live.blocks;
		g->bytes[i] += (double)sum.live.bytes;
		if (i < w->n_alive)
			bytes = sum.live.bytes;
	}
	if (g->node == 0 || bytes > g->most) {
		g->most = bytes;
		g->node = node;
	}
}

/* A site, and those that are judged with it. */
static void
group_add_all(const struct work *w, struct group *g, uint32_t leader)
{
	for (uint32_t i = 0; (i = joins_next(w->joins, leader, i)) != 0;)
		group_add(w, g, i);
}

/* ---- their course -------------------------------------------------------- */

/* What the program has done by the i-th snapshot: its allocations, or where they are
 * not known, its time.  It does not wait as time does. */
static double
work_at(const struct work *w, size_t i)
{
	return w->s->list[w->s->n - 1].allocations ? (double)w->s->list[i].allocations
						   : w->x[i];
}

/* Where nearly all that is allocated stays, allocations are no clock: each of them is growth.
 * Time is the second one: did hardly anything come in its last quarter? */
static bool
has_rested(const struct work *w, const struct group *g)
{
	size_t n = g->n, from = n - 1;
	double all = w->x[n - 1] - w->x[0], rest;

	while (from > 0 && w->x[n - 1] - w->x[from] < LONG_REST * all)
		from--;
	rest = w->x[n - 1] - w->x[from];
	return w->is_all_kept && (g->series[n - 1] - g->series[from]) * all <
					 FLAT * (g->series[n - 1] - g->series[0]) * rest;
}

/* From there on hardly anything came. */
static size_t
begin_of_rest(const struct group *g)
{
	const double *v = g->series;
	size_t from = g->n - 1;

	while (from > 0 && v[g->n - 1] - v[from - 1] < NO_MORE * (v[g->n - 1] - v[0]))
		from--;
	return from;
}

/* The same for a time in which it did not wait: at the snapshots of it threads were at
 * different places. */
static bool
is_complete(const struct work *w, const struct group *g)
{
	const struct several_snapshot *list = w->s->list;
	size_t from = begin_of_rest(g), n_pairs = 0, n_moved = 0;
	double rest = w->x[g->n - 1] - w->x[from], all = w->x[g->n - 1] - w->x[0];

	for (size_t i = from + 1; i < g->n; i++)
		if (list[i].where && list[i - 1].where) {
			n_pairs++;
			n_moved += list[i].where != list[i - 1].where;
		}
	return w->is_all_kept && rest >= LONG_REST * all && n_pairs >= MIN_MOVES &&
	       n_moved * 2 >= n_pairs;
}

/* Does it rise at each step, and still at the last one? */
static void
compute_rising(const struct work *w, struct group *g)
{
	size_t n = g->n, last = 0, before = 0, n_steps = 0;
	const double *v = g->series;

	g->is_rising = true;
	for (size_t i = 1; i < n; i++) {
		if (!w->is_step[i])
			continue;
		g->is_rising &= v[i] > v[last];
		before = last;
		last = i;
		n_steps++;
	}
	g->n_steps = n_steps;
	g->is_rising &= n_steps >= MIN_TREND - 1 &&
			v[n - 1] >= v[last] * (1 - 1.0 / SERIES_BEGUN_PART);
	g->goes_on = (v[last] - v[before]) * (work_at(w, last) - work_at(w, 0)) >=
		     GOES_ON * (v[last] - v[0]) * (work_at(w, last) - work_at(w, before));
	g->has_rested = has_rested(w, g);
}

static void
find_steps(struct work *w)
{
	size_t n = w->n_alive, last = 0;
	const struct several_snapshot *list = w->s->list;
	double all = work_at(w, n - 1) - work_at(w, 0);
	double kept =
		(double)list[n - 1].reachable.blocks - (double)list[0].reachable.blocks;

	w->is_all_kept =
		kept > NEARLY_ALL * (double)(list[n - 1].allocations - list[0].allocations);

	for (size_t i = 1; i < n; i++) {
		w->is_step[i] =
			all > 0 && work_at(w, i) - work_at(w, last) >= MIN_STEP * all;
		last = w->is_step[i] ? i : last;
	}
}

/* The trend of the first snapshot and of those with work since the one before: what the
 * program did not get around to, as while it starts, waits or is kept waiting, speaks
 * neither for growth nor against it, however many snapshots show it. */
static int
trend_of_steps(const struct work *w, const struct group *g, struct trend *ret)
{
	double *x = calloc(g->n, sizeof(*x)), *v = calloc(g->n, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; x && v && i < g->n; i++)
		if (i == 0 || w->is_step[i]) {
			x[n] = w->x[i];
			v[n++] = g->series[i];
		}
	if (n)
		*ret = trend_of_many(x, v, n);
	free(x);
	free(v);
	return n ? 0 : -1;
}

static void
compute_trend(const struct work *w, struct group *g)
{
	size_t n = g->n;
	struct trend t;

	g->trend.n = n;
	g->trend.is_bytes |= g->blocks[n - 1] < FEW_BLOCKS;
	g->series = g->trend.is_bytes ? g->bytes : g->blocks;
	compute_rising(w, g);
	g->trend.is_known = g->n_steps + 1 >= MIN_TREND;
	if (g->trend.is_known && trend_of_steps(w, g, &t)) {
		w->d->findings->failed = true;
	} else if (g->trend.is_known) {
		g->trend.p = t.p;
		g->per_second = t.slope;
		g->per_second_low = t.slope_low;
		g->per_second_high = t.slope_high;
		g->trend.slope_per_hour = t.slope * 3600;
		g->trend.low = t.slope_low * 3600;
		g->trend.high = t.slope_high * 3600;
	}
	if (w->settle->is_known) {
		const size_t *at = w->settle->snapshots;

		g->trend.base = g->bytes[at[SETTLE_BASE]];
		g->trend.busy = g->bytes[at[SETTLE_BUSY]];
		g->trend.idle = g->bytes[at[SETTLE_IDLE]];
		g->trend.share = settle_share(g->trend.base, g->trend.busy, g->trend.idle);
		g->trend.is_settle_known = g->trend.share >= 0;
	}
}

static bool
is_much(const struct work *w, double more)
{
	return more >= MIN_BYTES ||
	       (more >= LEAST_BYTES &&
		more >= MIN_SHARE * (double)w->s->list[w->n_alive - 1].live.bytes);
}

static bool
rises(const struct group *g)
{
	return g->trend.is_known && g->is_rising && g->goes_on &&
	       g->trend.slope_per_hour > 0;
}

static bool
is_growing(const struct work *w, const struct group *g)
{
	return rises(g) && is_much(w, g->bytes[g->n - 1] - g->bytes[0]);
}

static bool
stays(const struct group *g)
{
	return g->trend.is_settle_known && g->trend.share > SETTLE_MOSTLY;
}

static bool
is_held(const struct group *g)
{
	return stays(g) && g->trend.idle - g->trend.base >= MIN_BYTES;
}

static bool
is_drained(const struct group *g)
{
	return g->trend.is_settle_known && g->trend.share <= SETTLE_DRAINED &&
	       g->trend.busy - g->trend.base >= MIN_BYTES;
}

/* Has the program done enough between the first snapshot and the last for what did
 * not grow to count as not growing? */
static bool
has_worked(const struct work *w, const struct group *g)
{
	size_t last = g->n - 1;

	return work_at(w, last) - work_at(w, 0) >= MIN_WORK * work_at(w, last);
}

/* ---- evidence ------------------------------------------------------------ */

static void
put_value(FILE *f, bool is_bytes, double v)
{
	fprintf(f, "%s%s", v < 0 ? "-" : "",
		is_bytes ? SIZE(v < 0 ? -v : v) : COUNT((v < 0 ? -v : v) + 0.5));
}

static const char *
time_format(double seconds, char *buf, size_t n)
{
	if (seconds < 120)
		snprintf(buf, n, "%.3g s", seconds);
	else if (seconds < 3 * 3600)
		snprintf(buf, n, "%.0f min", seconds / 60);
	else
		snprintf(buf, n, "%.1f h", seconds / 3600);
	return buf;
}

/* "1,000, 2,010, 3,020", the middle left out if there are many. */
static void
put_row(FILE *f, const struct group *g, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (n > SHOWN && i >= SHOWN / 2 && i < n - SHOWN / 2)
			continue;
		fputs(i == 0 ? "" : n > SHOWN && i == n - SHOWN / 2 ? " ... " : ", ", f);
		put_value(f, g->trend.is_bytes, g->series[i]);
	}
	fputs(g->trend.is_bytes ? "" : " blocks", f);
}

static void
put_rate(FILE *f, const struct work *w, const struct group *g)
{
	size_t n = g->n;
	bool is_long = w->x[n - 1] - w->x[0] >= 60;
	double unit = is_long ? 3600 : 1;

	if (g->per_second <= 0) {
		fputs("; no growth", f);
		return;
	}
	fputs("; ", f);
	put_value(f, g->trend.is_bytes, g->per_second * unit);
	fputs(is_long ? " an hour (" : " a second (", f);
	/* Of fewer the interval would not be worth its name. */
	fputs(g->n_steps + 1 >= MIN_SURE ? "95 % " : "between pairs ", f);
	put_value(f, g->trend.is_bytes, g->per_second_low * unit);
	fputs(" to ", f);
	put_value(f, g->trend.is_bytes, g->per_second_high * unit);
	fprintf(f, "; %s)", text_p_value(g->trend.p, (char[32]){0}, 32));
}

void
series_add_course(const struct work *w, struct finding *f, const struct group *g)
{
	size_t n = g->n, n_text;
	char *text = NULL;
	FILE *to;

	if (n < 2)
		return;
	to = open_memstream(&text, &n_text);
	if (!to) {
		w->d->findings->failed = true;
		return;
	}
	if (n < MIN_TREND)
		fprintf(to, "%zu snapshots (too few for a trend): ", n);
	else
		fprintf(to, "Over %zu snapshots in %s: ", n, TIME(w->x[n - 1] - w->x[0]));
	put_row(to, g, n);
	if (n < MIN_TREND)
		fprintf(to, ", %s later", TIME(w->x[n - 1] - w->x[0]));
	else if (!g->trend.is_known)
		fputs("; too little work between them for a trend", to);
	else
		put_rate(to, w, g);
	if (fclose(to) != 0 || !text)
		w->d->findings->failed = true;
	else
		finding_add_evidence(w->d->findings, f, "%s.", text);
	free(text);
}

static void
add_settle_evidence(const struct work *w, struct finding *f, const struct group *g)
{
	const struct finding_trend *t = &g->trend;
	double left = t->idle > t->base ? t->idle - t->base : 0;

	if (!t->is_settle_known)
		return;
	finding_add_evidence(w->d->findings, f,
			     "It grew by %s from '%s' to '%s'; at '%s', %s of this (%.0f "
			     "%%) was left: %s.",
			     SIZE(t->busy - t->base), w->settle->labels[SETTLE_BASE],
			     w->settle->labels[SETTLE_BUSY], w->settle->labels[SETTLE_IDLE],
			     SIZE(left), t->share * 100, settle_word(t->share));
}

/* ---- findings of others -------------------------------------------------- */

/* It says that something comes and goes, as it should, or that is what the snapshots have
 * said of it. */
static bool
is_calm(const struct finding *f)
{
	return finding_kinds[f->id].traits & FINDING_IS_CALM ||
	       strcmp(f->verdict, "drained") == 0;
}

static void
demote(const struct work *w, struct finding *f, const struct group *g, const char *why)
{
	char *before = f->summary;

	f->level = FINDING_NOTE;
	f->confidence = 0.3;
	f->summary = NULL;
	finding_summarize(w->d->findings, f,
			  "%s block%s (%s)%s%s grew once, but the snapshots %s.",
			  COUNT((double)f->count.blocks), f->count.blocks == 1 ? "" : "s",
			  SIZE((double)f->count.bytes), g->function ? " allocated in " : "",
			  g->function ? PLAIN(g->function) : "", why);
	if (before)
		finding_add_evidence(w->d->findings, f,
				     "Verdict from the last snapshot alone: %s", before);
	free(before);
	f->advice = NULL;
}

/* The name of what holds it becomes the end of its summary. */
static const char *
holder_name(const struct finding *f)
{
	return f->n_retained_by && f->retained_by[0].is_root ? f->retained_by[0].name
							     : NULL;
}

/* It is what a busy time has left behind. */
static void
retain(const struct work *w, struct finding *f, const struct group *g)
{
	const char *holder = holder_name(f);

	finding_become(f, FINDING_RETAINED_GROWTH);
	f->level = FINDING_WARNING;
	f->advice = "See what still refers to it when the work is done; if it is a pool "
		    "for reuse, suppress this finding.";
	finding_summarize(w->d->findings, f,
			  "%s allocated%s%s during the load was retained after it%s%s.",
			  SIZE(g->trend.idle - g->trend.base), g->function ? " in " : "",
			  g->function ? PLAIN(g->function) : "",
			  holder ? ", held by " : "", holder ? holder : "");
}

/* What the snapshots say for or against a finding. */
static void
apply_to_finding(const struct work *w, struct finding *f, const struct group *g)
{
	size_t n = g->n;
	bool is_sure = g->trend.p < MAX_P;

	if (n >= 2)
		f->trend = g->trend;
	series_add_course(w, f, g);
	add_settle_evidence(w, f, g);
	if (is_calm(f))
		return;
	if (is_drained(g)) {
		demote(w, f, g, "show that it was freed after the load");
		f->verdict = "drained";
	} else if (g->trend.is_known && !is_held(g) && has_worked(w, g) &&
		   (g->trend.slope_per_hour <= 0 || g->series[n - 1] <= g->series[0]))
		demote(w, f, g, "show no growth");
	else if (is_complete(w, g))
		demote(w, f, g, "show that it stopped, and the program worked on");
	else if ((g->trend.is_known && g->trend.slope_per_hour > 0 &&
		  (g->is_rising || is_sure)) ||
		 is_held(g))
		f->confidence += (1 - f->confidence) * (is_sure ? 0.6 : 0.3);
	if (is_held(g) && !is_growing(w, g) && f->id == FINDING_UNBOUNDED_GROWTH)
		retain(w, f, g);
}

static void
mark_reported(struct work *w, uint32_t node)
{
	if (w->by_node[node])
		w->list[w->by_node[node] - 1].is_reported = true;
}

/* With its sites those of what holds them are reported. */
static void
mark_all_reported(struct work *w, const struct finding *f)
{
	for (size_t i = 0; i < f->n_sites; i++)
		mark_reported(w, f->sites[i]);
	mark_reported(w, f->site);
	for (size_t i = 0; i < f->n_retained_by && !is_calm(f); i++)
		if (!f->retained_by[i].is_root)
			mark_reported(w, f->retained_by[i].site);
}

/* What is no more than a note of some of a function's sites, as of what a parser builds,
 * is none of the others either. */
static void
mark_noted(struct work *w, const struct finding *f, const char *function)
{
	if (is_calm(f) || f->level != FINDING_NOTE || !function)
		return;
	for (size_t i = 0; i < w->n; i++)
		w->list[i].is_noted |=
			w->list[i].function && strcmp(w->list[i].function, function) == 0;
}

int
series_group(const struct work *w, struct group *g, const struct finding *f,
	     const char *function)
{
	if (group_init(w, g, function) != 0)
		return -1;
	for (size_t k = 0; k < f->n_sites; k++)
		group_add(w, g, f->sites[k]);
	if (f->n_sites == 0)
		group_add(w, g, f->site);
	/* The one at exit shows what the program did on its way out. */
	if (f->is_gone && g->n == w->s->n)
		g->n--;
	/* Blocks that become larger and not more, by the last one. */
	g->trend.is_bytes = f->trend.is_bytes;
	compute_trend(w, g);
	return 0;
}

static void
apply_to_findings(struct work *w)
{
	struct findings *all = w->d->findings;

	for (size_t i = 0; i < all->n && !all->failed; i++) {
		struct finding *f = &all->list[i];
		char *function =
			series_is_of_growth(f) ? series_function(w, f->site) : NULL;
		struct group g;

		if (series_is_of_growth(f) && series_group(w, &g, f, function) == 0) {
			apply_to_finding(w, f, &g);
			/* What is calm by the last one, and grows from one to the next, is
			 * reported. */
			if (!is_calm(f) || !(is_growing(w, &g) || is_held(&g)))
				mark_all_reported(w, f);
			mark_noted(w, f, function);
			group_fini(&g);
		}
		free(function);
	}
}

/* ---- findings of our own ------------------------------------------------- */

/* The newest blocks of a site and of those that are judged with it. */
static size_t
newest_of(const struct work *w, const struct detector *d, uint32_t node, uint32_t *ret)
{
	uint32_t leader = joins_leader(w->joins, node);
	const struct heap *h = d->heap;
	uint64_t ages[SAMPLE];
	size_t n = 0, oldest = 0;

	for (uint32_t b = 0; b < h->n_blocks; b++) {
		uint64_t age = h->births[h->blocks[b].birth].age;
		size_t at = n < SAMPLE ? n : oldest;

		if (joins_leader(w->joins, h->blocks[b].site) != leader ||
		    (n == SAMPLE && age >= ages[oldest]) ||
		    (d->graph && d->graph->states[b] != GRAPH_REACHABLE &&
		     d->graph->states[b] != GRAPH_POSSIBLE))
			continue;
		ret[at] = b;
		ages[at] = age;
		n += n < SAMPLE;
		for (size_t i = 0; i < n; i++)
			oldest = ages[i] > ages[oldest] ? i : oldest;
	}
	return n;
}

static struct finding *
add(struct work *w, const struct group *g, enum finding_id id)
{
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, id, g->node);
	const struct detector *d = w->d;
	uint32_t sample[SAMPLE];
	size_t n, last = w->n_alive - 1;

	if (!f)
		return NULL;
	f->count.blocks = (uint64_t)g->blocks[last];
	f->count.bytes = (uint64_t)g->bytes[last];
	f->trend = g->trend;
	f->is_gone = w->n_alive < w->s->n;
	if (f->is_gone && detector_before(d))
		d = detector_before(d);
	n = newest_of(w, d, g->node, sample);
	if (n && d == w->d)
		f->address = heap_block_address(&w->h->blocks[sample[0]]);
	if (n)
		finding_hold(d, f, sample, n);
	return f;
}

/* By the last snapshot its blocks come and go in order, or in a table, and are no more in the
 * end: of what grows all the same the kind is known.  The note gives way. */
static enum finding_id
kind_by_calm(const struct work *w, const struct group *g)
{
	struct findings *all = w->d->findings;
	enum finding_id id = FINDING_UNBOUNDED_GROWTH;

	for (size_t i = 0; i < all->n; i++) {
		struct finding *f = &all->list[i];
		bool is_queue =
			f->id == FINDING_BOUNDED_QUEUE || f->id == FINDING_DRAINED_QUEUE;
		char *function;

		if (!is_queue && f->id != FINDING_BOUNDED_CACHE)
			continue;
		function = g->function ? series_function(w, f->site) : NULL;
		if (f->site == g->node || (function && strcmp(function, g->function) == 0)) {
			id = is_queue ? FINDING_UNBOUNDED_QUEUE : FINDING_UNBOUNDED_CACHE;
			f->confidence = 0.2;
			finding_add_evidence(all, f,
					     "But the snapshots show that it grows.");
		}
		free(function);
	}
	return id;
}

static void
add_growth_finding(struct work *w, const struct group *g, bool is_noted)
{
	struct findings *all = w->d->findings;
	bool held = is_held(g), sure = g->trend.p < MAX_P && g->n_steps + 1 >= MIN_SURE;
	struct finding *f = add(w, g, held ? FINDING_RETAINED_GROWTH : kind_by_calm(w, g));
	const char *holder = f ? holder_name(f) : NULL;
	const char *of = g->function ? " allocated in " : "",
		   *name = g->function ? PLAIN(g->function) : "";

	if (!f)
		return;
	f->level = held || (is_growing(w, g) && sure && !is_noted && !g->has_rested)
			   ? FINDING_WARNING
			   : FINDING_NOTE;
	f->confidence = sure ? 0.8 : held ? 0.7 : 0.5;
	f->advice = f->id == FINDING_UNBOUNDED_QUEUE || f->id == FINDING_UNBOUNDED_CACHE
			    ? growth_advice(f->id)
			    : "Check that all of it is needed for as long as the program "
			      "runs; if it is, bound it.";
	if (held)
		retain(w, f, g);
	else
		finding_summarize(
			all, f,
			"%s block%s (%s)%s%s, growing from snapshot to snapshot%s%s%s.",
			COUNT(g->blocks[g->n - 1]), g->blocks[g->n - 1] == 1 ? "" : "s",
			SIZE(g->bytes[g->n - 1]), of, name,
			!f->is_gone ? ""
			: heap_is_exit(w->d->heap)
				? " until the program freed them at its end"
				: " until the program freed them",
			holder ? ", held by " : "", holder ? holder : "");
	joins_add_evidence(w->joins, g->node, all, f);
	series_add_course(w, f, g);
	if (g->has_rested && !held)
		finding_add_evidence(
			all, f,
			"Hardly anything else was allocated, and in the last "
			"quarter of the time hardly anything at all: it may be "
			"complete.");
	add_settle_evidence(w, f, g);
}

static void
add_drained_finding(struct work *w, const struct group *g)
{
	struct finding *f = add(w, g, FINDING_DRAINED_GROWTH);

	if (!f)
		return;
	f->level = FINDING_NOTE;
	f->confidence = 0.8;
	finding_summarize(
		w->d->findings, f, "%s allocated%s%s during the load was freed after it.",
		SIZE(g->trend.busy -
		     (g->trend.idle > g->trend.base ? g->trend.idle : g->trend.base)),
		g->function ? " in " : "", g->function ? PLAIN(g->function) : "");
	add_settle_evidence(w, f, g);
}

enum choice { ALL, THAT_RISE, THAT_STAY };

static bool
is_same_function(const struct candidate *a, const struct candidate *b)
{
	return a == b ||
	       (a->function && b->function && strcmp(a->function, b->function) == 0);
}

/* Those of a function's sites that are not reported. */
static void
group_choose(const struct work *w, struct group *g, const struct candidate *like,
	     enum choice which)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct candidate *c = &w->list[i];

		if (!c->is_reported && is_same_function(c, like) &&
		    (which == ALL || (which == THAT_RISE ? c->rises : c->stays)))
			group_add_all(w, g, c->node);
	}
}

/* What its rise is by the last snapshot's books. */
static bool
is_one_of_several(const struct work *w, const struct group *g)
{
	return one_after_other(w->d, joins_leader(w->joins, g->node), NULL,
			       w->n_alive < w->s->n && heap_before_teardown(w->h));
}

/* One finding of a function at most; true if there is one. */
static bool
add_some_findings(struct work *w, const struct candidate *c, enum choice which,
		  size_t *n_drained)
{
	struct group g;
	bool is_reported = false;

	if (group_init(w, &g, c->function) == 0) {
		group_choose(w, &g, c, which);
		compute_trend(w, &g);
		if (g.node && (is_held(&g) || (which != THAT_STAY && is_growing(w, &g))) &&
		    !is_one_of_several(w, &g)) {
			add_growth_finding(w, &g, c->is_noted);
			is_reported = true;
		} else if (which == ALL && is_drained(&g) && (*n_drained)++ < MAX_DRAINED) {
			add_drained_finding(w, &g);
		}
	}
	group_fini(&g);
	return is_reported;
}

static void
classify_candidate(struct work *w, struct candidate *c)
{
	struct group g;

	if (group_init(w, &g, c->function) == 0) {
		group_add_all(w, &g, c->node);
		compute_trend(w, &g);
		c->rises = rises(&g);
		c->stays = stays(&g);
	}
	group_fini(&g);
}

static void
add_all_findings(struct work *w)
{
	size_t n_drained = 0;

	for (size_t i = 0; i < w->n && !w->d->findings->failed; i++)
		classify_candidate(w, &w->list[i]);
	for (size_t i = 0; i < w->n && !w->d->findings->failed; i++) {
		const struct candidate *c = &w->list[i];

		if (c->is_reported)
			continue;
		if (!add_some_findings(w, c, THAT_STAY, &n_drained) &&
		    !add_some_findings(w, c, THAT_RISE, &n_drained))
			(void)add_some_findings(w, c, ALL, &n_drained);
		for (size_t k = w->n; k-- > i;)
			if (is_same_function(&w->list[k], c))
				w->list[k].is_reported = true;
	}
}

/* ---- the whole ----------------------------------------------------------- */

static void
work_fini(struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i].function);
	free(w->list);
	free(w->by_node);
	free(w->is_step);
	free(w->x);
}

static double
lost_share(const struct several_snapshot *x)
{
	return 1 - (double)x->reachable.blocks / ((double)x->live.blocks + 1);
}

/* The snapshot at hand, after what it has of the time before the end, if that is later
 * than the others.  They may have been taken only as long as the heap grew; so it shows
 * what was built once and kept. */
static int
add_last(const struct detector *d, struct several *s)
{
	const struct detector *before = d->heap->before ? detector_before(d) : NULL;
	const struct hf_period *period = heap_before_teardown(d->heap);

	if (!before && period &&
	    (heap_is_exit(d->heap) ||
	     (s->n && d->heap->live.bytes * 2 < s->list[s->n - 1].live.bytes)) &&
	    several_add_books(s, d->heap, d->graph, period, d->options->path))
		return -1;

	if (before &&
	    (!s->n || before->heap->info.uptime_ns > s->list[s->n - 1].uptime_ns)) {
		if (several_add(s, before->heap, before->graph, d->options->path))
			return -1;
		s->list[s->n - 1].is_inner = true;
		s->list[s->n - 1].where = 0;
		/* A destructor had begun to leave behind what its container held. */
		if (s->n > 1 && lost_share(&s->list[s->n - 1]) >
					lost_share(&s->list[s->n - 2]) + MIN_SHARE)
			several_drop(s, d->options->path);
	}
	return several_add(s, d->heap, d->graph, d->options->path);
}

void
detect_several(const struct detector *d)
{
	struct findings *all = d->findings;
	struct several *s = d->options->several;
	struct work w = {.d = d, .h = d->heap, .s = s, .settle = &all->settle};

	if (add_last(d, s)) {
		all->failed = true;
		return;
	}
	if (s->n < 2)
		return;
	all->several = s;
	w.n_alive = several_n_alive(s);
	w.x = calloc(s->n, sizeof(*w.x));
	w.is_step = calloc(s->n, sizeof(*w.is_step));
	w.list = calloc(MAX_SITES, sizeof(*w.list));
	w.by_node = calloc((size_t)d->heap->n_nodes + 1, sizeof(*w.by_node));
	w.joins = detector_joins(d);
	all->failed |= !w.x || !w.is_step || !w.list || !w.by_node || !w.joins ||
		       settle_find(s, d->heap, &all->settle);
	if (!all->failed) {
		for (size_t i = 0; i < s->n; i++)
			w.x[i] = several_seconds(s, i);
		find_steps(&w);
		choose(&w);
		apply_to_findings(&w);
		add_all_findings(&w);
		series_add_earlier(&w);
	}
	work_fini(&w);
}
