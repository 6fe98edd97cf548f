/* growth_findings.c -- what is reported of sites that grow, or come and go.
 *
 * In:   sites with their course, kind and evidence.
 * Out:  findings of kind cache, queue, closure, missing-free and growth.
 *
 * Sites of one allocating function and kind make one finding, unless different variables
 * are known to hold them.
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
	MANY_PARTS = 16,        /* blocks of an entry that is a structure by itself */
};

#define MIN_SHARE 0.05 /* of the heap's bytes, for a warning */

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define P(v) text_p_value(v, (char[32]){0}, 32)
#define RATE(v) put_rate(v, (char[32]){0}, 32)
#define PLAIN(s) names_plain(s, (char[120]){0}, 120)

/* What a program fills from its input, and ends, grows for as long as it runs; only a
 * longer run tells that from what goes on growing.  But one that works for MUCH_WORK
 * allocations to keep one block is not just loading. */
#define SHORT_RUN_NS 10000000000ull
#define MUCH_WORK 4
#define OF_SHORT_RUN                                                                     \
	" In a run as short as this one it may be what the program loads once: then "    \
	"all "                                                                           \
	"is well."
/* Of a longer run, and of a short one. */
#define ADVICE(text) text, text OF_SHORT_RUN
static const struct {
	enum finding_id id;
	const char *advice, *advice_short_run;
} words[] = {
	[GROWTH] = {FINDING_UNBOUNDED_GROWTH,
		    ADVICE("Check whether all of it is still needed; if it is, give it a "
			   "limit.")},
	[CACHE] =
		{FINDING_UNBOUNDED_CACHE,
		 ADVICE("Give it a limit and let the oldest or least used entries go, or "
			"keep it outside of the process.")},
	[MISSING_FREE] =
		{FINDING_MISSING_FREE,
		 "Look for the path on which these are not freed as the others are.", NULL},
	[QUEUE] = {FINDING_UNBOUNDED_QUEUE, ADVICE("Bound the queue, watch its length, "
						   "and let producers wait or fail "
						   "when it is full.")},
	[CLOSURE] = {FINDING_RETAINED_CLOSURES,
		     "Unregister them when they are no longer needed, or hold what they "
		     "capture weakly.",
		     NULL},
};

const char *
growth_advice(enum finding_id id)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].id == id)
			return words[i].advice;
	return NULL;
}

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

/* Who holds it, for a summary; NULL: nobody known.  A block without a name, or whose only
 * name is a pointer to code, is named by its root.  The steps may be the finding's already. */
static const char *
holder_name(const struct growing *g, const struct finding *f)
{
	const struct holder *x = &g->holder;
	const struct holder_step *first = f->n_retained_by ? f->retained_by
					  : x->n_steps     ? x->steps
							   : NULL;

	if (!g->has_holder || g->is_in_free)
		return NULL;
	if (x->name && !growth_is_function(x->name))
		return x->name;
	return first && first->is_root ? first->name : NULL;
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

	joins_add_evidence(w->joins, g->history->node, all, f);
	if (grown->blocks)
		finding_add_evidence(all, f,
				     "realloc enlarged %s %s time%s, by %s in total.",
				     g->history->live.blocks == 1 ? "it" : "them",
				     COUNT(grown->blocks), grown->blocks == 1 ? "" : "s",
				     SIZE(grown->bytes));
	/* How they died tells nothing of the time before the end, nor of what realloc
	 * replaced. */
	if (!g->is_torn_down && !(g->is_bytes && grown->blocks)) {
		if (allocations == growth_kept_blocks(g))
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
	if (g->suffix >= IN_ORDER && g->kind == QUEUE)
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

/* The lasting variable that holds it, "server" of "server.clients.head in app", as a name
 * and *ret_n bytes of it; NULL: it is no such one, or not known. */
static const char *
owner_of(const struct growing *g, size_t *ret_n)
{
	const struct holder_step *first =
		g->has_holder && g->holder.n_steps ? &g->holder.steps[0] : NULL;

	if (!first || !first->is_root || !first->name ||
	    (first->root_kind != HEAPFILE_ROOT_GLOBAL &&
	     first->root_kind != HEAPFILE_ROOT_TLS))
		return NULL;
	*ret_n = strcspn(first->name, ".[( ");
	return first->name;
}

/* A function may fill several containers, each of which has a fault of its own or none. */
static bool
is_one_finding(const struct growing *a, const struct growing *b)
{
	size_t n_a = 0, n_b = 0;
	const char *of_a, *of_b;

	if (!is_same_function(a, b))
		return false;
	of_a = owner_of(a, &n_a);
	of_b = owner_of(b, &n_b);
	return !of_a || !of_b || (n_a == n_b && strncmp(of_a, of_b, n_a) == 0);
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
	return growth_is_ownerless(a) ? growth_is_ownerless(b)
				      : outermost(w, a) == outermost(w, b);
}

/* Does it hang on a variable that is there all the time? */
static bool
is_static(const struct growing *g)
{
	const struct holder *x = &g->holder;

	return g->has_holder && x->n_steps && x->steps[0].is_root &&
	       x->steps[0].root_kind != HEAPFILE_ROOT_STACK &&
	       x->steps[0].root_kind != HEAPFILE_ROOT_REGISTERS;
}

/* A structure that several functions build together, as a parser builds its tree: it
 * may well be what the program is for.  Where it cannot be
 * seen who calls them, functions of as many blocks at any time are one: they build the
 * parts of one object.
 *
 * But a parser takes nothing out of its tree while it builds, and what it builds is a
 * tree, by its links or by functions that call themselves, or is held by a variable of
 * the function that called it: records in a list that a static variable holds, each of
 * several parts, are a queue or a history.
 * BOUND  So may an array of one function's
 * blocks; and such a structure may be a leak of the program's logic. */
static bool
is_composite(const struct growth_work *w, const struct growing *g)
{
	double all = 0, consumed = 0, in_trees = 0;
	bool is_tree;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct growing *o = &w->list[i];

		if (o->course != GROWING || o->is_bytes || !is_one_structure(w, g, o))
			continue;
		all += o->last;
		consumed += o->is_consumed ? o->last : 0;
		in_trees += o->is_tree ? o->last : 0;
	}
	is_tree = in_trees > all / 4;
	for (size_t i = 0; i < w->n; i++) {
		const struct growing *o = &w->list[i];
		bool is_first =
			o->course == GROWING && !o->is_bytes && is_one_structure(w, g, o);

		for (size_t k = 0; k < i && is_first; k++) {
			const struct growing *before = &w->list[k];

			is_first = before->course != GROWING || before->is_bytes ||
				   !is_one_structure(w, g, before) ||
				   !(is_same_function(before, o) ||
				     (growth_is_ownerless(g) && !is_tree &&
				      growth_is_twin(w, before, o)) ||
				     (growth_is_joined(w, g) &&
				      growth_is_companion(w, before, o)));
		}
		n += is_first;
	}
	/* Vectors that have grown are taken out as well. */
	return n >= COMPOSITE && consumed < all / 2 &&
	       (is_tree || !is_static(outermost(w, g)));
}

/* A table of few entries, each of which leads to many blocks, as one of documents does. */
static bool
is_of_trees(const struct growth_work *w, const struct growing *g)
{
	const struct heap_count *retained = growth_retained(w, g);
	uint64_t n = growth_count(g).blocks;

	return retained && retained->blocks > n * MANY_PARTS;
}

/* What hangs in a table that was recognized by links or deaths alone may as well be what
 * the program is there to build; so may the members of objects, a std::map each, that a
 * parser makes on its way down. */
static bool
is_built(const struct growth_work *w, const struct growing *g)
{
	const struct growing *whole = outermost(w, g);

	if (g->kind != GROWTH && !(g->kind == CACHE && (whole->is_scatter || g->is_tree ||
							is_of_trees(w, whole))))
		return false;
	return is_composite(w, g);
}

/* A program that reads all it wants, and then sorts it, prints it, frees it: the end of
 * that is the end of the program.  Or one that makes all it wants, and waits. */
static bool
is_batch(const struct growth_work *w, const struct growing *g)
{
	if (g->kind != GROWTH)
		return false;
	if (g->is_torn_down)
		return w->is_all || g->is_sorted;
	return w->has_ended && (g->is_sorted || !heap_is_exit(w->h));
}

/* A site, or all that are one with it. */
static void
add_sites(const struct growth_work *w, struct finding *f, const struct growing *g)
{
	struct findings *all = w->d->findings;
	uint32_t leader = g->history->node;

	for (uint32_t i = 0; (i = joins_next(w->joins, leader, i)) != 0;)
		finding_add_site(all, f, i);
}

/* What the sites of one finding have in common. */
struct sum {
	struct heap_count live;
	double grown;    /* bytes, with what they hold */
	size_t n_stacks; /* sites of the finding */
	uint64_t entries; /* blocks, but of sites with as many blocks at any time only one's:
			   * they are parts of one thing */
};

/* Has a site before it in the finding as many blocks at any time? */
static bool
is_counted(const struct growth_work *w, const struct growing *g)
{
	for (const struct growing *o = w->list; o < g; o++)
		if (o->finding == g->finding && growth_is_companion(w, o, g))
			return true;
	return false;
}

/* Take all growing sites of a site's function and kind into its finding, the last one. */
static struct sum
gather_sites(struct growth_work *w, struct finding *f, const struct growing *g)
{
	struct sum sum = {0};

	for (size_t i = 0; i < w->n; i++) {
		struct growing *o = &w->list[i];

		if (o->course != GROWING || o->kind != g->kind)
			continue;
		/* Not what has no known owner, and is another finding's. */
		if (is_one_finding(o, g) && (o == g || !o->is_reported)) {
			o->is_reported = true;
			o->finding = w->d->findings->n;
			sum.n_stacks++;
			if (!is_counted(w, o))
				sum.entries += growth_count(o).blocks;
			add_sites(w, f, o);
			sum.live.blocks += growth_count(o).blocks;
			sum.live.bytes += growth_count(o).bytes;
		} else if (o->part_of < 0 || !is_one_finding(&w->list[o->part_of], g)) {
			continue;
		}
		sum.grown += (double)growth_count(o).bytes -
			     o->history->bytes[(w->h->n_periods - 1) / 5];
	}
	return sum;
}

/* What people would count, if the kind has entries. */
static uint64_t
count_entries(const struct growing *g, const struct sum *sum)
{
	/* How many callbacks are in place in one block is not known. */
	if (g->kind == GROWTH || g->kind == MISSING_FREE ||
	    (g->kind == CLOSURE && g->is_bytes))
		return 0;
	return sum->entries;
}

/* The pieces of a std::deque have many places each: what people would count is what stands
 * there, as many as there are blocks of the site that the pieces lead to most. */
static void
count_elements(struct growth_work *w, struct finding *f, const struct growing *g)
{
	uint64_t most = 0;

	if (!g->container || strcmp(g->container, "std::deque") != 0)
		return;
	for (size_t i = 0; i < w->n; i++) {
		const struct growing *o = &w->list[i];

		if (o->course == GROWING && o->led_from == g->history->node &&
		    growth_count(o).blocks > most)
			most = growth_count(o).blocks;
	}
	if (most > f->entries)
		f->entries = most;
}

/* "57,264 cache entries (286,320 blocks, 14.1 MiB) allocated in f and at 2 more sites": with
 * all of its parts, so once these are known. */
static void
summarize(struct growth_work *w, struct finding *f, const struct growing *g)
{
	const char *holder = holder_name(g, f);
	struct heap_count whole = finding_whole(f);
	uint64_t n = f->entries ? f->entries : whole.blocks;
	char of_blocks[48] = "", more[64] = "";
	const char *what = !g->is_bytes || g->kind != CLOSURE ? noun(g->kind, n)
			   : n == 1                           ? "block of callbacks"
							      : "blocks of callbacks";

	if (n != whole.blocks)
		snprintf(of_blocks, sizeof(of_blocks), "%s blocks, ", COUNT(whole.blocks));
	if (g->function && f->n_of_parts)
		snprintf(more, sizeof(more), " and at %zu more site%s", f->n_of_parts,
			 f->n_of_parts == 1 ? "" : "s");
	finding_summarize(
		w->d->findings, f, "%s %s (%s%s)%s%s%s %s%s without limit%s%s%s%s.",
		COUNT(n), what, of_blocks, SIZE(whole.bytes),
		g->function ? " allocated in " : "",
		g->function ? PLAIN(g->function) : "", more,
		g->is_torn_down ? "grew" : "grow", n == 1 && !g->is_torn_down ? "s" : "",
		!g->is_torn_down ? ""
		: n == 1         ? " until the program freed it"
				 : " until the program freed them",
		g->is_torn_down && heap_is_exit(w->h) ? " at its end" : "",
		holder ? ", held by " : "", holder ? holder : "");
}

/* From when their holder is. */
static void
add_holder_before(const struct growth_work *w, struct finding *f, const struct growing *g)
{
	const struct heap *then = w->before->h;
	const struct history *y = &w->before->histories->list[g - w->list];
	const char *holder = holder_name(g, f), *path = w->d->options->before_path;
	bool is_other = then == w->d->options->before && path;

	finding_add_evidence(
		w->d->findings, f, "As of %.3g s%s%s%s, before %s: %s block%s (%s)%s%s.",
		(double)then->info.uptime_ns / 1e9, is_other ? " (" : "",
		is_other ? path : "", is_other ? ")" : "",
		heap_is_exit(w->h)
			? "the program began to clean up"
			: "most of the heap was freed with hardly an allocation",
		COUNT(y->live.blocks), y->live.blocks == 1 ? "" : "s",
		SIZE(y->live.bytes), holder ? ", held by " : "", holder ? holder : "");
}

/* Word after word of a variable, which has its size once and for all, leads to one of
 * them: there is an end to that. */
static bool
is_fixed(const struct growing *g)
{
	const struct holder *x = &g->holder;

	return g->is_filled && g->series == g->history->blocks && g->has_holder &&
	       x->container == DOMINATORS_ROOTS && x->shape == HOLDER_ARRAY && x->n_steps &&
	       x->steps[0].is_root && x->steps[0].root_kind == HEAPFILE_ROOT_GLOBAL;
}

/* What limits the evidence, and what to do for more. */
static void
add_caveats(const struct growth_work *w, struct finding *f, const struct growing *g,
	    bool is_main_data, bool is_batch_data)
{
	struct findings *all = w->d->findings;

	if (g->is_seen_before)
		add_holder_before(w, f, g);
	else if (g->is_torn_down)
		finding_add_evidence(
			all, f,
			"Their holder is gone from this snapshot; one taken while "
			"the program runs "
			"shows it (--snapshot=exit,signal,growth=50%%).");
	if (g->kind == GROWTH && growth_is_joined(w, g))
		finding_add_evidence(
			all, f,
			"Owned by the managed runtime; take its heap snapshot "
			"(node --heapsnapshot-signal).");
	if (is_main_data)
		finding_add_evidence(
			all, f,
			"Several functions build it together, so it may be the "
			"program's main data "
			"structure; a later snapshot shows whether it still grows.");
	if (is_batch_data)
		finding_add_evidence(
			all, f,
			g->is_sorted
				? "They were sorted, and nothing was added after that: "
				  "the program may have needed all of them."
				: "The program allocated hardly anything else, and "
				  "freed it: it may have needed all of it.");
	if (is_fixed(g))
		finding_add_evidence(all, f,
				     "They fill an array in a variable, one place after "
				     "the other: it is full some day.");
	if (g->is_lost)
		finding_add_evidence(
			all, f,
			"Their holder was lost at the end of the program, and they "
			"with it: see the "
			"leak.");
}

static bool
may_be_loading(const struct growth_work *w, const struct growing *g, uint64_t n_blocks)
{
	const struct heap_info *x = &w->h->info;

	return words[g->kind].advice_short_run && x->uptime_ns &&
	       x->uptime_ns < SHORT_RUN_NS && x->allocations < MUCH_WORK * n_blocks;
}

static void
emit_finding(struct growth_work *w, struct growing *g)
{
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, words[g->kind].id, g->history->node);
	const struct heap_count *retained;
	struct sum sum;
	bool is_main_data, is_batch_data;

	if (!f)
		return;
	sum = gather_sites(w, f, g);
	is_main_data = is_built(w, g);
	is_batch_data = !is_main_data && is_batch(w, g);
	/* A list that was lost looks the same as one that grows: what is wrong then is that. */
	f->level = is_much(w, g, sum.grown) && !is_main_data && !is_batch_data &&
				   !is_fixed(g) && !(g->is_lost && g->kind == GROWTH)
			   ? FINDING_WARNING
			   : FINDING_NOTE;
	/* That it was freed at the end shows that somebody thought of it; who held it
	 * until then shows that it was no accident. */
	f->confidence = (g->trend.p < 0.001 ? 0.9 : 0.7) -
			((g->is_torn_down || g->is_lost) && !g->is_seen_before ? 0.3 : 0);
	f->count = sum.live;
	f->entries = count_entries(g, &sum);
	f->address = g->history->n_sample
			     ? heap_block_address(&w->h->blocks[g->history->sample[0]])
			     : 0;
	f->is_gone = g->is_torn_down || g->is_lost;
	f->trend.is_bytes = g->is_bytes;
	f->advice = words[g->kind].advice;
	if (may_be_loading(w, g, sum.live.blocks))
		f->advice = words[g->kind].advice_short_run;
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
	add_caveats(w, f, g, is_main_data, is_batch_data);
	retained = growth_retained(w, g);
	if (retained)
		f->retained = *retained;
	if (g->has_holder)
		finding_take_steps(all, f, &g->holder);
}

static struct finding *
finding_of(const struct growth_work *w, const struct growing *g)
{
	return &w->d->findings->list[g->finding - 1];
}

static bool
is_suppressed(const struct growth_work *w, const struct growing *g)
{
	return detector_suppression(w->d, finding_of(w, g)) != NULL;
}

/* What grows on the blocks of another finding, or beside them in equal numbers where
 * nobody knows what held what, is a part of that one; but not if it is suppressed, as then
 * no other finding counts it. */
static void
join_to_whole(struct growth_work *w, struct growing *g)
{
	const struct growing *whole = outermost(w, g);

	if (is_suppressed(w, g))
		return;
	for (size_t i = 0;
	     whole == g && i < w->n && (growth_is_ownerless(g) || growth_is_joined(w, g));
	     i++) {
		const struct growing *o = &w->list[i];

		if (o->finding && o->finding != g->finding && o->kind == g->kind &&
		    (growth_is_ownerless(g) ? growth_is_ownerless(o)
					    : growth_is_joined(w, o)) &&
		    growth_is_companion(w, o, g) && !is_suppressed(w, o))
			whole = o;
		if (whole != g)
			break;
	}
	if (whole->finding && whole->finding != g->finding)
		findings_join(w->d->findings, g->finding - 1, whole->finding - 1);
}

/* Does its finding stand at this site? */
static bool
is_first_of_finding(const struct growth_work *w, const struct growing *g)
{
	return g->finding && finding_of(w, g)->site == g->history->node;
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
	holder = holder_name(g, f);
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
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == GROWING && !w->list[i].is_reported &&
		    !w->list[i].is_container)
			emit_finding(w, &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (is_first_of_finding(w, &w->list[i]))
			join_to_whole(w, &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (is_first_of_finding(w, &w->list[i]))
			count_elements(w, finding_of(w, &w->list[i]), &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (is_first_of_finding(w, &w->list[i]))
			summarize(w, finding_of(w, &w->list[i]), &w->list[i]);
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].course == BOUNDED || w->list[i].course == DRAINED)
			emit_turnover(w, &w->list[i]);
}
