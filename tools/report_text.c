/* report_text.c -- the report for people.
 *
 * In:   struct report.
 * Out:  aligned text of at most about 100 columns.
 * Not here: which rows there are and in which order (report.c).
 *
 * Names come out of a file and are shown on a terminal: all of them go through
 * text_utf8().  Long C++ names lose first what is inside their angle
 * brackets, then inside their parentheses, then their middle; JSON has them
 * whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "places.h"
#include "text.h"

enum {
	COLUMNS = 100,
	STACK_INDENT = 6,
	FUNCTION_COLUMNS = 52,
	PATH_COLUMNS = 36,
	BAR_COLUMNS = 30,
	TEXT_PARTS = 5, /* sites of what is lost with a finding */
};

/* What one text report remembers while it is written. */
struct writer {
	const struct report *r;
	FILE *f;
	/* By node: place in the list where its stack was shown, 0 = not yet. */
	uint32_t *shown;
	uint32_t n_shown;
};

/* ---- figures ---- */

static const char *
duration_format(uint64_t ns, char *buf, size_t n)
{
	double s = (double)ns / 1e9;

	if (s < 60)
		snprintf(buf, n, "%.3g s", s);
	else if (s < 3600)
		snprintf(buf, n, "%d min %d s", (int)s / 60, (int)s % 60);
	else
		snprintf(buf, n, "%" PRIu64 " h %d min", (uint64_t)(s / 3600),
			 (int)(s / 60) % 60);
	return buf;
}

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Compound literals live until the end of the block that holds the call. */
#define SIZE(v)     text_size(v, (char[24]){0}, 24)
#define COUNT(v)    text_count(v, (char[32]){0}, 32)
#define DURATION(v) duration_format(v, (char[32]){0}, 32)

/* ---- texts ---- */

/* Bytes up to at most n columns, "..." at the end if that is not all. */
static void
put_short(FILE *f, const char *bytes, size_t length, size_t columns)
{
	char *text = text_utf8(bytes, length, true);
	size_t n = 0, at = 0;

	if (!text)
		return;
	while (text[at]) {
		if ((text[at] & 0xc0) != 0x80 && n++ == columns)
			break;
		at++;
	}
	/* No sequence may be cut in its middle. */
	if (text[at] && columns > 3) {
		for (int i = 0; i < 3 && at > 0; i++)
			while (at > 0 && (text[--at] & 0xc0) == 0x80)
				;
		text[at] = '\0';
		fprintf(f, "%s...", text);
	} else {
		fputs(text, f);
	}
	free(text);
}

static void
put_text(FILE *f, const struct heap_text *t, size_t columns)
{
	if (t->n == 0)
		fputs("(unknown)", f);
	else
		put_short(f, t->bytes, t->n, columns);
}

/* Replace what is inside `open`..`close` pairs, where they are deeper than
 * `keep` pairs, by "..."; "operator<" and its like are names, not brackets.
 * Changes name in place: never longer, as only insides of more than three
 * bytes are replaced. */
static void
collapse(char *name, char open, char close, unsigned keep)
{
	char *to = name;
	unsigned depth = 0;
	char *inside = NULL;

	for (char *p = name; *p; p++) {
		if (strncmp(p, "operator", 8) == 0 && (p[8] == open || p[8] == '-')) {
			size_t n = 8 + strspn(p + 8, "<>=-()");

			memmove(to, p, n);
			to += n;
			p += n - 1;
			continue;
		}
		/* "->" in a signature closes nothing. */
		if (*p == close && depth > 0 && !(close == '>' && to[-1] == '-') &&
		    --depth == keep && to - inside > 3) {
			memcpy(inside, "...", 3);
			to = inside + 3;
		}
		*to++ = *p;
		if (*p == open && depth++ == keep)
			inside = to;
	}
	*to = '\0';
}

/* A function's name in at most `columns` bytes or so. */
static void
put_function(FILE *f, const char *function, size_t columns)
{
	char *name = text_utf8(function, strlen(function), true);
	size_t n;

	if (!name)
		return;
	/* From the least telling to the most: Rust's "<Type as Trait>::name" has
	 * its best part inside the first brackets. */
	for (unsigned keep = 3; keep-- > (name[0] == '<' ? 1u : 0u);)
		if (strlen(name) > columns)
			collapse(name, '<', '>', keep);
	if (strlen(name) > columns)
		collapse(name, '(', ')', 0);
	n = strlen(name);
	if (n <= columns) {
		fputs(name, f);
	} else {
		size_t head = columns / 3, tail = n - (columns - head - 3);

		while (head > 0 && (name[head] & 0xc0) == 0x80)
			head--;
		while (name[tail] && (name[tail] & 0xc0) == 0x80)
			tail++;
		fprintf(f, "%.*s...%s", (int)head, name, name + tail);
	}
	free(name);
}

/* A path, without its first directories if it is long. */
static void
put_path(FILE *f, const char *path, size_t columns)
{
	const char *from = path + strlen(path);
	size_t n = strlen(path);

	if (n <= columns) {
		put_short(f, path, n, columns);
		return;
	}
	for (const char *p = path; (p = strchr(p, '/')); p++)
		if (strlen(p) <= columns - 3) {
			from = p;
			break;
		}
	if (*from == '\0')
		from = text_basename(path);
	fputs("...", f);
	put_short(f, from, strlen(from), columns);
}

/* A sentence that breaks between words when a line is full. */
static void
put_sentence(FILE *f, const char *sentence, size_t indent)
{
	size_t column = indent;

	fprintf(f, "%*s", (int)indent, "");
	for (const char *word = sentence; *word;) {
		size_t n = strcspn(word, " ");

		if (column > indent && column + 1 + n > COLUMNS) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', f);
			column++;
		}
		fprintf(f, "%.*s", (int)n, word);
		column += n;
		word += n + (word[n] == ' ');
	}
	putc('\n', f);
}

static void
put_heading(FILE *f, const char *heading)
{
	fprintf(f, "\n%s\n", heading);
	for (const char *p = heading; *p; p++)
		putc('-', f);
	putc('\n', f);
}

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
		if (joined.bytes[i] == '\0')
			joined.bytes[i] = ' ';
	put_text(f, &joined, COLUMNS - 12);
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
		fputs(i ? ", " : ": ", f);
		put_text(f, &h->losses[i].name, 40);
		fprintf(f, " %s", COUNT(h->losses[i].count));
	}
	putc('\n', f);
}

static void
write_process(const struct heap *h, FILE *f)
{
	const struct heap_info *info = &h->info;

	fputs("Process     ", f);
	put_command(f, &info->command);
	fprintf(f, "\n            pid %" PRIu64 ", ", info->pid);
	put_text(f, &info->executable, COLUMNS - 30);
	fprintf(f, "\nSnapshot    number %" PRIu64 ", reason ", info->snapshot_number);
	put_text(f, &info->reason, 20);
	fputs(", ", f);
	put_time(f, info->snapshot_time_ns);
	fprintf(f, "after %s, in epoch %" PRIu64 "\n", DURATION(info->uptime_ns),
		info->epoch);
	write_losses(h, f);
	fprintf(f, "Settings    epoch of %s, old after %" PRIu64 " epoch%s, ",
		SIZE(info->young_bytes), info->promote, info->promote == 1 ? "" : "s");
	if (info->sample_bytes)
		fprintf(f, "a stack every %s on average, ", SIZE(info->sample_bytes));
	else
		fputs("every stack recorded, ", f);
	fputs("allocator ", f);
	put_text(f, &info->allocator, 20);
	putc('\n', f);
}

static void
write_size_line(FILE *f, const char *name, uint64_t bytes, const char *what)
{
	fprintf(f, "  %-16s %12s %22s   %s\n", name, SIZE(bytes), COUNT(bytes), what);
}

static void
write_memory(const struct heap *h, FILE *f)
{
	const struct heap_info *info = &h->info;

	put_heading(f, "Memory");
	write_size_line(f, "rss", info->rss, "resident in memory");
	write_size_line(f, "heap total", info->heap_total, "mapped by the allocator");
	write_size_line(f, "heap used", info->heap_used, "requested and not freed");
	write_size_line(f, "external", info->external, "mapped by the program itself");
	write_size_line(f, "profiler", info->profiler_bytes, "gcprof's own");
	if (info->total_memory)
		fprintf(f, "  %-16s %12s, %s free\n", "machine", SIZE(info->total_memory),
			SIZE(info->free_memory));
}

static void
write_cohort(FILE *f, const char *name, const struct heap_count *c, uint64_t whole)
{
	fprintf(f, "  %-8s %16s %12s %22s %7.1f %%\n", name, COUNT(c->blocks),
		SIZE(c->bytes), COUNT(c->bytes), percent(c->bytes, whole));
}

static void
write_cohorts(const struct heap *h, FILE *f)
{
	const struct heap_info *info = &h->info;

	put_heading(f, "Cohorts");
	fprintf(f, "  %-8s %16s %12s %22s\n", "", "live blocks", "size", "bytes");
	write_cohort(f, "young", &h->young, h->live.bytes);
	write_cohort(f, "old", &h->old, h->live.bytes);
	write_cohort(f, "all", &h->live, h->live.bytes);
	if (h->unborn.blocks)
		fprintf(f, "  Of unknown birth, counted as old: %s blocks, %s\n",
			COUNT(h->unborn.blocks), SIZE(h->unborn.bytes));
	fprintf(f, "\n  Since the start: %s allocations of %s, %s frees, at %s sites\n",
		COUNT(info->allocations), SIZE(info->allocated_bytes), COUNT(info->frees),
		COUNT(h->n_sites));
}

/* ---- survival ---- */

/* '#' lives now, '.' survived its birth epoch and has been freed since. */
static void
put_bar(FILE *f, const struct report_epochs *e, uint64_t longest)
{
	double scale = longest ? (double)BAR_COLUMNS / (double)longest : 0;
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
	put_heading(f, "Survival by birth epoch");
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct report_epochs *e = &r->epochs[i];

		if (e->live.bytes > longest)
			longest = e->live.bytes;
		if (e->survived_bytes > longest)
			longest = e->survived_bytes;
	}
	fprintf(f, "  %-15s %-13s %12s %12s   # lives, . freed since\n", "born in epoch",
		"age", "survived", "live now");
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
		fprintf(f, "  %-15s %-13s %12s %12s   ", born, age,
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
put_place(const struct report *r, FILE *f, const struct stack_frame *frame)
{
	const struct heap_module *m = &r->heap->modules[frame->module];

	if (frame->module && m->path.n)
		put_path(f, text_basename(m->path.bytes), PATH_COLUMNS);
	else if (frame->module)
		fprintf(f, "(module %" PRIu32 ")", frame->module);
	fprintf(f, "%s0x%" PRIx64, frame->module ? "+" : "", frame->offset);
}

static void
write_frame(const struct report *r, FILE *f, const struct stack_frame *frame)
{
	fprintf(f, "%*s", STACK_INDENT, "");
	if (frame->special) {
		fprintf(f, "%s\n", frame->special);
		return;
	}
	if (frame->function)
		put_function(f, frame->function, FUNCTION_COLUMNS);
	if (frame->file) {
		fputs(frame->function ? "  " : "", f);
		put_path(f, frame->file, PATH_COLUMNS);
		if (frame->line)
			fprintf(f, ":%u", frame->line);
	} else {
		fputs(frame->function ? "  (" : "", f);
		put_place(r, f, frame);
		fputs(frame->function ? ")" : "", f);
	}
	fputs(frame->is_inlined ? "  [inlined]\n" : "\n", f);
}

static void
write_stack(const struct report *r, FILE *f, uint32_t node)
{
	struct stack s;
	size_t n;

	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return;
	n = r->options.frames && r->options.frames < s.n ? r->options.frames : s.n;
	/* "... 1 more" would take the line of the frame that it hides. */
	if (n + 1 == s.n)
		n = s.n;
	for (size_t i = 0; i < n; i++)
		write_frame(r, f, &s.frames[i]);
	if (n < s.n)
		fprintf(f, "%*s... %zu more\n", STACK_INDENT, "", s.n - n);
	stack_free(&s);
}

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
write_site_facts(const struct writer *w, uint32_t node)
{
	const struct heap_site *s = &w->r->sites[node];
	const struct heap_node *n = &w->r->heap->nodes[node];
	FILE *f = w->f;

	fprintf(f, "     %s allocation%s of %s", COUNT(n->allocations),
		n->allocations == 1 ? "" : "s", SIZE(n->allocated_bytes));
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
	putc('\n', f);
}

static void
write_site(struct writer *w, size_t rank, uint32_t node, uint64_t part, uint64_t whole)
{
	const struct heap_site *s = &w->r->sites[node];

	fprintf(w->f,
		"%3zu. %5.1f %%  live %s (%s) in %s block%s, young %s, old %s  [S%" PRIu32
		"]\n",
		rank, percent(part, whole), SIZE(s->live.bytes), COUNT(s->live.bytes),
		COUNT(s->live.blocks), s->live.blocks == 1 ? "" : "s",
		SIZE(s->young.bytes), SIZE(s->old.bytes), node);
	write_site_facts(w, node);
	if (w->shown[node]) {
		fprintf(w->f, "%*s(stack shown above: S%" PRIu32 ")\n", STACK_INDENT, "",
			node);
		return;
	}
	w->shown[node] = ++w->n_shown;
	write_stack(w->r, w->f, node);
}

static uint64_t
site_value(const struct report *r, uint32_t node, enum report_sort sort)
{
	switch (sort) {
	case REPORT_OLD:
		return r->sites[node].old.bytes;
	case REPORT_ALLOCATIONS:
		return r->heap->nodes[node].allocations;
	case REPORT_BLOCKS:
		return r->sites[node].live.blocks;
	default:
		return r->sites[node].live.bytes;
	}
}

static uint64_t
whole_value(const struct report *r, enum report_sort sort)
{
	switch (sort) {
	case REPORT_OLD:
		return r->heap->old.bytes;
	case REPORT_ALLOCATIONS:
		return r->heap->info.allocations;
	case REPORT_BLOCKS:
		return r->heap->live.blocks;
	default:
		return r->heap->live.bytes;
	}
}

static void
write_list(struct writer *w, enum report_sort sort)
{
	static const char *const headings[REPORT_N_SORTS] = {
		[REPORT_LIVE] = "Sites by live bytes",
		[REPORT_OLD] = "Sites by old bytes",
		[REPORT_ALLOCATIONS] = "Sites by allocations",
		[REPORT_BLOCKS] = "Sites by live blocks",
		[REPORT_AGE] = "Sites by age of the oldest block",
	};
	const struct report *r = w->r;
	uint64_t whole = whole_value(r, sort), sum = 0;

	if (!r->lists[sort])
		return;
	put_heading(w->f, headings[sort]);
	if (r->n_ranked[sort] == 0) {
		fputs("  none\n", w->f);
		return;
	}
	for (size_t i = 0; i < r->n_listed[sort] && !ferror(w->f); i++) {
		uint32_t node = r->lists[sort][i];
		uint64_t part = site_value(r, node, sort);

		sum += part;
		if (i > 0)
			putc('\n', w->f);
		write_site(w, i + 1, node, part, whole);
	}
	if (r->n_listed[sort] < r->n_ranked[sort])
		fprintf(w->f, "\n     %.1f %% in these; %s more sites\n",
			percent(sum, whole),
			COUNT(r->n_ranked[sort] - r->n_listed[sort]));
}

/* ---- the rest ---- */

static void
write_mappings(const struct report *r, FILE *f)
{
	if (r->n_mappings == 0)
		return;
	put_heading(f, "External memory by site");
	for (size_t i = 0; i < r->n_mappings_listed; i++) {
		const struct report_mapping *m = &r->mappings[i];

		fprintf(f,
			"%3zu. %5.1f %%  %s (%s) in %s mapping%s, young %s, old %s, "
			"%c%c%c%s%s\n",
			i + 1, percent(m->bytes, r->heap->info.external), SIZE(m->bytes),
			COUNT(m->bytes), COUNT(m->count), m->count == 1 ? "" : "s",
			SIZE(m->young_bytes), SIZE(m->old_bytes),
			m->flags & HEAPFILE_MAPPING_READ ? 'r' : '-',
			m->flags & HEAPFILE_MAPPING_WRITE ? 'w' : '-',
			m->flags & HEAPFILE_MAPPING_EXEC ? 'x' : '-',
			m->flags & HEAPFILE_MAPPING_SHARED ? ", shared" : "",
			m->flags & HEAPFILE_MAPPING_FILE ? ", file" : "");
		if (m->reserved)
			fprintf(f, "     and %s of address space reserved without access\n",
				SIZE(m->reserved));
		write_stack(r, f, m->site);
	}
	if (r->n_mappings_listed < r->n_mappings)
		fprintf(f, "\n     %s more sites\n",
			COUNT(r->n_mappings - r->n_mappings_listed));
}

static void
write_leak_line(FILE *f, const char *name, const struct heap_count *c)
{
	fprintf(f, "  %-10s %14s %12s %22s\n", name, COUNT(c->blocks), SIZE(c->bytes),
		COUNT(c->bytes));
}

static void
write_leaks(const struct report *r, FILE *f)
{
	const struct leaks *l = &r->findings->leaks;

	if (!l->is_computed)
		return;
	put_heading(f, "Leaks");
	fprintf(f, "  %-10s %14s %12s %22s\n", "", "blocks", "size", "bytes");
	for (int state = 0; state < GRAPH_N_STATES; state++)
		if (state != GRAPH_IGNORED || l->counts[state].blocks)
			write_leak_line(f, graph_state_name((enum graph_state)state),
					&l->counts[state]);
	write_leak_line(f, "suppressed", &l->suppressed);
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
		fprintf(f, "     with %s block%s (%s) from\n", COUNT(part->count.blocks),
			part->count.blocks == 1 ? "" : "s", SIZE(part->count.bytes));
		write_frame(r, f, &s.frames[places_blame(r->heap, &s)]);
		stack_free(&s);
	}
	if (x->n_parts > TEXT_PARTS)
		fprintf(f, "     and with blocks from %zu more sites\n",
			x->n_parts - TEXT_PARTS);
}

static void
write_findings(const struct report *r, FILE *f)
{
	const struct findings *all = r->findings;

	if (all->n == 0)
		return;
	put_heading(f, "Findings");
	for (size_t i = 0; i < all->n && !ferror(f); i++) {
		const struct finding *x = &all->list[i];

		fprintf(f, "%s%3zu. %s: %s%s\n", i ? "\n" : "", i + 1,
			finding_level_name(x->level), x->novelty == FINDING_KNOWN ? "(known) " : "",
			x->summary);
		for (size_t e = 0; e < x->n_evidence; e++)
			put_sentence(f, x->evidence[e], 5);
		write_stack(r, f, x->site);
		if (x->alloc_site) {
			fputs("     allocated at\n", f);
			write_stack(r, f, x->alloc_site);
		}
		write_parts(r, x, f);
		if (x->content) {
			fprintf(f, "     what stands at 0x%" PRIx64 "\n", x->address);
			write_content(x->content, f);
		}
	}
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
		return "not found here";
	case SYMBOLS_CHANGED:
		return "CHANGED since: another build-id";
	case SYMBOLS_FOUND:
		return "";
	default:
		return r->symbols ? "not needed" : "";
	}
}

/* Modules, so that a report can be resolved elsewhere and later. */
static void
write_modules(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;
	size_t n_changed = 0;

	if (h->n_modules == 0)
		return;
	put_heading(f, "Modules");
	fprintf(f, "  %-24s %s\n", "name", "build-id");
	for (uint32_t i = 1; i <= h->n_modules && !ferror(f); i++) {
		const struct heap_module *m = &h->modules[i];
		const char *note = module_note(r, i);
		char *name = text_utf8(text_basename(m->path.bytes),
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
	if (n_changed)
		fprintf(f,
			"\n  %zu binar%s changed since the snapshot; places there are"
			" shown as module+offset.\n",
			n_changed, n_changed == 1 ? "y has" : "ies have");
}

static void
write_marks(const struct heap *h, FILE *f)
{
	if (h->n_marks == 0)
		return;
	put_heading(f, "Marks");
	for (size_t i = 0; i < h->n_marks; i++) {
		fprintf(f, "  epoch %-8" PRIu64 " %10s  ", h->marks[i].epoch,
			DURATION(h->marks[i].time_ns));
		put_text(f, &h->marks[i].label, 64);
		putc('\n', f);
	}
}

void
report_write_text(const struct report *r, FILE *f)
{
	struct writer w = {.r = r, .f = f};

	w.shown = calloc((size_t)r->heap->n_nodes + 1, sizeof(*w.shown));
	if (!w.shown) {
		fputs("no memory for a report\n", f);
		return;
	}
	write_process(r->heap, f);
	write_memory(r->heap, f);
	write_cohorts(r->heap, f);
	write_chart(r, f);
	write_leaks(r, f);
	write_findings(r, f);
	if (*r->options.filter_text) {
		fputs("\nThe lists below are filtered: ", f);
		put_short(f, r->options.filter_text, strlen(r->options.filter_text), 200);
		putc('\n', f);
	}
	if (r->options.one_list) {
		write_list(&w, r->options.sort);
	} else {
		write_list(&w, REPORT_LIVE);
		write_list(&w, REPORT_OLD);
		write_list(&w, REPORT_ALLOCATIONS);
	}
	write_mappings(r, f);
	write_marks(r->heap, f);
	write_modules(r, f);
	free(w.shown);
}
