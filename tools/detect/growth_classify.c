/* growth_classify.c -- what kind of thing a site that grows is.
 *
 * In:   sites with their course, what holds their blocks (holders.h), how they died
 *       (gcprof-heap(5), BOOKS).
 * Out:  cache, queue, closure, missing-free or growth; which one is part of which.
 *
 * The kinds are tried in the order that growth.c's essay gives.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/growth.h"
#include "names/function_names.h"
#include "names/root_names.h"

enum { MIN_DEATHS = 40 }; /* for an order to be seen in them */

#define NEARLY_ALL 0.9 /* freed, of all that a site allocated */

/* ---- how they died ------------------------------------------------------- */

/* The chance that a living block was born after one that died, from the periods of
 * their births; within a period half.  What was freed at the end of the program
 * counts as living.  -1 if too few died. */
static double
suffix(const struct heap *h, const struct growing *g)
{
	const struct history *y = g->history;
	const struct heap_book *b = y->book;
	double dead = 0, living = 0, sum = 0;

	for (uint32_t p = 0; b && p < h->n_periods; p++) {
		double torn_down = g->is_torn_down ? (double)b->periods[p].last_born : 0;
		double died = (double)b->periods[p].born.blocks - torn_down;
		double lives = (double)y->born[p].blocks + torn_down;

		sum += lives * (dead + died / 2);
		dead += died;
		living += lives;
	}
	return dead < MIN_DEATHS || living < 1 ? -1 : sum / dead / living;
}

/* ---- where new ones are put ---------------------------------------------- */

static double
period_of(const struct heap *h, uint32_t block)
{
	return h->births[h->blocks[block].birth].period;
}

static uint32_t
site_of(const struct growth_work *w, uint32_t block)
{
	return joins_leader(w->joins, w->h->blocks[block].site);
}

/* An array that leads to blocks of a site, seen through its edges. */
struct array {
	double n, x, y, xx, yy, xy; /* sums: words and periods of birth */
	uint64_t last_word, least_gap;
	double n_gaps, n_least; /* between neighbours; that are the least one */
};

static void
array_add(struct array *a, uint64_t word, double period)
{
	uint64_t gap = word - a->last_word;

	if (a->n > 0) {
		if (a->n_gaps < 1 || gap < a->least_gap) {
			a->least_gap = gap;
			a->n_least = 0;
		}
		a->n_gaps++;
		a->n_least += gap == a->least_gap;
	}
	a->last_word = word;
	a->n++;
	a->x += (double)word;
	a->y += period;
	a->xx += (double)word * (double)word;
	a->yy += period * period;
	a->xy += (double)word * period;
}

/* Are new blocks put between old ones, as in a hash table, or behind them, as in an
 * array that is appended to?  From the correlation of place and age: 0 (in order of
 * age) to 1 (at random); -1 if that cannot be told. */
static double
array_scatter(const struct array *a)
{
	double vx = a->xx - a->x * a->x / a->n, vy = a->yy - a->y * a->y / a->n;

	if (a->n < MIN_DEATHS)
		return -1;
	/* All of one age, as the heads of a table's chains are: in no order. */
	if (vx <= 0 || vy <= 0)
		return 1;
	return 1 - fabs(a->xy - a->x * a->y / a->n) / sqrt(vx * vy);
}

/* Word follows word, as in a vector, without the gaps of a table. */
static bool
array_is_dense(const struct array *a)
{
	return a->n >= MIN_DEATHS && a->n_least > 0.95 * a->n_gaps;
}

static struct array
array_of_edges(const struct growth_work *w, uint64_t first, uint64_t end, uint32_t site)
{
	const struct heap *h = w->h;
	const struct edges *e = &h->edges;
	struct array a = {0};

	for (uint64_t i = first; i < end; i++)
		if (site_of(w, e->targets[i]) == site)
			array_add(&a, edges_word(e, i), period_of(h, e->targets[i]));
	return a;
}

/* The one that leads to most of a site's blocks directly: a block, or of the roots
 * one. */
static struct array
array_of(const struct growth_work *w, uint32_t container, uint32_t site)
{
	const struct heap *h = w->h;
	struct array best = {0}, a;

	if (container < h->n_blocks)
		return array_of_edges(w, h->edges.first[container],
				      h->edges.first[container + 1], site);
	for (size_t i = 0; i < h->n_roots; i++) {
		a = array_of_edges(w, h->roots[i].first_edge,
				   h->roots[i].first_edge + h->roots[i].n_edges, site);
		if (a.n > best.n)
			best = a;
	}
	return best;
}

/* The same for blocks that lead to others of their site: the mean difference of age,
 * against that of any two. */
static double
scatter_in_links(const struct growth_work *w, uint32_t site)
{
	const struct heap *h = w->h;
	const struct edges *e = &h->edges;
	double n = 0, sum = 0;

	for (uint32_t b = 0; b < h->n_blocks; b++)
		for (uint64_t i = e->first[b];
		     site_of(w, b) == site && i < e->first[b + 1]; i++)
			if (site_of(w, e->targets[i]) == site && e->targets[i] != b) {
				n++;
				sum += fabs(period_of(h, e->targets[i]) - period_of(h, b));
			}
	/* Of two at random it is a third of all periods. */
	return n < MIN_DEATHS ? -1 : sum / n / ((double)h->n_periods / 3);
}

/* The same of what was freed at the end of the program, one after the other: a list
 * and an array are freed in the order of birth or against it, a table bucket by
 * bucket, a tree by its keys.  0 (hardly any turns) to 1 (at random); -1 if there
 * are too few. */
static double
scatter_in_deaths(const struct heap_book *b)
{
	double later = b ? (double)b->last_later : 0,
	       earlier = b ? (double)b->last_earlier : 0;
	double all = later + earlier + (b ? (double)b->last_same : 0);

	return fmin(later, earlier) < MIN_DEATHS ? -1 : 2 * fmin(later, earlier) / all;
}

/* The block that leads to most of a site's blocks; heap.n_blocks if none leads to
 * many. */
static uint32_t
densest(const struct growth_work *w, uint32_t site)
{
	const struct edges *e = &w->h->edges;
	uint32_t best = w->h->n_blocks;
	uint64_t most = MIN_DEATHS;

	for (uint32_t b = 0; b < w->h->n_blocks; b++) {
		uint64_t n = 0;

		if (e->first[b + 1] - e->first[b] <= most)
			continue;
		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++)
			n += site_of(w, e->targets[i]) == site;
		if (n > most) {
			most = n;
			best = b;
		}
	}
	return best;
}

/* Of blocks that are lost at the end no path from a root is left: the edges are. */
static void
collect_from_lost(const struct growth_work *w, struct growing *g)
{
	uint32_t site = g->history->node, container = densest(w, site);

	if (container < w->h->n_blocks) {
		struct array a = array_of(w, container, site);

		g->scatter = array_scatter(&a);
		g->is_dense = array_is_dense(&a);
	} else {
		g->scatter = scatter_in_links(w, site);
	}
}

/* ---- what they are ------------------------------------------------------- */

bool
growth_is_function(const char *type)
{
	size_t n = type ? strlen(type) : 0;

	return n > 2 && strcmp(type + n - 2, "()") == 0;
}

/* Frames of what makes a callable object keep what it has captured; not of what calls
 * one. */
static bool
is_callable_frame(const char *function)
{
	return strstr(function, "_M_init_functor") || strstr(function, "_Base_manager") ||
	       (strstr(function, "std::function<") && strstr(function, "::function<")) ||
	       (strstr(function, "move_only_function") &&
		!strstr(function, "::operator()"));
}

static bool
has_callable_frames(const struct growth_work *w, uint32_t site)
{
	const char *own;
	struct stack s;
	bool has = false;

	if (stack_get(w->h, w->d->symbols, site, &s) != 0)
		return false;
	own = names_function(w->h, &s);
	for (size_t i = 0; i < s.n && s.frames[i].function != own && !has; i++)
		has = s.frames[i].function && is_callable_frame(s.frames[i].function);
	stack_free(&s);
	return has;
}

/* The container whose memory a site allocates, by its stack. */
static const char *
container_of_site(const struct growth_work *w, uint32_t site)
{
	const char *name = NULL;
	struct stack s;

	if (stack_get(w->h, w->d->symbols, site, &s) == 0) {
		name = names_container(&s);
		stack_free(&s);
	}
	return name;
}

static bool
has_word_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; text && i < n; i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

#define HAS_WORD(text, list) has_word_of(text, list, sizeof(list) / sizeof(*(list)))

static const char *const table_kinds[] = {"map", "set", "Hash", "Tree", "hash", "tree"};
static const char *const queue_kinds[] = {"deque", "queue", "Queue"};
static const char *const closure_words[] = {"listener", "observer", "callback", "subscri",
					    "handler",  "closure",  "watcher",  "slot_"};

static const char *
container_of(const struct growing *g)
{
	return g->has_holder && g->holder.kind ? g->holder.kind : g->container;
}

bool
growth_is_in_table(const struct growing *g)
{
	return HAS_WORD(container_of(g), table_kinds);
}

void
growth_collect_evidence(struct growth_work *w, struct growing *g)
{
	const struct history *y = g->history;

	g->suffix = suffix(w->h, g);
	g->scatter = -1;
	g->has_code = has_callable_frames(w, y->node);
	g->container = container_of_site(w, y->node);
	g->death_scatter = g->is_torn_down ? scatter_in_deaths(y->book) : -1;
	if (!w->holders || y->n_sample == 0)
		return;
	if (holders_find(w->holders, y->sample, y->n_sample, &g->holder) == 0) {
		const struct holder *x = &g->holder;

		g->has_holder = true;
		/* What holds objects of a runtime is moved by its collector: places tell
		 * nothing of an order. */
		if (x->shape == HOLDER_ARRAY && !growth_is_joined(w, g)) {
			struct array a = array_of(w, x->container, y->node);

			g->scatter = array_scatter(&a);
			g->is_dense = array_is_dense(&a);
		}
		if (g->scatter < 0 && !growth_is_joined(w, g))
			g->scatter = scatter_in_links(w, y->node);
	}
	if (!g->has_holder && g->is_lost)
		collect_from_lost(w, g);
	g->type = names_type(w->d->parts->names, y->sample[0]);
	g->has_code |= growth_is_function(g->type);
}

/* The site above it on its path that grows as well. */
static void
resolve_owner(struct growth_work *w, struct growing *g)
{
	g->part_of = -1;
	for (size_t i = g->holder.n_steps; g->has_holder && i-- > 0;) {
		const struct holder_step *s = &g->holder.steps[i];
		uint32_t at = s->is_root ? 0 : w->by_site[s->site];

		if (at && &w->list[at - 1] != g && w->list[at - 1].course == GROWING &&
		    !w->list[at - 1].is_bytes)
			g->part_of = at - 1;
	}
}

static enum growth_kind
kind_of(const struct growing *g)
{
	const struct holder *x = &g->holder;
	bool is_table = growth_is_in_table(g);
	/* Things are taken out, though fewer than are put in. */
	bool is_consumed = g->freed >= 0.1 && !is_table;

	if (g->is_bytes)
		return GROWTH;
	if (g->has_code && g->freed < 0.5)
		return CLOSURE;
	if (g->suffix >= IN_ORDER)
		return QUEUE;
	if (g->freed >= NEARLY_ALL)
		return MISSING_FREE;
	if (HAS_WORD(container_of(g), queue_kinds))
		return QUEUE;
	if (is_consumed && g->has_holder &&
	    (g->is_dense || (x->shape == HOLDER_CHAIN && g->suffix > 0.8)))
		return QUEUE;
	if (HAS_WORD(g->type, closure_words) || HAS_WORD(g->function, closure_words))
		return CLOSURE;
	if (is_table || g->scatter > 0.3 || g->death_scatter > 0.01)
		return CACHE;
	return GROWTH;
}

bool
growth_is_companion(const struct growth_work *w, const struct growing *a,
		    const struct growing *b)
{
	for (uint32_t p = 1; p + 1 < w->h->n_periods; p++)
		if (fabs(a->history->blocks[p] - b->history->blocks[p]) >
		    0.05 * a->history->blocks[p] + 2)
			return false;
	return true;
}

/* What was freed at the end of the program has no holder any more.  Sites that have
 * grown step by step with one of a known kind are of that kind: a key, a value and
 * the node that held them. */
static void
adopt_kinds_of_companions(struct growth_work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		for (size_t k = 0; k < w->n && g->course == GROWING && g->is_torn_down &&
				   !g->is_bytes && g->kind == GROWTH;
		     k++) {
			const struct growing *o = &w->list[k];

			if (o->course == GROWING && o->kind != GROWTH &&
			    growth_is_companion(w, g, o))
				g->kind = o->kind;
		}
	}
}

/* A container's own memory is no finding beside what it contains. */
static bool
is_container(const struct growth_work *w, const struct growing *g)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct growing *o = &w->list[i];

		for (size_t k = 0; o != g && o->course == GROWING && !o->is_bytes &&
				   k < o->holder.n_steps;
		     k++)
			if (!o->holder.steps[k].is_root &&
			    joins_leader(w->joins, o->holder.steps[k].site) ==
				    g->history->node)
				return true;
		/* Of what was freed at the end no path is left: what else would it be? */
		if (g->is_torn_down && o->course == GROWING && !o->is_bytes &&
		    o->is_torn_down)
			return true;
	}
	return false;
}

void
growth_classify(struct growth_work *w)
{
	bool is_any = false;

	for (size_t i = 0; i < w->n; i++)
		is_any |= w->list[i].course == GROWING ||
			  (w->list[i].course == BOUNDED &&
			   growth_is_turning_over(w, &w->list[i]));
	if (!is_any)
		return;
	w->holders = detector_holders(w->d);
	w->dominators = detector_dominators(w->d);
	if (w->dominators)
		w->retained = dominators_by_site(w->dominators);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING)
			growth_collect_evidence(w, &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING) {
			resolve_owner(w, &w->list[i]);
			w->list[i].kind = kind_of(&w->list[i]);
		}
	adopt_kinds_of_companions(w);
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		if (g->course == GROWING && g->part_of >= 0)
			g->kind = w->list[g->part_of].kind;
		g->is_container = g->course == GROWING && g->is_bytes && is_container(w, g);
	}
}
