/* leaks.c -- leaks and findings in the report for people.
 *
 * In:   struct report.
 * Out:  two chapters of text.
 * Not here: the other chapters (report/text.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "names/function_names.h"
#include "names/own_code.h"
#include "report/columns.h"
#include "report/frames.h"
#include "report/missing_names.h"
#include "report/summary.h"
#include "report/writers.h"
#include "util/text.h"

enum {
	TEXT_PARTS = 5, /* sites of what is lost with a finding */
	MOST_SORTS = 32,
	STEP_COLUMNS = 38, /* of a step, besides names */
};

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

static void
write_leak_line(FILE *f, const char *name, const struct heap_count *c)
{
	fprintf(f, "  %-15s %14s %12s", name, COUNT(c->blocks), SIZE(c->bytes));
	if (!layout_is_narrow(f))
		fprintf(f, " %22s", COUNT(c->bytes));
	putc('\n', f);
}

static void
write_leaks(const struct report *r, FILE *f)
{
	const struct leaks *l = &r->findings->leaks;
	char roots[300];

	if (l->is_off)
		fputs("\nNo leak check: the program or LSAN_OPTIONS disabled it, or "
		      "it ran its own (lsan_interface.h).\n",
		      f);
	if (!l->is_computed)
		return;
	layout_heading(f, "Leaks");
	fprintf(f, "  %-15s %14s %12s", "", "blocks", "size");
	fprintf(f, layout_is_narrow(f) ? "\n" : " %22s\n", "bytes");
	for (int state = 0; state < GRAPH_N_STATES; state++)
		if (state != GRAPH_IGNORED || l->counts[state].blocks)
			write_leak_line(f, graph_state_title((enum graph_state)state),
					&l->counts[state]);
	write_leak_line(f, "suppressed", &l->suppressed);
	snprintf(roots, sizeof(roots), "Roots: %s.", l->roots);
	putc('\n', f);
	layout_sentence(f, roots, 2);
}

/* Hexadecimal and text, 16 bytes a line. */
static void
write_content(const struct heap_text *content, FILE *f)
{
	for (size_t at = 0; at < content->n && at < 256; at += 16) {
		size_t n = content->n - at < 16 ? content->n - at : 16;

		fprintf(f, "      %04zx ", at);
		for (size_t i = 0; i < 16; i++)
			if (i < n)
				fprintf(f, " %02x", (unsigned char)content->bytes[at + i]);
			else
				fputs("   ", f);
		fputs("  |", f);
		for (size_t i = 0; i < n; i++) {
			char c = content->bytes[at + i];

			putc(c >= ' ' && c <= '~' ? c : '.', f);
		}
		fputs("|\n", f);
	}
}

/* What is lost with a finding, each by the one frame that tells most. */
static void
write_parts(const struct report *r, const struct finding *x, FILE *f)
{
	for (size_t i = 0; i < x->n_parts && i < TEXT_PARTS; i++) {
		const struct finding_part *part = &x->parts[i];
		struct stack s;

		if (stack_get(r->heap, r->symbols, part->site, &s) != 0)
			return;
		fprintf(f, "     and %s block%s (%s) allocated at\n",
			COUNT(part->count.blocks), part->count.blocks == 1 ? "" : "s",
			SIZE(part->count.bytes));
		layout_frame(r, f, &s, own_code_first(r->heap, &s));
		stack_free(&s);
	}
	if (x->n_parts > TEXT_PARTS)
		fprintf(f, "     and blocks from %zu more site%s\n",
			x->n_parts - TEXT_PARTS, x->n_parts - TEXT_PARTS == 1 ? "" : "s");
}

/* "       8 B, S12, allocated in session_new" */
static void
write_site(const struct report *r, const struct finding *x, FILE *f)
{
	const char *function;
	struct stack s;

	if (stack_get(r->heap, r->symbols, x->site, &s) != 0)
		return;
	function = names_function(r->heap, &s);
	fprintf(f, "       %s, S%" PRIu32 "%s", SIZE(x->count.bytes), x->site,
		function ? ", allocated in " : "");
	layout_function(f, function ? function : "", layout_columns(f));
	putc('\n', f);
	stack_free(&s);
}

/* Findings that are parts of one, the same way. */
static void
write_folded(const struct report *r, const struct finding *x, FILE *f)
{
	const struct findings *all = r->findings;
	size_t n = 0;

	if (!x->has_parts)
		return;
	fprintf(f, "     of these, %s block%s (%s) from %zu more site%s:\n",
		COUNT(x->of_parts.blocks), x->of_parts.blocks == 1 ? "" : "s",
		SIZE(x->of_parts.bytes), x->n_of_parts, x->n_of_parts == 1 ? "" : "s");
	for (size_t i = 0; i < all->n && n < TEXT_PARTS; i++) {
		if (strcmp(all->list[i].part_of_fingerprint, x->fingerprint) != 0)
			continue;
		write_site(r, &all->list[i], f);
		n++;
	}
}

/* Columns of one of two names, where a short one leaves its own to the other. */
static size_t
half(size_t room, const char *other)
{
	size_t n = strlen(other);

	return n < room / 2 ? room - n : room / 2;
}

/* "via a block of Session allocated in session_open, retaining 3.2 KiB" */
static void
write_step(const struct holder_step *s, bool is_last, FILE *f)
{
	size_t columns = layout_columns(f), room = columns - STEP_COLUMNS;

	if (s->is_root) {
		fputs("     retained by ", f);
		layout_phrase(f, s->name ? s->name : "an unnamed root", columns - 17);
		putc('\n', f);
		return;
	}
	fprintf(f, "       %s ", is_last ? "to" : "via");
	if (s->n_folded > 1)
		fprintf(f, "a chain of %s blocks", COUNT(s->n_folded));
	else
		fputs(is_last ? "this block" : "a block", f);
	if (s->name) {
		fputs(" of ", f);
		layout_function(f, s->name, s->function ? half(room, s->function) : room);
	}
	if (s->function) {
		fputs(" allocated in ", f);
		layout_function(f, s->function, s->name ? half(room, s->name) : room);
	} else {
		fprintf(f, " allocated at S%" PRIu32, s->site);
	}
	if (s->retained.blocks > 1)
		fprintf(f, ", retaining %s", SIZE(s->retained.bytes));
	putc('\n', f);
}

static void
write_path(const struct finding *x, FILE *f)
{
	for (size_t i = 0; i < x->n_retained_by; i++) {
		if (x->n_left_out && i == HOLDER_STEPS / 2)
			fprintf(f, "       via %zu more steps\n", x->n_left_out);
		write_step(&x->retained_by[i], i + 1 == x->n_retained_by, f);
	}
}

static void
write_finding(const struct report *r, const struct finding *x, size_t number,
	      struct missing_names *missing, FILE *f)
{
	fprintf(f, "%s%3zu. ", number > 1 ? "\n" : "", number);
	summary_put_headline(x, 5, f);
	for (size_t e = 0; e < x->n_evidence; e++)
		layout_sentence(f, x->evidence[e], 5);
	if (x->advice)
		layout_sentence(f, x->advice, 5);
	/* It is of no site. */
	if (x->id != FINDING_RETAINED_PAGES) {
		fprintf(f, "     S%" PRIu32 ":\n", x->site);
		layout_stack(r, f, x->site);
	}
	if (x->alloc_site) {
		fprintf(f, "     allocated at S%" PRIu32 ":\n", x->alloc_site);
		layout_stack(r, f, x->alloc_site);
	}
	missing_names_write(missing, r, x->site, 5, f);
	write_parts(r, x, f);
	write_folded(r, x, f);
	write_path(x, f);
	if (x->content) {
		fprintf(f, "     contents at 0x%" PRIx64 "\n", x->address);
		write_content(x->content, f);
	}
}

/* Findings of one sort that are left out, so that the others are read. */
struct left_out {
	const char *what;
	enum finding_level level;
	size_t n_shown, n;
	struct heap_count count;
};

/* Is it one of its sort too many?  A check shows whatever may fail it.
 * BOUND  Sorts beyond the table are shown. */
static bool
leave_out(const struct report *r, struct left_out *sorts, const struct finding *x)
{
	size_t i = 0, most = r->options.top;

	while (i < MOST_SORTS && sorts[i].what &&
	       (strcmp(sorts[i].what, x->what) != 0 || sorts[i].level != x->level))
		i++;
	if (most == 0 || i == MOST_SORTS ||
	    (r->options.findings_only && x->level != FINDING_NOTE))
		return false;
	sorts[i].what = x->what;
	sorts[i].level = x->level;
	if (sorts[i].n_shown++ < most)
		return false;
	sorts[i].n++;
	sorts[i].count.blocks += finding_whole(x).blocks;
	sorts[i].count.bytes += finding_whole(x).bytes;
	return true;
}

/* Are rows for it wanted?  --top=0 asks for all of them. */
static bool
is_counted_only(const struct report *r, const struct finding *x)
{
	return x->is_small && r->options.top &&
	       !(r->options.findings_only && finding_is_quiet_at(x, r->options.fails_at));
}

/* "and 74 small ones, --all: 60 errors, 14 notes, 5.2 KiB"; where they may be what fails a
 * check, their sites. */
static void
write_small(const struct report *r, FILE *f)
{
	const struct findings *all = r->findings;
	size_t n[FINDING_NOTE + 1] = {0}, n_all = 0, n_sites = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (!is_counted_only(r, &all->list[i]))
			continue;
		n[all->list[i].level]++;
		n_all++;
		bytes += finding_gives_back(&all->list[i]);
	}
	if (!n_all)
		return;
	fprintf(f, "\n     and %s small one%s, --all:", COUNT(n_all),
		n_all == 1 ? "" : "s");
	summary_put_levels(n, f);
	fprintf(f, ", %s\n", SIZE(bytes));
	for (size_t i = 0; r->options.findings_only && i < all->n; i++)
		if (is_counted_only(r, &all->list[i]) &&
		    all->list[i].level != FINDING_NOTE && n_sites++ < r->options.top)
			write_site(r, &all->list[i], f);
}

static void
write_findings(const struct report *r, FILE *f)
{
	const struct findings *all = r->findings;
	struct missing_names missing = {0};
	struct left_out sorts[MOST_SORTS] = {0};
	size_t n = 0, n_quiet = 0;

	if (all->n == 0)
		return;
	layout_heading(f, "Findings");
	for (size_t i = 0; i < all->n && !ferror(f); i++) {
		const struct finding *x = &all->list[i];

		if (*x->part_of_fingerprint)
			continue;
		if (r->options.findings_only && finding_is_quiet_at(x, r->options.fails_at))
			n_quiet++;
		else if (!is_counted_only(r, x) && !leave_out(r, sorts, x))
			write_finding(r, x, ++n, &missing, f);
	}
	missing_names_fini(&missing);
	for (size_t i = 0; i < MOST_SORTS; i++)
		if (sorts[i].n)
			fprintf(f,
				"\n     %s more %s%s of this kind: %s, %s block%s (%s);"
				" see --top=0\n",
				COUNT(sorts[i].n), finding_level_name(sorts[i].level),
				sorts[i].n == 1 ? "" : "s", sorts[i].what,
				COUNT(sorts[i].count.blocks),
				sorts[i].count.blocks == 1 ? "" : "s",
				SIZE(sorts[i].count.bytes));
	write_small(r, f);
	if (n_quiet)
		fprintf(f,
			"\n     %s more finding%s not shown: in the baseline, or no "
			"fault.\n",
			COUNT(n_quiet), n_quiet == 1 ? "" : "s");
}

void
report_write_leaks(const struct report *r, FILE *f)
{
	write_leaks(r, f);
	write_findings(r, f);
}
