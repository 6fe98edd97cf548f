/* detect.c -- what is wrong with a heap, as findings.
 *
 * In:   a model, names if there are any.
 * Out:  struct findings: wrong frees from here, others from detect_*.c.
 * Not here: how a finding is written (report_*.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { FINGERPRINT_FRAMES = 5 };

#define INVALID_FREE "invalid-free"

const char *
finding_level_name(enum finding_level level)
{
	static const char *const names[] = {"error", "warning", "note"};

	return names[level];
}

struct finding *
finding_add(struct findings *all, const char *kind, const char *verdict, uint32_t site)
{
	struct finding *f;

	if (all->n == all->size) {
		size_t size = all->size ? all->size * 2 : 16;
		void *more = realloc(all->list, size * sizeof(*all->list));

		if (!more) {
			all->failed = true;
			return NULL;
		}
		all->list = more;
		all->size = size;
	}
	f = &all->list[all->n++];
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->verdict = verdict;
	f->site = site;
	return f;
}

void
finding_summarize(struct findings *all, struct finding *f, const char *format, ...)
{
	va_list args;

	free(f->summary);
	va_start(args, format);
	if (vasprintf(&f->summary, format, args) < 0) {
		f->summary = NULL;
		all->failed = true;
	}
	va_end(args);
}

void
finding_say(struct findings *all, struct finding *f, const char *format, ...)
{
	char **more = realloc(f->evidence, (f->n_evidence + 1) * sizeof(*more));
	va_list args;

	all->failed |= !more;
	if (!more)
		return;
	f->evidence = more;
	va_start(args, format);
	if (vasprintf(&more[f->n_evidence], format, args) < 0)
		all->failed = true;
	else
		f->n_evidence++;
	va_end(args);
}

void
finding_add_site(struct findings *all, struct finding *f, uint32_t site)
{
	uint32_t *more = realloc(f->sites, (f->n_sites + 1) * sizeof(*more));

	all->failed |= !more;
	if (!more)
		return;
	f->sites = more;
	f->sites[f->n_sites++] = site;
}

void
findings_join(struct findings *all, size_t part, size_t whole)
{
	struct finding *f = &all->list[part], *to = &all->list[whole];

	if (part == whole || f->part_of || f->has_parts || to->part_of)
		return;
	f->part_of = whole + 1;
	to->has_parts = true;
	to->of_parts.blocks += f->count.blocks;
	to->of_parts.bytes += f->count.bytes;
	to->n_of_parts += f->n_sites ? f->n_sites : 1;
	/* What fails for a part fails for the whole. */
	if (f->level < to->level)
		to->level = f->level;
}

/* ---- wrong frees ---- */

static void
describe_bad_free(struct findings *all, struct finding *f, const struct heap_bad_free *b)
{
	const char *times = b->count == 1 ? "time" : "times";

	switch (b->kind) {
	case HEAPFILE_BAD_DOUBLE:
		f->what = "double free";
		finding_summarize(all, f,
				  "A block was freed that had been freed before, %" PRIu64
				  " %s.",
				  b->count, times);
		finding_say(all, f,
			    "A block started at 0x%" PRIx64 " and was free already.",
			    b->address);
		break;
	case HEAPFILE_BAD_MISMATCH:
		f->what = "mismatched free";
		finding_summarize(all, f,
				  "A block was released by another family of functions"
				  " than it came from, %" PRIu64 " %s.",
				  b->count, times);
		finding_say(all, f, "The first such block was at 0x%" PRIx64 ".",
			    b->address);
		break;
	default:
		f->what = "invalid free";
		finding_summarize(
			all, f,
			"An address was freed at which no block starts, %" PRIu64 " %s.",
			b->count, times);
		finding_say(all, f,
			    "No block ever started at 0x%" PRIx64
			    ", the first such address.",
			    b->address);
		break;
	}
}

static const char *
bad_free_kind(const struct heap_bad_free *b)
{
	return b->kind == HEAPFILE_BAD_DOUBLE	  ? "double-free"
	       : b->kind == HEAPFILE_BAD_MISMATCH ? "mismatched-free"
						  : INVALID_FREE;
}

static void
detect_bad_frees(const struct detector *d)
{
	const struct heap *h = d->heap;

	for (size_t i = 0; i < h->n_bad_frees; i++) {
		const struct heap_bad_free *b = &h->bad_frees[i];
		struct finding *f = finding_add(d->findings, bad_free_kind(b), "definite", b->site);

		if (!f)
			return;
		f->level = FINDING_ERROR;
		f->confidence = 1;
		f->alloc_site = b->alloc_site;
		f->count.blocks = b->count;
		f->address = b->address;
		describe_bad_free(d->findings, f, b);
	}
}

/* ---- what holds it ---- */

struct dominators *
detector_dominators(const struct detector *d)
{
	struct detector_parts *p = d->parts;

	if (!p->dominators && d->heap->has_roots && !d->findings->failed) {
		p->dominators = dominators_new(d->heap, &d->options->graph,
					       d->options->progress,
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
		p->holders = holders_new(d->heap, &d->options->graph, p->dominators,
					 p->names);
	d->findings->failed |= !p->holders;
	return p->holders;
}

static void
steps_free(struct finding *f)
{
	for (size_t i = 0; i < f->n_retained_by; i++) {
		free(f->retained_by[i].name);
		free(f->retained_by[i].function);
	}
	free(f->retained_by);
	f->retained_by = NULL;
	f->n_retained_by = 0;
}

static void
finding_fini(struct finding *f)
{
	for (size_t e = 0; e < f->n_evidence; e++)
		free(f->evidence[e]);
	free(f->evidence);
	free(f->summary);
	free(f->parts);
	free(f->sites);
	steps_free(f);
}

void
finding_take_steps(struct findings *all, struct finding *f, struct holder *x)
{
	steps_free(f);
	f->retained_by = calloc(x->n_steps + 1, sizeof(*f->retained_by));
	all->failed |= !f->retained_by;
	if (!f->retained_by)
		return;
	memcpy(f->retained_by, x->steps, x->n_steps * sizeof(*x->steps));
	f->n_retained_by = x->n_steps;
	f->n_left_out = x->n_left_out;
	x->n_steps = 0;
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
	struct dominators *tree =
		d->options->with_retained ? detector_dominators(d) : NULL;

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
			hash = hash_bytes(hash, f->function, detect_plain_length(f->function));
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
	bool is_free = strcmp(f->kind, "double-free") == 0 ||
		       strcmp(f->kind, "mismatched-free") == 0;
	uint64_t hash = hash_string(0xcbf29ce484222325ull, is_free ? INVALID_FREE : f->kind);
	uint64_t of_stack;
	struct stack s;
	unsigned n;

	hash = hash_string(hash, f->what);
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

/* Of findings that are no leaks; those see detect_leak.c. */
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

static int
compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	uint64_t x_bytes = x->count.bytes + x->indirect.bytes;
	uint64_t y_bytes = y->count.bytes + y->indirect.bytes;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (strcmp(x->kind, y->kind) != 0)
		return strcmp(x->kind, y->kind);
	if (x_bytes != y_bytes)
		return x_bytes < y_bytes ? 1 : -1;
	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	return strcmp(x->what, y->what);
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
	detect_bad_frees(&d);
	all->leaks.is_off = heap->info.leak_check_off;
	if (graph && !all->leaks.is_off)
		detect_leaks(&d);
	if (!all->failed)
		detect_growth(&d);
	if (!all->failed && options->several)
		detect_several(&d);
	if (!all->failed)
		detect_fragmentation(&d);
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

void
findings_sort(struct findings *all)
{
	if (all->n)
		qsort(all->list, all->n, sizeof(*all->list), compare_findings);
}

void
findings_free(struct findings *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->n; i++)
		finding_fini(&all->list[i]);
	settle_fini(&all->settle);
	types_free(all->types);
	free(all->retained);
	free(all->list);
	free(all);
}

size_t
findings_count(const struct findings *all, enum finding_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->list[i].novelty != FINDING_KNOWN && all->list[i].level <= level;
	return n;
}
