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

bool
finding_is_quiet(const struct finding *f)
{
	return f->novelty == FINDING_KNOWN || finding_kinds[f->id].traits & FINDING_IS_CALM;
}

size_t
findings_loud(const struct findings *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += !finding_is_quiet(&all->list[i]);
	return n;
}
