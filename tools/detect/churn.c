/* churn.c -- the few sites that make most allocations, and hold nothing.
 *
 * In:   temporary allocations by site (heap_temporary()), names.
 * Out:  at most one finding of kind churn, a note: the smallest set of places that together
 *       make more than half of all allocations of the process.
 * Not here: what lives (all other detectors); lists of temporary allocations (report/).
 *
 * Such a program spends time on getting blocks and on giving them back.  What it would save at
 * most is all of these calls; how much time that is, depends on the allocator.
 *
 * A place is a line of the program's own code, as the short report has it: what a library
 * allocates there, and call stacks that lead to it, are its.  Call stacks count one by one: one
 * that holds something, or of which more than a twentieth outlived their epoch, is none of them,
 * so that of a function that copies strings those who drop the copy are named, and not who keeps
 * it.
 *
 * Where the limits come from:
 *   half of all, 5 places    More places, or less of all, is how the program is, and no one line
 *                            to change.
 *   100,000 allocations      are some milliseconds: below there is nothing to save.
 *   10,000 a second          At some 50 ns for a block that comes and goes that is a twentieth of
 *                            a percent of one processor: below there is nothing to save either.
 *   1,000 in each MiB        (blocks of a KiB on average) To fill larger ones costs more than to
 *                            get them, and stays.
 *   four epochs              What is built once and freed once within one epoch is not made again
 *                            and again, and takes one epoch at most: so the set has to have
 *                            filled four.
 *   a hundredth of the heap  that the set may hold, of the most that was live: at its end a
 *                            program may hold next to nothing.
 *
 * Nothing is said where stacks were sampled, as it is not known then who survived; nor where so
 * many survivors' deaths are in no book that they may be a twentieth of the set.
 *
 * BOUND: call stacks with less than a two-thousandth of all allocations do not count, which
 * bounds the names that are asked for: a place that is called from thousands may be missed, or
 * have a larger share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/own_code.h"
#include "names/stacks.h"
#include "util/text.h"
#include "util/vec.h"

enum {
	MOST_PLACES = 5,
	LEAST_ALLOCATIONS = 100000,
	LEAST_PER_SECOND = 10000,
	MOST_BYTES = 1024, /* of a block, on average */
	LEAST_EPOCHS = 4,
	SURVIVORS = 20,    /* of so many allocations of a call stack one may be one */
	HELD_PART = 100,   /* of the heap */
	STACK_PART = 2000, /* of all allocations */
};

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

/* A call stack whose blocks are temporary. */
struct churner {
	uint32_t node;
	uint64_t temporary;
};

struct sum {
	uint64_t temporary, made, made_bytes, live_bytes;
	size_t n_stacks;
};

struct place {
	char *key;     /* no two alike */
	char *name;    /* as in the short report, "app.cpp:21 gw::log_line" */
	uint32_t node; /* of its call stacks the one that made most */
	struct sum sum;
};

struct work {
	const struct detector *d;
	const struct heap *h;
	uint64_t *temporary, *live_bytes; /* by node */
	uint64_t held;                    /* so many bytes are too many */
	struct churner *churners;         /* by falling number */
	size_t n_churners;
	struct place *places; /* the same */
	size_t n_places;
};

/* ---- call stacks --------------------------------------------------------- */

static bool
is_churner(const struct work *w, uint32_t node)
{
	const struct heap_node *n = &w->h->nodes[node];
	uint64_t temporary = w->temporary[node];

	return temporary && !(n->flags & HEAPFILE_SITE_SPECIAL) &&
	       temporary >= w->h->info.allocations / STACK_PART &&
	       n->allocations - temporary <= n->allocations / SURVIVORS &&
	       w->live_bytes[node] < w->held;
}

static int
compare_churners(const void *a, const void *b)
{
	const struct churner *x = a, *y = b;

	if (x->temporary != y->temporary)
		return x->temporary < y->temporary ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

/* Returns the sum of what they made, 0 also if there is no memory. */
static uint64_t
find_churners(struct work *w)
{
	const struct heap *h = w->h;
	uint64_t sum = 0, most = heap_most_live(h);

	w->temporary = heap_temporary(h);
	if (!w->temporary)
		return 0;
	w->live_bytes = calloc((size_t)h->n_nodes + 1, sizeof(*w->live_bytes));
	w->churners = calloc((size_t)h->n_nodes + 1, sizeof(*w->churners));
	w->d->findings->failed |= !w->live_bytes || !w->churners;
	if (w->d->findings->failed)
		return 0;
	w->held = most ? most / HELD_PART : 1;
	for (uint32_t i = 0; i < h->n_blocks; i++)
		w->live_bytes[h->blocks[i].site] =
			heap_sum(w->live_bytes[h->blocks[i].site],
				 heap_block_requested(&h->blocks[i]));
	for (uint32_t i = 1; i <= h->n_nodes; i++) {
		if (!is_churner(w, i))
			continue;
		w->churners[w->n_churners++] = (struct churner){i, w->temporary[i]};
		sum = heap_sum(sum, w->temporary[i]);
	}
	if (w->n_churners)
		qsort(w->churners, w->n_churners, sizeof(*w->churners), compare_churners);
	return sum;
}

/* ---- places -------------------------------------------------------------- */

/* "app.cpp:21 gw::log_line", "gw::log_line", "app+0x1234"; for free(3). */
static char *
name_of(const struct heap *h, const struct stack_frame *f)
{
	const char *path = h->modules[f->module].path.bytes;
	char plain[120], place[200] = "", *name = NULL, *safe;

	if (f->file)
		snprintf(place, sizeof(place), "%s:%u ", text_basename(f->file), f->line);
	if (f->function && !*names_plain(f->function, plain, sizeof(plain)))
		snprintf(plain, sizeof(plain), "%s", f->function);
	if (!f->function)
		snprintf(plain, sizeof(plain), "%.80s+0x%" PRIx64, text_basename(path),
			 f->offset);
	if (asprintf(&name, "%s%s", place, plain) < 0)
		return NULL;
	safe = text_utf8(name, strlen(name), true);
	free(name);
	return safe;
}

/* The line of a function, whatever instance of a template it is of and wherever it was
 * inlined; without lines the function; without names the place in the code. */
static char *
key_of(const struct stack_frame *f)
{
	char *key, plain[256];
	int n;

	if (f->function && f->file)
		n = asprintf(&key, "%s:%u %s", f->file, f->line,
			     names_plain(f->function, plain, sizeof(plain)));
	else if (f->function)
		n = asprintf(&key, "%" PRIu32 " %s", f->module, f->function);
	else
		n = asprintf(&key, "%" PRIu32 "+%" PRIx64, f->module, f->offset);
	return n < 0 ? NULL : key;
}

/* The place of a key, which it takes; new if need be; NULL: no memory. */
static struct place *
intern(struct work *w, char *key, const struct stack_frame *f, uint32_t node)
{
	struct place new = {.key = key, .node = node};

	for (size_t i = 0; i < w->n_places && key; i++)
		if (strcmp(w->places[i].key, key) == 0) {
			free(key);
			return &w->places[i];
		}
	new.name = key ? name_of(w->h, f) : NULL;
	if (new.name && VEC_PUSH_SHORT(w->places, w->n_places, new) == 0)
		return &w->places[w->n_places - 1];
	free(new.name);
	free(key);
	return NULL;
}

static bool
is_suppressed(const struct work *w, const struct churner *c)
{
	struct suppression *x =
		detector_suppression_of(w->d, c->node, finding_kinds[FINDING_CHURN].kind);

	if (!x)
		return false;
	x->matched.blocks = heap_sum(x->matched.blocks, c->temporary);
	return true;
}

static void
add_to_place(struct work *w, const struct churner *c)
{
	const struct heap_node *n = &w->h->nodes[c->node];
	const struct stack_frame *frame;
	struct place *p;
	struct stack s;

	if (is_suppressed(w, c))
		return;
	if (stack_get(w->h, w->d->symbols, c->node, &s) != 0) {
		w->d->findings->failed = true;
		return;
	}
	if (s.n) {
		frame = &s.frames[own_code_first(w->h, &s)];
		p = intern(w, key_of(frame), frame, c->node);
		w->d->findings->failed |= !p;
		if (p) {
			p->sum.temporary = heap_sum(p->sum.temporary, c->temporary);
			p->sum.made = heap_sum(p->sum.made, n->allocations);
			p->sum.made_bytes = heap_sum(p->sum.made_bytes, n->allocated_bytes);
			p->sum.live_bytes =
				heap_sum(p->sum.live_bytes, w->live_bytes[c->node]);
			p->sum.n_stacks++;
		}
	}
	stack_free(&s);
}

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->sum.temporary != y->sum.temporary)
		return x->sum.temporary < y->sum.temporary ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

static void
find_places(struct work *w)
{
	for (size_t i = 0; i < w->n_churners && !w->d->findings->failed; i++)
		add_to_place(w, &w->churners[i]);
	if (w->n_places)
		qsort(w->places, w->n_places, sizeof(*w->places), compare_places);
}

/* How many of the first places are over half of all; 0: more than are named. */
static size_t
find_set(const struct work *w, struct sum *ret)
{
	*ret = (struct sum){.n_stacks = 0};
	for (size_t i = 0; i < w->n_places && i < MOST_PLACES; i++) {
		const struct sum *s = &w->places[i].sum;

		ret->temporary = heap_sum(ret->temporary, s->temporary);
		ret->made = heap_sum(ret->made, s->made);
		ret->made_bytes = heap_sum(ret->made_bytes, s->made_bytes);
		ret->live_bytes = heap_sum(ret->live_bytes, s->live_bytes);
		ret->n_stacks += s->n_stacks;
		if (ret->temporary > w->h->info.allocations / 2)
			return i + 1;
	}
	return 0;
}

/* ---- what is said -------------------------------------------------------- */

static unsigned
percent(const struct work *w, uint64_t n)
{
	return (unsigned)(100 * (double)n / (double)w->h->info.allocations + 0.5);
}

/* Allocations a second over the whole run; 0 = unknown. */
static uint64_t
per_second(const struct work *w, uint64_t n)
{
	double seconds = (double)w->h->info.uptime_ns / 1e9;

	return seconds > 0 ? (uint64_t)((double)n / seconds) : 0;
}

/* Is it much, and again and again? */
static bool
is_worth_a_note(const struct work *w, const struct sum *s)
{
	const struct heap_info *info = &w->h->info;

	return s->live_bytes < w->held && s->made_bytes / MOST_BYTES <= s->made &&
	       s->made_bytes / LEAST_EPOCHS >= info->young_bytes &&
	       info->unbooked <= s->temporary / SURVIVORS &&
	       (!info->uptime_ns || per_second(w, s->temporary) >= LEAST_PER_SECOND);
}

static void
summarize(const struct work *w, struct finding *f, const struct sum *s, size_t n)
{
	char *list = NULL;
	size_t bytes;
	FILE *out = open_memstream(&list, &bytes);

	for (size_t i = 0; i < n && out; i++) {
		fprintf(out, "%s%s", i ? ", " : "", w->places[i].name);
		if (n > 1)
			fprintf(out, " %u %%", percent(w, w->places[i].sum.temporary));
	}
	if (!out || fclose(out) != 0 || !list)
		w->d->findings->failed = true;
	else
		finding_summarize(
			w->d->findings, f,
			"%zu site%s %u %% of all %s allocations and hold%s %s: %s.", n,
			n == 1 ? " makes" : "s make", percent(w, s->temporary),
			COUNT(w->h->info.allocations), n == 1 ? "s" : "",
			s->live_bytes ? SIZE(s->live_bytes) : "nothing", list);
	free(list);
}

static void
add_evidence(const struct work *w, struct finding *f, const struct sum *s, size_t n)
{
	struct findings *all = w->d->findings;
	uint64_t rate = per_second(w, s->temporary);

	for (size_t i = 0; i < n; i++) {
		const struct place *p = &w->places[i];
		char stacks[64] = "";

		if (p->sum.n_stacks > 1)
			snprintf(stacks, sizeof(stacks), ", from %s call stacks",
				 COUNT(p->sum.n_stacks));
		finding_add_evidence(
			all, f,
			"S%" PRIu32 ": %s allocations of %s bytes on average, "
			"in %s%s.",
			p->node, COUNT(p->sum.temporary),
			COUNT(p->sum.made_bytes / p->sum.made), p->name, stacks);
	}
	if (rate)
		finding_add_evidence(
			all, f,
			"Avoiding them saves at most %s allocations: %u %% of "
			"all, %s a second over the run.",
			COUNT(s->temporary), percent(w, s->temporary), COUNT(rate));
	else
		finding_add_evidence(
			all, f, "Avoiding them saves at most %s allocations: %u %% of all.",
			COUNT(s->temporary), percent(w, s->temporary));
	finding_mark_passing(f);
}

static void
add_churn(const struct work *w, const struct sum *s, size_t n)
{
	struct finding *f = finding_add(w->d->findings, FINDING_CHURN, w->places[0].node);

	if (!f)
		return;
	f->level = FINDING_NOTE;
	f->confidence = 0.9;
	f->entries = s->temporary;
	f->advice = "Reserve the capacity, take the buffer out of the loop (hoisting), "
		    "or use a "
		    "pool.";
	for (size_t i = 0; i < n; i++)
		finding_add_site(w->d->findings, f, w->places[i].node);
	summarize(w, f, s, n);
	add_evidence(w, f, s, n);
}

void
detect_churn(const struct detector *d)
{
	struct work w = {.d = d, .h = d->heap};
	struct sum sum;
	size_t n;

	if (w.h->info.allocations < LEAST_ALLOCATIONS || w.h->site_lives)
		return;
	if (find_churners(&w) > w.h->info.allocations / 2) {
		find_places(&w);
		n = d->findings->failed ? 0 : find_set(&w, &sum);
		if (n && is_worth_a_note(&w, &sum))
			add_churn(&w, &sum, n);
	}
	for (size_t i = 0; i < w.n_places; i++) {
		free(w.places[i].key);
		free(w.places[i].name);
	}
	free(w.places);
	free(w.churners);
	free(w.live_bytes);
	free(w.temporary);
}
