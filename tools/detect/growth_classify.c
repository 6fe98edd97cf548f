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
#include "names/containers.h"
#include "names/function_names.h"
#include "names/neighbours.h"
#include "names/root_names.h"

enum {
	MIN_DEATHS = 40, /* for an order to be seen in them */
	MIN_CODE_WORDS = 2,
	NODES_OF_CALL = 12, /* that are looked at for the program's own function */
};

#define OUTGROWN 1.5   /* of arrays: larger than those that died */
#define TAKEN_OUT 0.01 /* of what was put in, in the same time: less is no consumer */
#define MOST_OFTEN 0.4 /* of the late periods are those in which some are taken out */
#define SCATTERED 0.3  /* more is a table */
#define UNORDERED 0.01 /* the same of deaths: bucket by bucket there are few turns */

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

/* Are some taken out all along, in the last half as well?  A table that frees some of its
 * entries as it is enlarged, or had a limit once, does so in few periods, and early. */
static bool
is_consumed(const struct growing *g)
{
	const struct history *y = g->history;
	const struct heap_book *b = y->book;
	size_t n = g->end + 1, from = n / 2, n_with = 0;
	double born = 0;

	for (size_t p = from; b && p < n; p++)
		born += (double)y->born[p].blocks + (double)b->periods[p].born.blocks;
	born /= (double)(n - from);
	for (size_t p = from; b && p < n; p++)
		n_with += (double)b->periods[p].died.blocks > TAKEN_OUT * born;
	return (double)n_with > MOST_OFTEN * (double)(n - from);
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
	/* Of all its words, as its blocks may be of several sites. */
	uint64_t n_words, last_word, least_gap;
	double n_gaps, n_least; /* between neighbours; that are the least one */
};

/* A word that leads to a block of any site. */
static void
array_add_word(struct array *a, uint64_t word)
{
	uint64_t gap = word - a->last_word;

	if (a->n_words++ > 0) {
		if (a->n_gaps < 1 || gap < a->least_gap) {
			a->least_gap = gap;
			a->n_least = 0;
		}
		a->n_gaps++;
		a->n_least += gap == a->least_gap;
	}
	a->last_word = word;
}

static void
array_add(struct array *a, uint64_t word, double period)
{
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

	for (uint64_t i = first; i < end; i++) {
		array_add_word(&a, edges_word(e, i));
		if (site_of(w, e->targets[i]) == site)
			array_add(&a, edges_word(e, i), period_of(h, e->targets[i]));
	}
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

/* Where the program's own function asks for a block of a site: a function that stands
 * for malloc makes one call for blocks of all kinds. */
static void
call_of(const struct growth_work *w, uint32_t node, uint32_t *ret_module,
	uint64_t *ret_offset)
{
	struct stack s;
	size_t i;

	*ret_module = w->h->nodes[node].module;
	*ret_offset = w->h->nodes[node].offset;
	if (stack_get_few(w->h, w->d->symbols, node, NODES_OF_CALL, &s) != 0)
		return;
	i = names_frame(w->h, &s);
	if (i < s.n) {
		*ret_module = s.frames[i].module;
		*ret_offset = s.frames[i].offset;
	}
	stack_free(&s);
}

/* Allocated by one call, on whatever way the program came there. */
static bool
is_one_call(const void *work, uint32_t a, uint32_t b)
{
	const struct growth_work *w = work;
	uint32_t site = w->h->blocks[a].site, other = w->h->blocks[b].site, module, m;
	const struct heap_node *x = &w->h->nodes[site], *y = &w->h->nodes[other];
	uint64_t offset, o;

	if (site == other)
		return true;
	if (x->module != y->module || x->offset != y->offset || x->flags != y->flags)
		return false;
	call_of(w, site, &module, &offset);
	call_of(w, other, &m, &o);
	return module == m && offset == o;
}

/* Nodes of a tree that is built once, from its leaves or from its root: many lead to three
 * others of their kind or more, or to two that do not lead back, and these were mostly
 * born at about the same time.  In a table or a tree that is searched they were
 * not. */
static bool
is_tree_of_nodes(const struct growth_work *w, const struct history *y)
{
	const struct heap *h = w->h;
	double near_by = (double)h->n_periods / 10 + 1, n_near = 0, n_links = 0;
	size_t n_forked = 0;

	for (size_t i = 0; i < y->n_sample; i++) {
		uint32_t b = y->sample[i], list[NEIGHBOURS_MOST];
		unsigned n = neighbours_find(h, b, is_one_call, w, list), n_back = 0;

		for (unsigned k = 0; k < n; k++) {
			n_back += neighbours_lead_to(h, list[k], b, is_one_call, w);
			n_near += fabs(period_of(h, list[k]) - period_of(h, b)) <= near_by;
		}
		n_links += n;
		n_forked += n > 2 || (n == 2 && n_back == 0);
	}
	return n_forked * 10 > y->n_sample && n_near > 0.5 * n_links;
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

/* An array that has all blocks of a site, without gaps, has been sorted if they are in no
 * order of birth: a table of so few places as it has entries has more of them in chains. */
static void
take_array(struct growing *g, const struct array *a, const struct history *y)
{
	bool has_all = a->n > NEARLY_ALL * (double)y->live.blocks;

	g->scatter = array_scatter(a);
	g->is_dense = array_is_dense(a);
	g->has_table = g->scatter > SCATTERED;
	g->is_filled = g->is_dense && has_all && !g->has_table;
	g->is_sorted = g->is_dense && has_all && g->has_table;
}

/* Of blocks that are lost at the end no path from a root is left: the edges are. */
static void
collect_from_lost(const struct growth_work *w, struct growing *g)
{
	uint32_t site = g->history->node, container = densest(w, site);

	if (container < w->h->n_blocks) {
		struct array a = array_of(w, container, site);

		take_array(g, &a, g->history);
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
has_callable_frames(const struct growth_work *w, const struct stack *s)
{
	const char *own = names_function(w->h, s);
	bool has = false;

	for (size_t i = 0; i < s->n && s->frames[i].function != own && !has; i++)
		has = s->frames[i].function && is_callable_frame(s->frames[i].function);
	return has;
}

/* How often a function of the program is on a stack that calls itself, as one does that
 * descends into what it reads; 1 if none does. */
static unsigned
depth_of(const struct growth_work *w, const struct stack *s)
{
	unsigned most = 1;

	for (size_t i = names_frame(w->h, s); i < s->n; i++) {
		unsigned n = 1;

		for (size_t k = i + 1; s->frames[i].function && k < s->n; k++)
			n += s->frames[k].function && !names_is_inside(s, k) &&
			     strcmp(s->frames[k].function, s->frames[i].function) == 0;
		most = n > most ? n : most;
	}
	return most;
}

/* Was a good part of what one call allocated allocated at other depths than this site's?  An
 * interpreter calls itself as well, but the program that it runs loops at one depth. */
static bool
is_of_several_depths(const struct growth_work *w, uint32_t site, unsigned depth)
{
	enum { MOST_SITES = 64 }; /* BOUND: examined; of a call there may be thousands */
	const struct heap_node *x = &w->h->nodes[site];
	double same = (double)x->allocations, other = 0;
	uint32_t module, m;
	uint64_t offset, o;
	size_t n = 0;

	call_of(w, site, &module, &offset);
	for (uint32_t i = 1; i <= w->h->n_nodes && n < MOST_SITES; i++) {
		const struct heap_node *y = &w->h->nodes[i];
		struct stack s;

		if (i == site || y->allocations == 0 || y->offset != x->offset ||
		    y->module != x->module || y->flags != x->flags)
			continue;
		call_of(w, i, &m, &o);
		if (m != module || o != offset || stack_get(w->h, w->d->symbols, i, &s) != 0)
			continue;
		n++;
		*(depth_of(w, &s) == depth ? &same : &other) += (double)y->allocations;
		stack_free(&s);
	}
	return other > same / 3;
}

/* A type whose objects are what is to be called: they keep code, or lead to it. */
static bool
is_callable_type(const char *type)
{
	static const char *const words[] = {"function<", "functor", "lambda("};

	for (size_t i = 0; type && i < sizeof(words) / sizeof(*words); i++)
		if (strcasestr(type, words[i]))
			return true;
	return false;
}

/* What the stack of a site says of its blocks. */
static void
collect_from_stack(const struct growth_work *w, struct growing *g)
{
	struct stack s;
	unsigned depth;

	if (stack_get(w->h, w->d->symbols, g->history->node, &s) != 0)
		return;
	g->has_code = has_callable_frames(w, &s);
	g->container = names_container(&s);
	depth = depth_of(w, &s);
	g->is_tree = depth > 1 && is_of_several_depths(w, g->history->node, depth);
	g->type = containers_role(&s, false);
	if (!g->type)
		g->type = containers_made(&s);
	g->has_code |= is_callable_type(g->type);
	stack_free(&s);
}

/* Its class is better than what its stack says, and so is a function it leads to. */
static void
collect_from_words(const struct growth_work *w, struct growing *g, const struct history *y)
{
	uint32_t block = y->sample[0];
	char *type = names_type(w->d->parts->names, block);
	size_t n_words = 0;

	if (!type)
		return;
	(void)heap_block_objects(w->h, block, &n_words);
	/* One function pointer does not make an array one of callbacks. */
	g->has_code |=
		growth_is_function(type) && (!g->is_bytes || n_words >= MIN_CODE_WORDS);
	free(g->type);
	g->type = type;
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
static const char *const closure_words[] = {"listener", "observer", "callback",
					    "subscri",  "handler",  "closure",
					    "watcher",  "slot_",    "continuation"};
/* Of a class's own name.  A slot may be one in a table, and a connection one to a
 * network: only with another such word they are of callbacks. */
static const char *const signal_words[] = {"signal", "slot", "connection"};

/* Is a class called so, without its scope: "Slot" of "Signal<View>::Slot"? */
static bool
is_class_called(const char *type, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = type; (at = strstr(at, name)); at += n)
		if ((at == type || strchr(":<, ", at[-1])) &&
		    (at[n] == '\0' || strchr("<>, [", at[n])))
			return true;
	return false;
}

/* "Signal::Slot", "SlotConnection", "signals2::connection"; "Slot" alone. */
static bool
is_of_signals(const char *type)
{
	const size_t n_words = sizeof(signal_words) / sizeof(*signal_words);
	size_t n = 0;

	for (size_t i = 0; type && i < n_words; i++)
		n += strcasestr(type, signal_words[i]) != NULL;
	return n > 1 || (n == 1 && (is_class_called(type, "Slot") ||
				    is_class_called(type, "slot")));
}

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

static void
find_holders(struct growth_work *w)
{
	w->holders = detector_holders(w->d);
	w->dominators = detector_dominators(w->d);
	if (w->dominators && !w->retained)
		w->retained = dominators_by_site(w->dominators);
}

/* The site in the heap before, if more of it was held then than is held now, and the
 * program freed or lost it at its end, or nothing leads to it now; NULL: it was not. */
static const struct history *
held_before(const struct growth_work *w, const struct growing *g)
{
	const struct history *y = g->history, *then;

	if (!w->before)
		return NULL;
	then = &w->before->histories->list[g - w->list];
	if (!then->node || !then->n_sample)
		return NULL;
	if (g->is_torn_down || g->is_lost)
		return then->live.blocks > y->live.blocks - y->n_lost ||
				       then->live.bytes > 2 * y->live.bytes
			       ? then
			       : NULL;
	return g->has_holder ? NULL : then;
}

static void
collect_from_holder(const struct growth_work *w, struct growing *g, const struct history *y)
{
	if (!w->holders || y->n_sample == 0)
		return;
	if (holders_find(w->holders, y->sample, y->n_sample, &g->holder) == 0) {
		const struct holder *x = &g->holder;

		g->has_holder = true;
		/* What holds objects of a runtime is moved by its collector: places tell
		 * nothing of an order. */
		if (x->shape == HOLDER_ARRAY && !growth_is_joined(w, g)) {
			struct array a = array_of(w, x->container, y->node);

			take_array(g, &a, y);
		}
		if (g->scatter < 0 && !growth_is_joined(w, g))
			g->scatter = scatter_in_links(w, y->node);
		g->is_tree |= is_tree_of_nodes(w, y);
	}
	collect_from_words(w, g, y);
}

/* A look is taken when the first blocks are freed, by a function that has the others in its
 * hands: that tells nothing of who held them until then.  But a container that is a local
 * variable is there until its destructor has ended, and a caller's variable longer. */
static bool
is_in_free(const struct heap *before, const struct growing *g)
{
	const struct holder_step *root = g->holder.steps;

	return g->has_holder && strcmp(before->info.reason.bytes, "peak") == 0 &&
	       g->holder.n_steps && root->is_root && !root->is_local_owner &&
	       (root->root_kind == HEAPFILE_ROOT_STACK ||
		root->root_kind == HEAPFILE_ROOT_REGISTERS);
}

static void
collect_from_before(struct growth_work *w, struct growing *g)
{
	const struct history *then = held_before(w, g);

	if (g->has_holder || !then)
		return;
	find_holders(w->before);
	collect_from_holder(w->before, g, then);
	g->is_seen_before = g->has_holder;
	g->is_in_free = is_in_free(w->before->h, g);
	/* Where they are put says more than the order in which they were freed; but the chains
	 * of a small table look like lists. */
	if (g->is_dense || g->scatter > SCATTERED)
		g->death_scatter = -1;
}

void
growth_collect_evidence(struct growth_work *w, struct growing *g)
{
	const struct history *y = g->history;

	g->suffix = suffix(w->h, g);
	g->scatter = -1;
	g->is_consumed = is_consumed(g);
	collect_from_stack(w, g);
	g->death_scatter = g->is_torn_down ? scatter_in_deaths(y->book) : -1;
	if (g->is_torn_down || g->is_lost)
		collect_from_before(w, g);
	if (!g->has_holder)
		collect_from_holder(w, g, y);
	collect_from_before(w, g);
	if (!g->has_holder && g->is_lost)
		collect_from_lost(w, g);
}

/* The site above it on its path that grows as well. */
static void
resolve_owner(struct growth_work *w, struct growing *g)
{
	const size_t n = g->has_holder ? g->holder.n_steps : 0;

	g->part_of = -1;
	if (n > 1 && !g->holder.steps[n - 2].is_root)
		g->led_from = g->holder.steps[n - 2].site;
	for (size_t i = g->holder.n_steps; g->has_holder && i-- > 0;) {
		const struct holder_step *s = &g->holder.steps[i];
		uint32_t at = s->is_root ? 0 : w->by_site[s->site];

		if (at && &w->list[at - 1] != g && w->list[at - 1].course == GROWING &&
		    !w->list[at - 1].is_bytes)
			g->part_of = at - 1;
	}
}

/* Arrays of a std::vector, GPtrArray ... of which those that died were outgrown, one
 * smaller than the other, and nothing was taken out. */
static bool
is_outgrown(const struct growing *g)
{
	static const char role[] = " storage";
	const struct heap_book *b = g->history->book;
	size_t n = g->type ? strlen(g->type) : 0;
	struct heap_count died = {0, 0}, lives = growth_count(g);

	if (!b || n < sizeof(role) || strcmp(g->type + n - (sizeof(role) - 1), role) != 0)
		return false;
	for (size_t p = 0; p < g->end; p++) {
		died.blocks += b->periods[p].died.blocks;
		died.bytes += b->periods[p].died.bytes;
	}
	return died.blocks && lives.blocks &&
	       (double)died.bytes / (double)died.blocks * OUTGROWN <
		       (double)lives.bytes / (double)lives.blocks;
}

/* Queues: the oldest go first.  Few deaths, early, are in order of birth as well, whoever
 * died; they have to go on, or be many. */
static bool
is_queue(const struct growing *g)
{
	bool is_table = growth_is_in_table(g);

	if (is_outgrown(g))
		return false;
	if (g->suffix >= IN_ORDER && (g->is_consumed || g->freed >= 0.5))
		return true;
	if (HAS_WORD(container_of(g), queue_kinds))
		return g->freed < NEARLY_ALL && (!g->has_code || g->is_consumed);
	/* Things are taken out, though fewer than are put in. */
	return g->is_consumed && g->freed >= 0.1 && g->freed < NEARLY_ALL && !is_table &&
	       g->has_holder && !g->has_code &&
	       (g->is_dense || (g->holder.shape == HOLDER_CHAIN && g->suffix > 0.8));
}

static enum growth_kind
kind_of(struct growing *g)
{
	if (g->is_bytes)
		return g->has_code ? CLOSURE : GROWTH;
	if (is_queue(g))
		return QUEUE;
	if (g->has_code && g->freed < 0.5)
		return CLOSURE;
	if (g->freed >= NEARLY_ALL)
		return MISSING_FREE;
	if (HAS_WORD(g->type, closure_words) || HAS_WORD(g->function, closure_words))
		return CLOSURE;
	if (growth_is_in_table(g))
		return CACHE;
	if (is_of_signals(g->type))
		return CLOSURE;
	if (g->has_table && !g->is_sorted)
		return CACHE;
	g->is_scatter =
		(g->scatter > SCATTERED && !g->is_sorted) || g->death_scatter > UNORDERED;
	return g->is_scatter ? CACHE : GROWTH;
}

/* At the end of each period, of a so many times as many as of b. */
static bool
is_as_many(const struct growth_work *w, const struct growing *a, const struct growing *b,
	   double times, double share, double few)
{
	for (uint32_t p = 1; p + 1 < w->h->n_periods; p++)
		if (fabs(a->history->blocks[p] - times * b->history->blocks[p]) >
		    share * a->history->blocks[p] + few * times)
			return false;
	return true;
}

bool
growth_is_companion(const struct growth_work *w, const struct growing *a,
		    const struct growing *b)
{
	return is_as_many(w, a, b, 1, 0.05, 2);
}

bool
growth_is_twin(const struct growth_work *w, const struct growing *a,
	       const struct growing *b)
{
	enum { MOST_PARTS = 8 }; /* of one kind in a record */
	double n = (double)growth_count(a).blocks, m = (double)growth_count(b).blocks;
	double times = n >= m ? round(n / fmax(m, 1)) : round(m / fmax(n, 1));

	if (times < 1 || times > MOST_PARTS)
		return false;
	return n >= m ? is_as_many(w, a, b, times, 0.002, 4)
		      : is_as_many(w, b, a, times, 0.002, 4);
}

/* What was freed at the end of the program has no holder any more.  Sites that have
 * grown step by step with one of a known kind are of that kind: a key, a value and
 * the node that held them. */
static void
adopt_kinds_of_companions(struct growth_work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		for (size_t k = 0;
		     k < w->n && g->course == GROWING && growth_is_ownerless(g) &&
		     !g->is_bytes && g->kind == GROWTH;
		     k++) {
			const struct growing *o = &w->list[k];

			if (o->course == GROWING && o->kind != GROWTH &&
			    growth_is_companion(w, g, o)) {
				g->kind = o->kind;
				g->is_scatter = o->is_scatter;
			}
		}
	}
}

/* What a site's blocks hold is taken out oldest first, all along: so are its blocks, or the
 * places in them, though these may never be freed, as the nodes of a pool, and stand in no
 * order, as places that are used again do. */
static void
adopt_order_of_parts(struct growth_work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		if (g->course != GROWING || g->kind != QUEUE || !g->is_consumed ||
		    g->suffix < IN_ORDER)
			continue;
		for (size_t n = 0; g->part_of >= 0 && n < w->n; n++) {
			g = &w->list[g->part_of];
			if (g->kind != GROWTH && !g->is_scatter)
				continue;
			g->kind = QUEUE;
			g->is_scatter = false;
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
		if (growth_is_ownerless(g) && o->course == GROWING && !o->is_bytes &&
		    growth_is_ownerless(o))
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
	w->is_all = growth_is_all(w);
	w->has_ended = growth_has_ended(w);
	find_holders(w);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING)
			growth_collect_evidence(w, &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING) {
			resolve_owner(w, &w->list[i]);
			w->list[i].kind = kind_of(&w->list[i]);
		}
	adopt_kinds_of_companions(w);
	adopt_order_of_parts(w);
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		if (g->course == GROWING && g->part_of >= 0) {
			g->kind = w->list[g->part_of].kind;
			g->is_scatter = w->list[g->part_of].is_scatter;
		}
		/* Of a program that runs on a queue was emptied; what else is kept for its
		 * whole life was not to go. */
		if (g->kind == QUEUE && g->is_torn_down && !heap_is_exit(w->h))
			g->course = DRAINED;
		g->is_container = g->course == GROWING && g->is_bytes && is_container(w, g);
	}
}
