/* growth.c -- what grows though the program still holds it, and what kind of
 * thing that is.
 *
 * In:   the history of each site that matters (history.h), what holds its blocks
 *       (holders.h), how they died (gcprof-heap(5), BOOKS).
 * Out:  findings of kind cache, queue, closure, missing-free and growth.
 * Not here: lost blocks (detect/leak.c); how a trend is told from noise (trend.h).
 *
 * A site's course is judged first, over periods of equal volume: growing, bounded,
 * drained, or nothing to speak of.  What grows is then sorted, in this order:
 *
 *     closure       blocks, or what leads to them, hold a code pointer
 *     queue         those that die are the oldest: the living are a suffix of
 *                   the births
 *     missing-free  nearly all the others of the site are freed
 *     cache         a table or a tree into whose old parts new blocks are put
 *     growth        none of these: an array that is appended to, a list
 *
 * A site whose blocks are held by blocks of another growing site is of that one's
 * kind: a queue's messages, the strings in a cache's entries.  Sites of one
 * allocating function make one finding.
 *
 * Where numbers are constants below they were calibrated on tests/corpus.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/history.h"
#include "detect/jit_sites.h"
#include "detect/trend.h"
#include "explain/holders.h"
#include "graph/dominators.h"
#include "names/names.h"
#include "util/text.h"

enum {
	MIN_PERIODS = 9,        /* below: too short to judge */
	MIN_BLOCKS = 200,       /* of a site that matters, */
	MIN_BYTES = 64 << 10,   /* or so many bytes, or a hundredth of all */
	MANY_BLOCKS = 1000,     /* of a queue that is told of though it has drained */
	FEW_BLOCKS = 16,        /* of so few, the bytes' course counts, not the blocks' */
	LARGE_GROWTH = 8 << 20, /* bytes that are a warning in any heap */
	MIN_DEATHS = 40,        /* for an order to be seen in them */
	TEARDOWN_PART = 7, /* of the periods: in the last of so many parts threads end */
	BLOCK_WEIGHT = 64, /* bytes that a block adds to the volume of a period */
	COMPOSITE = 3,     /* functions that build one structure */
	MAX_CANDIDATES = 64,
	MIN_CANDIDATES = 8,
};

#define MAX_P 0.05     /* of a trend by chance */
#define GOES_ON 0.33   /* last slope to the mean one: it still grows */
#define SLOWS_DOWN 0.5 /* slope of the last third to that of the first */
#define IN_ORDER 0.95  /* chance that a living block is younger than a dead one was */
#define NEARLY_ALL 0.9 /* freed, of all that a site allocated */
#define DRAINED_SHARE 0.1
#define MIN_SHARE 0.05 /* of the heap's bytes, for a warning */

enum course { NOTHING, GROWING, SLOWING, BOUNDED, DRAINED };
enum kind { GROWTH, CACHE, MISSING_FREE, QUEUE, CLOSURE };

/* A site that matters. */
struct growing {
	const struct history *history;
	const double *series; /* what was judged: blocks or bytes */
	bool is_bytes;
	bool is_torn_down; /* freed at the end of the program */
	bool is_lost;      /* at the end of the program, with what held it */
	size_t end;        /* the last period that counts: the last whole one, or the one
		     * before it was torn down */
	enum course course;
	struct trend trend; /* of the last half */
	double first, last; /* of the series: after warm-up, and at the end */
	double peak;
	bool has_holder;
	struct holder holder;
	char *function; /* that allocates; NULL = unknown */
	enum kind kind;
	double suffix;  /* chance that a living one is younger than a dead one; -1 */
	double freed;   /* share of the site's blocks */
	double scatter; /* how new blocks are spread over old ones; -1 unknown */
	double death_scatter;  /* how they were, when all were freed at the end; -1 */
	const char *container; /* "std::map": whose memory the site allocates; or NULL */
	bool has_code;
	bool is_dense; /* held by an array without gaps */
	char *type;
	bool is_container; /* of another one that grows */
	int64_t part_of;   /* index of the one whose blocks hold it; -1 */
	bool is_told;
	size_t finding; /* index + 1 of the one that counts its blocks; 0 = none */
};

struct work {
	const struct detector *d;
	const struct heap *h;
	struct histories *histories;
	struct dominators *dominators;
	struct holders *holders;     /* NULL: nobody was asked for, or no graph */
	struct heap_count *retained; /* by site; NULL = unknown */
	struct growing *list;
	size_t n;
	struct joins *joins;
	uint32_t *by_site; /* index + 1 in list; of joined sites their leader's */
	/* The program freed most of its memory in the last period, as it does that
	 * cleans up at its end: then the period before counts. */
	bool is_torn_down;
	double heap_bytes, heap_blocks; /* live, at the snapshot or before that */
};

static bool
is_joined(const struct work *w, const struct growing *g)
{
	return joins_size(w->joins, g->history->node) > 1;
}

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define RATE(v) put_rate(v, (char[32]){0}, 32)
#define PLAIN(s) names_plain(s, (char[120]){0}, 120)

/* ---- candidates ---------------------------------------------------------- */

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

/* What lives of sites that are one counts for their leader. */
static void
sum_joined(const struct work *w, struct heap_site *sites)
{
	for (uint32_t i = 1; i <= w->h->n_nodes; i++) {
		uint32_t leader = joins_leader(w->joins, i);

		if (leader == i)
			continue;
		sites[leader].live.blocks += sites[i].live.blocks;
		sites[leader].live.bytes += sites[i].live.bytes;
	}
}

/* Sites that matter, the heaviest first.  BOUND  Not more than looking for what
 * holds them is worth: 64, in large heaps 8. */
static size_t
candidates(const struct work *w, struct heap_site *sites, uint32_t *ret)
{
	const struct heap *h = w->h;
	struct ranked *all = calloc((size_t)h->n_nodes + 1, sizeof(*all));
	size_t n = 0, most = 40000000 / ((size_t)h->n_blocks + 1);

	if (!all)
		return 0;
	most = most > MAX_CANDIDATES   ? MAX_CANDIDATES
	       : most < MIN_CANDIDATES ? MIN_CANDIDATES
				       : most;
	sum_joined(w, sites);
	for (uint32_t i = 1; i <= h->n_nodes; i++) {
		const struct heap_book *book = joins_book(w->joins, i);
		struct heap_count live = sites[i].live;
		double weight;

		if (joins_leader(w->joins, i) != i)
			continue;
		if (w->is_torn_down && book) {
			live.blocks += book->periods[h->n_periods - 1].died.blocks;
			live.bytes += book->periods[h->n_periods - 1].died.bytes;
		}
		weight = (double)live.bytes / (w->heap_bytes + 1) +
			 (double)live.blocks / (w->heap_blocks + 1);
		if (live.blocks < MIN_BLOCKS && live.bytes < MIN_BYTES &&
		    (double)live.bytes < w->heap_bytes / 100 &&
		    !(book && book->deaths >= MIN_BLOCKS))
			continue;
		if (h->nodes[i].flags & HEAPFILE_SITE_SPECIAL)
			continue;
		all[n++] = (struct ranked){i, weight};
	}
	if (n)
		qsort(all, n, sizeof(*all), compare_ranked);
	n = n < most ? n : most;
	for (size_t i = 0; i < n; i++)
		ret[i] = all[i].node;
	free(all);
	return n;
}

/* ---- the course ---------------------------------------------------------- */

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
end_of(const struct work *w, const struct growing *g, size_t n_periods)
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
has_stopped(const struct work *w, const struct growing *g, double mean)
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

	return !g->is_torn_down && !is_joined(w, g) && part > 0.5 &&
	       (double)born < GOES_ON * mean * part;
}

/* The last period is not over: its end is looked at, not its slope; and not even its
 * end if the blocks were freed with all the others at the end of the program. */
static enum course
judge(const struct work *w, struct growing *g, size_t n_periods)
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

/* Live at the snapshot, or when the program began to clean up. */
static struct heap_count
count_of(const struct growing *g)
{
	const struct history *y = g->history;

	return g->is_torn_down ? (struct heap_count){(uint64_t)y->blocks[g->end],
						     (uint64_t)y->bytes[g->end]}
			       : y->live;
}

/* Blocks of the site that were not freed: live, or lost. */
static uint64_t
kept_blocks(const struct growing *g)
{
	return count_of(g).blocks + g->history->n_leaked;
}

static double
freed_share(const struct growing *g)
{
	double all = (double)g->history->allocations;

	return all > 0 ? fmax(0, 1 - (double)kept_blocks(g) / all) : 0;
}

/* ---- where new ones are put ---------------------------------------------- */

static double
period_of(const struct heap *h, uint32_t block)
{
	return h->births[h->blocks[block].birth].period;
}

static uint32_t
site_of(const struct work *w, uint32_t block)
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
array_of_edges(const struct work *w, uint64_t first, uint64_t end, uint32_t site)
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
array_of(const struct work *w, uint32_t container, uint32_t site)
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
scatter_in_links(const struct work *w, uint32_t site)
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
densest(const struct work *w, uint32_t site)
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
look_at_lost(const struct work *w, struct growing *g)
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

static bool
is_function(const char *type)
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
has_callable_frames(const struct work *w, uint32_t site)
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
container_of_site(const struct work *w, uint32_t site)
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

static void
look_at(struct work *w, struct growing *g)
{
	const struct history *y = g->history;

	g->suffix = suffix(w->h, g);
	g->freed = freed_share(g);
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
		if (x->shape == HOLDER_ARRAY && !is_joined(w, g)) {
			struct array a = array_of(w, x->container, y->node);

			g->scatter = array_scatter(&a);
			g->is_dense = array_is_dense(&a);
		}
		if (g->scatter < 0 && !is_joined(w, g))
			g->scatter = scatter_in_links(w, y->node);
	}
	if (!g->has_holder && g->is_lost)
		look_at_lost(w, g);
	g->type = names_type(w->d->parts->names, y->sample[0]);
	g->has_code |= is_function(g->type);
}

/* The site above it on its path that grows as well. */
static void
find_owner(struct work *w, struct growing *g)
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

static enum kind
sort_out(const struct growing *g)
{
	const struct holder *x = &g->holder;
	const char *container = g->has_holder && x->kind ? x->kind : g->container;
	bool is_table = HAS_WORD(container, table_kinds);
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
	if (HAS_WORD(container, queue_kinds))
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

/* Two sites whose blocks were as many at the end of each period. */
static bool
is_companion(const struct work *w, const struct growing *a, const struct growing *b)
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
follow_companions(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		for (size_t k = 0; k < w->n && g->course == GROWING && g->is_torn_down &&
				   !g->is_bytes && g->kind == GROWTH;
		     k++) {
			const struct growing *o = &w->list[k];

			if (o->course == GROWING && o->kind != GROWTH &&
			    is_companion(w, g, o))
				g->kind = o->kind;
		}
	}
}

/* A container's own memory is no finding beside what it contains. */
static bool
is_container(const struct work *w, const struct growing *g)
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

/* ---- findings ------------------------------------------------------------ */

static const struct {
	enum finding_id id;
	const char *advice;
} words[] = {
	[GROWTH] = {FINDING_UNBOUNDED_GROWTH, "See whether all of it is needed until the "
					      "end; if so, say how much it may become."},
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
noun(enum kind k, uint64_t n)
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

	if (name && is_function(name))
		name = x->n_steps && x->steps[0].is_root ? x->steps[0].name : NULL;
	return name;
}

static void
say_growth(const struct work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	const struct hf_period *p = w->h->periods;
	size_t n = w->h->n_periods - 1, half = n / 2 > 5 ? n / 2 : 5;
	double hours = (double)(p[n - 1].end_ns - p[n - half].end_ns) / 3.6e12;
	char chance[32] = "";

	/* Bytes that double in few steps are judged by how much they grew: judge(). */
	if (!g->is_bytes || g->trend.p <= MAX_P)
		snprintf(chance, sizeof(chance), " (p = %.2g)", g->trend.p);
	finding_say(all, f,
		    "It grew from %s to %s %s over the last four fifths of the run, %zu "
		    "periods of"
		    " %s allocated each%s.",
		    COUNT((uint64_t)g->first), COUNT((uint64_t)g->last),
		    g->is_bytes ? "bytes" : "blocks", n - n / 5,
		    SIZE(w->h->info.period_bytes), chance);
	if (!g->is_bytes)
		finding_say(
			all,
			f, "In the last half by %s blocks a period (95 %% interval %s to %s).",
			RATE(g->trend.slope), RATE(g->trend.slope_low),
			RATE(g->trend.slope_high));
	/* Of a shorter time it would say nothing of an hour. */
	if (!g->is_bytes && hours > 1. / 60)
		finding_say(all, f, "At this rate %s an hour.",
			    COUNT((uint64_t)(g->trend.slope * (double)(half - 1) / hours)));
}

static void
say_deaths(const struct work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	const struct heap_book *b = g->history->book;
	uint64_t allocations = g->history->allocations, leaked = g->history->n_leaked;
	const struct heap_count none = {0, 0};
	const struct heap_count *grown =
		w->h->grown ? &w->h->grown[g->history->node] : &none;
	struct stack s;

	if (is_joined(w, g))
		finding_say(
			all, f,
			"%s sites of this function are judged as one: their stacks lead "
			"through"
			" code without a name, as it is compiled while a program runs.",
			COUNT(joins_size(w->joins, g->history->node)));
	if (grown->blocks)
		finding_say(all, f, "realloc made %s larger %s time%s, by %s in all.",
			    g->history->live.blocks == 1 ? "it" : "them",
			    COUNT(grown->blocks), grown->blocks == 1 ? "" : "s",
			    SIZE(grown->bytes));
	if (g->is_torn_down || (g->is_bytes && grown->blocks))
		; /* how they died then tells nothing of the time before; nor what realloc replaced */
	else if (allocations == kept_blocks(g))
		finding_say(all, f,
			    "None of the %s blocks that were allocated there was freed.",
			    COUNT(allocations));
	else
		finding_say(all, f,
			    "Of %s blocks that were allocated there %.1f %% were freed.",
			    COUNT(allocations), g->freed * 100);
	/* Of those that were lost at the end the leak tells, their leader included. */
	if (leaked && !g->is_lost)
		finding_say(all, f, "%s of the blocks that were allocated there %s lost.",
			    COUNT(leaked), leaked == 1 ? "is" : "are");
	if (g->suffix >= IN_ORDER)
		finding_say(
			all,
			f, "Those that were freed are the oldest: %.0f %% in order of birth.",
			g->suffix * 100);
	if (b && b->deaths && b->foreign * 2 > b->deaths)
		finding_say(
			all,
			f, "%s of %s that outlived their epoch were freed by another thread.",
			COUNT(b->foreign), COUNT(b->deaths));
	if (b && b->freed_at && stack_get(w->h, w->d->symbols, b->freed_at, &s) == 0) {
		const char *function = names_function(w->h, &s);

		if (function)
			finding_say(all, f, "Others were freed in %s.", PLAIN(function));
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
is_much(const struct work *w, const struct growing *g, double bytes)
{
	double least = g->is_bytes ? 16 * MIN_BYTES : MIN_BYTES;
	double share = g->is_bytes ? 2 * MIN_SHARE : MIN_SHARE;

	return bytes >= least && (bytes >= LARGE_GROWTH || bytes >= share * w->heap_bytes);
}

static const struct growing *
outermost(const struct work *w, const struct growing *g)
{
	for (size_t steps = 0; g->part_of >= 0 && steps < w->n; steps++)
		g = &w->list[g->part_of];
	return g;
}

/* Do both grow as parts of one thing?  Of what was freed at the end of the program
 * nobody knows what held what: all of it may be one. */
static bool
is_one_structure(const struct work *w, const struct growing *a, const struct growing *b)
{
	return a->is_torn_down ? b->is_torn_down : outermost(w, a) == outermost(w, b);
}

/* A structure that several functions build together, as a parser builds its tree: it
 * may well be what the program is for.  Where it cannot be
 * seen who calls them, functions of as many blocks at any time are one: they build the
 * parts of one object.  BOUND  So may an array of one function's
 * blocks; and such a structure may be a leak of the program's logic. */
static bool
is_composite(const struct work *w, const struct growing *g)
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
				     ((g->is_torn_down || is_joined(w, g)) &&
				      is_companion(w, before, o)));
		}
		n += is_first;
	}
	return n >= COMPOSITE;
}

/* A site, or all that are one with it. */
static void
add_sites(const struct work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	uint32_t leader = g->history->node;

	finding_add_site(all, f, leader);
	for (uint32_t i = 1; joins_size(w->joins, leader) > 1 && i <= w->h->n_nodes; i++)
		if (i != leader && joins_leader(w->joins, i) == leader)
			finding_add_site(all, f, i);
}

static void
tell(struct work *w, struct growing *g)
{
	struct findings *all = w->d->findings;
	enum kind k = g->kind;
	struct finding *f = finding_add(all, words[k].id, g->history->node);
	const char *holder = holder_name(g);
	const struct several *earlier = w->d->options->several;
	struct heap_count sum = {0, 0};
	double grown = 0;
	size_t n_told = 0;
	bool is_built;

	if (!f)
		return;
	/* All of the same function and kind. */
	for (size_t i = 0; i < w->n; i++) {
		struct growing *o = &w->list[i];

		if (o->course != GROWING || o->kind != k)
			continue;
		if (is_same_function(o, g)) {
			o->is_told = true;
			o->finding = all->n;
			n_told++;
			add_sites(w, f, o);
			sum.blocks += count_of(o).blocks;
			sum.bytes += count_of(o).bytes;
		} else if (o->part_of < 0 || !is_same_function(&w->list[o->part_of], g)) {
			continue;
		}
		/* With what it holds. */
		grown += (double)count_of(o).bytes -
			 o->history->bytes[(w->h->n_periods - 1) / 5];
	}
	is_built = k == GROWTH && is_composite(w, g);
	f->level = is_much(w, g, grown) && !is_built ? FINDING_WARNING : FINDING_NOTE;
	/* That it was freed at the end shows that somebody thought of it. */
	f->confidence = (g->trend.p < 0.001 ? 0.9 : 0.7) -
			(g->is_torn_down || g->is_lost ? 0.3 : 0);
	f->count = sum;
	f->address = g->history->n_sample
			     ? heap_block_address(&w->h->blocks[g->history->sample[0]])
			     : 0;
	finding_summarize(all, f, "%s %s (%s)%s%s %s%s without limit%s%s%s.",
			  COUNT(sum.blocks), noun(k, sum.blocks), SIZE(sum.bytes),
			  g->function ? " of " : "", g->function ? PLAIN(g->function) : "",
			  g->is_torn_down ? "grew" : "grow",
			  sum.blocks == 1 && !g->is_torn_down ? "s" : "",
			  !g->is_torn_down  ? ""
			  : sum.blocks == 1 ? " until the program freed it at its end"
					    : " until the program freed them at its end",
			  holder ? ", held by " : "", holder ? holder : "");
	if (n_told > 1)
		finding_say(all, f,
			    "They are of %zu stacks of this function; what follows is of "
			    "the one"
			    " with most, %s blocks (%s).",
			    n_told, COUNT(count_of(g).blocks), SIZE(count_of(g).bytes));
	say_growth(w, f, g);
	say_deaths(w, f, g);
	f->is_gone = g->is_torn_down || g->is_lost;
	if (g->is_torn_down && earlier && earlier->n)
		finding_say(
			all,
			f, "What held them is not in this snapshot: the one before, %s, may show it.",
			earlier->list[earlier->n - 1].path);
	else if (g->is_torn_down)
		finding_say(all, f,
			    "What held them is not in this snapshot: one that is taken "
			    "while the"
			    " program runs shows it (--snapshot=exit,growth=50%%).");
	if (k == GROWTH && is_joined(w, g))
		finding_say(all, f,
			    "They are owned by the managed runtime that runs that code: "
			    "take its own heap"
			    " snapshot (node --heapsnapshot-signal, and the like).");
	if (is_built)
		finding_say(all, f,
			    "Several functions build it together: it may be the very "
			    "structure that"
			    " the program is there to build.  A later snapshot shows "
			    "whether it goes on.");
	f->advice = words[k].advice;
	if (g->is_lost) {
		/* A list that was lost looks the same: what is wrong then is that. */
		f->level = k == GROWTH ? FINDING_NOTE : f->level;
		finding_say(all, f,
			    "What held them was lost at the end of the program, and they "
			    "with it: see"
			    " the leak.");
	}
	if (w->retained)
		f->retained = w->retained[g->history->node];
	if (g->has_holder)
		finding_take_steps(all, f, &g->holder);
}

/* What grows on the blocks of another finding, or beside them in equal numbers where
 * nobody knows what held what, is a part of that one. */
static void
fold(struct work *w, struct growing *g)
{
	const struct growing *whole = outermost(w, g);

	for (size_t i = 0; whole == g && i < w->n && (g->is_torn_down || is_joined(w, g));
	     i++) {
		const struct growing *o = &w->list[i];

		if (o->finding && o->finding != g->finding && o->kind == g->kind &&
		    (g->is_torn_down ? o->is_torn_down : is_joined(w, o)) &&
		    is_companion(w, o, g))
			whole = o;
		if (whole != g)
			break;
	}
	if (whole->finding && whole->finding != g->finding)
		findings_join(w->d->findings, g->finding - 1, whole->finding - 1);
}

/* Its blocks have been replaced at least once. */
static bool
is_turning_over(const struct work *w, const struct growing *g)
{
	const struct heap_book *b = g->history->book;

	double deaths = b ? (double)b->deaths : 0;

	if (b && g->is_torn_down)
		deaths -= (double)b->periods[w->h->n_periods - 1].died.blocks;
	return !g->is_bytes && g->freed >= 0.5 && g->peak >= MIN_BLOCKS &&
	       deaths >= g->peak;
}

/* What comes and goes, and does not grow: that it was looked at, and is well. */
static void
tell_calm(struct work *w, struct growing *g)
{
	const struct heap_book *b = g->history->book;
	bool is_drained = g->course == DRAINED;
	struct findings *all = w->d->findings;
	struct finding *f;
	const char *holder;
	bool is_queue;

	if (!is_turning_over(w, g) || g->is_told)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == g->course && is_same_function(&w->list[i], g))
			w->list[i].is_told = true;
	if (!is_drained)
		look_at(w, g);
	is_queue =
		(b->earlier - b->last_earlier) * 10 < b->deaths &&
		!HAS_WORD(g->has_holder && g->holder.kind ? g->holder.kind : g->container,
			  table_kinds);
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
		is_drained ? "%s block%s%s%s left, of a queue that had %s%s%s."
			   : "%s block%s%s%s, coming and going without growth%.0s%s%s.",
		COUNT((uint64_t)g->last), (uint64_t)g->last == 1 ? "" : "s",
		g->function ? " of " : "", g->function ? PLAIN(g->function) : "",
		COUNT((uint64_t)g->peak), holder ? ", held by " : "", holder ? holder : "");
	say_deaths(w, f, g);
}

/* ---- the whole ----------------------------------------------------------- */

static void
find_teardown(struct work *w)
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

/* Where threads and programs begin: named only if nothing else of the stack is. */
bool
detect_is_start(const char *function)
{
	static const char *const starts[] = {"__libc_start", "_start", "start_thread",
					     "clone"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(function, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static void
judge_all(struct work *w)
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
		g->course = judge(w, g, w->h->n_periods);
		g->freed = freed_share(g);
		if (g->course == NOTHING || g->course == SLOWING ||
		    stack_get(w->h, w->d->symbols, y->node, &s) != 0)
			continue;
		function = names_function(w->h, &s);
		if (function && !detect_is_start(function))
			g->function = strdup(function);
		stack_free(&s);
	}
}

static void
find_holders(struct work *w)
{
	bool is_any = false;

	for (size_t i = 0; i < w->n; i++)
		is_any |= w->list[i].course == GROWING ||
			  (w->list[i].course == BOUNDED && is_turning_over(w, &w->list[i]));
	if (!is_any)
		return;
	w->holders = detector_holders(w->d);
	w->dominators = detector_dominators(w->d);
	if (w->dominators)
		w->retained = dominators_by_site(w->dominators);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING)
			look_at(w, &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING) {
			find_owner(w, &w->list[i]);
			w->list[i].kind = sort_out(&w->list[i]);
		}
	follow_companions(w);
	for (size_t i = 0; i < w->n; i++) {
		struct growing *g = &w->list[i];

		if (g->course == GROWING && g->part_of >= 0)
			g->kind = w->list[g->part_of].kind;
		g->is_container = g->course == GROWING && g->is_bytes && is_container(w, g);
	}
}

void
detect_growth(const struct detector *d)
{
	const struct heap *h = d->heap;
	const struct heap_filter filter = {HEAP_ALL, 0};
	struct work w = {.d = d, .h = h};
	struct heap_site *sites;
	uint32_t *nodes;

	if (h->n_periods < MIN_PERIODS)
		return;
	find_teardown(&w);
	sites = heap_aggregate(h, &filter);
	nodes = calloc(MAX_CANDIDATES, sizeof(*nodes));
	w.by_site = calloc((size_t)h->n_nodes + 1, sizeof(*w.by_site));
	w.joins = joins_new(h, d->symbols);
	if (sites && nodes && w.by_site && w.joins)
		w.n = candidates(&w, sites, nodes);
	w.list = calloc(w.n + 1, sizeof(*w.list));
	w.histories = nodes ? histories_new(h, d->graph, w.joins, nodes, w.n) : NULL;
	if (w.list && w.histories && w.by_site && w.joins) {
		judge_all(&w);
		find_holders(&w);
		for (size_t i = 0; i < w.n; i++)
			if (w.list[i].course == GROWING && !w.list[i].is_told &&
			    !w.list[i].is_container)
				tell(&w, &w.list[i]);
		for (size_t i = 0; i < w.n; i++)
			if (w.list[i].finding &&
			    d->findings->list[w.list[i].finding - 1].site ==
				    w.list[i].history->node)
				fold(&w, &w.list[i]);
		for (size_t i = 0; i < w.n; i++)
			if (w.list[i].course == BOUNDED || w.list[i].course == DRAINED)
				tell_calm(&w, &w.list[i]);
	} else {
		d->findings->failed = true;
	}
	for (size_t i = 0; w.list && i < w.n; i++) {
		free(w.list[i].function);
		free(w.list[i].type);
		if (w.list[i].has_holder)
			holder_free(&w.list[i].holder);
	}
	free(w.retained);
	histories_free(w.histories);
	joins_free(w.joins);
	free(w.by_site);
	free(w.list);
	free(nodes);
	free(sites);
}
