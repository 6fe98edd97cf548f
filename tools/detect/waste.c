/* waste.c -- sites whose blocks hold nothing, or the same as others of the site.
 *
 * In:   what the snapshot measured (model/waste.h), names.
 * Out:  findings of kind waste, one for each of the sites that waste most.
 * Not here: blocks that should not live any more (detect/leak.c, detect/growth.c); the whole
 *       list (report/text.c).
 *
 * That memory is zero or equal is a fact, and may be meant to be so: a table is new or
 * sparse, a ring is empty.  Nothing is lost by it, so it comes after all that is, and is a
 * warning only where there is much to be won.
 *
 * Where the limits come from: less than a twentieth of the heap, or than a mebibyte, is not
 * worth a change of the program; a tenth may be.  More than MOST_SITES sites that each
 * have a twentieth are how the program is.
 *
 * Pages that were never touched take no memory, and make no finding.
 *
 * BOUND: a site is a call stack: what one function wastes when it is called from many
 * places counts for each place.
 * BOUND: where stacks were sampled nothing is said.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <stdio.h>

#include "model/waste.h"
#include "names/function_names.h"
#include "names/stacks.h"
#include "util/text.h"

enum {
	LEAST_BYTES = 1 << 20,
	NOTE_PART = 20, /* of the heap */
	WARNING_PART = 10,
	MOST_SITES = 5,
};

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

static unsigned
percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)(100 * (double)part / (double)whole + 0.5) : 0;
}

static const char *
advice(const struct heap_waste *w)
{
	if (w->copy_bytes >= w->zero.bytes && w->copy_bytes >= w->tail.bytes)
		return "Share what is equal: intern strings, or count references.";
	if (w->tail.bytes >= w->zero.bytes)
		return "Allocate what is needed: a smaller capacity at first, "
		       "shrink_to_fit "
		       "or realloc when the size is known.";
	return "Allocate it when it is first written to, or in parts; a table that is "
	       "new or "
	       "sparse may be meant to be so.";
}

static void
add_evidence(const struct detector *d, struct finding *f, const struct heap_waste *w,
	     const struct waste *all)
{
	struct findings *to = d->findings;

	if (w->copy_bytes)
		finding_add_evidence(to, f,
				     "%s in %s%s of %s blocks that hold the same as "
				     "another one of them: "
				     "there are %s contents.",
				     SIZE(w->copy_bytes),
				     all->of->info.waste_one_in > 1 ? "an estimated " : "",
				     COUNT(waste_copies(w)), COUNT(w->compared),
				     COUNT(w->distinct));
	if (w->tail.bytes)
		finding_add_evidence(
			to, f, "%s of zeros at the end of %s blocks, %s bytes on average.",
			SIZE(w->tail.bytes), COUNT(w->tail.blocks),
			COUNT(w->tail.bytes / w->tail.blocks));
	if (w->zero.bytes)
		finding_add_evidence(to, f,
				     "%s in %s blocks that hold no other byte than zero.",
				     SIZE(w->zero.bytes), COUNT(w->zero.blocks));
	if (w->untouched_bytes)
		finding_add_evidence(to, f,
				     "Another %s was never touched, and takes no memory.",
				     SIZE(w->untouched_bytes));
	if (all->is_before)
		finding_add_evidence(to, f, "That was before the program cleaned up.");
}

/* What nearly all of it is. */
static const char *
what(const struct heap_waste *w)
{
	uint64_t most = waste_bytes(w) / 10 * 9;

	if (w->copy_bytes >= most)
		return "is in copies of other blocks";
	if (w->tail.bytes >= most)
		return "is zeros at the end of blocks";
	if (w->zero.bytes >= most)
		return "is in blocks that are all zero,";
	return "is zeros, or copies of other blocks,";
}

/* "13.2 MiB, 24 % of the heap, is in copies of other blocks allocated in make_key." */
static void
summarize(const struct detector *d, struct finding *f, const struct waste *all)
{
	unsigned share = percent(f->count.bytes, all->of->live.bytes);
	const char *function;
	char plain[120];
	struct stack s;

	if (stack_get(d->heap, d->symbols, f->site, &s) != 0) {
		d->findings->failed = true;
		return;
	}
	function = names_function(d->heap, &s);
	finding_summarize(d->findings, f, "%s, %u %% of the heap, %s allocated %s%s.",
			  SIZE(f->count.bytes), share, what(&all->of->waste[f->site]),
			  function ? "in " : "at one site",
			  function ? names_plain(function, plain, sizeof(plain)) : "");
	stack_free(&s);
}

static void
add_waste(const struct detector *d, uint32_t node, const struct waste *all)
{
	const struct heap_waste *w = &all->of->waste[node];
	struct finding *f = finding_add(d->findings, FINDING_WASTE, node);

	if (!f)
		return;
	f->count.bytes = waste_bytes(w);
	f->count.blocks =
		heap_sum(heap_sum(w->zero.blocks, w->tail.blocks), waste_copies(w));
	f->level = f->count.bytes > all->of->live.bytes / WARNING_PART ? FINDING_WARNING
								       : FINDING_NOTE;
	f->confidence = 0.9;
	f->advice = advice(w);
	summarize(d, f, all);
	add_evidence(d, f, w, all);
}

void
detect_waste(const struct detector *d)
{
	const struct heap *h = d->heap;
	struct waste all;
	size_t n = 0;

	if (h->info.sample_bytes)
		return;
	if (waste_rank(h, &all) != 0) {
		d->findings->failed = true;
		return;
	}
	for (size_t i = 0; i < all.n && n < MOST_SITES && !d->findings->failed; i++) {
		uint64_t bytes = waste_bytes(&all.of->waste[all.nodes[i]]);

		if (bytes < LEAST_BYTES || bytes <= all.of->live.bytes / NOTE_PART)
			break;
		if (h->nodes[all.nodes[i]].flags & HEAPFILE_SITE_SPECIAL)
			continue; /* whose it is, nobody knows */
		add_waste(d, all.nodes[i], &all);
		n++;
	}
	waste_fini(&all);
}
