/* finding.c -- see finding.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/vec.h"

enum { SMALL_BYTES = 16 << 10, SMALL_PART = 1000 /* of the heap */ };

const char *
finding_level_name(enum finding_level level)
{
	static const char *const names[] = {"error", "warning", "note"};

	return names[level];
}

const struct finding_kind finding_kinds[FINDING_N_KINDS] = {
#define FINDING_KIND(id, kind, verdict, what, rule, title, help, level, traits)          \
	[id] = {kind, verdict, what, rule, title, help, level, traits},
#include "detect/kinds.def"
#undef FINDING_KIND
};

void
finding_become(struct finding *f, enum finding_id id)
{
	f->id = id;
	f->kind = finding_kinds[id].kind;
	f->verdict = finding_kinds[id].verdict;
	f->what = finding_kinds[id].what;
}

struct finding *
finding_add(struct findings *all, enum finding_id id, uint32_t site)
{
	struct finding *f;

	if (VEC_RESERVE(all->list, all->size, all->n + 1)) {
		all->failed = true;
		return NULL;
	}
	f = &all->list[all->n++];
	memset(f, 0, sizeof(*f));
	finding_become(f, id);
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
finding_add_evidence(struct findings *all, struct finding *f, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		all->failed = true;
	} else if (VEC_PUSH_SHORT(f->evidence, f->n_evidence, text)) {
		all->failed = true;
		free(text);
	}
	va_end(args);
}

void
finding_mark_passing(struct finding *f)
{
	if (f->n_evidence && f->n_evidence <= 64)
		f->passing |= (uint64_t)1 << (f->n_evidence - 1);
}

bool
finding_is_passing(const struct finding *f, size_t evidence)
{
	return evidence < 64 && (f->passing >> evidence & 1);
}

void
finding_add_site(struct findings *all, struct finding *f, uint32_t site)
{
	if (VEC_PUSH_SHORT(f->sites, f->n_sites, site))
		all->failed = true;
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

void
finding_fini(struct finding *f)
{
	for (size_t e = 0; e < f->n_evidence; e++)
		free(f->evidence[e]);
	free(f->evidence);
	free(f->summary);
	free(f->parts);
	free(f->sites);
	free(f->others);
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

struct heap_count
finding_whole(const struct finding *f)
{
	return (struct heap_count){f->count.blocks + f->of_parts.blocks,
				   f->count.bytes + f->of_parts.bytes};
}

uint64_t
finding_gives_back(const struct finding *f)
{
	uint64_t own = finding_whole(f).bytes + f->indirect.bytes;

	return (own > f->retained.bytes ? own : f->retained.bytes) + f->free_bytes;
}

bool
finding_is_listed(const struct finding *f)
{
	return !f->part_of && !*f->part_of_fingerprint && !f->is_small;
}

/* ---- order ---- */

static bool
is_wrong_free(const struct finding *f)
{
	return f->id == FINDING_DOUBLE_FREE || f->id == FINDING_MISMATCHED_FREE ||
	       f->id == FINDING_INVALID_FREE;
}

static bool
is_calm(const struct finding *f)
{
	return finding_kinds[f->id].traits & FINDING_IS_CALM ||
	       strcmp(f->verdict, "drained") == 0;
}

static bool
is_cost(const struct finding *f)
{
	return finding_kinds[f->id].traits & FINDING_IS_COST;
}

static bool
is_saving(const struct finding *f)
{
	return finding_kinds[f->id].traits & FINDING_IS_SAVING;
}

enum rank { WRONG_FREE, MEMORY, CALM, SAVING, COST };

static enum rank
rank(const struct finding *f)
{
	return is_wrong_free(f) ? WRONG_FREE
	       : is_cost(f)     ? COST
	       : is_saving(f)   ? SAVING
	       : is_calm(f)     ? CALM
				: MEMORY;
}

static int
compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	uint64_t x_bytes = finding_gives_back(x), y_bytes = finding_gives_back(y);

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (rank(x) != rank(y))
		return (int)rank(x) - (int)rank(y);
	if (x_bytes != y_bytes)
		return x_bytes < y_bytes ? 1 : -1;
	if (strcmp(x->kind, y->kind) != 0)
		return strcmp(x->kind, y->kind);
	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	return strcmp(x->what, y->what);
}

/* Both limits, so that nothing is small in a small heap. */
static bool
is_below(const struct findings *all, const struct finding *f)
{
	uint64_t bytes = finding_gives_back(f);

	return bytes < SMALL_BYTES && bytes < all->heap_bytes / SMALL_PART;
}

/* Of what is listed: the worst level of something that is not small; FINDING_NOTE + 1: there
 * is none. */
static int
level_of_largest(const struct findings *all)
{
	int level = FINDING_NOTE + 1;

	for (size_t i = 0; i < all->n; i++) {
		const struct finding *f = &all->list[i];

		if (rank(f) == MEMORY && f->novelty != FINDING_KNOWN &&
		    finding_is_listed(f) && !is_below(all, f) && (int)f->level < level)
			level = f->level;
	}
	return level;
}

/* A small error is left out beside a large warning: it is the warning that has to be read. */
static void
mark_small(struct findings *all)
{
	int level;

	for (size_t i = 0; i < all->n; i++)
		all->list[i].is_small = false;
	level = level_of_largest(all);
	for (size_t i = 0; i < all->n; i++) {
		struct finding *f = &all->list[i];

		f->is_small = rank(f) != WRONG_FREE && rank(f) != COST &&
			      is_below(all, f) && finding_is_listed(f) &&
			      (level <= FINDING_WARNING || level <= (int)f->level);
	}
}

void
findings_sort(struct findings *all)
{
	if (all->n)
		qsort(all->list, all->n, sizeof(*all->list), compare_findings);
	mark_small(all);
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

bool
finding_fails(const struct finding *f, enum finding_level level)
{
	return f->novelty != FINDING_KNOWN && f->level <= level;
}

size_t
findings_count(const struct findings *all, enum finding_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += finding_fails(&all->list[i], level);
	return n;
}

static const struct finding *
find_whole(const struct findings *all, const struct finding *f)
{
	for (size_t i = 0; *f->part_of_fingerprint && i < all->n; i++)
		if (strcmp(all->list[i].fingerprint, f->part_of_fingerprint) == 0)
			return &all->list[i];
	return NULL;
}

bool
finding_stands_alone(const struct findings *all, const struct finding *f)
{
	const struct finding *whole = find_whole(all, f);

	if (!whole)
		return true;
	if ((f->novelty == FINDING_KNOWN) != (whole->novelty == FINDING_KNOWN))
		return whole->novelty == FINDING_KNOWN;
	return f->level < whole->level;
}

bool
finding_is_quiet(const struct finding *f)
{
	/* That an allocator keeps what was freed just now is no fault. */
	return f->novelty == FINDING_KNOWN ||
	       finding_kinds[f->id].traits &
		       (FINDING_IS_CALM | FINDING_IS_COST | FINDING_IS_SAVING) ||
	       (f->id == FINDING_RETAINED_PAGES && f->level == FINDING_NOTE);
}

bool
finding_is_quiet_at(const struct finding *f, enum finding_level fails_at)
{
	return finding_is_quiet(f) && !finding_fails(f, fails_at);
}

size_t
findings_loud(const struct findings *all, enum finding_level fails_at)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += !finding_is_quiet_at(&all->list[i], fails_at);
	return n;
}
