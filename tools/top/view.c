/* view.c -- see view.h.
 *
 * A site keeps its number from sample to sample: the library only adds to its tables of
 * sites and modules, and heap_load() finds the same nodes for the same beginning.  A
 * program that calls execve begins anew, and so does the view.
 *
 * Names are found when a row is first shown, and kept.  They come from the tables of
 * one sample, which is kept for that with its symbols, until a site appears that it does
 * not have.
 *
 * SPDX-License-Identifier: MIT
 */
#include "top/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/stacks.h"
#include "names/symbolize.h"
#include "util/text.h"
#include "util/vec.h"

/* Of one node; what is remembered of the samples before. */
struct memory {
	uint64_t first_bytes; /* at the first sample; 0 if the site came later */
	uint64_t last_bytes;  /* at the sample before */
	uint64_t last_allocations;
	bool has_lived;
	char *name; /* NULL: not shown yet */
};

struct view {
	struct heap *heap;  /* the last sample */
	struct heap *named; /* what the symbols are of; may be the same */
	struct symbols *symbols;
	char *root;            /* for the symbols' files; lives longer than they do */
	struct memory *memory; /* by node */
	uint32_t n_memory;
	struct view_site *sites;
	size_t n_sites, sites_size;
	enum view_sort sort;
	uint64_t n_samples, first_ns, last_ns; /* uptime at the samples */
	double allocations, frees;             /* a second */
	uint64_t last_allocations, last_frees;
};

/* ---- short figures ---- */

/* "12.3K": at most six characters, in powers of 1024 or 1000. */
static const char *
shorten(double v, double base, char *buf, size_t n)
{
	static const char units[] = " KMGTPE";
	unsigned unit = 0;

	while (fabs(v) >= base - 0.5 && unit < sizeof(units) - 2) {
		v /= base;
		unit++;
	}
	if (unit == 0)
		snprintf(buf, n, "%.0f", v);
	else
		snprintf(buf, n, fabs(v) < 99.95 ? "%.1f%c" : "%.0f%c", v, units[unit]);
	return buf;
}

static const char *
short_size(uint64_t bytes, char *buf, size_t n)
{
	return shorten((double)bytes, 1024, buf, n);
}

/* With its sign; nothing at all for nothing. */
static const char *
short_change(double bytes, char *buf, size_t n)
{
	char figure[16];

	if (fabs(bytes) < 0.5)
		snprintf(buf, n, "-");
	else
		snprintf(buf, n, "%s%s", bytes > 0 ? "+" : "",
			 shorten(bytes, 1024, figure, sizeof(figure)));
	return buf;
}

static const char *
short_age(uint64_t ns, char *buf, size_t n)
{
	uint64_t s = ns / 1000000000;

	if (s < 100)
		snprintf(buf, n, "%" PRIu64 "s", s);
	else if (s < UINT64_C(100) * 60)
		snprintf(buf, n, "%" PRIu64 "m", s / 60);
	else if (s < UINT64_C(100) * 3600)
		snprintf(buf, n, "%" PRIu64 "h", s / 3600);
	else
		snprintf(buf, n, "%" PRIu64 "d", s / 86400);
	return buf;
}

/* ---- sites ---- */

const char *
view_sort_name(enum view_sort sort)
{
	static const char *const names[VIEW_N_SORTS] = {"live", "grown", "rate",
							"allocations", "age"};

	return sort < VIEW_N_SORTS ? names[sort] : NULL;
}

static double
key(const struct view_site *s, enum view_sort sort)
{
	switch (sort) {
	case VIEW_GROWN:
		return (double)s->grown_bytes;
	case VIEW_RATE:
		return s->rate;
	case VIEW_ALLOCATIONS:
		return s->allocations;
	case VIEW_AGE:
		return (double)s->age_ns;
	default:
		return (double)s->live.bytes;
	}
}

/* By the key, then by what lives; at last by number, so that rows stay in place. */
static int
compare(const void *a, const void *b, void *arg)
{
	const struct view_site *x = a, *y = b;
	double p = key(x, *(enum view_sort *)arg), q = key(y, *(enum view_sort *)arg);

	if (p != q)
		return p < q ? 1 : -1;
	if (x->live.bytes != y->live.bytes)
		return x->live.bytes < y->live.bytes ? 1 : -1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void
view_set_sort(struct view *v, enum view_sort sort)
{
	v->sort = sort;
	qsort_r(v->sites, v->n_sites, sizeof(*v->sites), compare, &v->sort);
}

enum view_sort
view_sort(const struct view *v)
{
	return v->sort;
}

size_t
view_n_sites(const struct view *v)
{
	return v->n_sites;
}

const struct view_site *
view_site(const struct view *v, size_t i)
{
	return &v->sites[i];
}

/* ---- samples ---- */

struct view *
view_new(void)
{
	return calloc(1, sizeof(struct view));
}

static void
forget(struct view *v)
{
	for (uint32_t i = 0; i < v->n_memory; i++)
		free(v->memory[i].name);
	free(v->memory);
	v->memory = NULL;
	v->n_memory = 0;
	symbols_free(v->symbols);
	v->symbols = NULL;
	if (v->named != v->heap)
		heap_free(v->named);
	heap_free(v->heap);
	v->named = v->heap = NULL;
	v->n_sites = 0;
	v->n_samples = 0;
}

void
view_set_root(struct view *v, const char *root)
{
	if (v->root && strcmp(v->root, root) == 0)
		return;
	forget(v);
	free(v->root);
	v->root = strdup(root);
}

void
view_free(struct view *v)
{
	if (!v)
		return;
	forget(v);
	free(v->root);
	free(v->sites);
	free(v);
}

/* When an epoch ended, in ns since the start of the process: within a record that
 * stands for many, at its share. */
static uint64_t
epoch_end_ns(const struct heap *h, uint64_t epoch)
{
	uint64_t before = 0;

	for (size_t i = 0; i < h->n_epochs; i++) {
		const struct hf_epochs *r = &h->epochs[i];

		if (epoch < r->first_epoch + r->n_epochs && epoch >= r->first_epoch)
			return before + (r->end_ns - before) / r->n_epochs *
						(epoch - r->first_epoch + 1);
		before = r->end_ns;
	}
	return h->info.uptime_ns;
}

/* A block is at least as old as the end of its birth epoch, or if that goes on as
 * young as its beginning lets it be. */
static uint64_t
age_of(const struct heap *h, const struct heap_live *live)
{
	uint64_t born;

	if (!live->all.blocks)
		return 0;
	if (!live->first_epoch)
		return h->info.uptime_ns;
	born = live->first_epoch > 1 ? epoch_end_ns(h, live->first_epoch - 1) : 0;
	return h->info.uptime_ns > born ? h->info.uptime_ns - born : 0;
}

static bool
make_room(struct view *v, const struct heap *h)
{
	uint64_t n = (uint64_t)h->n_nodes + 1;

	return VEC_RESERVE_ZEROED(v->memory, v->n_memory, n) == 0 &&
	       VEC_RESERVE(v->sites, v->sites_size, n) == 0;
}

static void
add_site(struct view *v, const struct heap *h, uint32_t node, double seconds)
{
	const struct heap_live *live = &h->site_lives[node];
	struct memory *m = &v->memory[node];
	uint64_t allocations = h->nodes[node].allocations;
	bool is_first = v->n_samples == 0;
	struct view_site *s;

	if (is_first) {
		m->first_bytes = m->last_bytes = live->all.bytes;
		m->last_allocations = allocations;
	}
	m->has_lived |= live->all.blocks != 0;
	if (m->has_lived) {
		s = &v->sites[v->n_sites++];
		s->node = node;
		s->live = live->all;
		s->grown_bytes = (int64_t)(live->all.bytes - m->first_bytes);
		s->rate = seconds > 0 ? (double)(int64_t)(live->all.bytes - m->last_bytes) /
						seconds
				      : 0;
		s->allocations =
			seconds > 0 ? (double)(allocations - m->last_allocations) / seconds
				    : 0;
		s->age_ns = age_of(h, live);
	}
	m->last_bytes = live->all.bytes;
	m->last_allocations = allocations;
}

int
view_add(struct view *v, struct heap *heap)
{
	const struct heap_info *info = &heap->info;
	double seconds;

	/* Another program, or the same one begun anew. */
	if (v->heap &&
	    (v->heap->info.start_time_ns != info->start_time_ns ||
	     info->allocations < v->last_allocations || heap->n_nodes < v->heap->n_nodes))
		forget(v);
	if (!make_room(v, heap)) {
		heap_free(heap);
		return -1;
	}
	seconds = v->n_samples ? (double)(info->uptime_ns - v->last_ns) / 1e9 : 0;
	v->n_sites = 0;
	for (uint32_t i = 1; i <= heap->n_nodes; i++)
		add_site(v, heap, i, seconds);
	v->allocations =
		seconds > 0 ? (double)(info->allocations - v->last_allocations) / seconds
			    : 0;
	v->frees = seconds > 0 ? (double)(info->frees - v->last_frees) / seconds : 0;
	v->last_allocations = info->allocations;
	v->last_frees = info->frees;
	if (v->n_samples++ == 0)
		v->first_ns = info->uptime_ns;
	v->last_ns = info->uptime_ns;
	if (v->heap != v->named)
		heap_free(v->heap);
	v->heap = heap;
	view_set_sort(v, v->sort);
	return 0;
}

/* ---- names ---- */

/* Tables in which a node is named: those of the symbols, or this sample's. */
static const struct heap *
tables_for(struct view *v, uint32_t node)
{
	const struct symbols_options o = {.sysroot = v->root && *v->root ? v->root : NULL,
					  /* Loaded before it called chroot, maybe. */
					  .is_sysroot_first = true};

	if (v->named && node <= v->named->n_nodes)
		return v->named;
	symbols_free(v->symbols);
	if (v->named != v->heap)
		heap_free(v->named);
	v->named = v->heap;
	v->symbols = symbols_new(v->named, &o);
	return v->named;
}

static void
frame_name(const struct heap *h, const struct stack_frame *f, char *buf, size_t n)
{
	char plain[256];

	if (f->function)
		snprintf(buf, n, "%s", names_plain(f->function, plain, sizeof(plain)));
	else if (f->special)
		snprintf(buf, n, "%s", f->special);
	else
		snprintf(buf, n, "%s+0x%" PRIx64,
			 text_basename(h->modules[f->module].path.bytes), f->offset);
}

/* The first function that is the program's own; without names, the first place that is
 * not in the C library. */
static size_t
first_frame(const struct heap *h, const struct stack *stack)
{
	size_t i = names_frame(h, stack);

	if (i < stack->n && !stack_is_runtime(h, &stack->frames[i]))
		return i;
	for (i = 0; i < stack->n; i++)
		if (stack->frames[i].module && !stack_is_runtime(h, &stack->frames[i]))
			return i;
	return 0;
}

/* "insert < handle < main": from the first function of the program's own outwards. */
static char *
name_site(struct view *v, uint32_t node)
{
	enum { MOST = 8 };
	const struct heap *h = tables_for(v, node);
	char line[1024], one[300];
	struct stack stack;
	size_t n = 0, first, i;

	if (stack_get(h, v->symbols, node, &stack) != 0)
		return NULL;
	first = first_frame(h, &stack);
	line[0] = '\0';
	for (i = first; i < stack.n && i < first + MOST; i++) {
		if (i > first && stack_is_runtime(h, &stack.frames[i]))
			break;
		frame_name(h, &stack.frames[i], one, sizeof(one));
		if (n + strlen(one) + 4 > sizeof(line))
			break;
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s",
				      i > first ? " < " : "", one);
	}
	stack_free(&stack);
	return text_utf8(line, strlen(line), true);
}

static const char *
site_name(struct view *v, uint32_t node)
{
	struct memory *m = &v->memory[node];

	if (!m->name)
		m->name = name_site(v, node);
	return m->name ? m->name : "?";
}

/* ---- lines ---- */

/* Cut after so many columns: one each, but for the bytes that go on a character. */
static void
put_cut(char *line, size_t columns, enum view_line kind, view_put *put, void *arg)
{
	size_t at = 0, n = 0;

	while (line[at] && n < columns) {
		at++;
		while (((unsigned char)line[at] & 0xc0) == 0x80)
			at++;
		n++;
	}
	line[at] = '\0';
	put(arg, kind, line);
}

static void
put_title(const struct view *v, const char *state, size_t columns, view_put *put, void *arg)
{
	const struct heap_info *info = &v->heap->info;
	uint64_t s = info->uptime_ns / 1000000000;
	char left[512], line[1100], *name;
	int room;

	name = text_utf8(heap_program(v->heap), strlen(heap_program(v->heap)), true);
	snprintf(left, sizeof(left),
		 "gcprof top - %s (%" PRIu64 ")  up %" PRIu64 ":%02u:%02u",
		 name ? name : "?", info->pid, s / 3600, (unsigned)(s / 60 % 60),
		 (unsigned)(s % 60));
	free(name);
	room = (int)columns - (int)strlen(left);
	snprintf(line, sizeof(line), "%s%*s", left, room > 0 && room < 500 ? room : 2,
		 state);
	put_cut(line, columns, VIEW_TITLE, put, arg);
}

static void
put_memory(const struct view *v, size_t columns, view_put *put, void *arg)
{
	const struct heap_info *info = &v->heap->info;
	char a[32], b[32], c[32], d[32], e[32], line[512];

	snprintf(line, sizeof(line), "memory   rss %s  heap %s used of %s  external %s",
		 text_size(info->rss, a, sizeof(a)),
		 text_size(info->heap_used, b, sizeof(b)),
		 text_size(info->heap_total, c, sizeof(c)),
		 text_size(info->external, d, sizeof(d)));
	put_cut(line, columns, VIEW_FIGURES, put, arg);
	snprintf(line, sizeof(line),
		 "machine  %s, of which %s free  (gcprof itself: %s of rss)",
		 text_size(info->total_memory, a, sizeof(a)),
		 text_size(info->free_memory, b, sizeof(b)),
		 text_size(info->profiler_bytes, e, sizeof(e)));
	put_cut(line, columns, VIEW_FIGURES, put, arg);
}

static void
put_cohorts(const struct view *v, size_t columns, view_put *put, void *arg)
{
	const struct heap *h = v->heap;
	struct heap_count all = {0, 0}, old = {0, 0};
	char a[32], b[32], c[32], d[32], line[512];

	for (uint32_t i = 1; i <= h->n_nodes; i++) {
		all.blocks += h->site_lives[i].all.blocks;
		all.bytes += h->site_lives[i].all.bytes;
		old.blocks += h->site_lives[i].old.blocks;
		old.bytes += h->site_lives[i].old.bytes;
	}
	snprintf(line, sizeof(line),
		 "live     young %s in %s blocks  old %s in %s  epoch %" PRIu64,
		 text_size(all.bytes - old.bytes, a, sizeof(a)),
		 text_count(all.blocks - old.blocks, b, sizeof(b)),
		 text_size(old.bytes, c, sizeof(c)), text_count(old.blocks, d, sizeof(d)),
		 h->info.epoch);
	put_cut(line, columns, VIEW_FIGURES, put, arg);
	snprintf(line, sizeof(line), "calls    %s allocations, %s/s  %s frees, %s/s",
		 text_count(h->info.allocations, a, sizeof(a)),
		 shorten(v->allocations, 1000, b, sizeof(b)),
		 text_count(h->info.frees, c, sizeof(c)),
		 shorten(v->frees, 1000, d, sizeof(d)));
	put_cut(line, columns, VIEW_FIGURES, put, arg);
}

void
view_head(struct view *v, const char *state, size_t columns, view_put *put, void *arg)
{
	char line[128];
	static const char *const marks[VIEW_N_SORTS] = {
		[VIEW_LIVE] = "*LIVE",    [VIEW_GROWN] = "*GROWN",
		[VIEW_RATE] = "*GROWN/s", [VIEW_ALLOCATIONS] = "*CALLS/s",
		[VIEW_AGE] = "*AGE",
	};
	/* The column that the table is sorted by has a star. */
#define HEAD(key) (marks[key] + (v->sort != (key)))

	if (!v->heap) {
		snprintf(line, sizeof(line), "gcprof top  %s", state);
		put_cut(line, columns, VIEW_TITLE, put, arg);
		return;
	}
	put_title(v, state, columns, put, arg);
	put_memory(v, columns, put, arg);
	put_cohorts(v, columns, put, arg);
	snprintf(line, sizeof(line), "%6s %7s %7s %8s %8s %5s  SITE", HEAD(VIEW_LIVE),
		 "BLOCKS", HEAD(VIEW_GROWN), HEAD(VIEW_RATE), HEAD(VIEW_ALLOCATIONS),
		 HEAD(VIEW_AGE));
	put_cut(line, columns, VIEW_HEADING, put, arg);
#undef HEAD
}

enum { SITE_COLUMN = 48 };

/* So many of a chain's functions as fit: a name that is cut off tells little. */
static int
chain_length(const char *name, size_t columns)
{
	size_t n = 0;
	const char *at;

	if (strlen(name) <= columns)
		return (int)strlen(name);
	for (at = name; (at = strstr(at, " < ")) && (size_t)(at - name) <= columns; at += 3)
		n = (size_t)(at - name);
	return (int)(n ? n : strlen(name));
}

void
view_row(struct view *v, size_t i, size_t columns, view_put *put, void *arg)
{
	const struct view_site *s = &v->sites[i];
	char live[16], blocks[16], grown[16], rate[16], calls[16], age[16], line[1200];
	const char *name = site_name(v, s->node);

	snprintf(line, sizeof(line), "%6s %7s %7s %8s %8s %5s  %.*s",
		 short_size(s->live.bytes, live, sizeof(live)),
		 shorten((double)s->live.blocks, s->live.blocks < 100000 ? 100000.5 : 1000,
			 blocks, sizeof(blocks)),
		 short_change((double)s->grown_bytes, grown, sizeof(grown)),
		 short_change(s->rate, rate, sizeof(rate)),
		 s->allocations < 0.5 ? "-"
				      : shorten(s->allocations, 1000, calls, sizeof(calls)),
		 s->live.blocks ? short_age(s->age_ns, age, sizeof(age)) : "-",
		 chain_length(name, columns > SITE_COLUMN ? columns - SITE_COLUMN : 1),
		 name);
	put_cut(line, columns, s->rate > 0.5 ? VIEW_GROWING_ROW : VIEW_ROW, put, arg);
}

static void
put_frame(const struct heap *h, const struct stack_frame *f, size_t columns,
	  view_put *put, void *arg)
{
	char name[300], line[1024], *safe;

	frame_name(h, f, name, sizeof(name));
	if (f->file)
		snprintf(line, sizeof(line), "  %s  %s:%u%s", name, text_basename(f->file),
			 f->line, f->is_inlined ? "  (inlined)" : "");
	else
		snprintf(line, sizeof(line), "  %s  in %s", name,
			 f->module ? text_basename(h->modules[f->module].path.bytes) : "?");
	safe = text_utf8(line, strlen(line), true);
	if (safe)
		put_cut(safe, columns, VIEW_TEXT, put, arg);
	free(safe);
}

void
view_details(struct view *v, size_t i, size_t columns, view_put *put, void *arg)
{
	const struct view_site *s = &v->sites[i];
	const struct heap_live *live = &v->heap->site_lives[s->node];
	const struct heap *h = tables_for(v, s->node);
	char a[32], b[32], c[32], d[32], line[512];
	struct stack stack;

	snprintf(line, sizeof(line), "%s in %s block%s, of which %s in %s are old",
		 text_size(live->all.bytes, a, sizeof(a)),
		 text_count(live->all.blocks, b, sizeof(b)),
		 live->all.blocks == 1 ? "" : "s", text_size(live->old.bytes, c, sizeof(c)),
		 text_count(live->old.blocks, d, sizeof(d)));
	put_cut(line, columns, VIEW_FIGURES, put, arg);
	snprintf(line, sizeof(line),
		 "%s since the first sample; allocated %s times in all, %s",
		 s->grown_bytes ? short_change((double)s->grown_bytes, a, sizeof(a))
				: "no change",
		 text_count(v->heap->nodes[s->node].allocations, b, sizeof(b)),
		 text_size(v->heap->nodes[s->node].allocated_bytes, c, sizeof(c)));
	put_cut(line, columns, VIEW_FIGURES, put, arg);
	put(arg, VIEW_TEXT, "");
	if (stack_get(h, v->symbols, s->node, &stack) != 0)
		return;
	for (size_t k = 0; k < stack.n; k++)
		put_frame(h, &stack.frames[k], columns, put, arg);
	stack_free(&stack);
}
