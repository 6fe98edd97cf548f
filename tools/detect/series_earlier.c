/* series_earlier.c -- what the earlier snapshots of a series say by themselves.
 *
 * In:   the findings of the last snapshot, weighed by the others (series_trend.c); earlier
 *       files, loaded again.
 * Out:  holders that only an earlier one shows; findings that only an earlier one has, or
 *       in numbers why they are none; of what it rates higher, that it does.
 *
 * The last snapshot knows the most: its books go back to the start.  But it may have been
 * taken without pointers, or when the program had begun to free what grew; and what grew once
 * and has stopped is no finding of it, though who reads an earlier one alone is warned.
 * Leaks are the last one's: what an earlier one calls lost, and is freed since, was not lost.
 *
 * BOUND  Of earlier snapshots the latest are examined, as many as have MOST_BLOCKS together,
 * and one at least.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "detect/series_parts.h"
#include "names/function_names.h"
#include "util/text.h"

enum {
	MOST_BLOCKS = 4000000,
	MOST_BOUNDED = 5, /* notes of what has stopped */
	MIN_PERIODS = 9,  /* as in growth.c */
};

#define STILL_THERE 0.5 /* of what there was */

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define PLAIN(f) names_plain(f, (char[120]){0}, 120)

/* A finding of an earlier snapshot. */
struct claim {
	struct finding *f;
	const char *function; /* NULL = unknown */
	size_t at;            /* the snapshot */
};

struct claims {
	const struct work *w;
	bool *is_known; /* by node: a later snapshot has said so */
	size_t n_bounded;
};

static const struct several_snapshot *
snapshot_of(const struct claims *c, const struct claim *x)
{
	return &c->w->s->list[x->at];
}

static double
seconds_of(const struct claims *c, const struct claim *x)
{
	return (double)snapshot_of(c, x)->uptime_ns / 1e9;
}

static bool
has_site(const struct finding *f, uint32_t site)
{
	bool has = f->site == site;

	for (size_t i = 0; i < f->n_sites && !has; i++)
		has = f->sites[i] == site;
	return has;
}

static bool
is_same(const struct claims *c, const struct finding *f, const struct claim *x)
{
	char *function;
	bool is;

	if (!series_is_of_growth(f))
		return false;
	if (has_site(f, x->f->site))
		return true;
	function = x->function ? series_function(c->w, f->site) : NULL;
	is = function && strcmp(function, x->function) == 0;
	free(function);
	return is;
}

/* The finding that says the same, the worst; NULL: none does. */
static struct finding *
counterpart(const struct claims *c, const struct claim *x)
{
	struct findings *all = c->w->d->findings;
	struct finding *found = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (is_same(c, &all->list[i], x) &&
		    (!found || all->list[i].level < found->level))
			found = &all->list[i];
	return found;
}

static void
quote(const struct claims *c, struct finding *f, const struct claim *x)
{
	finding_add_evidence(c->w->d->findings, f,
			     "The snapshot after %.3g s alone (%s) says, as a %s: %s",
			     seconds_of(c, x), snapshot_of(c, x)->path,
			     finding_level_name(x->f->level), x->f->summary);
}

/* Without pointers growth is all that is seen. */
static void
take_kind(const struct claims *c, struct finding *f, const struct claim *x)
{
	if (c->w->d->graph || f->id != FINDING_UNBOUNDED_GROWTH || f->id == x->f->id)
		return;
	finding_become(f, x->f->id);
	f->advice = x->f->advice;
	quote(c, f, x);
}

/* Who held it then holds it still, for all that is known. */
static void
take_holder(const struct claims *c, struct finding *f, const struct claim *x)
{
	struct finding *from = x->f;

	if (f->n_retained_by || !from->n_retained_by)
		return;
	f->retained_by = from->retained_by;
	f->n_retained_by = from->n_retained_by;
	f->n_left_out = from->n_left_out;
	from->retained_by = NULL;
	from->n_retained_by = 0;
	/* Threads belong to a heap that goes. */
	for (size_t i = 0; i < f->n_retained_by; i++)
		f->retained_by[i].thread = NULL;
	finding_add_evidence(c->w->d->findings, f, "Held so as of %.3g s (%s).",
			     seconds_of(c, x), snapshot_of(c, x)->path);
}

/* Can the last snapshot tell at all what grows, and who holds it? */
static bool
can_judge(const struct work *w)
{
	return w->d->graph && w->h->n_periods >= MIN_PERIODS;
}

/* What the last snapshot cannot see. */
static void
add_as_it_was(struct claims *c, const struct claim *x, const struct group *g)
{
	struct findings *all = c->w->d->findings;
	struct finding *f = finding_add(all, x->f->id, x->f->site);

	if (!f)
		return;
	f->level = x->f->level;
	f->confidence = x->f->confidence * 0.8;
	f->count = x->f->count;
	f->entries = x->f->entries;
	f->advice = x->f->advice;
	f->trend = g->trend;
	for (size_t i = 0; i < x->f->n_sites; i++)
		finding_add_site(all, f, x->f->sites[i]);
	f->summary = x->f->summary;
	x->f->summary = NULL;
	finding_add_evidence(all, f,
			     "As of %.3g s (%s); the last snapshot does not show enough.",
			     seconds_of(c, x), snapshot_of(c, x)->path);
	series_add_course(c->w, f, g);
	take_holder(c, f, x);
}

/* What has stopped since, in numbers. */
static void
add_bounded(struct claims *c, const struct claim *x, const struct group *g)
{
	struct findings *all = c->w->d->findings;
	struct finding *f = finding_add(all, FINDING_BOUNDED_GROWTH, x->f->site);
	struct heap_count now = {(uint64_t)g->blocks[g->n - 1],
				 (uint64_t)g->bytes[g->n - 1]};

	if (!f)
		return;
	f->level = FINDING_NOTE;
	f->confidence = 0.6;
	f->count = now;
	f->trend = g->trend;
	for (size_t i = 0; i < x->f->n_sites; i++)
		finding_add_site(all, f, x->f->sites[i]);
	finding_summarize(
		all, f,
		"%s block%s (%s)%s%s grew at first, and did not go on after %.3g s.",
		COUNT(now.blocks), now.blocks == 1 ? "" : "s", SIZE(now.bytes),
		x->function ? " allocated in " : "",
		x->function ? PLAIN(x->function) : "", seconds_of(c, x));
	series_add_course(c->w, f, g);
	quote(c, f, x);
}

static void
weigh(struct claims *c, const struct claim *x)
{
	struct finding *f = counterpart(c, x);
	struct group g;

	if (f && f->level <= x->f->level) {
		take_kind(c, f, x);
		take_holder(c, f, x);
		return;
	}
	if (f) {
		quote(c, f, x);
		return;
	}
	if (series_group(c->w, &g, x->f, x->function) != 0)
		return;
	if (!can_judge(c->w) && g.blocks[g.n - 1] >= STILL_THERE * g.blocks[x->at])
		add_as_it_was(c, x, &g);
	else if (c->n_bounded++ < MOST_BOUNDED)
		add_bounded(c, x, &g);
	group_fini(&g);
}

/* Has no later snapshot said so?  From now on this one has. */
static bool
is_new(struct claims *c, const struct finding *f)
{
	bool is = !c->is_known[f->site];

	c->is_known[f->site] = true;
	for (size_t i = 0; i < f->n_sites; i++) {
		is &= !c->is_known[f->sites[i]] || f->sites[i] == f->site;
		c->is_known[f->sites[i]] = true;
	}
	return is;
}

static void
weigh_all(struct claims *c, const struct findings *earlier, size_t at)
{
	for (size_t i = 0; i < earlier->n && !c->w->d->findings->failed; i++) {
		struct finding *f = &earlier->list[i];
		char *function;

		if (!series_is_of_growth(f) || f->level > FINDING_WARNING || f->part_of ||
		    f->part_of_fingerprint[0] || !is_new(c, f))
			continue;
		function = series_function(c->w, f->site);
		weigh(c, &(struct claim){f, function, at});
		free(function);
	}
}

/* Returns  how many blocks have been looked at. */
static size_t
examine(struct claims *c, size_t at)
{
	const struct detector *d = c->w->d;
	struct detect_options options = *d->options;
	struct heap *h = options.load(c->w->s->list[at].path);
	struct findings *earlier = NULL;
	size_t n_blocks = h ? h->n_blocks : 0;

	options.several = NULL;
	options.before = NULL;
	options.suppressions = NULL;
	options.with_retained = options.with_types = false;
	if (h && heap_align_modules(h, d->heap))
		d->findings->failed = true;
	else if (h && heap_is_earlier(h, d->heap)) {
		earlier = findings_new(h, d->symbols, &options);
		d->findings->failed |= !earlier;
	}
	if (earlier)
		weigh_all(c, earlier, at);
	findings_free(earlier);
	heap_free(h);
	return n_blocks;
}

void
series_add_earlier(const struct work *w)
{
	struct claims c = {.w = w};
	size_t n_blocks = 0;

	if (!w->d->options->load)
		return;
	c.is_known = calloc((size_t)w->h->n_nodes + 1, sizeof(*c.is_known));
	w->d->findings->failed |= !c.is_known;
	for (size_t i = w->n_alive; i-- > 0 && n_blocks < MOST_BLOCKS;)
		if (i + 1 < w->s->n && !w->s->list[i].is_inner && !w->d->findings->failed)
			n_blocks += examine(&c, i);
	free(c.is_known);
}
