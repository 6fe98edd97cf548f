/* merge.c -- one report over the snapshots of many processes.
 *
 * In/Out: merge.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "compare/merge.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/vec.h"

enum {
	MIN_PROCESSES = 3, /* with fewer nobody stands out */
	DEVIATIONS = 3,
	LEAST_BYTES = 4 << 10,
	LEAST_SHARE = 10, /* one part in so many */
};

/* What a row has in all processes. */
struct sum {
	struct heap_count live, old;
	uint64_t allocations, allocated_bytes;
	uint32_t n_processes;
};

/* What the rows of one process have; parallel, since one struct would be larger by
 * a third. */
struct parts {
	uint32_t *rows;
	uint64_t *bytes;
	size_t n;
};

struct merger {
	const struct merge_options *options;
	struct joint *joint;
	struct sum *sums; /* by row */
	uint32_t sums_size;
	struct parts *parts; /* by process */
	uint32_t parts_size;
	uint32_t processes_size, types_size, findings_size;
	struct texts type_names, fingerprints;
	struct merge merge;
};

struct merger *
merger_new(const struct merge_options *options)
{
	struct merger *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->options = options;
	m->joint = joint_new(options->focus, options->ignore);
	m->merge.filter_text = options->filter_text ? options->filter_text : "";
	if (m->joint)
		return m;
	merger_free(m);
	return NULL;
}

static void
add_count(struct heap_count *to, const struct heap_count *c)
{
	to->blocks += c->blocks;
	to->bytes += c->bytes;
}

/* ---- adding ---- */

static void
add_sum(struct merger *m, const struct joint_sum *s)
{
	struct sum *to = &m->sums[s->place];

	add_count(&to->live, &s->live);
	add_count(&to->old, &s->old);
	to->allocations += s->allocations;
	to->allocated_bytes += s->allocated_bytes;
	to->n_processes += s->live.blocks > 0;
	add_count(&m->merge.live, &s->live);
	add_count(&m->merge.old, &s->old);
	m->merge.allocations += s->allocations;
	m->merge.allocated_bytes += s->allocated_bytes;
}

static int
add_sites(struct merger *m, const struct heap *h, const uint32_t *by_node)
{
	struct parts *parts = &m->parts[m->merge.n];
	struct merge_process *process = &m->merge.processes[m->merge.n];
	size_t n = 0;
	struct joint_sum *sums = joint_sums(m->joint, h, &m->options->filter, by_node, &n);

	if (!sums ||
	    VEC_RESERVE_ZEROED(m->sums, m->sums_size,
			       (uint64_t)joint_n_rows(m->joint, JOINT_BY_NAME) + 1)) {
		free(sums);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		sums[i].place = joint_row(m->joint, JOINT_BY_NAME, sums[i].place);
	n = joint_join_sums(sums, n);
	parts->rows = calloc(n + 1, sizeof(*parts->rows));
	parts->bytes = calloc(n + 1, sizeof(*parts->bytes));
	for (size_t i = 0; i < n && parts->rows && parts->bytes; i++) {
		add_sum(m, &sums[i]);
		add_count(&process->counted, &sums[i].live);
		if (sums[i].live.blocks == 0)
			continue;
		parts->rows[parts->n] = sums[i].place;
		parts->bytes[parts->n++] = sums[i].live.bytes;
	}
	free(sums);
	return parts->rows && parts->bytes ? 0 : -1;
}

static int
add_types(struct merger *m, const struct heap *h, struct symbols *symbols,
	  const uint32_t *by_node)
{
	size_t n = 0;
	struct joint_type *types = joint_types(m->joint, h, symbols, &m->options->filter,
					       by_node, &m->type_names, &n);

	if (!types || VEC_RESERVE_ZEROED(m->merge.types, m->types_size,
					 (uint64_t)m->type_names.numbers.n + 1)) {
		free(types);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		struct merge_type *to = &m->merge.types[types[i].type - 1];

		add_count(&to->live, &types[i].live);
		to->n_processes++;
		if (types[i].live.bytes > to->most)
			to->most = types[i].live.bytes;
	}
	free(types);
	return 0;
}

/* kind, verdict and what are words that stay; the summary goes with its snapshot. */
static int
add_finding(struct merger *m, const struct heap *h, struct symbols *symbols,
	    const struct finding *x)
{
	struct texts *texts = &m->joint->texts;
	uint32_t number = texts_put(&m->fingerprints, x->fingerprint);
	struct merge_finding *to;

	if (!number ||
	    VEC_RESERVE_ZEROED(m->merge.findings, m->findings_size, (uint64_t)number + 1))
		return -1;
	to = &m->merge.findings[number - 1];
	if (!to->summary || x->count.bytes > to->most) {
		char *function = joint_function(h, symbols, x->site);

		to->summary = texts_keep(texts, x->summary);
		to->function = function ? texts_keep(texts, function) : NULL;
		to->most = x->count.bytes;
		free(function);
	}
	if (!to->kind || x->level < to->level)
		to->level = x->level;
	to->fingerprint = m->fingerprints.list[number];
	to->kind = x->kind;
	to->verdict = x->verdict;
	to->what = x->what;
	add_count(&to->count, &x->count);
	to->n_processes += to->last != m->merge.n + 1;
	to->last = m->merge.n + 1;
	return to->summary ? 0 : -1;
}

static int
add_findings(struct merger *m, const struct heap *h, struct symbols *symbols,
	     const struct findings *all)
{
	m->merge.has_findings |= all != NULL;
	for (size_t i = 0; all && i < all->n; i++)
		if (add_finding(m, h, symbols, &all->list[i]))
			return -1;
	return 0;
}

static int
fill_process(struct merge_process *x, const struct heap *h, const char *path)
{
	*x = (struct merge_process){
		.path = strdup(path),
		.command = text_command(h->info.command.bytes, h->info.command.n),
		.pid = h->info.pid,
		.uptime_ns = h->info.uptime_ns,
		.is_complete = h->is_complete,
		.live = h->live,
	};
	return x->path && x->command ? 0 : -1;
}

int
merger_add(struct merger *m, const struct heap *h, struct symbols *symbols,
	   const struct findings *findings, const char *path)
{
	struct merge *x = &m->merge;
	uint32_t *by_node;
	int failed;

	if (VEC_RESERVE_ZEROED(x->processes, m->processes_size, (uint64_t)x->n + 1) ||
	    VEC_RESERVE_ZEROED(m->parts, m->parts_size, (uint64_t)x->n + 1))
		return -1;
	failed = fill_process(&x->processes[x->n], h, path);
	by_node = failed ? NULL : joint_add(m->joint, h, symbols);
	failed = !by_node || add_sites(m, h, by_node) ||
		 (m->options->with_types && add_types(m, h, symbols, by_node)) ||
		 add_findings(m, h, symbols, findings);
	free(by_node);
	x->n++; /* whatever there is of it is freed with the rest */
	return failed ? -1 : 0;
}

/* ---- spreads ---- */

static int
compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of sorted values. */
static uint64_t
median(const uint64_t *values, size_t n)
{
	uint64_t low = values[(n - 1) / 2], high = values[n / 2];

	return low + (high - low) / 2;
}

static int
compare_outliers(const void *a, const void *b)
{
	const struct merge_outlier *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->process > y->process) - (x->process < y->process);
}

/* Does it go too far beyond the rest? */
static bool
stands_out(const struct merge_spread *s, uint64_t bytes)
{
	uint64_t beyond = bytes > s->median ? bytes - s->median : 0;

	return beyond > DEVIATIONS * s->deviation && beyond >= LEAST_BYTES &&
	       beyond >= s->median / LEAST_SHARE;
}

/* The spread of n_of values, and as many zeros as are missing to n; of[] is then by
 * falling bytes if anybody stands out.  work: room for n numbers. */
static struct merge_spread
spread_of(struct merge_outlier *of, size_t n_of, size_t n, uint64_t *work)
{
	struct merge_spread s = {0};
	size_t missing = n - n_of;

	memset(work, 0, missing * sizeof(*work));
	for (size_t i = 0; i < n_of; i++)
		work[missing + i] = of[i].bytes;
	qsort(work, n, sizeof(*work), compare_numbers);
	s.least = work[0];
	s.most = work[n - 1];
	s.median = median(work, n);
	for (size_t i = 0; i < n; i++)
		work[i] = work[i] > s.median ? work[i] - s.median : s.median - work[i];
	qsort(work, n, sizeof(*work), compare_numbers);
	s.deviation = median(work, n);
	if (n < MIN_PROCESSES || !stands_out(&s, s.most))
		return s;
	qsort(of, n_of, sizeof(*of), compare_outliers);
	while (s.n_outliers < n_of && stands_out(&s, of[s.n_outliers].bytes)) {
		if (s.n_outliers < MERGE_OUTLIERS)
			s.outliers[s.n_outliers] = of[s.n_outliers];
		s.n_outliers++;
	}
	return s;
}

/* ---- rows ---- */

/* What each process has, row by row. */
struct by_row {
	size_t *first; /* by row, and one more */
	struct merge_outlier *list;
	uint64_t *work; /* a number for each process */
};

static void
by_row_fini(struct by_row *b)
{
	free(b->first);
	free(b->list);
	free(b->work);
}

/* Turn the parts round, which are by process: a counting sort. */
static int
by_row_init(struct by_row *b, const struct merger *m)
{
	uint32_t n_rows = joint_n_rows(m->joint, JOINT_BY_NAME);
	size_t n = 0;

	b->first = calloc((size_t)n_rows + 2, sizeof(*b->first));
	b->work = calloc((size_t)m->merge.n + 1, sizeof(*b->work));
	for (uint32_t p = 0; b->first && p < m->merge.n; p++)
		for (size_t i = 0; i < m->parts[p].n; i++, n++)
			b->first[m->parts[p].rows[i] + 2]++;
	b->list = calloc(n + 1, sizeof(*b->list));
	if (!b->first || !b->list || !b->work)
		return -1;
	for (uint32_t i = 2; i <= n_rows + 1; i++)
		b->first[i] += b->first[i - 1];
	for (uint32_t p = 0; p < m->merge.n; p++)
		for (size_t i = 0; i < m->parts[p].n; i++)
			b->list[b->first[m->parts[p].rows[i] + 1]++] =
				(struct merge_outlier){p, m->parts[p].bytes[i]};
	return 0;
}

static void
count_outlying(struct merge *x, const struct merge_outlier *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		x->processes[list[i].process].n_outlying++;
}

static int
make_rows(struct merger *m)
{
	struct merge *x = &m->merge;
	uint32_t n_rows = joint_n_rows(m->joint, JOINT_BY_NAME);
	struct by_row by = {NULL, NULL, NULL};
	int failed = by_row_init(&by, m);

	x->rows = failed ? NULL : calloc((size_t)n_rows + 1, sizeof(*x->rows));
	failed = !x->rows;
	for (uint32_t i = 0; i < n_rows && i < m->sums_size && !failed; i++) {
		const struct sum *s = &m->sums[i];
		struct merge_outlier *of = by.list + by.first[i];
		struct merge_row *row = &x->rows[x->n_rows];

		if (s->live.blocks == 0 && s->allocations == 0)
			continue;
		row->live = s->live;
		row->old = s->old;
		row->allocations = s->allocations;
		row->allocated_bytes = s->allocated_bytes;
		row->n_processes = s->n_processes;
		row->number = i;
		row->spread = spread_of(of, by.first[i + 1] - by.first[i], x->n, by.work);
		count_outlying(x, of, row->spread.n_outliers);
		failed = joint_stack(m->joint, JOINT_BY_NAME, i, &row->frames,
				     &row->n_frames);
		x->n_rows += !failed;
	}
	by_row_fini(&by);
	return failed ? -1 : 0;
}

static int
spread_processes(struct merge *x)
{
	struct merge_outlier *of = calloc((size_t)x->n + 1, sizeof(*of));
	uint64_t *work = calloc((size_t)x->n + 1, sizeof(*work));

	for (uint32_t p = 0; of && p < x->n; p++)
		of[p] = (struct merge_outlier){p, x->processes[p].counted.bytes};
	if (of && work && x->n)
		x->spread = spread_of(of, x->n, x->n, work);
	free(work);
	free(of);
	return of && work ? 0 : -1;
}

/* ---- order ---- */

static uint64_t
key_of(const struct merge_row *row, enum order sort)
{
	switch (sort) {
	case ORDER_OLD:
		return row->old.bytes;
	case ORDER_ALLOCATIONS:
		return row->allocations;
	case ORDER_BLOCKS:
		return row->live.blocks;
	default:
		return row->live.bytes;
	}
}

/* Equal rows keep a fixed order: by size, then by their stacks. */
static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct merge_row *x = a, *y = b;
	const enum order *sort = arg;
	uint64_t of_x = key_of(x, *sort), of_y = key_of(y, *sort);

	if (of_x != of_y)
		return of_x < of_y ? 1 : -1;
	if (x->live.bytes != y->live.bytes)
		return x->live.bytes < y->live.bytes ? 1 : -1;
	return x->allocations < y->allocations   ? 1
	       : x->allocations > y->allocations ? -1
						 : 0;
}

static int
compare_types(const void *a, const void *b)
{
	const struct merge_type *x = a, *y = b;

	if (x->live.bytes != y->live.bytes)
		return x->live.bytes < y->live.bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int
compare_findings(const void *a, const void *b)
{
	const struct merge_finding *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->n_processes != y->n_processes)
		return x->n_processes < y->n_processes ? 1 : -1;
	if (x->count.bytes != y->count.bytes)
		return x->count.bytes < y->count.bytes ? 1 : -1;
	return strcmp(x->fingerprint, y->fingerprint);
}

/* ---- process by process ---- */

static uint64_t
beyond_median(const struct merge_row *row)
{
	return row->spread.n_outliers ? row->spread.most - row->spread.median : 0;
}

static bool
is_charted(const struct merge *x, size_t row)
{
	for (uint32_t i = 0; i < x->n_charts; i++)
		if (x->charts[i].row == row)
			return true;
	return false;
}

/* The row to be charted next; n_rows: there is none. */
static size_t
next_chart(const struct merge *x)
{
	size_t best = x->n_rows;

	for (size_t i = 0; i < x->n_rows; i++)
		if ((best == x->n_rows ||
		     beyond_median(&x->rows[i]) > beyond_median(&x->rows[best])) &&
		    !is_charted(x, i))
			best = i;
	return best;
}

static int
make_charts(struct merger *m)
{
	struct merge *x = &m->merge;
	/* By number of a row: its chart + 1. */
	uint8_t *chart_of = calloc((size_t)joint_n_rows(m->joint, JOINT_BY_NAME) + 1,
				   sizeof(*chart_of));
	bool ok = chart_of != NULL;

	while (ok && x->n_charts < MERGE_CHARTS && next_chart(x) < x->n_rows) {
		struct merge_chart *chart = &x->charts[x->n_charts];

		chart->row = next_chart(x);
		chart->bytes = calloc(x->n, sizeof(*chart->bytes));
		ok = chart->bytes != NULL;
		chart_of[x->rows[chart->row].number] = (uint8_t)++x->n_charts;
	}
	for (uint32_t p = 0; ok && p < x->n; p++)
		for (size_t i = 0; i < m->parts[p].n; i++) {
			uint32_t chart = chart_of[m->parts[p].rows[i]];

			if (chart)
				x->charts[chart - 1].bytes[p] = m->parts[p].bytes[i];
		}
	free(chart_of);
	return ok ? 0 : -1;
}

/* ---- the whole ---- */

struct merge *
merger_finish(struct merger *m)
{
	struct merge *x = &m->merge;
	enum order sort = m->options->sort;

	if (make_rows(m) || spread_processes(x))
		return NULL;
	x->n_types = m->type_names.numbers.n;
	x->n_findings = m->fingerprints.numbers.n;
	for (size_t i = 0; i < x->n_types; i++)
		x->types[i].name = m->type_names.list[i + 1];
	if (x->n_rows)
		qsort_r(x->rows, x->n_rows, sizeof(*x->rows), compare_rows, &sort);
	if (make_charts(m))
		return NULL;
	if (x->n_types)
		qsort(x->types, x->n_types, sizeof(*x->types), compare_types);
	if (x->n_findings)
		qsort(x->findings, x->n_findings, sizeof(*x->findings), compare_findings);
	merge_list(x, 0, 0);
	return x;
}

void
merge_list(struct merge *m, size_t top, size_t frames)
{
	m->n_listed = top && top < m->n_rows ? top : m->n_rows;
	m->n_types_listed = top && top < m->n_types ? top : m->n_types;
	m->n_findings_listed = top && top < m->n_findings ? top : m->n_findings;
	m->frames = frames;
}

void
merger_free(struct merger *m)
{
	if (!m)
		return;
	for (uint32_t p = 0; p < m->processes_size && p < m->parts_size; p++) {
		free(m->merge.processes[p].path);
		free(m->merge.processes[p].command);
		free(m->parts[p].rows);
		free(m->parts[p].bytes);
	}
	for (size_t i = 0; i < m->merge.n_rows; i++)
		free(m->merge.rows[i].frames);
	for (uint32_t i = 0; i < m->merge.n_charts; i++)
		free(m->merge.charts[i].bytes);
	free(m->merge.processes);
	free(m->merge.rows);
	free(m->merge.types);
	free(m->merge.findings);
	free(m->parts);
	free(m->sums);
	texts_fini(&m->type_names);
	texts_fini(&m->fingerprints);
	joint_free(m->joint);
	free(m);
}
