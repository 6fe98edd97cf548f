/* merge_text.c -- many processes in one report: text, JSON, table.
 *
 * In:   struct merge.
 * Out:  text of 80 columns; one JSON object, "gcprof-merge/1"; a table of sites.
 * Not here: what is summed up, and who stands out (merge.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "compare/merge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/compared.h"
#include "report/json_stream.h"
#include "report/writers.h"
#include "util/text.h"

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define TIME(v) text_duration(v, (char[32]){0}, 32)

/* ---- text ---- */

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void
put_process(const struct merge *m, uint32_t process, FILE *f)
{
	fprintf(f, "pid %" PRIu64 " (", m->processes[process].pid);
	layout_path(f, m->processes[process].path, layout_columns(f) / 2);
	putc(')', f);
}

static void
put_spread(const struct merge_spread *s, FILE *f)
{
	fprintf(f, "%s to %s per process, median %s", SIZE(s->least), SIZE(s->most),
		SIZE(s->median));
}

static void
put_outliers(const struct merge *m, const struct merge_spread *s, const char *indent,
	     FILE *f)
{
	for (uint32_t i = 0; i < s->n_outliers && i < MERGE_OUTLIERS; i++) {
		fprintf(f, "%s%s in ", indent, SIZE(s->outliers[i].bytes));
		put_process(m, s->outliers[i].process, f);
		fputs(i == 0 ? " (outlier)\n" : "\n", f);
	}
	if (s->n_outliers > MERGE_OUTLIERS)
		fprintf(f, "%sand %" PRIu32 " more\n", indent,
			s->n_outliers - MERGE_OUTLIERS);
}

static void
write_header(const struct merge *m, FILE *f)
{
	uint32_t n_incomplete = 0;

	for (uint32_t i = 0; i < m->n; i++)
		n_incomplete += !m->processes[i].is_complete;
	fprintf(f, "Merged      %" PRIu32 " process%s\n", m->n,
		m->n == 1 ? "" : "es, the last snapshot of each");
	fprintf(f, "Matched     by function and module names; lines are ignored\n");
	fprintf(f, "Live        %s in %s block%s, %s old;\n            ",
		SIZE(m->live.bytes), COUNT(m->live.blocks),
		m->live.blocks == 1 ? "" : "s", SIZE(m->old.bytes));
	put_spread(&m->spread, f);
	fprintf(f, "\nAllocated   %s in %s allocations\n", SIZE(m->allocated_bytes),
		COUNT(m->allocations));
	if (n_incomplete)
		fprintf(f, "Complete    no: %" PRIu32 " of the snapshots are incomplete\n",
			n_incomplete);
	if (*m->filter_text)
		fprintf(f, "Filters     %s\n", m->filter_text);
}

/* Those that have more than others as a whole, or at some sites. */
static void
write_processes(const struct merge *m, FILE *f)
{
	uint32_t n = 0;

	layout_heading(f, "Outliers");
	for (uint32_t i = 0; i < m->n; i++) {
		const struct merge_process *p = &m->processes[i];

		if (p->n_outlying == 0)
			continue;
		n++;
		fputs("  ", f);
		put_process(m, i, f);
		fprintf(f, ": at %" PRIu32 " site%s; %s in %s block%s after %s\n",
			p->n_outlying, p->n_outlying == 1 ? "" : "s",
			SIZE(p->counted.bytes), COUNT(p->counted.blocks),
			p->counted.blocks == 1 ? "" : "s", TIME(p->uptime_ns));
	}
	if (n == 0)
		fputs("  none\n", f);
	if (m->spread.n_outliers) {
		fputs("  By total size:\n", f);
		put_outliers(m, &m->spread, "    ", f);
	}
}

static void
write_findings(const struct merge *m, FILE *f)
{
	if (!m->has_findings)
		return;
	layout_heading(f, "Findings");
	for (size_t i = 0; i < m->n_findings_listed && !ferror(f); i++) {
		const struct merge_finding *x = &m->findings[i];

		fprintf(f,
			"%3zu. %s: %s in %" PRIu32 " of %" PRIu32
			" process%s, %s in %s block%s",
			i + 1, finding_level_name(x->level), x->what, x->n_processes,
			m->n, m->n == 1 ? "" : "es", SIZE(x->count.bytes),
			COUNT(x->count.blocks), x->count.blocks == 1 ? "" : "s");
		if (x->function) {
			fputs("\n     in ", f);
			layout_function(f, x->function, layout_columns(f) - 24);
		}
		fputs(", for example:\n", f);
		layout_sentence(f, x->summary, 5);
	}
	if (m->n_findings == 0)
		fputs("  none\n", f);
	if (m->n_findings_listed < m->n_findings)
		fprintf(f, "\n     %s more finding%s\n",
			COUNT(m->n_findings - m->n_findings_listed),
			m->n_findings - m->n_findings_listed == 1 ? "" : "s");
}

static void
write_rows(const struct merge *m, FILE *f)
{
	layout_heading(f, "Sites");
	for (size_t i = 0; i < m->n_listed && !ferror(f); i++) {
		const struct merge_row *row = &m->rows[i];

		if (i)
			putc('\n', f);
		fprintf(f,
			"%3zu. %5.1f %%  live %s, old %s, in %s block%s, in %" PRIu32
			" process%s\n",
			i + 1, percent(row->live.bytes, m->live.bytes),
			SIZE(row->live.bytes), SIZE(row->old.bytes),
			COUNT(row->live.blocks), row->live.blocks == 1 ? "" : "s",
			row->n_processes, row->n_processes == 1 ? "" : "es");
		fputs("     ", f);
		put_spread(&row->spread, f);
		fprintf(f, "; %s allocation%s of %s\n", COUNT(row->allocations),
			row->allocations == 1 ? "" : "s", SIZE(row->allocated_bytes));
		put_outliers(m, &row->spread, "     ", f);
		report_joint_stack(f, row->frames, row->n_frames, m->frames);
	}
	if (m->n_rows == 0)
		fputs("  none\n", f);
	if (m->n_listed < m->n_rows)
		fprintf(f, "\n     %s more site%s\n", COUNT(m->n_rows - m->n_listed),
			m->n_rows - m->n_listed == 1 ? "" : "s");
}

static void
write_types(const struct merge *m, FILE *f)
{
	if (m->n_types == 0)
		return;
	layout_heading(f, "Types by live bytes");
	fprintf(f, "  %10s %12s %9s %10s  %s\n", "live", "blocks", "processes", "largest",
		"type");
	for (size_t i = 0; i < m->n_types_listed; i++) {
		const struct merge_type *t = &m->types[i];

		fprintf(f, "  %10s %12s %9" PRIu32 " %11s  ", SIZE(t->live.bytes),
			COUNT(t->live.blocks), t->n_processes, SIZE(t->most));
		layout_function(f, t->name, layout_columns(f) - 2);
		putc('\n', f);
	}
	if (m->n_types_listed < m->n_types)
		fprintf(f, "\n     %s more type%s\n", COUNT(m->n_types - m->n_types_listed),
			m->n_types - m->n_types_listed == 1 ? "" : "s");
}

int
report_merge_text(const struct merge *m, FILE *f)
{
	write_header(m, f);
	write_findings(m, f);
	write_processes(m, f);
	write_rows(m, f);
	write_types(m, f);
	return 0;
}

/* ---- JSON ---- */

#define PUT(o, key, value) report_joint_put(o, key, value)
#define NUMBER(v) report_joint_number(v)
#define TEXT(s) report_joint_text(s)
#define COUNTS(c) report_joint_count(c)

static json_t *
spread(const struct merge_spread *s)
{
	json_t *o = json_object(), *array = json_array();

	for (uint32_t i = 0; i < s->n_outliers && i < MERGE_OUTLIERS; i++) {
		json_t *x = json_object();

		PUT(x, "process", NUMBER(s->outliers[i].process));
		PUT(x, "bytes", NUMBER(s->outliers[i].bytes));
		(void)json_array_append_new(array, x);
	}
	PUT(o, "min", NUMBER(s->least));
	PUT(o, "median", NUMBER(s->median));
	PUT(o, "max", NUMBER(s->most));
	PUT(o, "mad", NUMBER(s->deviation));
	PUT(o, "standing_out", NUMBER(s->n_outliers));
	PUT(o, "outliers", array);
	return o;
}

static json_t *
process(const struct merge_process *p)
{
	json_t *o = json_object();

	PUT(o, "file", TEXT(p->path));
	PUT(o, "pid", NUMBER(p->pid));
	PUT(o, "command", TEXT(p->command));
	PUT(o, "uptime_seconds", json_real((double)p->uptime_ns / 1e9));
	PUT(o, "complete", json_boolean(p->is_complete));
	PUT(o, "live", COUNTS(&p->live));
	PUT(o, "counted", COUNTS(&p->counted));
	PUT(o, "stands_out_at", NUMBER(p->n_outlying));
	return o;
}

static json_t *
finding(const struct merge_finding *x)
{
	json_t *o = json_object();

	PUT(o, "fingerprint", TEXT(x->fingerprint));
	PUT(o, "kind", TEXT(x->kind));
	PUT(o, "verdict", TEXT(x->verdict));
	PUT(o, "what", TEXT(x->what));
	PUT(o, "level", TEXT(finding_level_name(x->level)));
	PUT(o, "processes", NUMBER(x->n_processes));
	PUT(o, "blocks", NUMBER(x->count.blocks));
	PUT(o, "bytes", NUMBER(x->count.bytes));
	PUT(o, "function", TEXT(x->function));
	PUT(o, "summary", TEXT(x->summary));
	return o;
}

static json_t *
type(const struct merge_type *t)
{
	json_t *o = json_object();

	PUT(o, "name", TEXT(t->name));
	PUT(o, "live", COUNTS(&t->live));
	PUT(o, "processes", NUMBER(t->n_processes));
	PUT(o, "max_bytes", NUMBER(t->most));
	return o;
}

static json_t *
site(const struct merge_row *row)
{
	json_t *o = json_object();

	report_joint_headline(o, row->frames, row->n_frames);
	PUT(o, "live", COUNTS(&row->live));
	PUT(o, "old", COUNTS(&row->old));
	PUT(o, "allocations", NUMBER(row->allocations));
	PUT(o, "allocated_bytes", NUMBER(row->allocated_bytes));
	PUT(o, "processes", NUMBER(row->n_processes));
	PUT(o, "live_bytes", spread(&row->spread));
	PUT(o, "frames", report_joint_json(row->frames, row->n_frames));
	return o;
}

static json_t *
totals(const struct merge *m)
{
	json_t *o = json_object();

	PUT(o, "processes", NUMBER(m->n));
	PUT(o, "live", COUNTS(&m->live));
	PUT(o, "old", COUNTS(&m->old));
	PUT(o, "allocations", NUMBER(m->allocations));
	PUT(o, "allocated_bytes", NUMBER(m->allocated_bytes));
	PUT(o, "live_bytes", spread(&m->spread));
	return o;
}

/* What each process has at a site that is listed. */
static json_t *
chart(const struct merge *m, const struct merge_chart *c)
{
	json_t *o = json_object(), *array = json_array();

	for (uint32_t p = 0; p < m->n; p++)
		(void)json_array_append_new(array, NUMBER(c->bytes[p]));
	PUT(o, "site", NUMBER(c->row));
	PUT(o, "live_bytes", array);
	return o;
}

static json_t *
charts(const struct merge *m)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < m->n_charts; i++)
		if (m->charts[i].row < m->n_listed)
			(void)json_array_append_new(array, chart(m, &m->charts[i]));
	return array;
}

/* Between the elements of an array. */
static void
separate(FILE *f, size_t i)
{
	fputs(i ? ",\n" : "\n", f);
}

int
report_merge_json(const struct merge *m, FILE *f)
{
	fputs("{\"schema\":\"gcprof-merge/1\",\n\"matched_by\":\"name\",\n\"filters\":", f);
	json_stream_value(f, TEXT(m->filter_text));
	fputs(",\n\"totals\":", f);
	json_stream_value(f, totals(m));
	fputs(",\n\"processes\":[", f);
	for (uint32_t i = 0; i < m->n && !ferror(f); i++) {
		separate(f, i);
		json_stream_value(f, process(&m->processes[i]));
	}
	fputs("],\n\"by_process\":", f);
	json_stream_value(f, charts(m));
	fputs(",\n\"findings\":[", f);
	for (size_t i = 0; i < m->n_findings_listed && !ferror(f); i++) {
		separate(f, i);
		json_stream_value(f, finding(&m->findings[i]));
	}
	fputs("],\n\"types\":[", f);
	for (size_t i = 0; i < m->n_types_listed && !ferror(f); i++) {
		separate(f, i);
		json_stream_value(f, type(&m->types[i]));
	}
	fputs("],\n\"sites\":[", f);
	for (size_t i = 0; i < m->n_listed && !ferror(f); i++) {
		separate(f, i);
		json_stream_value(f, site(&m->rows[i]));
	}
	fputs("]}\n", f);
	return 0;
}

/* ---- csv ---- */

int
report_merge_csv(const struct merge *m, FILE *f)
{
	fputs("live_bytes,live_blocks,old_bytes,allocations,allocated_bytes,processes,"
	      "min_bytes,"
	      "median_bytes,max_bytes,standing_out,function,stack\r\n",
	      f);
	for (size_t i = 0; i < m->n_listed && !ferror(f); i++) {
		const struct merge_row *row = &m->rows[i];

		fprintf(f,
			"%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			",%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",",
			row->live.bytes, row->live.blocks, row->old.bytes, row->allocations,
			row->allocated_bytes, row->n_processes, row->spread.least,
			row->spread.median, row->spread.most, row->spread.n_outliers);
		report_joint_csv(f, row->frames, row->n_frames);
		fputs("\r\n", f);
	}
	return 0;
}
