/* fragmentation_findings.c -- survivors that pin pages which are nearly empty.
 *
 * In:   what a compaction would give back, by site (fragmentation.h).
 * Out:  at most one finding of kind fragmentation, at the function whose survivors
 *       pin most; the sums, for reports.
 * Not here: blocks that should not live any more (detect/leak.c, detect/growth.c).
 *
 * Only what old blocks pin counts for the level: a page that only young blocks are
 * in will be free when they go.
 *
 * Where the limits come from: what comes and goes evenly leaves 0 to 6 % of its
 * heap to be given back (the corpus's innocents, a compiler, a redis that evicts as
 * much as it is given); from 25 % on there was a reason each time (redis after its
 * values became smaller; a dict of strings of all sizes, half of them deleted).  So
 * 10 % is the least that is told, and 25 % the least that is a warning.  The bytes
 * keep small heaps quiet, where chance is large and nothing is to be won: those below
 * 2 MiB have up to 65 %.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <stdlib.h>
#include <string.h>

#include "detect/fragmentation.h"
#include "names/function_names.h"
#include "util/text.h"

enum {
	NOTE_BYTES = 4 << 20,
	NOTE_PERCENT = 10,
	WARNING_BYTES = 16 << 20,
	WARNING_PERCENT = 25,
	MAX_SITES = 32, /* that are looked at to sum those of one function */
	MAX_TOLD = 2,   /* beside the first */
};

#define MIN_TOLD 0.02 /* of what is pinned: less is not worth a sentence */

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define PLAIN(s) names_plain(s, (char[120]){0}, 120)

/* A function, or a site of which the function is not known. */
struct pinner {
	uint32_t node;  /* the site that pins most of all its sites */
	char *function; /* NULL = unknown */
	const struct fragmentation_site *sums; /* of all of them */
};

struct work {
	const struct detector *d;
	struct fragmentation sums;
	struct fragmentation_site *sites; /* by node */
	struct pinner list[MAX_SITES];    /* by falling bytes */
	size_t n;
};

/* ---- who ----------------------------------------------------------------- */

static int
compare_pinners(const void *a, const void *b)
{
	const struct pinner *x = a, *y = b;

	if (x->sums->pinned_bytes < y->sums->pinned_bytes ||
	    x->sums->pinned_bytes > y->sums->pinned_bytes)
		return x->sums->pinned_bytes < y->sums->pinned_bytes ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

/* Into its place in the list, if it has one. */
static void
insert(struct work *w, const struct pinner *p)
{
	size_t at = w->n;

	if (w->n < MAX_SITES)
		w->n++;
	else if (compare_pinners(p, &w->list[--at]) > 0)
		return;
	for (; at > 0 && compare_pinners(p, &w->list[at - 1]) < 0; at--)
		w->list[at] = w->list[at - 1];
	w->list[at] = *p;
}

static void
rank_sites(struct work *w)
{
	const struct heap *h = w->d->heap;

	/* Of blocks without a stack nothing can be said. */
	for (uint32_t i = 1; i <= h->n_nodes; i++)
		if (w->sites[i].pinned_bytes > 0 &&
		    !(h->nodes[i].flags & HEAPFILE_SITE_SPECIAL))
			insert(w, &(struct pinner){i, NULL, &w->sites[i]});
}

static char *
function_at(struct work *w, uint32_t node)
{
	const struct detector *d = w->d;
	const char *function;
	char *copy = NULL;
	struct stack s;

	if (stack_get(d->heap, d->symbols, node, &s) != 0) {
		d->findings->failed = true;
		return NULL;
	}
	function = names_function(d->heap, &s);
	if (function && !(copy = strdup(function)))
		d->findings->failed = true;
	stack_free(&s);
	return copy;
}

/* One function may allocate by way of many others: its sites are counted again at
 * the first of them, since a page that several of them pin is one page. */
static void
sum_functions(struct work *w)
{
	uint32_t n_nodes = w->d->heap->n_nodes;
	uint32_t *leaders = calloc((size_t)n_nodes + 1, sizeof(*leaders));
	size_t n = 0;

	for (uint32_t i = 0; leaders && i <= n_nodes; i++)
		leaders[i] = i;
	for (size_t i = 0; leaders && i < w->n; i++) {
		struct pinner p = w->list[i];
		size_t k = 0;

		p.function = function_at(w, p.node);
		while (k < n && !(p.function && w->list[k].function &&
				  strcmp(p.function, w->list[k].function) == 0))
			k++;
		if (k < n) {
			leaders[p.node] = w->list[k].node;
			free(p.function);
		} else {
			w->list[n++] = p;
		}
	}
	if (n < w->n && leaders) {
		memset(w->sites, 0, ((size_t)n_nodes + 1) * sizeof(*w->sites));
		if (fragmentation_measure(w->d->heap, &w->sums, w->sites, leaders) != 0)
			w->d->findings->failed = true;
	}
	w->d->findings->failed |= !leaders;
	w->n = n;
	if (n)
		qsort(w->list, n, sizeof(*w->list), compare_pinners);
	free(leaders);
}

/* ---- what is said -------------------------------------------------------- */

static uint64_t
percent(double part, double whole)
{
	return whole > 0 ? (uint64_t)(100 * part / whole + 0.5) : 0;
}

static void
add_sum_evidence(struct work *w, struct finding *f)
{
	const struct fragmentation *s = &w->sums;
	const struct heap *h = w->d->heap;
	struct findings *all = w->d->findings;
	uint64_t whole = s->pages * s->page_bytes, most = heap_most_live(h);
	uint64_t unpinned = s->giveback_bytes - s->pinned_bytes;

	finding_add_evidence(
		all, f,
		"%s pages of %s hold blocks; %s of these %s (%llu %%) is free.  "
		"Compacted by size and thread, the blocks would fit in %s pages.",
		COUNT(s->pages), SIZE(s->page_bytes), SIZE(s->free_bytes), SIZE(whole),
		(unsigned long long)percent((double)s->free_bytes, (double)whole),
		COUNT(s->pages - s->giveback_bytes / s->page_bytes));
	if (most > h->live.bytes + s->pinned_bytes / 2)
		finding_add_evidence(all, f, "Peak: %s live; now %s.", SIZE(most),
				     SIZE(h->live.bytes));
	if (unpinned > s->giveback_bytes / 20)
		finding_add_evidence(
			all, f,
			"%s of it is in pages with young blocks only, expected to be "
			"released soon.",
			SIZE(unpinned));
	if (h->info.heap_total > whole)
		finding_add_evidence(
			all, f,
			"The allocator has mapped another %s: free pages and its own "
			"metadata.  These are charged to no site.",
			SIZE(h->info.heap_total - whole));
}

static void
add_pinner_evidence(struct work *w, struct finding *f)
{
	struct findings *all = w->d->findings;
	const struct pinner *p = &w->list[0];
	double unsampled = 0;

	finding_add_evidence(
		all, f, "%s old block%s (%s) %s in pages that are not full.",
		COUNT(p->sums->blocks.blocks), p->sums->blocks.blocks == 1 ? "" : "s",
		SIZE(p->sums->blocks.bytes), p->sums->blocks.blocks == 1 ? "is" : "are");
	for (size_t i = 1; i < w->n && i <= MAX_TOLD; i++) {
		p = &w->list[i];
		if (p->sums->pinned_bytes >= MIN_TOLD * (double)w->sums.pinned_bytes)
			finding_add_evidence(all, f, "%s%s pin%s %s of it, in %s pages.",
					     p->function ? "Blocks of " : "Another site",
					     p->function ? PLAIN(p->function) : "",
					     p->function ? "" : "s",
					     SIZE((uint64_t)p->sums->pinned_bytes),
					     COUNT(p->sums->pages));
	}
	for (uint32_t i = 1; i <= w->d->heap->n_nodes; i++)
		if (w->d->heap->nodes[i].flags & HEAPFILE_SITE_SPECIAL)
			unsampled += w->sites[i].pinned_bytes;
	if (unsampled >= MIN_TOLD * (double)w->sums.pinned_bytes)
		finding_add_evidence(all, f, "Blocks without a call stack pin %s of it.",
				     SIZE((uint64_t)unsampled));
}

static bool
is_at_least(const struct fragmentation *s, uint64_t bytes, uint64_t percents)
{
	return s->pinned_bytes >= bytes &&
	       (double)s->pinned_bytes * 100 >=
		       (double)percents * (double)s->pages * (double)s->page_bytes;
}

static void
add_pinned_finding(struct work *w)
{
	const struct fragmentation *s = &w->sums;
	const struct pinner *p = &w->list[0];
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, FINDING_PINNED_PAGES, p->node);
	bool is_much = is_at_least(s, WARNING_BYTES, WARNING_PERCENT);

	if (!f)
		return;
	f->level = is_much ? FINDING_WARNING : FINDING_NOTE;
	f->confidence = is_much ? 0.9 : 0.7;
	f->count = p->sums->blocks;
	f->free_bytes = s->pinned_bytes;
	finding_summarize(all, f,
			  "Fragmentation: compaction would free %s of %s; %s%s pin%s "
			  "%s of it in %s pages.",
			  SIZE(s->giveback_bytes), SIZE(s->pages * s->page_bytes),
			  p->function ? "blocks of " : "one site",
			  p->function ? PLAIN(p->function) : "", p->function ? "" : "s",
			  SIZE((uint64_t)p->sums->pinned_bytes), COUNT(p->sums->pages));
	add_pinner_evidence(w, f);
	add_sum_evidence(w, f);
	f->advice = "Separate long-lived blocks from short-lived ones: allocate them "
		    "together, or from an arena or a pool, or copy them into new blocks "
		    "once the others are freed.";
}

void
detect_fragmentation(const struct detector *d)
{
	struct work w = {.d = d};

	w.sites = calloc((size_t)d->heap->n_nodes + 1, sizeof(*w.sites));
	if (!w.sites || fragmentation_measure(d->heap, &w.sums, w.sites, NULL) != 0) {
		d->findings->failed = true;
		free(w.sites);
		return;
	}
	d->findings->fragmentation = w.sums;
	if (is_at_least(&w.sums, NOTE_BYTES, NOTE_PERCENT)) {
		rank_sites(&w);
		sum_functions(&w);
		if (w.n && !d->findings->failed)
			add_pinned_finding(&w);
	}
	for (size_t i = 0; i < w.n; i++)
		free(w.list[i].function);
	free(w.sites);
}
