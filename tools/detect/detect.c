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

#include "util/text.h"

enum { FINGERPRINT_FRAMES = 5 };

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
	holders_free(p->holders);
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

size_t
detect_plain_length(const char *name)
{
	static const char *const marks[] = {".constprop", ".isra", ".part",   ".cold",
					    ".lto_priv",  ".llvm", " [clone "};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *mark = strstr(name, marks[i]);

		if (mark && mark > name && (size_t)(mark - name) < n)
			n = (size_t)(mark - name);
	}
	return n;
}

/* What stays the same over rebuilds: kind, verdict, and the names of the
 * innermost functions of the program itself; of any functions if there is none
 * of its own.  Where a name is unknown the module's stands for it. */
static uint64_t
hash_stack(const struct heap *h, const struct stack *s, uint64_t hash, bool with_runtime,
	   unsigned *ret_n)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n && n < FINGERPRINT_FRAMES; i++) {
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
					  detect_plain_length(f->function));
		else
			hash = hash_string(hash,
					   f->special ? f->special : text_basename(path));
		n++;
	}
	*ret_n = n;
	return hash;
}

static void
fingerprint(const struct detector *d, struct finding *f)
{
	/* All wrong frees were of one kind once: baselines of that time still hold. */
	bool is_free = f->id == FINDING_DOUBLE_FREE || f->id == FINDING_MISMATCHED_FREE;
	enum finding_id id = is_free ? FINDING_INVALID_FREE : f->id;
	uint64_t hash = hash_string(0xcbf29ce484222325ull, finding_kinds[id].kind);
	uint64_t of_stack;
	struct stack s;
	unsigned n;

	/* It had another name once: the same. */
	hash = hash_string(hash, f->id == FINDING_RETAINED_CLOSURES ? "retained closures"
								    : f->what);
	if (stack_get(d->heap, d->symbols, f->site, &s) != 0) {
		d->findings->failed = true;
		return;
	}
	of_stack = hash_stack(d->heap, &s, hash, false, &n);
	if (n == 0)
		of_stack = hash_stack(d->heap, &s, hash, true, &n);
	stack_free(&s);
	snprintf(f->fingerprint, sizeof(f->fingerprint), "%016" PRIx64, of_stack);
}

/* ---- suppressions ---- */

/* Of findings that are no leaks; those see detect/leak.c. */
static struct suppression *
suppression_of(const struct detector *d, const struct finding *f)
{
	struct suppression *x;
	struct stack s;

	if (strcmp(f->kind, "leak") == 0)
		return NULL;
	if (stack_get(d->heap, d->symbols, f->site, &s) != 0) {
		d->findings->failed = true;
		return NULL;
	}
	x = suppressions_find_kind(d->options->suppressions, d->heap, &s, f->kind);
	stack_free(&s);
	if (x) {
		x->matched.blocks += f->count.blocks;
		x->matched.bytes += f->count.bytes;
	}
	return x;
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
		goes[i] = suppression_of(d, &all->list[i]) != NULL;
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
enum { NEEDS_GRAPH = 1, NEEDS_SERIES = 2, NEEDS_CHECK = 4 /* the program wants one */ };
static const struct {
	void (*run)(const struct detector *d);
	unsigned needs;
} detectors[] = {
	{detect_bad_frees, 0},     {detect_leaks, NEEDS_GRAPH | NEEDS_CHECK},
	{detect_growth, 0},        {detect_several, NEEDS_SERIES},
	{detect_fragmentation, 0},
};

static void
run_detectors(const struct detector *d)
{
	unsigned has = (d->graph ? NEEDS_GRAPH : 0) |
		       (d->options->several ? NEEDS_SERIES : 0) |
		       (d->findings->leaks.is_off ? 0 : NEEDS_CHECK);

	for (size_t i = 0; i < sizeof(detectors) / sizeof(*detectors); i++)
		if (!d->findings->failed && !(detectors[i].needs & ~has))
			detectors[i].run(d);
}

struct findings *
findings_new(const struct heap *heap, struct symbols *symbols,
	     const struct detect_options *options)
{
	struct findings *all = calloc(1, sizeof(*all));
	struct graph *graph = NULL;
	struct detector_parts parts = {NULL, NULL, NULL};
	struct detector d = {heap, symbols, options, all, NULL, &parts};

	if (!all)
		return NULL;
	if (heap->has_roots) {
		graph = graph_new(heap, &options->graph, options->progress,
				  options->progress_arg);
		all->failed = !graph;
		d.graph = graph;
	}
	all->leaks.is_off = heap->info.leak_check_off;
	run_detectors(&d);
	if (!all->failed)
		sum_sites(&d);
	if (!all->failed)
		sum_types(&d);
	parts_free(&parts);
	graph_free(graph);
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
	findings_sort(all);
	return all;
}
