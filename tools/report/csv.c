/* csv.c -- the sites as a table for spreadsheets.
 *
 * In:   a report.
 * Out:  a header and a row for each site, comma separated, lines ended by CR LF,
 *       texts in quotes, and none that a spreadsheet would take for a formula.
 * Not here: blocks and edges (report/sqlite.c), which sites there are (report.c).
 *
 * Source: RFC 4180, section 2.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "report/profile.h"
#include "report/writers.h"
#include "util/text.h"

/* See text_is_formula(). */
static void
write_guard(const char *s, FILE *f)
{
	if (text_is_formula(s))
		fputc('\'', f);
}

static void
write_quoted(const char *s, FILE *f)
{
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', f);
		fputc(*s, f);
	}
}

/* Innermost first, as in the other reports; one to a line of the cell. */
static void
write_stack(const struct profile *p, const uint32_t *stack, size_t n, FILE *f)
{
	fputc('"', f);
	if (n)
		write_guard(p->frames[stack[0]].name, f);
	for (size_t i = 0; i < n; i++) {
		const struct profile_frame *x = &p->frames[stack[i]];

		if (i)
			fputc('\n', f);
		write_quoted(x->name, f);
		if (x->file && x->line) {
			fputs(" (", f);
			write_quoted(x->file, f);
			fprintf(f, ":%u)", x->line);
		}
	}
	fputc('"', f);
}

/* Empty cells for what is not known, or is known exactly. */
static void
write_estimates(const struct report *r, uint32_t node, FILE *f)
{
	const struct heap_site *s = &r->sites[node];
	struct heap_estimate all;

	if (!r->heap->info.sample_bytes || heap_is_unsampled(r->heap, node)) {
		fputs(",,,,", f);
		return;
	}
	fprintf(f, ",%.2f,%.2f,", s->estimated_blocks, s->estimated_bytes);
	if (heap_estimate(r->heap, node, &all))
		fprintf(f, "%.2f,%.2f", all.allocations, all.bytes);
	else
		fputc(',', f);
}

int
report_write_csv(const struct report *r, FILE *f)
{
	struct profile *p = profile_new(r);
	const uint32_t *stack;

	if (!p)
		return -1;
	fputs("site,live_blocks,live_bytes,young_bytes,old_bytes,usable_bytes,"
	      "allocations,"
	      "allocated_bytes,generation_count,oldest_age,newest_age,retained_bytes,"
	      "function,"
	      "stack,estimated_live_blocks,estimated_live_bytes,estimated_allocations,"
	      "estimated_allocated_bytes\r\n",
	      f);
	for (size_t i = 0; i < p->n_rows && !ferror(f); i++) {
		uint32_t node = p->rows[i];
		const struct heap_site *s = &r->sites[node];
		size_t n = profile_stack(p, node, &stack);

		fprintf(f,
			"%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",",
			node, s->live.blocks, s->live.bytes, s->young.bytes, s->old.bytes,
			s->usable_bytes, r->heap->nodes[node].allocations,
			r->heap->nodes[node].allocated_bytes, s->generation_count);
		if (s->generation_count)
			fprintf(f, "%" PRIu64 ",%" PRIu64 ",", s->oldest_age,
				s->newest_age);
		else
			fputs(",,", f);
		if (r->findings->retained)
			fprintf(f, "%" PRIu64, r->findings->retained[node].bytes);
		fputs(",\"", f);
		write_guard(n ? p->frames[stack[0]].name : "", f);
		write_quoted(n ? p->frames[stack[0]].name : "", f);
		fputs("\",", f);
		write_stack(p, stack, n, f);
		write_estimates(r, node, f);
		fputs("\r\n", f);
	}
	profile_free(p);
	return 0;
}
