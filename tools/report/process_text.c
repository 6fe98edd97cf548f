/* process_text.c -- whose heap it is, and when: the first lines of reports for people.
 *
 * In:   struct report.
 * Out:  lines of a subject and what is said of it.
 * Not here: what is in the heap (summary.c and others).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/process_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/columns.h"
#include "util/text.h"

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define DURATION(v) text_duration(v, (char[32]){0}, 32)

/* Arguments, each ended by a NUL in the file. */
static void
put_command(FILE *f, const struct heap_text *command)
{
	struct heap_text joined = {malloc(command->n + 1), command->n};

	if (!joined.bytes)
		return;
	memcpy(joined.bytes, command->bytes, command->n + 1);
	while (joined.n && joined.bytes[joined.n - 1] == '\0')
		joined.n--;
	for (size_t i = 0; i < joined.n; i++)
		if (joined.bytes[i] == '\0' || joined.bytes[i] == '\n' ||
		    joined.bytes[i] == '\t')
			joined.bytes[i] = ' ';
	layout_text(f, &joined, layout_columns(f) - 12);
	free(joined.bytes);
}

static void
put_time(FILE *f, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	char buf[40];

	if (ns && gmtime_r(&seconds, &tm) &&
	    strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S UTC", &tm))
		fprintf(f, "%s, ", buf);
}

static void
write_losses(const struct heap *h, FILE *f)
{
	fputs("Complete    ", f);
	if (h->is_complete) {
		fputs("yes\n", f);
		return;
	}
	fputs("no", f);
	for (size_t i = 0; i < h->n_losses; i++) {
		const char *meaning =
			text_loss_meaning(h->losses[i].name.bytes, h->losses[i].name.n);

		fprintf(f, "%s%s ", i ? ",\n            " : ": ",
			COUNT(h->losses[i].count));
		if (meaning)
			fputs(meaning, f);
		else
			layout_text(f, &h->losses[i].name, 40);
	}
	putc('\n', f);
}

/* One line each: file, mark, time, what was live. */
static void
write_snapshots(const struct report *r, FILE *f)
{
	const struct several *s = r->findings->several;

	for (size_t i = 0; s && i < s->n; i++) {
		const struct several_snapshot *x = &s->list[i];
		const struct heap_mark *mark = settle_mark(r->heap, x->uptime_ns);

		fprintf(f, "%-11s ", i ? "" : "Snapshots");
		layout_path(f, r->options.no_file_names ? text_basename(x->path) : x->path,
			    layout_columns(f) / 2);
		fprintf(f, ": after %s", DURATION(x->uptime_ns));
		if (mark) {
			fputs(" (", f);
			layout_text(f, &mark->label, 20);
			putc(')', f);
		}
		fprintf(f, ", %s block%s, %s%s\n", COUNT(x->live.blocks),
			x->live.blocks == 1 ? "" : "s", SIZE(x->live.bytes),
			x->is_inner      ? " (before the program cleaned up)"
			: x->is_teardown ? " (cleaned up: not counted in trends)"
					 : "");
	}
}

/* What a busy time took, and whether it was given back. */
static void
write_settle(const struct report *r, FILE *f)
{
	const struct settle *x = &r->findings->settle;
	const struct several_snapshot *s =
		r->findings->several ? r->findings->several->list : NULL;
	double base, busy, idle, share;

	if (s && x->missing) {
		fprintf(f, "After load  unknown: %s\n", x->missing);
		return;
	}
	if (!s || !x->is_known)
		return;
	base = (double)s[x->snapshots[SETTLE_BASE]].reachable.bytes;
	busy = (double)s[x->snapshots[SETTLE_BUSY]].reachable.bytes;
	idle = (double)s[x->snapshots[SETTLE_IDLE]].reachable.bytes;
	share = settle_share(base, busy, idle);
	if (share < 0)
		fprintf(f, "After load  nothing to release: '%s' holds no more than '%s'\n",
			x->labels[SETTLE_BUSY], x->labels[SETTLE_BASE]);
	else
		fprintf(f,
			"After load  %s: at '%s', %.0f %% of the %s that came from "
			"'%s' to '%s' is still live\n",
			settle_word(share), x->labels[SETTLE_IDLE], share * 100,
			SIZE((uint64_t)(busy - base)), x->labels[SETTLE_BASE],
			x->labels[SETTLE_BUSY]);
}

void
process_write(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;
	const struct heap_info *info = &h->info;

	fputs("Process     ", f);
	put_command(f, &info->command);
	fprintf(f, "\n            pid %" PRIu64 ", ", info->pid);
	layout_text(f, &info->executable, layout_columns(f) - 30);
	fprintf(f, "\nSnapshot    number %" PRIu64 " (", info->snapshot_number);
	layout_text(f, &info->reason, 20);
	fputs("), ", f);
	put_time(f, info->snapshot_time_ns);
	fprintf(f, "after %s, epoch %" PRIu64 "\n", DURATION(info->uptime_ns), info->epoch);
	write_snapshots(r, f);
	write_settle(r, f);
	write_losses(h, f);
	if (info->foreign_frees)
		fprintf(f,
			"Untracked   %s block%s of the C library's own heap, freed "
			"by the program\n",
			COUNT(info->foreign_frees), info->foreign_frees == 1 ? "" : "s");
	fprintf(f, "Settings    epoch of %s, old after %" PRIu64 " epoch%s,%sallocator ",
		SIZE(info->young_bytes), info->promote, info->promote == 1 ? "" : "s",
		layout_is_narrow(f) ? "\n            " : " ");
	layout_text(f, &info->allocator, 20);
	if (info->sample_bytes)
		fprintf(f,
			"\n            SAMPLED: one call stack per %s allocated, on "
			"average",
			SIZE(info->sample_bytes));
	putc('\n', f);
}

void
process_write_brief(const struct report *r, FILE *f)
{
	const struct heap_info *info = &r->heap->info;

	fputs("Process     ", f);
	put_command(f, &info->command);
	fprintf(f, ", pid %" PRIu64 "\nSnapshot    ", info->pid);
	layout_text(f, &info->reason, 20);
	fputs(", ", f);
	put_time(f, info->snapshot_time_ns);
	fprintf(f, "after %s\n", DURATION(info->uptime_ns));
	write_snapshots(r, f);
	write_settle(r, f);
	if (!r->heap->is_complete)
		write_losses(r->heap, f);
	if (info->sample_bytes)
		fprintf(f, "Sampled     one call stack for each %s allocated, on average\n",
			SIZE(info->sample_bytes));
}
