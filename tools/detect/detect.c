/* detect.c -- what is wrong with a heap, as findings.
 *
 * In:   a model, names if there are any.
 * Out:  struct findings: wrong frees from here, others from detect/.
 * Not here: how a finding is written (report/).
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/joins.h"
#include "detect/queue_rests.h"
#include "graph/cycles.h"
#include "names/function_names.h"
#include "names/own_code.h"
#include "util/hash_index.h"
#include "util/text.h"

enum { FINGERPRINT_FRAMES = 5 };

#define HASH_BEGIN 0xcbf29ce484222325ull /* FNV-1a's */

/* ---- wrong frees ---- */

static void
summarize_bad_free(struct findings *all, struct finding *f, const struct heap_bad_free *b)
{
	const char *times = b->count == 1 ? "time" : "times";

	switch (b->kind) {
	case HEAPFILE_BAD_DOUBLE:
		finding_summarize(all, f,
				  "Double free: a freed block was freed again (%" PRIu64
				  " %s).",
				  b->count, times);
		finding_add_evidence(all, f,
				     "The block at 0x%" PRIx64 " had already been freed.",
				     b->address);
		break;
	case HEAPFILE_BAD_MISMATCH:
		finding_summarize(all, f,
				  "Mismatched free: allocated and released by functions "
				  "that do not match, such as malloc and delete (%" PRIu64
				  " %s).",
				  b->count, times);
		finding_add_evidence(all, f, "The first block was at 0x%" PRIx64 ".",
				     b->address);
		break;
	default:
		finding_summarize(all, f,
				  "Invalid free: no block starts at the address (%" PRIu64
				  " %s).",
				  b->count, times);
		finding_add_evidence(all, f,
				     "No block has ever started at 0x%" PRIx64
				     ", the first address freed so.",
				     b->address);
		break;
	}
}

static enum finding_id
bad_free_id(const struct heap_bad_free *b)
{
	return b->kind == HEAPFILE_BAD_DOUBLE     ? FINDING_DOUBLE_FREE
	       : b->kind == HEAPFILE_BAD_MISMATCH ? FINDING_MISMATCHED_FREE
						  : FINDING_INVALID_FREE;
}

static void
detect_bad_frees(const struct detector *d)
{
	const struct heap *h = d->heap;

	for (size_t i = 0; i < h->n_bad_frees; i++) {
		const struct heap_bad_free *b = &h->bad_frees[i];
		struct finding *f = finding_add(d->findings, bad_free_id(b), b->site);

		if (!f)
			return;
		f->level = FINDING_ERROR;
		f->confidence = 1;
		f->alloc_site = b->alloc_site;
		f->count.blocks = b->count;
		f->address = b->address;
		summarize_bad_free(d->findings, f, b);
	}
}

/* ---- what holds it ---- */

struct dominators *
detector_dominators(const struct detector *d)
{
	struct detector_parts *p = d->parts;

	if (!p->dominators && d->heap->has_roots && !d->findings->failed) {
		p->dominators =
			dominators_new(d->heap, &d->options->graph, d->options->progress,
				       d->options->progress_arg);
		d->findings->failed |= !p->dominators;
	}
	return p->dominators;
}

static struct names *
detector_names(const struct detector *d)
{
	if (!d->parts->names)
		d->parts->names = names_new(d->heap, d->symbols);
	d->findings->failed |= !d->parts->names;
	return d->parts->names;
}

struct holders *
detector_holders(const struct detector *d)
{
	struct detector_parts *p = d->parts;

	if (p->holders || !detector_dominators(d))
		return p->holders;
	if (detector_names(d))
		p->holders =
			holders_new(d->heap, &d->options->graph, p->dominators, p->names);
	d->findings->failed |= !p->holders;
	return p->holders;
}

const struct joins *
detector_joins(const struct detector *d)
{
	if (!d->parts->joins)
		d->parts->joins = joins_new(d->heap, d->symbols);
	d->findings->failed |= !d->parts->joins;
	return d->parts->joins;
}

/* A detector whose parts are its own. */
struct before {
	struct detector detector;
	struct detector_parts parts;
};

static const struct heap *
heap_before(const struct detector *d)
{
	const struct heap *own = d->heap->before, *given = d->options->before;

	if (own)
		return own;
	return given && heap_is_earlier(given, d->heap) ? given : NULL;
}

const struct detector *
detector_before(const struct detector *d)
{
	struct detector_parts *p = d->parts;
	const struct heap *heap = p->is_before_known ? NULL : heap_before(d);
	struct before *b;

	p->is_before_known = true;
	if (!heap || !heap->has_roots || d->findings->failed)
		return p->before;
	b = calloc(1, sizeof(*b));
	p->before_graph = graph_new(heap, &d->options->graph, d->options->progress,
				    d->options->progress_arg);
	if (b)
		p->before = &b->detector;
	if (b && p->before_graph)
		b->detector = (struct detector){.heap = heap,
						.symbols = d->symbols,
						.options = d->options,
						.findings = d->findings,
						.graph = p->before_graph,
						.parts = &b->parts};
	else
		d->findings->failed = true;
	return p->before;
}

void
finding_hold(const struct detector *d, struct finding *f, const uint32_t *blocks, size_t n)
{
	struct holders *h = detector_holders(d);
	struct holder x;
	int status = h ? holders_path(h, blocks, n, &x) : 1;

	d->findings->failed |= status < 0;
	if (status != 0)
		return;
	finding_take_steps(d->findings, f, &x);
	holder_free(&x);
}

static void
sum_sites(const struct detector *d)
{
	struct dominators *tree = d->options->with_retained ? detector_dominators(d) : NULL;

	if (!tree)
		return;
	d->findings->retained = dominators_by_site(tree);
	d->findings->failed |= !d->findings->retained;
}

static void
sum_types(const struct detector *d)
{
	struct dominators *tree = d->options->with_types ? detector_dominators(d) : NULL;
	struct names *names = d->options->with_types ? detector_names(d) : NULL;

	if (!names || d->findings->failed)
		return;
	d->findings->types = types_new(d->heap, names, tree);
	d->findings->failed |= !d->findings->types;
}

static void
parts_free(struct detector_parts *p)
{
	if (p->before) {
		struct before *b = (struct before *)p->before;

		parts_free(&b->parts);
		free(b);
	}
	graph_free(p->before_graph);
	holders_free(p->holders);
	joins_free(p->joins);
	names_free(p->names);
	dominators_free(p->dominators);
}

/* ---- fingerprints ---- */

static uint64_t
hash_bytes(uint64_t hash, const char *s, size_t n)
{
	/* FNV-1a; an end counts, so that "ab","c" is not "a","bc". */
	for (size_t i = 0; i <= n; i++)
		hash = (hash ^ (i < n ? (unsigned char)s[i] : 0)) * 0x100000001b3ull;
	return hash;
}

static uint64_t
hash_string(uint64_t hash, const char *s)
{
	return hash_bytes(hash, s, strlen(s));
}

/* What stays the same over rebuilds: kind, verdict, and the names of the
 * innermost functions of the program itself; of any functions if there is none
 * of its own.  Where a name is unknown the module's stands for it. */
static uint64_t
hash_stack(const struct heap *h, const struct stack *s, uint64_t hash, bool with_runtime,
	   unsigned most, unsigned *ret_n)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n && n < most; i++) {
		const struct stack_frame *f = &s->frames[i];
		const char *path = h->modules[f->module].path.bytes;

		if (!with_runtime && (f->special || stack_is_runtime(h, f)))
			continue;
		/* Code that is compiled while the program runs, and what leads to it, is
		 * not the same in the next run. */
		if (n > 0 && !f->function && !f->special && f->module == 0)
			break;
		if (f->function)
			hash = hash_bytes(hash, f->function,
					  names_length_of_source(f->function));
		else
			hash = hash_string(hash,
					   f->special ? f->special : text_basename(path));
		n++;
	}
	*ret_n = n;
	return hash;
}

/* A stack from the place on by which people call it. */
static struct stack
own_code_of(const struct heap *h, const struct stack *s)
{
	size_t first = s->n ? own_code_first(h, s) : 0;

	return (struct stack){s->frames + first, s->n - first};
}

/* Of a finding, if it were of one site alone. */
static void
fingerprint_of(const struct detector *d, const struct finding *f, uint32_t site, char *ret)
{
	/* All wrong frees were of one kind once: baselines of that time still hold. */
	bool is_free = f->id == FINDING_DOUBLE_FREE || f->id == FINDING_MISMATCHED_FREE;
	enum finding_id id = is_free ? FINDING_INVALID_FREE : f->id;
	uint64_t hash = hash_string(HASH_BEGIN, finding_kinds[id].kind);
	/* Of the callers of what makes most allocations another one may be the first. */
	unsigned n, most = f->id == FINDING_CHURN ? 1 : FINGERPRINT_FRAMES;
	uint64_t of_stack;
	struct stack s, of_place;

	/* It had another name once: the same. */
	hash = hash_string(hash, f->id == FINDING_RETAINED_CLOSURES ? "retained closures"
								    : f->what);
	if (f->is_of_many) {
		snprintf(ret, 17, "%016" PRIx64, hash);
		return;
	}
	if (stack_get(d->heap, d->symbols, site, &s) != 0) {
		d->findings->failed = true;
		return;
	}
	of_place = f->id == FINDING_CHURN ? own_code_of(d->heap, &s) : s;
	of_stack = hash_stack(d->heap, &of_place, hash, false, most, &n);
	if (n == 0)
		of_stack = hash_stack(d->heap, &of_place, hash, true, most, &n);
	stack_free(&s);
	snprintf(ret, 17, "%016" PRIx64, of_stack);
}

/* Leaks of several sites may stand in a baseline one by one; of those that make most
 * allocations another one may have been the first. */
static void
add_others(const struct detector *d, struct finding *f)
{
	f->others = calloc(f->n_sites, sizeof(*f->others));
	d->findings->failed |= !f->others;
	for (size_t i = 0; i < f->n_sites && f->others; i++) {
		char *next = f->others[f->n_others];
		bool is_known;

		fingerprint_of(d, f, f->sites[i], next);
		is_known = strcmp(next, f->fingerprint) == 0;
		for (size_t k = 0; k < f->n_others; k++)
			is_known |= strcmp(next, f->others[k]) == 0;
		f->n_others += !is_known;
	}
}

static void
fingerprint(const struct detector *d, struct finding *f)
{
	fingerprint_of(d, f, f->site, f->fingerprint);
	if (f->n_sites > 1 && !f->is_of_many &&
	    (strcmp(f->kind, "leak") == 0 || f->id == FINDING_CHURN))
		add_others(d, f);
}

/* What ranks are made of. */
struct ranking {
	const struct heap *heap;
	struct symbols *symbols;
	bool failed;
};

static struct cycles_rank
rank_of_site(void *ranking, uint32_t site)
{
	struct ranking *r = ranking;
	struct cycles_rank rank = {0, HASH_BEGIN};
	struct stack s;
	unsigned n;

	if (stack_get(r->heap, r->symbols, site, &s) != 0) {
		r->failed = true;
		return rank;
	}
	rank.first = hash_stack(r->heap, &s, HASH_BEGIN, false, FINGERPRINT_FRAMES, &n);
	for (size_t i = 0; i < s.n; i++) {
		const struct stack_frame *f = &s.frames[i];

		rank.second = hash_string(rank.second, f->function ? f->function : "");
		rank.second =
			hash_string(rank.second,
				    text_basename(r->heap->modules[f->module].path.bytes));
		rank.second =
			hash_index_mix(hash_index_mix(rank.second, f->line), f->offset);
	}
	stack_free(&s);
	return rank;
}

struct cycles_rank
detector_rank(const struct detector *d, uint32_t site)
{
	struct ranking r = {d->heap, d->symbols, false};
	struct cycles_rank rank = rank_of_site(&r, site);

	d->findings->failed |= r.failed;
	return rank;
}

int
detect_lead(struct graph *g, struct symbols *symbols)
{
	struct ranking r = {g->heap, symbols, false};

	return cycles_lead(g, rank_of_site, &r) != 0 || r.failed ? -1 : 0;
}

/* Is a function one of a template's instances, or of a class that is one? */
static bool
is_instance(const char *function)
{
	static const char anonymous[] = "(anonymous namespace)";
	const char *bracket = strchr(function, '<'), *arguments = strchr(function, '(');

	while (arguments && strncmp(arguments, anonymous, sizeof(anonymous) - 1) == 0)
		arguments = strchr(arguments + 1, '(');
	return bracket && bracket > function && (!arguments || bracket < arguments) &&
	       !strstr(function, "operator<");
}

/* A call by the function that stands before it, further in: how often a function has called
 * itself makes no difference. */
static bool
is_recursive_call(const struct stack *s, size_t i)
{
	const struct stack_frame *f = &s->frames[i], *inner = f - 1;

	if (i == 0 || f->special || inner->special || f->module != inner->module)
		return false;
	if (!f->function || !inner->function)
		return f->offset == inner->offset && !f->function == !inner->function;
	return strcmp(f->function, inner->function) == 0;
}

uint64_t
detector_lines(const struct detector *d, uint32_t site)
{
	uint64_t hash = HASH_BEGIN;
	bool is_of_template;
	char name[512];
	struct stack s;
	size_t own;

	if (stack_get(d->heap, d->symbols, site, &s) != 0) {
		d->findings->failed = true;
		return 0;
	}
	own = names_frame(d->heap, &s);
	is_of_template = own < s.n && s.frames[own].function &&
			 is_instance(s.frames[own].function);
	for (size_t i = 0; i < s.n; i++) {
		const struct stack_frame *f = &s.frames[i];

		if (is_recursive_call(&s, i))
			continue;
		hash = hash_index_mix(hash, f->module);
		hash = hash_string(hash, f->special ? f->special : "");
		if (!f->function || !f->file) {
			hash = hash_index_mix(hash, f->offset);
			continue;
		}
		hash = hash_string(hash, names_plain(f->function, name, sizeof(name)));
		hash = hash_string(hash, f->file);
		if (i <= own || !is_of_template)
			hash = hash_index_mix(hash, f->line);
	}
	stack_free(&s);
	return hash;
}

/* ---- suppressions ---- */

struct suppression *
detector_suppression_of(const struct detector *d, uint32_t site, const char *kind)
{
	struct suppression *x;
	struct stack s;

	if (!d->options->suppressions)
		return NULL;
	if (stack_get(d->heap, d->symbols, site, &s) != 0) {
		d->findings->failed = true;
		return NULL;
	}
	x = suppressions_find_kind(d->options->suppressions, d->heap, &s, kind);
	stack_free(&s);
	return x;
}

/* Of findings that are no leaks; those see detect/leak.c. */
struct suppression *
detector_suppression(const struct detector *d, const struct finding *f)
{
	return strcmp(f->kind, "leak") == 0 ? NULL
					    : detector_suppression_of(d, f->site, f->kind);
}

static bool
is_suppressed(const struct detector *d, const struct finding *f)
{
	struct suppression *x = detector_suppression(d, f);

	if (!x)
		return false;
	x->matched.blocks += f->count.blocks;
	x->matched.bytes += f->count.bytes;
	return true;
}

/* A part goes with its whole. */
static void
drop_suppressed(const struct detector *d)
{
	struct findings *all = d->findings;
	bool *goes = calloc(all->n + 1, sizeof(*goes));
	size_t n = 0;

	all->failed |= !goes;
	for (size_t i = 0; goes && i < all->n; i++)
		goes[i] = is_suppressed(d, &all->list[i]);
	for (size_t i = 0; goes && i < all->n; i++)
		if (goes[i] || (all->list[i].part_of && goes[all->list[i].part_of - 1]))
			finding_fini(&all->list[i]);
		else
			all->list[n++] = all->list[i];
	if (goes)
		all->n = n;
	free(goes);
}

/* ---- the whole ---- */

/* The detectors, in the order in which they run; series_trend.c adds to the findings of
 * those before it. */
enum {
	NEEDS_GRAPH = 1,
	NEEDS_SERIES = 2,
	NEEDS_CHECK = 4 /* the program wants one */,
	NEEDS_ALL = 8 /* and not leaks alone */
};
static const struct {
	void (*run)(const struct detector *d);
	unsigned needs;
} detectors[] = {
	{detect_bad_frees, 0},
	{detect_leaks, NEEDS_GRAPH | NEEDS_CHECK},
	{detect_growth, NEEDS_ALL},
	{detect_several, NEEDS_SERIES | NEEDS_ALL},
	{detect_fragmentation, NEEDS_ALL},
	{detect_allocator_retention, NEEDS_ALL},
	{detect_churn, NEEDS_ALL},
	{detect_waste, NEEDS_ALL},
};

static void
run_detectors(const struct detector *d)
{
	unsigned has = (d->graph ? NEEDS_GRAPH : 0) |
		       (d->options->several ? NEEDS_SERIES : 0) |
		       (d->findings->leaks.is_off ? 0 : NEEDS_CHECK) |
		       (d->options->leaks_only ? 0 : NEEDS_ALL);

	for (size_t i = 0; i < sizeof(detectors) / sizeof(*detectors); i++)
		if (!d->findings->failed && !(detectors[i].needs & ~has))
			detectors[i].run(d);
}

/* Returns queue_rests_find()'s, or NULL: no memory. */
static bool *
mark_rests(const struct detector *d, struct graph *g)
{
	bool is_any, *rests = queue_rests_find(d->heap, g, &is_any);
	const struct detector *before = rests && is_any ? detector_before(d) : NULL;

	if (before && before->graph && queue_rests_drop_held(rests, before->graph) != 0) {
		free(rests);
		return NULL;
	}
	if (rests)
		queue_rests_mark(d->heap, g, rests);
	return rests;
}

struct findings *
findings_new(const struct heap *heap, struct symbols *symbols,
	     const struct detect_options *options)
{
	struct findings *all = calloc(1, sizeof(*all));
	struct graph *graph = NULL;
	struct detector_parts parts = {.dominators = NULL};
	struct detector d = {heap, symbols, options, all, NULL, &parts, NULL};
	bool *rests = NULL;

	if (!all)
		return NULL;
	if (heap->has_roots) {
		graph = graph_new(heap, &options->graph, options->progress,
				  options->progress_arg);
		d.graph = graph;
		rests = graph ? mark_rests(&d, graph) : NULL;
		all->failed |= !graph || !rests;
		d.queue_rests = rests;
	}
	all->leaks.is_off = heap->info.leak_check_off;
	if (graph && !all->leaks.is_off)
		all->failed |= detect_lead(graph, symbols) != 0;
	run_detectors(&d);
	if (!all->failed)
		sum_sites(&d);
	if (!all->failed)
		sum_types(&d);
	parts_free(&parts);
	graph_free(graph);
	free(rests);
	for (size_t i = 0; i < all->n && !all->failed; i++)
		fingerprint(&d, &all->list[i]);
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].part_of)
			strcpy(all->list[i].part_of_fingerprint,
			       all->list[all->list[i].part_of - 1].fingerprint);
	if (options->suppressions && !all->failed)
		drop_suppressed(&d);
	if (all->failed) {
		findings_free(all);
		return NULL;
	}
	all->heap_bytes = options->all ? 0 : heap_most_live(heap);
	findings_sort(all);
	return all;
}
