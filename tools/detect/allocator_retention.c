/* allocator_retention.c -- resident memory in no block: freed, and not given back.
 *
 * In:   what rss consists of (model/heap.h), the sums of fragmentation, the timeline.
 * Out:  a finding of kind fragmentation, or evidence for that of pinned pages, where these are
 *       most of it.
 * Not here: whose survivors pin pages (detect/fragmentation_findings.c).
 *
 * It takes more than half of rss, so that giving it back would be noticed, and as much as a
 * warning of pinned pages takes.  That an allocator keeps what was freed just now is what
 * allocators do, and at exit it does no harm: a note.  It is a warning if it has been so for
 * longer than jemalloc waits before it gives memory back (opt.dirty_decay_ms: 10 s); glibc
 * waits for the end of its heap to become free, however long that takes.
 *
 * BOUND: how long is taken from rss and live bytes at the ends of epochs, as if all other
 * parts of rss had been then what they are now.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <string.h>

#include "util/text.h"

enum { LEAST_BYTES = 16 << 20 };

static const uint64_t long_ns = 10000000000;

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define DURATION(v) text_duration(v, (char[32]){0}, 32)

struct work {
	const struct detector *d;
	const struct heap *h;
	struct heap_rss rss;
	uint64_t in_pages; /* of rss.allocator, free in pages that hold blocks */
	uint64_t since_ns; /* for how long it has been so, by the timeline */
};

static bool
is_most(uint64_t part, uint64_t rss)
{
	return part >= LEAST_BYTES && part > rss / 2;
}

static uint64_t
minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Back from the snapshot, as long as it was so at the end of each epoch. */
static uint64_t
held_ns(const struct work *w)
{
	const struct heap *h = w->h;
	uint64_t others = h->info.rss - w->rss.live - w->rss.allocator, since = 0;

	for (size_t i = h->n_epochs; i-- > 0;) {
		const struct hf_epochs *e = &h->epochs[i];

		if (!e->rss || !is_most(minus(e->rss, e->heap_used + others), e->rss))
			break;
		since = minus(h->info.uptime_ns, e->end_ns);
	}
	return since;
}

static bool
is_system(const struct heap *h)
{
	return strcmp(h->info.allocator.bytes ? h->info.allocator.bytes : "", "system") ==
	       0;
}

static void
add_sums(const struct work *w, struct finding *f)
{
	struct findings *all = w->d->findings;
	uint64_t held = w->rss.allocator;

	finding_add_evidence(all, f,
			     "Of rss (%s) %s is in live blocks, %s (%u %%) in the "
			     "allocator's memory and in "
			     "no block.",
			     SIZE(w->h->info.rss), SIZE(w->rss.live), SIZE(held),
			     (unsigned)(100 * (double)held / (double)w->h->info.rss));
	if (w->in_pages >= held / 20)
		finding_add_evidence(
			all, f,
			"%s of it is free in pages that hold blocks, %s in free "
			"pages.",
			SIZE(w->in_pages), SIZE(held - w->in_pages));
	if (w->since_ns)
		finding_add_evidence(all, f, "It has been so for %s.",
				     DURATION(w->since_ns));
	if (!is_system(w->h))
		finding_add_evidence(
			all, f,
			"This is gcprof's jemalloc in the place of the program's malloc, "
			"which may retain more or less: --allocator=system shows it.");
}

/* What the pages are worth to whom: blocks in them have to go, or it takes a call. */
static const char *
advice(const struct work *w)
{
	if (w->in_pages > w->rss.allocator / 2)
		return "Separate long-lived blocks from short-lived ones, by an arena or "
		       "a "
		       "pool: one block keeps its page.";
	if (is_system(w->h))
		return w->h->n_threads > 1 ? "Call malloc_trim(0) after the peak, or set "
					     "M_TRIM_THRESHOLD; "
					     "fewer arenas (M_ARENA_MAX) retain less."
					   : "Call malloc_trim(0) after the peak, or set "
					     "M_TRIM_THRESHOLD.";
	return "Call malloc_trim(0) after the peak, or have the allocator give free "
	       "pages back "
	       "sooner and use fewer arenas (jemalloc: dirty_decay_ms, narenas; glibc: "
	       "M_TRIM_THRESHOLD, M_ARENA_MAX).";
}

static struct finding *
find_pinned(const struct work *w)
{
	struct findings *all = w->d->findings;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].id == FINDING_PINNED_PAGES)
			return &all->list[i];
	return NULL;
}

static void
add_retention_finding(const struct work *w)
{
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, FINDING_RETAINED_PAGES, 0);
	uint64_t most = heap_most_live(w->h);

	if (!f)
		return;
	f->level = w->since_ns >= long_ns ? FINDING_WARNING : FINDING_NOTE;
	f->confidence = 0.8;
	f->free_bytes = w->rss.allocator;
	f->advice = advice(w);
	finding_summarize(
		all, f,
		"The allocator retains %s of %s resident memory: it was freed, and "
		"not given back.",
		SIZE(w->rss.allocator), SIZE(w->h->info.rss));
	add_sums(w, f);
	if (most > w->h->live.bytes + w->rss.allocator / 2)
		finding_add_evidence(all, f, "Peak: %s live; now %s.", SIZE(most),
				     SIZE(w->h->live.bytes));
}

void
detect_allocator_retention(const struct detector *d)
{
	struct work w = {.d = d, .h = d->heap};
	const struct fragmentation *s = &d->findings->fragmentation;
	struct finding *pinned;

	if (!heap_rss_parts(d->heap, &w.rss) ||
	    !is_most(w.rss.allocator, d->heap->info.rss))
		return;
	w.in_pages = s->free_bytes < w.rss.allocator ? s->free_bytes : w.rss.allocator;
	w.since_ns = held_ns(&w);
	pinned = s->pinned_bytes >= w.rss.allocator / 2 ? find_pinned(&w) : NULL;
	if (pinned)
		add_sums(&w, pinned);
	else
		add_retention_finding(&w);
}
