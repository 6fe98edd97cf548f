/* summary.c -- a heap in a few lines, and a stack in one: for reports that people read.
 *
 * In:   struct report.
 * Out:  the chapter "Summary"; a place in the sources with its callers.
 * Not here: findings and lists in full (leaks.c, text.c); on one screen (brief.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/own_code.h"
#include "report/columns.h"
#include "report/frames.h"
#include "util/text.h"

enum {
	CALLERS = 3, /* of a place, itself among them */
	INDENT = 12, /* of what is said of a line's subject */
	LINE = 400,
	PEAK_SITES = 3,
	WASTE_PART = 10, /* of the heap, from which on it is told of */
	WASTE_LEAST = 64 << 10,
};

/* Of the peak and what is live: from which on who held the peak is shown. */
#define PEAK_RATIO 1.3

/* Compound literals live until the end of the block that holds the call. */
#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)
#define DURATION(v) text_duration(v, (char[32]){0}, 32)

/* ---- a stack in one line ---- */

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

/* The first name, and as many of the others as fit; all are freed. */
static void
put_chain(FILE *f, char **names, size_t n, size_t room)
{
	static const char separator[] = " < ";
	size_t taken = 0;
	bool fits = true;

	for (size_t i = 0; i < n; i++) {
		size_t columns = strlen(names[i]) + (i ? strlen(separator) : 0);

		fits = fits && (i == 0 || taken + columns <= room);
		if (fits) {
			fputs(i ? separator : "", f);
			layout_function(f, names[i], room);
		}
		taken += columns;
		free(names[i]);
	}
}

/* The place of the innermost frame, "src/app.cpp:21 "; returns its columns. */
static size_t
put_source(const struct report *r, FILE *f, const struct stack_frame *frame, size_t room)
{
	char *path = frame->file ? layout_source(r, frame->file) : NULL;
	char line[16] = "";
	size_t n;

	if (!path)
		return 0;
	if (frame->line)
		snprintf(line, sizeof(line), ":%u", frame->line);
	n = strlen(path) < room / 2 ? strlen(path) : room / 2;
	layout_path(f, path, n);
	fprintf(f, "%s ", line);
	free(path);
	return n + strlen(line) + 1;
}

void
summary_put_where(const struct report *r, FILE *f, uint32_t node, size_t column)
{
	struct stack s;
	char *names[CALLERS] = {NULL};
	size_t room = layout_columns(f) > column + 20 ? layout_columns(f) - column : 20;
	size_t n = 0, shown, first;
	const char *last = "";

	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return;
	shown = layout_n_shown_frames(&s);
	first = own_code_first(r->heap, &s);
	if (first >= shown)
		first = 0;
	if (s.n)
		room -= put_source(r, f, &s.frames[first], room);
	for (size_t i = first; i < shown && n < CALLERS; i++) {
		const struct stack_frame *frame = &s.frames[i];

		/* A function split by the compiler is there twice. */
		if ((i > first && !own_code_is(r->heap, &s, i)) ||
		    (frame->function && strcmp(frame->function, last) == 0))
			continue;
		names[n] = frame_words(r, frame);
		if (names[n])
			n++;
		last = frame->function ? frame->function : "";
	}
	put_chain(f, names, n, room);
	stack_free(&s);
}

/* ---- a finding in one line ---- */

void
summary_put_headline(const struct finding *x, size_t column, FILE *f)
{
	size_t at = column + strlen(finding_level_name(x->level)) + 2;

	layout_level(f, x->level);
	fputs(": ", f);
	if (x->novelty == FINDING_KNOWN) {
		fputs("(known) ", f);
		at += strlen("(known) ");
	}
	if (layout_is_terminal(f))
		layout_rest(f, x->summary, at, column);
	else
		fprintf(f, "%s\n", x->summary);
}

void
summary_put_levels(const size_t *n, FILE *f)
{
	const char *separator = " ";

	for (int level = FINDING_ERROR; level <= FINDING_NOTE; level++)
		if (n[level]) {
			fprintf(f, "%s%s %s%s", separator, COUNT(n[level]),
				finding_level_name((enum finding_level)level),
				n[level] == 1 ? "" : "s");
			separator = ", ";
		}
}

/* ---- the summary ---- */

static void
write_line(FILE *f, const char *subject, const char *said)
{
	fprintf(f, "  %-*s", INDENT - 2, subject);
	layout_rest(f, said, INDENT, INDENT);
}

static void
write_live(const struct heap *h, FILE *f)
{
	char line[LINE];

	if (h->live.blocks == 0)
		snprintf(line, sizeof(line), "no blocks");
	else
		snprintf(line, sizeof(line), "%s in %s block%s, %.1f %% of it old",
			 SIZE(h->live.bytes), COUNT(h->live.blocks),
			 h->live.blocks == 1 ? "" : "s",
			 100.0 * (double)h->old.bytes /
				 (double)(h->live.bytes ? h->live.bytes : 1));
	if (h->info.external > h->live.bytes)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
			 "; %s external memory, mapped by the program itself",
			 SIZE(h->info.external));
	write_line(f, "live", line);
}

/* When it was; the end of an epoch that had more than when its sites were summed. */
static void
put_peak(const struct heap_peak *p, const struct hf_epochs *highest, bool is_known,
	 char *line)
{
	if (highest && highest->heap_used / 100 > p->bytes / 99)
		snprintf(line, LINE, "%s, after %s, at the end of epoch %" PRIu64 "%s%s",
			 SIZE(highest->heap_used), DURATION(highest->end_ns),
			 highest->first_epoch + highest->n_epochs - 1,
			 is_known ? "; by site, of " : "", is_known ? SIZE(p->bytes) : "");
	else if (p->when == HEAP_PEAK_EARLIER)
		snprintf(line, LINE, "%s in %s block%s, after %s, in epoch %" PRIu64,
			 SIZE(p->bytes), COUNT(p->blocks), p->blocks == 1 ? "" : "s",
			 DURATION(p->time_ns), p->epoch);
	else if (p->when == HEAP_PEAK_BEFORE_CLEANUP)
		snprintf(line, LINE, "%s, after %s, before the program cleaned up",
			 SIZE(p->bytes), DURATION(p->time_ns));
	else
		snprintf(line, LINE, "now");
}

/* Whether the peak is another heap than the one that is told of. */
static bool
is_high(const struct heap_peak *p, const struct heap *h)
{
	return p->when != HEAP_PEAK_NOW &&
	       (double)p->bytes >= PEAK_RATIO * (double)h->live.bytes;
}

static void
write_peak_sites(const struct report *r, FILE *f)
{
	const struct heap_peak *p = &r->peak;

	for (size_t i = 0; i < r->n_peak_sites && i < PEAK_SITES; i++) {
		uint32_t node = r->peak_sites[i];
		const struct heap_count *held = &p->sites[node];
		int columns = fprintf(f, "%*s%5.1f %%  %10s  S%-4" PRIu32 " ", INDENT, "",
				      100.0 * (double)held->bytes / (double)p->bytes,
				      SIZE(held->bytes), node);

		summary_put_where(r, f, node, columns > 0 ? (size_t)columns : 0);
		putc('\n', f);
	}
}

/* The most that was live, as far as the snapshot knows, and who held it. */
static void
write_peak(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;
	const struct hf_epochs *highest = NULL;
	bool is_known = is_high(&r->peak, h);
	char line[LINE];

	for (size_t i = 0; i < h->n_epochs; i++)
		if (!highest || h->epochs[i].heap_used > highest->heap_used)
			highest = &h->epochs[i];
	put_peak(&r->peak, highest, is_known, line);
	write_line(f, "peak", line);
	if (is_known)
		write_peak_sites(r, f);
	else if (highest && highest->heap_used / 2 > h->live.bytes)
		layout_sentence(
			f,
			"To see what was live then: GCPROF_SNAPSHOT=exit,growth=20%, "
			"or gcprof snapshot PID at that time.",
			INDENT);
}

static void
write_lost(const struct report *r, FILE *f)
{
	const struct leaks *l = &r->findings->leaks;
	struct heap_count lost = l->counts[GRAPH_DEFINITE];
	const struct heap_count *possible = &l->counts[GRAPH_POSSIBLE];
	char line[LINE];

	if (!l->is_computed)
		return;
	lost.blocks += l->counts[GRAPH_INDIRECT].blocks;
	lost.bytes += l->counts[GRAPH_INDIRECT].bytes;
	if (lost.blocks)
		snprintf(line, sizeof(line), "%s in %s block%s", SIZE(lost.bytes),
			 COUNT(lost.blocks), lost.blocks == 1 ? "" : "s");
	else
		snprintf(line, sizeof(line), "nothing");
	if (possible->blocks)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
			 "; possibly %s in %s block%s", SIZE(possible->bytes),
			 COUNT(possible->blocks), possible->blocks == 1 ? "" : "s");
	write_line(f, "lost", line);
}

size_t
summary_growing(const struct report *r, uint64_t *bytes)
{
	const struct findings *all = r->findings;
	size_t n = 0;

	*bytes = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct finding *x = &all->list[i];

		if (!(finding_kinds[x->id].traits & FINDING_IS_GROWTH) ||
		    x->level == FINDING_NOTE || *x->part_of_fingerprint)
			continue;
		*bytes += finding_gives_back(x);
		n++;
	}
	return n;
}

static void
write_growing(const struct report *r, FILE *f)
{
	uint64_t bytes;
	size_t n = summary_growing(r, &bytes);
	char line[LINE];

	if (n == 0)
		return;
	snprintf(line, sizeof(line), "%s in %s finding%s", SIZE(bytes), COUNT(n),
		 n == 1 ? "" : "s");
	write_line(f, "growing", line);
}

/* Only where it matters. */
static void
write_waste(const struct waste *w, FILE *f)
{
	const struct {
		uint64_t bytes;
		const char *what;
	} kinds[] = {{w->all.zero.bytes, "in blocks that are all zero"},
		     {w->all.tail.bytes, "of zeros at the end of blocks"},
		     {w->all.copy_bytes, "in copies of other blocks"}};
	uint64_t bytes = waste_bytes(&w->all);
	char line[LINE];
	size_t n;

	if (!w->of || bytes < WASTE_LEAST || bytes <= w->of->live.bytes / WASTE_PART)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%.1f %% of the heap%s",
			     100.0 * (double)bytes / (double)w->of->live.bytes,
			     w->is_before ? " before cleanup" : "");
	for (size_t i = 0, said = 0; i < 3; i++)
		if (kinds[i].bytes)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s %s %s",
					      said++ ? "," : ":", SIZE(kinds[i].bytes),
					      kinds[i].what);
	write_line(f, "waste", line);
}

static void
write_resident(const struct heap *h, FILE *f)
{
	struct heap_rss x;
	char line[LINE];

	if (!heap_rss_parts(h, &x))
		return;
	snprintf(line, sizeof(line),
		 "%s: %s live, %s held by the allocator, %s mapped, %s files, %s"
		 " gcprof, %s other",
		 SIZE(h->info.rss), SIZE(x.live), SIZE(x.allocator), SIZE(x.mapped),
		 SIZE(x.files), SIZE(x.profiler), SIZE(x.other));
	write_line(f, "rss", line);
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
write_grown(const struct report *r, FILE *f)
{
	uint32_t top = 0;

	for (uint32_t i = 1; i <= r->heap->n_nodes; i++)
		if (!heap_is_unsampled(r->heap, i) &&
		    r->sites[i].live.bytes > (top ? r->sites[top].live.bytes : 0))
			top = i;
	if (top && has_grown(r, &r->sites[top]) && !has_finding(r, top))
		layout_sentence(f,
				"The largest site has grown steadily: a leak, or an "
				"unbounded table.",
				2);
}

void
summary_write(const struct report *r, FILE *f)
{
	if (*r->options.filter_text)
		return;
	layout_heading(f, "Summary");
	write_live(r->heap, f);
	write_peak(r, f);
	write_lost(r, f);
	write_growing(r, f);
	write_waste(&r->waste, f);
	write_resident(r->heap, f);
	if (r->heap->info.sample_bytes)
		layout_sentence(f, "Stacks were sampled: figures by site are estimates.",
				2);
	else
		write_grown(r, f);
}
