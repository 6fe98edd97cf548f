/* diff_text.c -- what has changed, for people, flame graphs and spreadsheets.
 *
 * In:   struct diff.
 * Out:  text of 80 columns; folded stacks with the growth of each, or with before and
 *       after; a table.
 * Not here: JSON (report/diff_json.c), what has changed (diff.c).
 *
 * Source  README of the FlameGraph tools, and difffolded.pl of them: two columns after
 * a stack are what it had before and after.
 *
 * SPDX-License-Identifier: MIT
 */
#include "compare/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "report/columns.h"
#include "report/compared.h"
#include "report/writers.h"
#include "util/text.h"

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define SIGNED(v) signed_size(v, (char[32]){0}, 32)
#define CHANGE(v) signed_count(v, (char[40]){0}, 40)
#define TIME(v) text_duration(v, (char[32]){0}, 32)

static const char *
signed_size(double v, char *buf, size_t n)
{
	snprintf(buf, n, "%s%s", v < 0 ? "-" : "+", SIZE((uint64_t)(v < 0 ? -v : v)));
	return buf;
}

static const char *
signed_count(int64_t v, char *buf, size_t n)
{
	snprintf(buf, n, "%s%s", v < 0 ? "-" : "+",
		 COUNT(v < 0 ? 0 - (uint64_t)v : (uint64_t)v));
	return buf;
}

/* ---- text ---- */

static void
write_process(const struct diff_snapshot *x, const char *before, FILE *f)
{
	fprintf(f, "%spid %" PRIu64 ", ", before, x->pid);
	layout_short(f, x->command, strlen(x->command), layout_columns(f) - 30);
}

static void
write_snapshot(const struct diff *d, size_t i, FILE *f)
{
	const struct diff_snapshot *x = &d->snapshots[i];

	fprintf(f, "%-11s ", i == 0 ? "Before" : i + 1 == d->n ? "After" : "");
	layout_path(f, x->path, layout_columns(f) / 2);
	fprintf(f, ": after %s, %s in %s block%s%s\n", TIME(x->uptime_ns),
		SIZE(x->counted.bytes), COUNT(x->counted.blocks),
		x->counted.blocks == 1 ? "" : "s", x->is_complete ? "" : " (incomplete)");
	if (d->relation != DIFF_ONE_PROCESS) {
		write_process(x, "            ", f);
		putc('\n', f);
	}
}

static void
write_matching(const struct diff *d, FILE *f)
{
	static const char *const compared[] = {
		"%zu snapshots of one process",
		"%zu snapshots of several processes of one build",
		"%zu snapshots of different builds, or programs",
	};
	const struct diff_total *t = &d->totals[DIFF_UNMATCHED];

	fputs("Compared    ", f);
	fprintf(f, compared[d->relation], d->n);
	if (d->relation == DIFF_ONE_PROCESS)
		write_process(&d->snapshots[0], "\nProcess     ", f);
	fprintf(f, "\nMatched     %s\n",
		d->by == JOINT_BY_SITE
			? "by site: the same frames, to the instruction"
			: "by function and module names; lines are ignored");
	if (d->by == JOINT_BY_NAME && t->n)
		fprintf(f,
			"Unmatched   %s site%s with an unnamed frame: %s before, %s "
			"after\n",
			COUNT(t->n), t->n == 1 ? "" : "s", SIZE(t->before.bytes),
			SIZE(t->after.bytes));
	else if (d->by == JOINT_BY_NAME)
		fputs("Unmatched   none\n", f);
	for (size_t i = 1; i < d->n; i++)
		if (d->snapshots[i].sample_bytes != d->snapshots[0].sample_bytes) {
			fputs("Sampling    the rates differ: a block without a stack in "
			      "one may have one in another\n",
			      f);
			break;
		}
}

static void
write_header(const struct diff *d, FILE *f)
{
	const struct diff_snapshot *a = &d->snapshots[0], *b = &d->snapshots[d->n - 1];

	write_matching(d, f);
	for (size_t i = 0; i < d->n; i++)
		write_snapshot(d, i, f);
	fprintf(f, "Change      %s, %s block%s\n",
		SIGNED((double)b->counted.bytes - (double)a->counted.bytes),
		CHANGE(diff_growth(a->counted.blocks, b->counted.blocks)),
		b->counted.blocks - a->counted.blocks == 1 ? "" : "s");
	if (d->has_stayed)
		fprintf(f,
			"Blocks      %s of the first %s still live; %s allocated since\n",
			COUNT(d->stayed.blocks), COUNT(a->counted.blocks),
			COUNT(b->counted.blocks - d->stayed.blocks));
	if (*d->filter_text)
		fprintf(f, "Filters     %s\n", d->filter_text);
}

static void
write_totals(const struct diff *d, FILE *f)
{
	fputs("Sites       ", f);
	for (int i = 0; i < DIFF_UNMATCHED; i++)
		fprintf(f, "%s%s %s", i ? ", " : "", COUNT(d->totals[i].n),
			diff_state_name((enum diff_state)i));
	putc('\n', f);
}

static void
write_trend(const struct diff *d, const struct diff_trend *t, FILE *f)
{
	if (!t->is_known)
		return;
	fprintf(f, "     %s per %s (%s to %s", SIGNED(t->slope), d->x_unit,
		SIGNED(t->low), SIGNED(t->high));
	if (d->relation == DIFF_ONE_PROCESS)
		fprintf(f, "), %s per GiB allocated (", SIGNED(t->slope_per_gib));
	else
		fputs("; ", f);
	fprintf(f, "confidence %.2f)\n", t->confidence);
}

/* "gw::QuoteCache::get  planted.cc:38": whose the memory is. */
static void
write_headline(const struct diff_row *row, FILE *f)
{
	const struct joint_frame *x = &row->frames[row->headline];
	char plain[256];
	size_t room = layout_columns(f) - 5;

	if (!x->frame.function)
		return;
	fputs("     ", f);
	layout_function(f, names_plain(x->frame.function, plain, sizeof(plain)),
			room / 3 * 2);
	if (x->frame.file) {
		fputs("  ", f);
		layout_path(f, text_basename(x->frame.file), room / 3 - 8);
		if (x->frame.line)
			fprintf(f, ":%u", x->frame.line);
	}
	putc('\n', f);
}

static void
write_row(const struct diff *d, size_t rank, const struct diff_row *row, FILE *f)
{
	const struct heap_count *a = &row->live[0], *b = &row->live[d->n - 1];

	fprintf(f, "%3zu. %s, %s: %s -> %s; %s block%s: %s -> %s\n", rank,
		SIGNED((double)b->bytes - (double)a->bytes), diff_state_name(row->state),
		SIZE(a->bytes), SIZE(b->bytes), CHANGE(diff_growth(a->blocks, b->blocks)),
		b->blocks - a->blocks == 1 ? "" : "s", COUNT(a->blocks), COUNT(b->blocks));
	write_headline(row, f);
	if (d->has_stayed && a->blocks)
		fprintf(f, "     %s of the first %s block%s still live\n",
			COUNT(row->stayed.blocks), COUNT(a->blocks),
			a->blocks == 1 ? "" : "s");
	write_trend(d, &row->trend, f);
	report_joint_stack(f, row->frames, row->n_frames, d->frames);
}

/* Is it one of a list's rows: those that rise, or those that fall? */
static bool
is_of(const struct diff *d, const struct diff_row *row, bool rises)
{
	int64_t growth = diff_growth(row->live[0].bytes, row->live[d->n - 1].bytes);

	if (growth == 0)
		growth = diff_growth(row->live[0].blocks, row->live[d->n - 1].blocks);
	return rises ? growth > 0 : growth < 0;
}

static void
write_rows(const struct diff *d, bool rises, FILE *f)
{
	size_t n = 0, top = d->n_listed, left = 0;

	layout_heading(f, rises ? "New and grown sites" : "Shrunk and gone sites");
	for (size_t i = 0; i < d->n_rows && !ferror(f); i++) {
		if (!is_of(d, &d->rows[i], rises))
			continue;
		if (n == top) {
			left++;
			continue;
		}
		if (n)
			putc('\n', f);
		write_row(d, ++n, &d->rows[i], f);
	}
	if (n == 0)
		fputs("  none\n", f);
	if (left)
		fprintf(f, "\n     %s more site%s\n", COUNT(left), left == 1 ? "" : "s");
}

/* One line each, unless its name is long. */
static void
write_type(const struct diff *d, const struct diff_type *t, FILE *f)
{
	const struct heap_count *a = &t->live[0], *b = &t->live[d->n - 1];

	fprintf(f, "  %11s %10s %10s %9s %-6s ",
		SIGNED((double)b->bytes - (double)a->bytes), SIZE(a->bytes), SIZE(b->bytes),
		CHANGE(diff_growth(a->blocks, b->blocks)), diff_state_name(t->state));
	layout_function(f, t->name, layout_columns(f) - 2);
	putc('\n', f);
	write_trend(d, &t->trend, f);
}

static void
write_types(const struct diff *d, FILE *f)
{
	size_t n = 0, changed = 0;

	if (d->n_types == 0)
		return;
	layout_heading(f, "Types by growth");
	fprintf(f, "  %11s %10s %10s %9s %-6s %s\n", "growth", "before", "after",
		"blocks", "", "type");
	for (size_t i = 0; i < d->n_types; i++) {
		if (d->types[i].state == DIFF_SAME)
			continue;
		changed++;
		if (n < d->n_types_listed && ++n)
			write_type(d, &d->types[i], f);
	}
	if (changed == 0)
		fputs("  none\n", f);
	else if (n < changed)
		fprintf(f, "\n     %s more type%s\n", COUNT(changed - n),
			changed - n == 1 ? "" : "s");
}

static void
write_findings(const struct diff *d, FILE *f)
{
	static const char *const novelties[] = {"", "new, ", "grown, ", "known, "};

	size_t n_small = 0;

	if (!d->findings)
		return;
	layout_heading(f, "New and grown findings");
	for (size_t i = 0; i < d->findings->n; i++) {
		const struct finding *x = &d->findings->list[i];
		char *function;

		if (x->novelty == FINDING_KNOWN)
			continue;
		n_small += x->is_small;
		if (!finding_is_listed(x))
			continue;
		function = joint_function(d->last, d->symbols, x->site);
		fprintf(f, "  %s%s%s", novelties[x->novelty],
			finding_level_name(x->level), function ? ", allocated in " : "");
		if (function)
			layout_function(f, function, layout_columns(f) - 36);
		fputs(":\n", f);
		layout_sentence(f, x->summary, 4);
		free(function);
	}
	if (n_small)
		fprintf(f, "  and %s small one%s, --all\n", COUNT(n_small),
			n_small == 1 ? "" : "s");
}

int
report_diff_text(const struct diff *d, FILE *f)
{
	write_header(d, f);
	write_totals(d, f);
	write_rows(d, true, f);
	write_rows(d, false, f);
	write_types(d, f);
	write_findings(d, f);
	return 0;
}

/* ---- folded ---- */

int
report_diff_collapsed(const struct diff *d, FILE *f)
{
	for (size_t i = 0; i < d->n_listed && !ferror(f); i++) {
		const struct diff_row *row = &d->rows[i];
		uint64_t before = row->live[0].bytes, after = row->live[d->n - 1].bytes;

		if (after <= before)
			continue;
		report_joint_folded(f, row->frames, row->n_frames);
		fprintf(f, " %" PRIu64 "\n", after - before);
	}
	return 0;
}

int
report_diff_difffolded(const struct diff *d, FILE *f)
{
	for (size_t i = 0; i < d->n_listed && !ferror(f); i++) {
		const struct diff_row *row = &d->rows[i];

		if (row->live[0].bytes == 0 && row->live[d->n - 1].bytes == 0)
			continue;
		report_joint_folded(f, row->frames, row->n_frames);
		fprintf(f, " %" PRIu64 " %" PRIu64 "\n", row->live[0].bytes,
			row->live[d->n - 1].bytes);
	}
	return 0;
}

/* ---- csv ---- */

int
report_diff_csv(const struct diff *d, FILE *f)
{
	fputs("state,before_bytes,after_bytes,growth_bytes,before_blocks,after_blocks,"
	      "growth_blocks,still_live_blocks,slope,confidence,function,stack\r\n",
	      f);
	for (size_t i = 0; i < d->n_listed && !ferror(f); i++) {
		const struct diff_row *row = &d->rows[i];
		const struct heap_count *a = &row->live[0], *b = &row->live[d->n - 1];

		fprintf(f,
			"%s,%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64
			",%" PRId64 ",",
			diff_state_name(row->state), a->bytes, b->bytes,
			diff_growth(a->bytes, b->bytes), a->blocks, b->blocks,
			diff_growth(a->blocks, b->blocks));
		if (d->has_stayed)
			fprintf(f, "%" PRIu64, row->stayed.blocks);
		if (row->trend.is_known)
			fprintf(f, ",%.6g,%.4f,", row->trend.slope, row->trend.confidence);
		else
			fputs(",,,", f);
		report_joint_csv(f, row->frames, row->n_frames);
		fputs("\r\n", f);
	}
	return 0;
}
