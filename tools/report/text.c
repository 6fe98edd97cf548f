/* text.c -- the report for people, in full.
 *
 * In:   struct report.
 * Out:  aligned text as wide as the terminal, elsewhere of 80 columns, unless a long
 *       name or number needs more.
 * Not here: on one screen (brief.c); which rows there are and in which order (report.c);
 *           leaks and findings (leaks.c); how names are cut short (columns.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/frames.h"
#include "report/process_text.h"
#include "report/summary.h"
#include "report/tallies.h"
#include "report/writers.h"
#include "util/text.h"

enum {
	BAR_INDENT = 52,
	TYPE_NAME_COLUMN = 41,
	MOST_WASTE = 10, /* sites */
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

/* ---- memory, cohorts ---- */

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

/* Nothing where that is the list of what lives now. */
static void
write_peak(const struct report *r, FILE *f)
{
	const struct heap_peak *p = &r->peak;
	size_t n = r->n_peak_sites;

	if (p->when == HEAP_PEAK_NOW || n == 0)
		return;
	layout_heading(f, "Sites at the peak");
	for (size_t i = 0; i < n && (!r->options.top || i < r->options.top); i++) {
		uint32_t node = r->peak_sites[i];
		const struct heap_count *held = &p->sites[node];
		int columns = fprintf(f, "  %5.1f %%  %10s  ",
				      percent(held->bytes, p->bytes), SIZE(held->bytes));

		if (!layout_is_narrow(f))
			columns += fprintf(f, "%9s block%s  ", COUNT(held->blocks),
					   held->blocks == 1 ? " " : "s");
		columns += fprintf(f, "S%-4" PRIu32 " ", node);
		summary_put_where(r, f, node, columns > 0 ? (size_t)columns : 0);
		putc('\n', f);
	}
	if (r->options.top && n > r->options.top)
		fprintf(f, "\n     %s more site%s\n", COUNT(n - r->options.top),
			n - r->options.top == 1 ? "" : "s");
}

/* What was freed in the epoch of its birth: how much of all that was allocated, how often. */
static void
write_temporary(const struct report *r, FILE *f)
{
	const struct heap_info *info = &r->heap->info;
	double seconds = (double)info->uptime_ns / 1e9;
	size_t n = r->n_temporary_sites;

	if (n == 0)
		return;
	layout_heading(f, "Temporary allocations");
	for (size_t i = 0; i < n && (!r->options.top || i < r->options.top); i++) {
		uint32_t node = r->temporary_sites[i];
		uint64_t gone = r->temporary[node];
		int columns = fprintf(f, "  %5.1f %%  %13s  ",
				      percent(gone, info->allocations), COUNT(gone));

		if (!layout_is_narrow(f) && seconds > 0)
			columns += fprintf(f, "%11s/s  ",
					   COUNT((uint64_t)((double)gone / seconds)));
		columns += fprintf(f, "S%-4" PRIu32 " ", node);
		summary_put_where(r, f, node, columns > 0 ? (size_t)columns : 0);
		putc('\n', f);
	}
	if (r->options.top && n > r->options.top)
		fprintf(f, "\n     %s more site%s\n", COUNT(n - r->options.top),
			n - r->options.top == 1 ? "" : "s");
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "53.0 KiB in 11 blocks all zero, 1.2 MiB in 300 copies of 3 contents" */
static void
write_waste_kinds(const struct heap_waste *x, FILE *f)
{
	const char *comma = ", ";
	char line[400];
	size_t n = 0;

	*line = 0;
#define ADD(...) n += (size_t)snprintf(line + n, sizeof(line) - n, __VA_ARGS__)
	if (x->zero.bytes)
		ADD("%s in %s block%s all zero", SIZE(x->zero.bytes),
		    COUNT(x->zero.blocks), plural(x->zero.blocks));
	if (x->tail.bytes)
		ADD("%s%s of zeros at the end of %s block%s", n ? comma : "",
		    SIZE(x->tail.bytes), COUNT(x->tail.blocks), plural(x->tail.blocks));
	if (x->copy_bytes)
		ADD("%s%s in %s cop%s of %s content%s", n ? comma : "", SIZE(x->copy_bytes),
		    COUNT(waste_copies(x)), waste_copies(x) == 1 ? "y" : "ies",
		    COUNT(x->distinct), plural(x->distinct));
	if (x->untouched_bytes)
		ADD("%s%s never touched", n ? comma : "", SIZE(x->untouched_bytes));
#undef ADD
	layout_sentence(f, line, 11);
}

/* What blocks hold nothing in, or the same as others, by site. */
static void
write_waste(const struct report *r, FILE *f)
{
	const struct waste *w = &r->waste;

	if (!w->of || w->n == 0)
		return;
	layout_heading(f, w->is_before ? "Waste, before the program cleaned up" : "Waste");
	for (size_t i = 0; i < w->n && i < MOST_WASTE; i++) {
		uint32_t node = w->nodes[i];
		const struct heap_waste *x = &w->of->waste[node];
		int columns = fprintf(f, "  %5.1f %%  S%-4" PRIu32 " ",
				      percent(waste_bytes(x), w->of->live.bytes), node);

		summary_put_where(r, f, node, columns > 0 ? (size_t)columns : 0);
		putc('\n', f);
		write_waste_kinds(x, f);
	}
	if (w->n > MOST_WASTE)
		fprintf(f, "\n     %s more site%s\n", COUNT(w->n - MOST_WASTE),
			plural(w->n - MOST_WASTE));
	if (w->of->info.waste_one_in > 1)
		layout_sentence(f,
				"Copies are estimates: there were too many contents to "
				"compare all.",
				2);
}

/* Every chapter. */
static void
write_full(const struct report *r, FILE *f)
{
	struct writer w = {.r = r, .f = f};

	w.shown = calloc((size_t)r->heap->n_nodes + 1, sizeof(*w.shown));
	if (!w.shown) {
		fputs("out of memory\n", f);
		return;
	}
	process_write(r, f);
	summary_write(r, f);
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
		write_peak(r, f);
		write_list(&w, ORDER_OLD);
		write_list(&w, ORDER_ALLOCATIONS);
		write_temporary(r, f);
		write_waste(r, f);
		tallies_write(r, f);
	}
	write_mappings(r, f);
	write_marks(r->heap, f);
	write_modules(r, f);
	free(w.shown);
}

void
report_write_text(const struct report *r, FILE *f)
{
	if (r->options.tree.kind) {
		report_write_tree(r, f);
	} else if (!r->options.is_full) {
		report_write_brief(r, f);
	} else if (!r->options.findings_only) {
		write_full(r, f);
	} else if (!report_is_silent(&r->options, r->findings)) {
		process_write(r, f);
		report_write_leaks(r, f);
	}
}
