/* text.c -- the report for people.
 *
 * In:   struct report.
 * Out:  aligned text as wide as the terminal, elsewhere of 80 columns, unless a long
 *       name or number needs more.
 * Not here: which rows there are and in which order (report.c), leaks and
 *           findings (report/leaks.c), how names are cut short (columns.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "names/function_names.h"
#include "report/columns.h"
#include "report/frames.h"
#include "report/writers.h"
#include "util/text.h"

enum {
	BAR_INDENT = 52,
	TYPE_NAME_COLUMN = 41,
	SHORT_FINDINGS = 3, /* in the summary */
	SHORT_CALLERS = 3,
};

/* What one text report remembers while it is written. */
struct writer {
	const struct report *r;
	FILE *f;
	bool *shown; /* by node: in an earlier list, with its stack */
};

/* ---- figures ---- */

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Compound literals live until the end of the block that holds the call. */
#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define DURATION(v) text_duration(v, (char[32]){0}, 32)

/* ---- process, memory, cohorts ---- */

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
		layout_path(f, x->path, layout_columns(f) / 2);
		fprintf(f, ": after %s", DURATION(x->uptime_ns));
		if (mark) {
			fputs(" (", f);
			layout_text(f, &mark->label, 20);
			putc(')', f);
		}
		fprintf(f, ", %s block%s, %s\n", COUNT(x->live.blocks),
			x->live.blocks == 1 ? "" : "s", SIZE(x->live.bytes));
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

static void
write_process(const struct report *r, FILE *f)
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

static void
write_size_line(FILE *f, const char *name, uint64_t bytes, const char *what)
{
	fprintf(f, "  %-13s %12s", name, SIZE(bytes));
	if (!layout_is_narrow(f))
		fprintf(f, " %18s", COUNT(bytes));
	fprintf(f, "   %s\n", what);
}

static void
write_memory(const struct report *r, FILE *f)
{
	const struct heap_info *info = &r->heap->info;

	layout_heading(f, "Memory");
	write_size_line(f, "rss", info->rss, "resident in memory");
	write_size_line(f, "heap total", info->heap_total, "mapped by the allocator");
	write_size_line(f, "heap used", info->heap_used, "requested and not freed");
	if (r->findings && r->findings->fragmentation.is_known)
		write_size_line(f, "fragmentation",
				r->findings->fragmentation.giveback_bytes,
				"compaction would free");
	write_size_line(f, "external", info->external, "mapped by the program itself");
	write_size_line(f, "profiler", info->profiler_bytes, "used by gcprof itself");
	if (info->total_memory)
		fprintf(f, "  %-13s %12s, %s free\n", "machine", SIZE(info->total_memory),
			SIZE(info->free_memory));
}

static void
write_cohort(FILE *f, const char *name, const struct heap_count *c, uint64_t whole)
{
	fprintf(f, "  %-8s %16s %12s", name, COUNT(c->blocks), SIZE(c->bytes));
	if (!layout_is_narrow(f))
		fprintf(f, " %22s", COUNT(c->bytes));
	fprintf(f, " %7.1f %%\n", percent(c->bytes, whole));
}

static void
write_cohorts(const struct heap *h, FILE *f)
{
	const struct heap_info *info = &h->info;

	layout_heading(f, "Cohorts");
	fprintf(f, "  %-8s %16s %12s", "", "live blocks", "size");
	fprintf(f, layout_is_narrow(f) ? "\n" : " %22s\n", "bytes");
	write_cohort(f, "young", &h->young, h->live.bytes);
	write_cohort(f, "old", &h->old, h->live.bytes);
	write_cohort(f, "all", &h->live, h->live.bytes);
	if (h->unborn.blocks)
		fprintf(f, "  Birth epoch unknown, counted as old: %s block%s, %s\n",
			COUNT(h->unborn.blocks), h->unborn.blocks == 1 ? "" : "s",
			SIZE(h->unborn.bytes));
	fprintf(f, "\n  Since the start: %s allocations of %s, %s frees, at %s site%s\n",
		COUNT(info->allocations), SIZE(info->allocated_bytes), COUNT(info->frees),
		COUNT(h->n_sites), h->n_sites == 1 ? "" : "s");
}

/* ---- survival ---- */

/* '#' lives now, '.' survived its birth epoch and has been freed since. */
static void
put_bar(FILE *f, const struct report_epochs *e, uint64_t longest)
{
	double columns = (double)(layout_columns(f) - BAR_INDENT);
	double scale = longest ? columns / (double)longest : 0;
	unsigned live = (unsigned)((double)e->live.bytes * scale + 0.5);
	unsigned survived = (unsigned)((double)e->survived_bytes * scale + 0.5);

	if (live == 0 && e->live.bytes)
		live = 1;
	for (unsigned i = 0; i < live || i < survived; i++)
		putc(i < live ? '#' : '.', f);
}

static void
write_chart(const struct report *r, FILE *f)
{
	uint64_t longest = 0, now = r->heap->info.epoch;

	if (r->n_epochs == 0)
		return;
	layout_heading(f, "Live memory by age");
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct report_epochs *e = &r->epochs[i];

		if (e->live.bytes > longest)
			longest = e->live.bytes;
		if (e->survived_bytes > longest)
			longest = e->survived_bytes;
	}
	fprintf(f, "  %-14s %-10s %10s %10s   # still live, . freed since\n",
		"born in epoch", "age", "survived", "live now");
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct report_epochs *e = &r->epochs[i];
		uint64_t young = now > e->last ? now - e->last : 0;
		uint64_t old = now > e->first ? now - e->first : 0;
		char born[48], age[48];

		snprintf(born, sizeof(born),
			 e->first == e->last ? "%" PRIu64 : "%" PRIu64 "-%" PRIu64,
			 e->first, e->last);
		snprintf(age, sizeof(age),
			 young == old ? "%" PRIu64 : "%" PRIu64 "-%" PRIu64, young, old);
		fprintf(f, "  %-14s %-10s %10s %10s   ", born, age,
			e->has_survived && (e->first < now || e->survived_bytes)
				? SIZE(e->survived_bytes)
				: "-",
			SIZE(e->live.bytes));
		put_bar(f, e, longest);
		putc('\n', f);
	}
}

/* ---- stacks and sites ---- */

static void
put_kinds(FILE *f, uint32_t kinds)
{
	const char *separator = "";

	for (unsigned kind = 0; kind < 8; kind++)
		if (kinds & 1u << kind) {
			fprintf(f, "%s%s", separator, text_kind_name(kind));
			separator = ", ";
		}
}

static void
write_estimate(const struct writer *w, uint32_t node)
{
	const struct heap_site *s = &w->r->sites[node];
	struct heap_estimate all;

	if (!heap_is_estimated(w->r->heap, node))
		return;
	fprintf(w->f, "     estimated live %s in %s blocks",
		SIZE((uint64_t)(s->estimated_bytes + 0.5)),
		COUNT((uint64_t)(s->estimated_blocks + 0.5)));
	if (heap_estimate(w->r->heap, node, &all))
		fprintf(w->f, ", %s allocations of %s",
			COUNT((uint64_t)(all.allocations + 0.5)),
			SIZE((uint64_t)(all.bytes + 0.5)));
	fputs(", from the samples\n", w->f);
}

static void
put_live(const struct writer *w, uint32_t node, bool with_cohorts)
{
	const struct heap_site *s = &w->r->sites[node];

	if (s->live.blocks == 0) {
		fputs("nothing live", w->f);
		return;
	}
	fprintf(w->f, "live %s", SIZE(s->live.bytes));
	if (with_cohorts)
		fprintf(w->f, ", young %s, old %s,", SIZE(s->young.bytes),
			SIZE(s->old.bytes));
	fprintf(w->f, " in %s block%s", COUNT(s->live.blocks),
		s->live.blocks == 1 ? "" : "s");
}

static void
put_allocations(const struct writer *w, uint32_t node)
{
	const struct heap_node *n = &w->r->heap->nodes[node];

	fprintf(w->f, "%s allocation%s of %s", COUNT(n->allocations),
		n->allocations == 1 ? "" : "s", SIZE(n->allocated_bytes));
}

static void
put_ages(const struct writer *w, uint32_t node)
{
	const struct heap_site *s = &w->r->sites[node];
	FILE *f = w->f;

	if (s->generation_count) {
		fprintf(f, "; %" PRIu32 " generation%s, age ", s->generation_count,
			s->generation_count == 1 ? "" : "s");
		if (s->newest_age != s->oldest_age)
			fprintf(f, "%" PRIu64 "-", s->newest_age);
		fprintf(f, "%" PRIu64, s->oldest_age);
	}
	if (s->kinds) {
		fputs("; ", f);
		put_kinds(f, s->kinds);
	}
}

/* What a site retains; zero if that is not known. */
static struct heap_count
retained_of(const struct report *r, uint32_t node)
{
	return r->findings && r->findings->retained ? r->findings->retained[node]
						    : (struct heap_count){0, 0};
}

/* What has been shown in full in an earlier list: a line that says where. */
static void
write_site_again(const struct writer *w, uint32_t node, enum order sort)
{
	const struct heap_site *s = &w->r->sites[node];

	if (sort == ORDER_ALLOCATIONS)
		put_allocations(w, node);
	else if (sort == ORDER_OLD)
		fprintf(w->f, "old %s of %s", SIZE(s->old.bytes), SIZE(s->live.bytes));
	else
		put_live(w, node, true);
	fprintf(w->f, ": S%" PRIu32 ", above\n", node);
}

/* First what the list is about, then the rest. */
static void
write_site(struct writer *w, size_t rank, uint32_t node, uint64_t part, uint64_t whole,
	   enum order sort)
{
	bool by_allocations = sort == ORDER_ALLOCATIONS;

	fprintf(w->f, "%3zu. %5.1f %%  ", rank, percent(part, whole));
	if (w->shown[node]) {
		write_site_again(w, node, sort);
		return;
	}
	w->shown[node] = true;
	if (by_allocations)
		put_allocations(w, node);
	else
		put_live(w, node, true);
	fprintf(w->f, "\n     S%" PRIu32 ": ", node);
	if (by_allocations)
		put_live(w, node, false);
	else
		put_allocations(w, node);
	put_ages(w, node);
	if (retained_of(w->r, node).blocks)
		fprintf(w->f, ", retains %s", SIZE(retained_of(w->r, node).bytes));
	putc('\n', w->f);
	write_estimate(w, node);
	layout_stack(w->r, w->f, node);
}

static uint64_t
site_value(const struct report *r, uint32_t node, enum order sort)
{
	switch (sort) {
	case ORDER_OLD:
		return r->sites[node].old.bytes;
	case ORDER_ALLOCATIONS:
		return r->heap->nodes[node].allocations;
	case ORDER_BLOCKS:
		return r->sites[node].live.blocks;
	case ORDER_RETAINED:
		return retained_of(r, node).bytes;
	default:
		return r->sites[node].live.bytes;
	}
}

static uint64_t
whole_value(const struct report *r, enum order sort)
{
	switch (sort) {
	case ORDER_OLD:
		return r->heap->old.bytes;
	case ORDER_ALLOCATIONS:
		return r->heap->info.allocations;
	case ORDER_BLOCKS:
		return r->heap->live.blocks;
	default:
		return r->heap->live.bytes;
	}
}

/* Rows that are worth their lines: those after the first that would show as 0.0 % are
 * not, unless all rows were asked for. */
static size_t
n_worth(const struct report *r, enum order sort, uint64_t whole)
{
	size_t n = 0;

	if (r->options.top == 0 || r->options.one_list)
		return r->n_listed[sort];
	while (n < r->n_listed[sort] &&
	       (n == 0 || percent(site_value(r, r->lists[sort][n], sort), whole) >= 0.05))
		n++;
	return n;
}

static void
write_list(struct writer *w, enum order sort)
{
	static const char *const headings[N_ORDERS] = {
		[ORDER_LIVE] = "Sites by live bytes",
		[ORDER_OLD] = "Sites by old bytes",
		[ORDER_ALLOCATIONS] = "Sites by allocations",
		[ORDER_BLOCKS] = "Sites by live blocks",
		[ORDER_AGE] = "Sites by age of the oldest block",
		[ORDER_RETAINED] = "Sites by retained bytes",
	};
	const struct report *r = w->r;
	uint64_t whole = whole_value(r, sort), sum = 0;
	size_t n = r->lists[sort] ? n_worth(r, sort, whole) : 0,
	       n_more = r->n_ranked[sort] - n;
	bool was_short = true;

	if (!r->lists[sort])
		return;
	layout_heading(w->f, headings[sort]);
	if (r->n_ranked[sort] == 0) {
		fputs("  none\n", w->f);
		return;
	}
	for (size_t i = 0; i < n && !ferror(w->f); i++) {
		uint32_t node = r->lists[sort][i];
		uint64_t part = site_value(r, node, sort);
		bool is_short = w->shown[node];

		sum += part;
		if (i > 0 && !(is_short && was_short))
			putc('\n', w->f);
		write_site(w, i + 1, node, part, whole, sort);
		was_short = is_short;
	}
	/* What is retained by several sites would be in the sum several times. */
	if (n_more && sort == ORDER_RETAINED)
		fprintf(w->f, "\n     %s more site%s\n", COUNT(n_more),
			n_more == 1 ? "" : "s");
	else if (n_more)
		fprintf(w->f, "\n     %.1f %% in these; %s more site%s\n",
			percent(sum, whole), COUNT(n_more), n_more == 1 ? "" : "s");
}

/* ---- types ---- */

/* One line each, unless its name is long; two where lines are short. */
static void
write_type(FILE *f, const struct types *all, const struct type *t)
{
	bool is_apart = layout_is_narrow(f) &&
			TYPE_NAME_COLUMN + strlen(t->name) > layout_columns(f);

	fprintf(f, "  %10s %10s %14s   ", all->has_retained ? SIZE(t->retained.bytes) : "-",
		SIZE(t->live.bytes), COUNT(t->live.blocks));
	if (is_apart)
		fputs("\n      ", f);
	layout_function(f, t->name, layout_columns(f) - (is_apart ? 6 : 2));
	putc('\n', f);
}

static void
write_types(const struct report *r, FILE *f)
{
	const struct types *all = r->findings->types;
	uint32_t n = report_n_types(r);

	if (n == 0)
		return;
	layout_heading(f, all->has_retained ? "Types by retained bytes"
					    : "Types by live bytes");
	fprintf(f, "  %10s %10s %14s   %s\n", "retained", "live", "blocks", "type");
	for (uint32_t i = 1; i <= n; i++)
		write_type(f, all, &all->list[i]);
	if (n < all->n)
		fprintf(f, "\n     %s more type%s\n", COUNT(all->n - n),
			all->n - n == 1 ? "" : "s");
}

/* ---- in short ---- */

/* Is it code that its people look at?  Not in a library of the language, nor
 * in one of its headers that was compiled into the program. */
static bool
is_own_frame(const struct report *r, const struct stack_frame *frame)
{
	static const char *const libraries[] = {"libc.so.", "libstdc++.so.", "libc++.so.",
						"ld-linux"};
	const struct heap_text *path = &r->heap->modules[frame->module].path;

	if (frame->special || !frame->module || path->n == 0 ||
	    (frame->file && strstr(frame->file, "/include/")))
		return false;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++)
		if (strncmp(text_basename(path->bytes), libraries[i],
			    strlen(libraries[i])) == 0)
			return false;
	return true;
}

/* What a frame is called, for free(3), or NULL. */
static char *
frame_words(const struct report *r, const struct stack_frame *frame)
{
	char *words = NULL, plain[256];
	size_t n;
	FILE *f;

	if (frame->function && *names_plain(frame->function, plain, sizeof(plain)))
		return strdup(plain);
	if (frame->special || frame->function)
		return strdup(frame->special ? frame->special : frame->function);
	f = open_memstream(&words, &n);
	if (!f)
		return NULL;
	layout_place(r, f, frame);
	fclose(f);
	return words;
}

/* Columns that each of some names may have, where short ones leave theirs to the long. */
static size_t
fair_share(char **names, size_t n, size_t room)
{
	size_t fair = room / n;

	/* It only becomes more, and is right when no further name fits. */
	for (size_t round = 0; round < n; round++) {
		size_t taken = 0, n_long = 0;

		for (size_t i = 0; i < n; i++)
			if (strlen(names[i]) <= fair)
				taken += strlen(names[i]);
			else
				n_long++;
		if (n_long == 0)
			break;
		fair = (room - taken) / n_long;
	}
	return fair;
}

/* Names in one line, which are freed. */
static void
put_chain(FILE *f, char **names, size_t n, int indent)
{
	size_t fair;

	if (n == 0)
		return;
	fair = fair_share(names, n, layout_columns(f) - (size_t)indent - 3 * (n - 1));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fputs(" < ", f);
		else
			fprintf(f, "%*s", indent, "");
		layout_function(f, names[i], fair);
		free(names[i]);
	}
	putc('\n', f);
}

/* A few functions on the way to a site, from the innermost of the program's own
 * outwards: "remember_user < handle_request < main". */
static void
put_callers(const struct report *r, FILE *f, uint32_t node, int indent)
{
	struct stack s;
	char *names[SHORT_CALLERS] = {NULL};
	size_t first = 0, n = 0, shown, named;
	const char *last = "";

	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return;
	shown = layout_n_shown_frames(&s);
	named = names_frame(r->heap, &s);
	while (first < shown && !is_own_frame(r, &s.frames[first]))
		first++;
	/* What stands for malloc says nothing, unless an unnamed caller is closer. */
	while (first < shown && first < named && s.frames[first].function)
		first++;
	for (size_t i = first < shown ? first : 0; i < shown && n < SHORT_CALLERS; i++) {
		const struct stack_frame *frame = &s.frames[i];

		/* A function split by the compiler is there twice. */
		if (frame->function && strcmp(frame->function, last) == 0)
			continue;
		names[n] = frame_words(r, frame);
		if (names[n])
			n++;
		last = frame->function ? frame->function : "";
	}
	put_chain(f, names, n, indent);
	stack_free(&s);
}

/* Does it look as if it grew all the time?  Blocks of nearly every epoch, from
 * long ago until now.  BOUND: a cache that is filled slowly looks the same until
 * it is full; so the words are "a leak, or". */
static bool
has_grown(const struct report *r, const struct heap_site *s)
{
	uint64_t span = s->oldest_age - s->newest_age + 1;

	return s->generation_count >= 4 && s->newest_age <= 1 &&
	       s->oldest_age >= r->heap->info.epoch / 2 &&
	       s->generation_count >= span - span / 4;
}

/* Is there a finding of this site, which says more about its course? */
static bool
has_finding(const struct report *r, uint32_t site)
{
	for (size_t i = 0; i < r->findings->n; i++)
		if (r->findings->list[i].site == site &&
		    r->findings->list[i].level != FINDING_NOTE)
			return true;
	return false;
}

static void
write_top_site(const struct report *r, FILE *f)
{
	uint32_t top = 0;

	for (uint32_t i = 1; i <= r->heap->n_nodes; i++)
		if (!heap_is_unsampled(r->heap, i) &&
		    r->sites[i].live.bytes > (top ? r->sites[top].live.bytes : 0))
			top = i;
	if (!top)
		return;
	fprintf(f, "  The largest site, S%" PRIu32 ", holds %.1f %% of it", top,
		percent(r->sites[top].live.bytes, r->heap->live.bytes));
	if (r->sites[top].generation_count > 1)
		fprintf(f, ", in blocks born in %" PRIu32 " epochs",
			r->sites[top].generation_count);
	fputs(":\n", f);
	put_callers(r, f, top, 4);
	if (has_grown(r, &r->sites[top]) && !has_finding(r, top))
		fputs("  It has grown steadily: a leak, or an unbounded table.\n", f);
}

/* What has been freed before the snapshot, as at exit, is not in it. */
static void
write_highest(const struct heap *h, FILE *f)
{
	const struct hf_epochs *highest = NULL;

	for (size_t i = 0; i < h->n_epochs; i++)
		if (!highest || h->epochs[i].heap_used > highest->heap_used)
			highest = &h->epochs[i];
	if (!highest || highest->heap_used / 2 < h->live.bytes)
		return;
	fprintf(f,
		"  Peak: %s, at the end of epoch %" PRIu64
		"; most of it has been freed since.  To see\n  what it was, take a "
		"snapshot earlier: gcprof snapshot PID, or\n  "
		"GCPROF_SNAPSHOT=growth=20%%.\n",
		SIZE(highest->heap_used), highest->first_epoch + highest->n_epochs - 1);
}

/* "3 errors" */
static void
put_number(FILE *f, size_t n, enum finding_level level)
{
	fprintf(f, "%s ", COUNT(n));
	layout_level(f, level);
	fputs(n == 1 ? "" : "s", f);
}

/* Is there an earlier finding of the same sort? */
static bool
is_repeated(const struct findings *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!*all->list[k].part_of_fingerprint &&
		    all->list[k].level == all->list[i].level &&
		    strcmp(all->list[k].what, all->list[i].what) == 0)
			return true;
	return false;
}

/* A leak's words do not say whose it is. */
static void
write_top_finding(const struct report *r, const struct finding *x, FILE *f)
{
	fputs("    ", f);
	layout_level(f, x->level);
	fputs(": ", f);
	layout_rest(f, x->summary, 6 + strlen(finding_level_name(x->level)), 6);
	if (strcmp(x->kind, "leak") == 0)
		put_callers(r, f, x->site, 6);
}

/* How many findings there are, and the largest of each sort.  They are sorted, and notes
 * blame nobody. */
static void
write_top_findings(const struct report *r, FILE *f)
{
	const struct findings *all = r->findings;
	size_t n[FINDING_NOTE + 1] = {0}, n_told = 0;
	const char *separator = "  ";

	for (size_t i = 0; i < all->n; i++)
		n[all->list[i].level] += !*all->list[i].part_of_fingerprint;
	for (int level = FINDING_ERROR; level <= FINDING_NOTE; level++)
		if (n[level]) {
			fputs(separator, f);
			put_number(f, n[level], (enum finding_level)level);
			separator = ", ";
		}
	if (all->n)
		fprintf(f, ", see \"Findings\"%s\n",
			n[FINDING_ERROR] + n[FINDING_WARNING] ? ":" : ".");
	for (size_t i = 0; i < all->n && n_told < SHORT_FINDINGS; i++) {
		const struct finding *x = &all->list[i];

		if (x->level == FINDING_NOTE)
			break;
		if (*x->part_of_fingerprint || is_repeated(all, i))
			continue;
		write_top_finding(r, x, f);
		n_told++;
	}
}

/* The whole report in a few lines, for who reads no more of it. */
static void
write_summary(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;

	if (*r->options.filter_text)
		return;
	layout_heading(f, "Summary");
	if (h->live.blocks == 0)
		fputs("  No live blocks.\n", f);
	else
		fprintf(f, "  %s live in %s block%s, %.1f %% of it old.\n",
			SIZE(h->live.bytes), COUNT(h->live.blocks),
			h->live.blocks == 1 ? "" : "s",
			percent(h->old.bytes, h->live.bytes));
	write_highest(h, f);
	if (h->info.sample_bytes)
		fputs("  Stacks were sampled: figures by site are estimates.\n", f);
	else
		write_top_site(r, f);
	if (h->info.external > h->live.bytes)
		fprintf(f, "  External memory: %s, see \"External memory by site\".\n",
			SIZE(h->info.external));
	write_top_findings(r, f);
}

/* What the filters let through, of all. */
static void
write_filtered(const struct report *r, FILE *f)
{
	enum order sort = r->options.one_list ? r->options.sort : ORDER_LIVE;
	struct heap_count sum = {0, 0};

	for (size_t i = 0; r->lists[sort] && i < r->n_ranked[sort]; i++) {
		sum.blocks += r->sites[r->lists[sort][i]].live.blocks;
		sum.bytes += r->sites[r->lists[sort][i]].live.bytes;
	}
	fprintf(f,
		"They hold %s, %.1f %% of the live memory, in %s block%s at %s site%s.\n",
		SIZE(sum.bytes), percent(sum.bytes, r->heap->live.bytes),
		COUNT(sum.blocks), sum.blocks == 1 ? "" : "s", COUNT(r->n_ranked[sort]),
		r->n_ranked[sort] == 1 ? "" : "s");
}

/* ---- the rest ---- */

static void
write_mappings(const struct report *r, FILE *f)
{
	if (r->n_mappings == 0)
		return;
	layout_heading(f, "External memory by site");
	for (size_t i = 0; i < r->n_mappings_listed; i++) {
		const struct report_mapping *m = &r->mappings[i];

		fprintf(f,
			"%s%3zu. %5.1f %%  %s, young %s, old %s, in %s mapping%s, "
			"%c%c%c%s%s\n",
			i ? "\n" : "", i + 1, percent(m->bytes, r->heap->info.external),
			SIZE(m->bytes), SIZE(m->young_bytes), SIZE(m->old_bytes),
			COUNT(m->count), m->count == 1 ? "" : "s",
			m->flags & HEAPFILE_MAPPING_READ ? 'r' : '-',
			m->flags & HEAPFILE_MAPPING_WRITE ? 'w' : '-',
			m->flags & HEAPFILE_MAPPING_EXEC ? 'x' : '-',
			m->flags & HEAPFILE_MAPPING_SHARED ? ", shared" : "",
			m->flags & HEAPFILE_MAPPING_FILE ? ", file" : "");
		if (m->reserved)
			fprintf(f, "     and %s of address space reserved without access\n",
				SIZE(m->reserved));
		layout_stack(r, f, m->site);
	}
	if (r->n_mappings_listed < r->n_mappings)
		fprintf(f, "\n     %s more site%s\n",
			COUNT(r->n_mappings - r->n_mappings_listed),
			r->n_mappings - r->n_mappings_listed == 1 ? "" : "s");
}

static void
put_build_id(FILE *f, const struct heap_text *build_id)
{
	if (build_id->n == 0)
		fputs("none", f);
	for (size_t i = 0; i < build_id->n && i < 32; i++)
		fprintf(f, "%02x", (unsigned char)build_id->bytes[i]);
}

static const char *
module_note(const struct report *r, uint32_t module)
{
	switch (r->symbols ? symbols_module_state(r->symbols, module) : SYMBOLS_UNUSED) {
	case SYMBOLS_MISSING:
		return "file not found";
	case SYMBOLS_CHANGED:
		return "CHANGED since the snapshot: its build-id differs";
	case SYMBOLS_UNVERIFIED:
		return "not verified";
	case SYMBOLS_FOUND:
		return "";
	default:
		return r->symbols ? "not needed" : "";
	}
}

/* Is it of no use to resolve this report elsewhere, as far as it goes? */
static bool
is_unused(const struct report *r, uint32_t module)
{
	return r->options.top != 0 && r->symbols &&
	       symbols_module_state(r->symbols, module) == SYMBOLS_UNUSED;
}

/* Modules, so that a report can be resolved elsewhere and later. */
static void
write_modules(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;
	size_t n_changed = 0, n_hidden = 0;

	if (h->n_modules == 0)
		return;
	layout_heading(f, "Modules");
	fprintf(f, "  %-24s %s\n", "name", "build-id");
	for (uint32_t i = 1; i <= h->n_modules && !ferror(f); i++) {
		const struct heap_module *m = &h->modules[i];
		const char *note = module_note(r, i);
		char *name;

		if (is_unused(r, i)) {
			n_hidden++;
			continue;
		}
		name = text_utf8(text_basename(m->path.bytes),
				 strlen(text_basename(m->path.bytes)), true);
		fprintf(f, "  %-24.60s ", name ? name : "");
		put_build_id(f, &m->build_id);
		fprintf(f, "%s%s", *note ? "  " : "", note);
		if (m->unload_epoch)
			fprintf(f, "  unloaded in epoch %" PRIu64, m->unload_epoch);
		putc('\n', f);
		free(name);
		n_changed += r->symbols &&
			     symbols_module_state(r->symbols, i) == SYMBOLS_CHANGED;
	}
	if (n_hidden)
		fprintf(f,
			"  and %zu more without a frame in this report; --top=0 "
			"shows %s\n",
			n_hidden, n_hidden == 1 ? "it" : "them");
	if (n_changed)
		fprintf(f,
			"\n  %zu binar%s changed since the snapshot; frames in %s "
			"are shown as module+offset.\n",
			n_changed, n_changed == 1 ? "y has" : "ies have",
			n_changed == 1 ? "it" : "them");
}

static void
write_marks(const struct heap *h, FILE *f)
{
	if (h->n_marks == 0)
		return;
	layout_heading(f, "Marks");
	for (size_t i = 0; i < h->n_marks; i++) {
		fprintf(f, "  epoch %-8" PRIu64 " %10s  ", h->marks[i].epoch,
			DURATION(h->marks[i].time_ns));
		layout_text(f, &h->marks[i].label, 64);
		putc('\n', f);
	}
}

void
report_write_sites(const struct report *r, FILE *f)
{
	struct writer w = {.r = r, .f = f};

	w.shown = calloc((size_t)r->heap->n_nodes + 1, sizeof(*w.shown));
	if (!w.shown) {
		fputs("out of memory\n", f);
		return;
	}
	write_list(&w, r->options.sort);
	free(w.shown);
}

void
report_write_text(const struct report *r, FILE *f)
{
	struct writer w = {.r = r, .f = f};

	if (r->options.findings_only) {
		if (r->findings && findings_loud(r->findings)) {
			write_process(r, f);
			report_write_leaks(r, f);
		}
		return;
	}
	w.shown = calloc((size_t)r->heap->n_nodes + 1, sizeof(*w.shown));
	if (!w.shown) {
		fputs("out of memory\n", f);
		return;
	}
	write_process(r, f);
	write_summary(r, f);
	write_memory(r, f);
	write_cohorts(r->heap, f);
	write_chart(r, f);
	report_write_leaks(r, f);
	if (*r->options.filter_text) {
		fputs("\nThe lists below are filtered: ", f);
		layout_short(f, r->options.filter_text, strlen(r->options.filter_text),
			     200);
		putc('\n', f);
		write_filtered(r, f);
	}
	if (r->options.one_list) {
		write_list(&w, r->options.sort);
	} else {
		if (!*r->options.filter_text)
			write_types(r, f);
		write_list(&w, ORDER_LIVE);
		write_list(&w, ORDER_OLD);
		write_list(&w, ORDER_ALLOCATIONS);
	}
	write_mappings(r, f);
	write_marks(r->heap, f);
	write_modules(r, f);
	free(w.shown);
}
