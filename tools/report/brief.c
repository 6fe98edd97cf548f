/* brief.c -- the report for people on one screen.
 *
 * In:   struct report.
 * Out:  some 60 lines: the process, the summary, a few lines for each of the findings that
 *       matter most, the largest sites.
 * Not here: evidence, stacks, ages, types, modules (text.c, with --full).
 *
 * The findings: the largest of each kind first, so that many of one kind hide none of
 * another; then as many as there is room for.  They stand in the order of the full report and
 * with its numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/brief.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/missing_names.h"
#include "report/process_text.h"
#include "report/summary.h"
#include "report/writers.h"
#include "util/text.h"

enum {
	MOST_SITES = 5,
	MOST_SMALL = 10,
	INDENT = 5, /* of a finding's lines */
};

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

/* ---- which findings ---- */

/* Is it a matter of this report, be it only to be counted? */
static bool
is_subject(const struct report *r, const struct finding *x)
{
	if (r->options.failing_only)
		return finding_fails(x, r->options.fails_at) &&
		       finding_stands_alone(r->findings, x);
	return !*x->part_of_fingerprint &&
	       !(r->options.findings_only && finding_is_quiet_at(x, r->options.fails_at));
}

/* Is it one that has a place there? */
static bool
is_candidate(const struct report *r, const struct finding *x)
{
	return is_subject(r, x) && (!x->is_small || r->options.all);
}

/* A check shows all that may fail it. */
static bool
is_wanted_anyhow(const struct report *r, const struct finding *x)
{
	return r->options.all || r->options.failing_only ||
	       (r->options.findings_only && x->level != FINDING_NOTE);
}

static bool
is_first_of_kind(const struct report *r, size_t i)
{
	const struct finding *list = r->findings->list;

	for (size_t k = 0; k < i; k++)
		if (list[k].id == list[i].id && list[k].level == list[i].level &&
		    is_candidate(r, &list[k]))
			return false;
	return true;
}

/* Mark those to be shown; returns how many.  What comes and goes as it should is not among
 * them. */
static size_t
choose(const struct report *r, bool *chosen)
{
	const struct findings *all = r->findings;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (is_candidate(r, &all->list[i]) && is_wanted_anyhow(r, &all->list[i]))
			n += chosen[i] = true;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < all->n && n < BRIEF_SUSPECTS; i++) {
			const struct finding *x = &all->list[i];

			if (chosen[i] || !is_candidate(r, x) ||
			    (finding_kinds[x->id].traits & FINDING_IS_CALM) ||
			    (pass == 0 && !is_first_of_kind(r, i)))
				continue;
			n += chosen[i] = true;
		}
	return n;
}

/* Put what gives back most of list[from] to the last one first, and keep the others' order. */
static void
sort_by_size(const struct findings *all, size_t *list, size_t from, size_t n)
{
	for (size_t i = from + 1; i < n; i++) {
		size_t x = list[i], at = i;

		for (; at > from && finding_gives_back(&all->list[list[at - 1]]) <
					    finding_gives_back(&all->list[x]);
		     at--)
			list[at] = list[at - 1];
		list[at] = x;
	}
}

size_t
brief_suspects(const struct report *r, size_t *list)
{
	size_t n = 0;
	bool *chosen = calloc(r->findings->n + 1, sizeof(*chosen));

	if (!chosen)
		return 0;
	choose(r, chosen);
	for (int is_first = 1; is_first >= 0; is_first--) {
		size_t from = n;

		for (size_t i = 0; i < r->findings->n && n < BRIEF_SUSPECTS; i++)
			if (chosen[i] && is_first_of_kind(r, i) == is_first &&
			    !(finding_kinds[r->findings->list[i].id].traits &
			      (FINDING_IS_COST | FINDING_IS_SAVING)))
				list[n++] = i;
		sort_by_size(r->findings, list, from, n);
	}
	free(chosen);
	return n;
}

/* ---- one finding ---- */

/* "app.cpp:21 gw::log_line < main" */
static void
write_where(const struct report *r, uint32_t site, const char *before, FILE *f)
{
	fprintf(f, "%*s%s", INDENT, "", before);
	summary_put_where(r, f, site, INDENT + strlen(before));
	putc('\n', f);
}

/* "retained by gw::cache in app", unless the summary has said it. */
static void
write_holder(const struct finding *x, FILE *f)
{
	static const char by[] = "retained by ";
	const struct holder_step *root = x->retained_by;

	if (x->n_retained_by == 0 || !root->is_root || strstr(x->summary, ", held by "))
		return;
	fprintf(f, "%*s%s", INDENT, "", by);
	layout_phrase(f, root->name ? root->name : "an unnamed root",
		      layout_columns(f) - INDENT - strlen(by));
	putc('\n', f);
}

static void
write_finding(const struct report *r, const struct finding *x, size_t number,
	      struct missing_names *missing, FILE *f)
{
	fprintf(f, "%3zu. ", number);
	summary_put_headline(x, INDENT, f);
	/* It is of no site. */
	if (x->id != FINDING_RETAINED_PAGES)
		write_where(r, x->site, "", f);
	if (x->alloc_site)
		write_where(r, x->alloc_site, "allocated at ", f);
	missing_names_write(missing, r, x->site, INDENT, f);
	write_holder(x, f);
	if (x->advice)
		layout_sentence(f, x->advice, INDENT);
}

/* Where they are of which a check says no more, though they may be what fails it. */
static void
write_small(const struct report *r, const bool *chosen, FILE *f)
{
	const struct findings *all = r->findings;
	size_t n = 0;

	for (size_t i = 0; i < all->n && n < MOST_SMALL; i++) {
		const struct finding *x = &all->list[i];

		if (chosen[i] || !is_subject(r, x) ||
		    (x->level == FINDING_NOTE && !r->options.failing_only))
			continue;
		n++;
		fprintf(f, "       %10s  ", SIZE(finding_gives_back(x)));
		summary_put_where(r, f, x->site, 19);
		putc('\n', f);
	}
}

/* "and 12 more, --all: 3 errors, 9 notes" */
static void
write_rest(const struct report *r, const bool *chosen, FILE *f)
{
	const struct findings *all = r->findings;
	size_t n[FINDING_NOTE + 1] = {0}, n_all = 0;

	for (size_t i = 0; i < all->n; i++)
		if (!chosen[i] && is_subject(r, &all->list[i])) {
			n[all->list[i].level]++;
			n_all++;
		}
	if (!n_all)
		return;
	fprintf(f, "     and %s more, --all:", COUNT(n_all));
	summary_put_levels(n, f);
	putc('\n', f);
	if (r->options.findings_only)
		write_small(r, chosen, f);
}

static void
write_findings(const struct report *r, FILE *f)
{
	const struct findings *all = r->findings;
	bool *chosen = calloc(all->n + 1, sizeof(*chosen));
	struct missing_names missing = {0};
	size_t number = 0;

	if (!chosen) {
		fputs("out of memory\n", f);
		return;
	}
	layout_heading(f, "Findings");
	if (choose(r, chosen) == 0)
		fputs("  nothing to report\n", f);
	for (size_t i = 0; i < all->n && !ferror(f); i++) {
		number += is_candidate(r, &all->list[i]);
		if (chosen[i])
			write_finding(r, &all->list[i], number, &missing, f);
	}
	missing_names_fini(&missing);
	write_rest(r, chosen, f);
	free(chosen);
}

/* ---- sites ---- */

static void
write_sites(const struct report *r, FILE *f)
{
	uint64_t whole = r->heap->live.bytes;
	size_t n = r->n_listed[ORDER_LIVE];

	if (!r->lists[ORDER_LIVE] || !whole)
		return;
	layout_heading(f, "Top sites by live bytes");
	for (size_t i = 0; i < n && i < MOST_SITES; i++) {
		uint32_t node = r->lists[ORDER_LIVE][i];
		const struct heap_count *live = &r->sites[node].live;
		int columns = fprintf(f, "  %5.1f %%  %10s  ",
				      100.0 * (double)live->bytes / (double)whole,
				      SIZE(live->bytes));

		if (!layout_is_narrow(f))
			columns += fprintf(f, "%9s block%s  ", COUNT(live->blocks),
					   live->blocks == 1 ? " " : "s");
		columns += fprintf(f, "S%-4" PRIu32 " ", node);
		summary_put_where(r, f, node, columns > 0 ? (size_t)columns : 0);
		putc('\n', f);
	}
}

void
report_write_brief(const struct report *r, FILE *f)
{
	if (r->options.findings_only) {
		if (report_is_silent(&r->options, r->findings))
			return;
		process_write_brief(r, f);
		write_findings(r, f);
		return;
	}
	process_write_brief(r, f);
	summary_write(r, f);
	write_findings(r, f);
	write_sites(r, f);
	fputs("\nEvidence, stacks, ages, types and modules: --full\n", f);
}
