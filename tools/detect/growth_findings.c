/* growth_findings.c -- what is reported of sites that grow, or come and go.
 *
 * In:   sites with their course, kind and evidence.
 * Out:  findings of kind cache, queue, closure, missing-free and growth.
 *
 * Sites of one allocating function and kind make one finding.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/growth.h"
#include "names/function_names.h"
#include "names/runtime.h"
#include "util/text.h"

enum {
	MANY_BLOCKS = 1000,     /* of a queue that is reported though it has drained */
	LARGE_GROWTH = 8 << 20, /* bytes that are a warning in any heap */
	COMPOSITE = 3,          /* functions that build one structure */
};

#define MIN_SHARE 0.05 /* of the heap's bytes, for a warning */

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define P(v) text_p_value(v, (char[32]){0}, 32)
#define RATE(v) put_rate(v, (char[32]){0}, 32)
#define PLAIN(s) names_plain(s, (char[120]){0}, 120)

static const struct {
	enum finding_id id;
	const char *advice;
} words[] = {
	[GROWTH] =
		{FINDING_UNBOUNDED_GROWTH,
		 "Check whether all of it is still needed; if it is, give it a limit."},
	[CACHE] = {FINDING_UNBOUNDED_CACHE,
		   "Give it a limit and let the oldest or least used entries go, or keep "
		   "it outside of the process."},
	[MISSING_FREE] =
		{FINDING_MISSING_FREE,
		 "Look for the path on which these are not freed as the others are."},
	[QUEUE] = {FINDING_UNBOUNDED_QUEUE, "Bound the queue, watch its length, and let "
					    "producers wait or fail when it is full."},
	[CLOSURE] = {FINDING_RETAINED_CLOSURES,
		     "Unregister them when they are no longer needed, or hold what they "
		     "capture weakly."},
};

static const char *
noun(enum growth_kind k, uint64_t n)
{
	static const char *const one[] = {[GROWTH] = "block",
					  [CACHE] = "cache entry",
					  [MISSING_FREE] = "block",
					  [QUEUE] = "queued block",
					  [CLOSURE] = "callback"};
	static const char *const nouns[] = {[GROWTH] = "blocks",
					    [CACHE] = "cache entries",
					    [MISSING_FREE] = "blocks",
					    [QUEUE] = "queued blocks",
					    [CLOSURE] = "callbacks"};
	return n == 1 ? one[k] : nouns[k];
}

/* Whole blocks; the lower end of an interval may be below 0. */
static const char *
put_rate(double v, char *buf, size_t n)
{
	uint64_t whole = (uint64_t)(fabs(v) + 0.5);

	*buf = '-';
	text_count(whole, buf + (v < 0 && whole), n - 1);
	return buf;
}

/* Who holds it, for a summary; NULL: nobody known.  A block whose only name is a
 * pointer to code is named by its root. */
static const char *
holder_name(const struct growing *g)
{
	const struct holder *x = &g->holder;
	const char *name = g->has_holder ? x->name : NULL;

	if (name && growth_is_function(name))
		name = x->n_steps && x->steps[0].is_root ? x->steps[0].name : NULL;
	return name;
}

static void
add_growth_evidence(const struct growth_work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	const struct hf_period *p = w->h->periods;
	size_t n = w->h->n_periods - 1, half = n / 2 > 5 ? n / 2 : 5;
	double hours = (double)(p[n - 1].end_ns - p[n - half].end_ns) / 3.6e12;
	char per_hour[64] = "";

	/* Bytes that double in few steps have no trend: course_of(). */
	if (g->is_bytes) {
		finding_add_evidence(
			all, f,
			"Grew from %s to %s over the last four fifths of the run%s%s%s.",
			SIZE((uint64_t)g->first), SIZE((uint64_t)g->last),
			g->trend.p <= MAX_P ? " (" : "",
			g->trend.p <= MAX_P ? P(g->trend.p) : "",
			g->trend.p <= MAX_P ? ")" : "");
		return;
	}
	finding_add_evidence(
		all,
		f, "Grew steadily from %s to %s blocks over the last four fifths of the run (%s).",
		COUNT((uint64_t)g->first), COUNT((uint64_t)g->last), P(g->trend.p));
	/* Of a shorter time it would say nothing of an hour. */
	if (hours > 1. / 60)
		snprintf(per_hour, sizeof(per_hour), "; %s an hour",
			 COUNT((uint64_t)(g->trend.slope * (double)(half - 1) / hours)));
	finding_add_evidence(
		all, f,
		"In the last half of the run by %s blocks for each %s allocated "
		"(95 %% confidence interval %s to %s)%s.",
		RATE(g->trend.slope), SIZE(w->h->info.period_bytes),
		RATE(g->trend.slope_low), RATE(g->trend.slope_high), per_hour);
}

static void
add_death_evidence(const struct growth_work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	const struct heap_book *b = g->history->book;
	uint64_t allocations = g->history->allocations, leaked = g->history->n_leaked;
	const struct heap_count none = {0, 0};
	const struct heap_count *grown =
		w->h->grown ? &w->h->grown[g->history->node] : &none;
	struct stack s;

	if (growth_is_joined(w, g))
		finding_add_evidence(
			all, f,
			"%s call stacks of this function count as one site: they pass "
			"through "
			"code without a name, which was generated while the program ran.",
			COUNT(joins_size(w->joins, g->history->node)));
	if (grown->blocks)
		finding_add_evidence(all, f,
				     "realloc enlarged %s %s time%s, by %s in total.",
				     g->history->live.blocks == 1 ? "it" : "them",
				     COUNT(grown->blocks), grown->blocks == 1 ? "" : "s",
				     SIZE(grown->bytes));
	/* How they died tells nothing of the time before the end, nor of what realloc
	 * replaced. */
	if (!g->is_torn_down && !(g->is_bytes && grown->blocks)) {
		if (allocations == growth_kept_blocks(g) && allocations == 1)
			finding_add_evidence(
				all, f, "The one block allocated there was not freed.");
		else if (allocations == growth_kept_blocks(g))
			finding_add_evidence(
				all, f, "None of the %s blocks allocated there was freed.",
				COUNT(allocations));
		else
			finding_add_evidence(
				all, f,
				"%.1f %% of the %s blocks allocated there were freed.",
				g->freed * 100, COUNT(allocations));
	}
	/* What was lost at the end is the leak's, its leader included. */
	if (leaked && !g->is_lost)
		finding_add_evidence(all, f, "%s of the blocks allocated there %s lost.",
				     COUNT(leaked), leaked == 1 ? "is" : "are");
	if (g->suffix >= IN_ORDER)
		finding_add_evidence(
			all, f,
			"The oldest are freed first: %.0f %% in order of allocation.",
			g->suffix * 100);
	if (b && b->deaths && b->foreign * 2 > b->deaths)
		finding_add_evidence(
			all,
			f, "%s of the %s that outlived their birth epoch were freed by another thread.",
			COUNT(b->foreign), COUNT(b->deaths));
	if (b && b->freed_at && stack_get(w->h, w->d->symbols, b->freed_at, &s) == 0) {
		const char *function = names_function(w->h, &s);

		/* What exit() frees has no function of the program on its stack. */
		if (function && !runtime_is_start(function))
			finding_add_evidence(all, f, "Others were freed in %s.",
					     PLAIN(function));
		stack_free(&s);
	}
}

static bool
is_same_function(const struct growing *a, const struct growing *b)
{
	return a == b ||
	       (a->function && b->function && strcmp(a->function, b->function) == 0);
}

/* So much that it is worth a warning: in a small heap a share of it, in a large one
 * some mebibytes.  One block that doubles is common, and has to be larger. */
static bool
is_much(const struct growth_work *w, const struct growing *g, double bytes)
{
	double least = g->is_bytes ? 16 * MIN_BYTES : MIN_BYTES;
	double share = g->is_bytes ? 2 * MIN_SHARE : MIN_SHARE;

	return bytes >= least && (bytes >= LARGE_GROWTH || bytes >= share * w->heap_bytes);
}

static const struct growing *
outermost(const struct growth_work *w, const struct growing *g)
{
	for (size_t steps = 0; g->part_of >= 0 && steps < w->n; steps++)
		g = &w->list[g->part_of];
	return g;
}

/* Do both grow as parts of one thing?  Of what was freed at the end of the program
 * nobody knows what held what: all of it may be one. */
static bool
is_one_structure(const struct growth_work *w, const struct growing *a,
		 const struct growing *b)
{
	return a->is_torn_down ? b->is_torn_down : outermost(w, a) == outermost(w, b);
}

/* A structure that several functions build together, as a parser builds its tree: it
 * may well be what the program is for.  Where it cannot be
 * seen who calls them, functions of as many blocks at any time are one: they build the
 * parts of one object.  BOUND  So may an array of one function's
 * blocks; and such a structure may be a leak of the program's logic. */
static bool
is_composite(const struct growth_work *w, const struct growing *g)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct growing *o = &w->list[i];
		bool is_first =
			o->course == GROWING && !o->is_bytes && is_one_structure(w, g, o);

		for (size_t k = 0; k < i && is_first; k++) {
			const struct growing *before = &w->list[k];

			is_first = before->course != GROWING || before->is_bytes ||
				   !is_one_structure(w, g, before) ||
				   !(is_same_function(before, o) ||
				     ((g->is_torn_down || growth_is_joined(w, g)) &&
				      growth_is_companion(w, before, o)));
		}
		n += is_first;
	}
	return n >= COMPOSITE;
}

/* A site, or all that are one with it. */
static void
add_sites(const struct growth_work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	uint32_t leader = g->history->node;

	finding_add_site(all, f, leader);
	for (uint32_t i = 1; joins_size(w->joins, leader) > 1 && i <= w->h->n_nodes; i++)
		if (i != leader && joins_leader(w->joins, i) == leader)
			finding_add_site(all, f, i);
}

/* What the sites of one finding have in common. */
struct sum {
	struct heap_count live;
	double grown;    /* bytes, with what they hold */
	size_t n_stacks; /* sites of the finding */
	bool is_even; /* all of them have as many blocks at any time: parts of one thing */
};

/* Take all growing sites of a site's function and kind into its finding, the last one. */
static struct sum
gather_sites(struct growth_work *w, struct finding *f, const struct growing *g)
{
	struct sum sum = {.is_even = true};

	for (size_t i = 0; i < w->n; i++) {
		struct growing *o = &w->list[i];

		if (o->course != GROWING || o->kind != g->kind)
			continue;
		if (is_same_function(o, g)) {
			o->is_reported = true;
			o->finding = w->d->findings->n;
			sum.n_stacks++;
			sum.is_even &= growth_is_companion(w, g, o);
			add_sites(w, f, o);
			sum.live.blocks += growth_count(o).blocks;
			sum.live.bytes += growth_count(o).bytes;
		} else if (o->part_of < 0 || !is_same_function(&w->list[o->part_of], g)) {
			continue;
		}
		sum.grown += (double)growth_count(o).bytes -
			     o->history->bytes[(w->h->n_periods - 1) / 5];
	}
	return sum;
}

/* "57,264 cache entries (286,320 blocks, 14.1 MiB) allocated in f": where each entry is of
 * several blocks, and they are allocated in equal numbers, one of them stands for it. */
static void
summarize(struct growth_work *w, struct finding *f, const struct growing *g,
	  const struct sum *sum)
{
	const char *holder = holder_name(g);
	uint64_t entries = growth_count(g).blocks, n = sum->live.blocks;
	bool is_each = sum->n_stacks > 1 && sum->is_even && entries < n;
	char of_blocks[48] = "";

	if (is_each && g->kind != GROWTH && g->kind != MISSING_FREE) {
		snprintf(of_blocks, sizeof(of_blocks), "%s blocks, ", COUNT(n));
		n = entries;
	}
	finding_summarize(w->d->findings, f, "%s %s (%s%s)%s%s %s%s without limit%s%s%s.",
			  COUNT(n), noun(g->kind, n), of_blocks, SIZE(sum->live.bytes),
			  g->function ? " allocated in " : "",
			  g->function ? PLAIN(g->function) : "",
			  g->is_torn_down ? "grew" : "grow",
			  n == 1 && !g->is_torn_down ? "s" : "",
			  !g->is_torn_down ? ""
			  : n == 1         ? " until the program freed it at its end"
					   : " until the program freed them at its end",
			  holder ? ", held by " : "", holder ? holder : "");
}

/* What limits the evidence, and what to do for more. */
static void
add_caveats(const struct growth_work *w, struct finding *f, const struct growing *g,
	    bool is_built)
{
	struct findings *all = w->d->findings;
	const struct several *earlier = w->d->options->several;

	if (g->is_torn_down && earlier && earlier->n)
		finding_add_evidence(
			all,
			f, "Their holder is gone from this snapshot; the previous one, %s, may show it.",
			earlier->list[earlier->n - 1].path);
	else if (g->is_torn_down)
		finding_add_evidence(
			all, f,
			"Their holder is gone from this snapshot; one taken while "
			"the program runs "
			"shows it (--snapshot=exit,growth=50%%).");
	if (g->kind == GROWTH && growth_is_joined(w, g))
		finding_add_evidence(
			all, f,
			"Owned by the managed runtime; take its heap snapshot "
			"(node --heapsnapshot-signal).");
	if (is_built)
		finding_add_evidence(
			all, f,
			"Several functions build it together, so it may be the "
			"program's main data "
			"structure; a later snapshot shows whether it still grows.");
	if (g->is_lost)
		finding_add_evidence(
			all, f,
			"Their holder was lost at the end of the program, and they "
			"with it: see the "
			"leak.");
}

static void
emit_finding(struct growth_work *w, struct growing *g)
{
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, words[g->kind].id, g->history->node);
	struct sum sum;
	bool is_built;

	if (!f)
		return;
	sum = gather_sites(w, f, g);
	is_built = g->kind == GROWTH && is_composite(w, g);
	/* A list that was lost looks the same as one that grows: what is wrong then is that. */
	f->level = is_much(w, g, sum.grown) && !is_built &&
				   !(g->is_lost && g->kind == GROWTH)
			   ? FINDING_WARNING
			   : FINDING_NOTE;
	/* That it was freed at the end shows that somebody thought of it. */
	f->confidence = (g->trend.p < 0.001 ? 0.9 : 0.7) -
			(g->is_torn_down || g->is_lost ? 0.3 : 0);
	f->count = sum.live;
	f->address = g->history->n_sample
			     ? heap_block_address(&w->h->blocks[g->history->sample[0]])
			     : 0;
	f->is_gone = g->is_torn_down || g->is_lost;
	f->advice = words[g->kind].advice;
	summarize(w, f, g, &sum);
	if (sum.n_stacks > 1)
		finding_add_evidence(
			all, f,
			"From %zu call stacks of this function; the evidence is of "
			"the one that "
			"weighs most, %s block%s (%s).",
			sum.n_stacks, COUNT(growth_count(g).blocks),
			growth_count(g).blocks == 1 ? "" : "s",
			SIZE(growth_count(g).bytes));
	add_growth_evidence(w, f, g);
	add_death_evidence(w, f, g);
	add_caveats(w, f, g, is_built);
	if (w->retained)
		f->retained = w->retained[g->history->node];
	if (g->has_holder)
		finding_take_steps(all, f, &g->holder);
}

/* What grows on the blocks of another finding, or beside them in equal numbers where
 * nobody knows what held what, is a part of that one. */
static void
join_to_whole(struct growth_work *w, struct growing *g)
{
	const struct growing *whole = outermost(w, g);

	for (size_t i = 0;
	     whole == g && i < w->n && (g->is_torn_down || growth_is_joined(w, g)); i++) {
		const struct growing *o = &w->list[i];

		if (o->finding && o->finding != g->finding && o->kind == g->kind &&
		    (g->is_torn_down ? o->is_torn_down : growth_is_joined(w, o)) &&
		    growth_is_companion(w, o, g))
			whole = o;
		if (whole != g)
			break;
	}
	if (whole->finding && whole->finding != g->finding)
		findings_join(w->d->findings, g->finding - 1, whole->finding - 1);
}

/* What comes and goes, and does not grow: that it was examined, and is well. */
static void
emit_turnover(struct growth_work *w, struct growing *g)
{
	const struct heap_book *b = g->history->book;
	bool is_drained = g->course == DRAINED;
	struct findings *all = w->d->findings;
	struct finding *f;
	const char *holder;
	bool is_queue;

	if (!growth_is_turning_over(w, g) || g->is_reported)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == g->course && is_same_function(&w->list[i], g))
			w->list[i].is_reported = true;
	if (!is_drained)
		growth_collect_evidence(w, g);
	is_queue =
		(b->earlier - b->last_earlier) * 10 < b->deaths && !growth_is_in_table(g);
	if (is_drained && (!is_queue || g->peak < MANY_BLOCKS))
		return;
	f = finding_add(all,
			is_drained ? FINDING_DRAINED_QUEUE
			: is_queue ? FINDING_BOUNDED_QUEUE
				   : FINDING_BOUNDED_CACHE,
			g->history->node);
	if (!f)
		return;
	f->level = FINDING_NOTE;
	f->confidence = 0.6;
	f->count = g->history->live;
	holder = holder_name(g);
	finding_summarize(
		all, f,
		is_drained ? "%s block%s%s%s left in a queue that peaked at %s%s%s."
			   : "%s block%s%s%s, turning over without growth%.0s%s%s.",
		COUNT((uint64_t)g->last), (uint64_t)g->last == 1 ? "" : "s",
		g->function ? " allocated in " : "", g->function ? PLAIN(g->function) : "",
		COUNT((uint64_t)g->peak), holder ? ", held by " : "", holder ? holder : "");
	add_death_evidence(w, f, g);
}

void
growth_emit_findings(struct growth_work *w)
{
	const struct finding *list;

	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING && !w->list[i].is_reported &&
		    !w->list[i].is_container)
			emit_finding(w, &w->list[i]);
	list = w->d->findings->list;
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].finding &&
		    list[w->list[i].finding - 1].site == w->list[i].history->node)
			join_to_whole(w, &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == BOUNDED || w->list[i].course == DRAINED)
			emit_turnover(w, &w->list[i]);
}
