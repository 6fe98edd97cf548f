/* diff.c -- what has changed from one snapshot to another, or over many.
 *
 * In/Out: diff.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "compare/diff.h"

#include <stdlib.h>
#include <string.h>

#include "detect/trend.h"
#include "util/text.h"
#include "util/vec.h"

enum { MIN_TREND = 3 };

/* A block of the first snapshot, by rising address. */
struct early_block {
	uint64_t address, epoch;
	uint32_t place;
};

/* What is kept of each snapshot besides its description. */
struct added {
	struct joint_sum *sums;
	size_t n_sums;
	struct joint_type *types;
	size_t n_types;
};

struct differ {
	const struct diff_options *options;
	struct joint *joint;
	struct texts type_names;
	struct added *list;
	struct early_block *early;
	size_t n_early;
	struct heap_count *stayed; /* by place, of the last snapshot that was added */
	uint32_t stayed_size;
	struct diff diff;
	/* One piece of memory for all rows, and one for all types. */
	struct heap_count *row_live, *type_live;
	uint64_t *row_allocations;
};

const char *
diff_state_name(enum diff_state state)
{
	static const char *const names[DIFF_N_STATES] = {"new",    "grown", "same",
							 "shrunk", "gone",  "unmatched"};

	return names[state];
}

const char *
diff_relation_name(enum diff_relation relation)
{
	static const char *const names[] = {"one process", "one build", "different builds"};

	return names[relation];
}

/* ---- adding ---- */

struct differ *
differ_new(const struct diff_options *options)
{
	struct differ *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->options = options;
	d->joint = joint_new(options->focus, options->ignore);
	d->diff.filter_text = options->filter_text ? options->filter_text : "";
	if (d->joint)
		return d;
	differ_free(d);
	return NULL;
}

static int
fill_snapshot(struct diff_snapshot *x, const struct heap *h, const char *path)
{
	const struct heap_info *info = &h->info;

	*x = (struct diff_snapshot){
		.path = strdup(path),
		.command = text_command(info->command.bytes, info->command.n),
		.executable = text_utf8(info->executable.bytes, info->executable.n, true),
		.pid = info->pid,
		.start_time_ns = info->start_time_ns,
		.time_ns = info->snapshot_time_ns,
		.uptime_ns = info->uptime_ns,
		.allocated_bytes = info->allocated_bytes,
		.sample_bytes = info->sample_bytes,
		.is_complete = h->is_complete,
		.live = h->live,
	};
	return x->path && x->command && x->executable ? 0 : -1;
}

static bool
is_one_process(const struct diff_snapshot *a, const struct diff_snapshot *b)
{
	return a->pid && a->start_time_ns && a->pid == b->pid &&
	       a->start_time_ns == b->start_time_ns &&
	       strcmp(a->executable, b->executable) == 0;
}

static bool
is_counted(const struct differ *d, const struct heap *h, const uint32_t *by_node,
	   const struct heap_block *b)
{
	return heap_filter_passes(h, &d->options->filter, b->birth) &&
	       joint_passes(d->joint, by_node[b->site]);
}

static int
keep_blocks(struct differ *d, const struct heap *h, const uint32_t *by_node)
{
	d->early = calloc((size_t)h->n_blocks + 1, sizeof(*d->early));
	for (uint32_t i = 0; d->early && i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];

		if (is_counted(d, h, by_node, b))
			d->early[d->n_early++] = (struct early_block){
				heap_block_address(b), h->births[b->birth].epoch,
				by_node[b->site]};
	}
	return d->early ? 0 : -1;
}

/* Which of the first snapshot's blocks are there still; both lists rise. */
static int
count_stayed(struct differ *d, const struct heap *h, const uint32_t *by_node)
{
	struct heap_count all = {0, 0};
	size_t k = 0;

	if (VEC_RESERVE(d->stayed, d->stayed_size, (uint64_t)d->joint->tree.n_places + 1))
		return -1;
	memset(d->stayed, 0, d->stayed_size * sizeof(*d->stayed));
	for (uint32_t i = 0; i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];
		const struct early_block *e;

		while (k < d->n_early && d->early[k].address < heap_block_address(b))
			k++;
		e = k < d->n_early ? &d->early[k] : NULL;
		if (!e || e->address != heap_block_address(b) ||
		    e->epoch != h->births[b->birth].epoch || e->place != by_node[b->site])
			continue;
		d->stayed[e->place].blocks++;
		d->stayed[e->place].bytes += heap_block_requested(b);
		all.blocks++;
		all.bytes += heap_block_requested(b);
	}
	d->diff.stayed = all;
	return 0;
}

/* The blocks of the first are of use as long as all are of one process. */
static int
match_blocks(struct differ *d, const struct heap *h, const uint32_t *by_node)
{
	struct diff *x = &d->diff;

	if (x->n == 0) {
		x->has_stayed = true;
		return keep_blocks(d, h, by_node);
	}
	x->has_stayed &= is_one_process(&x->snapshots[0], &x->snapshots[x->n]);
	if (x->has_stayed)
		return count_stayed(d, h, by_node);
	free(d->early);
	d->early = NULL;
	d->n_early = 0;
	return 0;
}

static int
make_room(struct differ *d)
{
	size_t n = d->diff.n, n_snapshots = n;

	return VEC_PUSH_SHORT(d->diff.snapshots, n_snapshots, (struct diff_snapshot){0}) ||
	       VEC_PUSH_SHORT(d->list, n, (struct added){0});
}

int
differ_add(struct differ *d, const struct heap *h, struct symbols *symbols, const char *path)
{
	const struct heap_filter *filter = &d->options->filter;
	struct diff_snapshot *x;
	struct added *a;
	uint32_t *by_node;
	int failed;

	if (make_room(d))
		return -1;
	x = &d->diff.snapshots[d->diff.n];
	a = &d->list[d->diff.n];
	failed = fill_snapshot(x, h, path);
	by_node = failed ? NULL : joint_add(d->joint, h, symbols);
	failed = !by_node || match_blocks(d, h, by_node);
	d->diff.n++; /* whatever there is of it is freed with the rest */
	if (!failed) {
		a->sums = joint_sums(d->joint, h, filter, by_node, &a->n_sums);
		failed = !a->sums;
	}
	if (!failed && d->options->with_types) {
		a->types = joint_types(d->joint, h, symbols, filter, by_node,
				       &d->type_names, &a->n_types);
		failed = !a->types;
	}
	for (size_t i = 0; !failed && i < a->n_sums; i++) {
		x->counted.blocks += a->sums[i].live.blocks;
		x->counted.bytes += a->sums[i].live.bytes;
	}
	free(by_node);
	return failed ? -1 : 0;
}

/* ---- judging ---- */

static enum diff_state
state_of(const struct heap_count *live, size_t n)
{
	const struct heap_count *a = &live[0], *b = &live[n - 1];

	if (a->blocks == 0 || b->blocks == 0)
		return a->blocks ? DIFF_GONE : b->blocks ? DIFF_NEW : DIFF_SAME;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? DIFF_GROWN : DIFF_SHRUNK;
	if (a->blocks != b->blocks)
		return a->blocks < b->blocks ? DIFF_GROWN : DIFF_SHRUNK;
	return DIFF_SAME;
}

/* Hours of the process, or the number of the snapshot; GiB. */
static double
x_of(const struct diff *d, size_t i, bool by_volume)
{
	const struct diff_snapshot *x = &d->snapshots[i];

	if (by_volume)
		return (double)x->allocated_bytes / (1 << 30);
	return d->relation == DIFF_ONE_PROCESS ? (double)x->uptime_ns / 3600e9 : (double)i;
}

/* Places and values of a series; one of falling values is turned round. */
struct series {
	double *x, *gib, *values; /* diff.n of each */
};

static struct diff_trend
trend_of_live(const struct diff *d, const struct series *s, const struct heap_count *live)
{
	struct diff_trend t = {.is_known = d->n >= MIN_TREND};
	struct trend rise, fall;

	if (!t.is_known)
		return t;
	for (size_t i = 0; i < d->n; i++)
		s->values[i] = (double)live[i].bytes;
	rise = trend_of_many(s->x, s->values, d->n);
	if (d->relation == DIFF_ONE_PROCESS)
		t.slope_per_gib = trend_of_many(s->gib, s->values, d->n).slope;
	for (size_t i = 0; i < d->n; i++)
		s->values[i] = -s->values[i];
	fall = trend_of_many(s->x, s->values, d->n);
	t.slope = rise.slope;
	t.low = rise.slope_low;
	t.high = rise.slope_high;
	t.confidence = 1 - (rise.p < fall.p ? rise.p : fall.p);
	return t;
}

static int
series_init(struct series *s, const struct diff *d)
{
	s->x = calloc(d->n, sizeof(*s->x));
	s->gib = calloc(d->n, sizeof(*s->gib));
	s->values = calloc(d->n, sizeof(*s->values));
	if (!s->x || !s->gib || !s->values)
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		s->x[i] = x_of(d, i, false);
		s->gib[i] = x_of(d, i, true);
	}
	return 0;
}

static void
series_fini(struct series *s)
{
	free(s->x);
	free(s->gib);
	free(s->values);
}

/* ---- rows ---- */

/* Number the joint's rows of which something lives in any snapshot: by row, index + 1,
 * for free(3). */
static uint32_t *
number_rows(const struct differ *d, size_t *ret_n)
{
	enum joint_by by = d->diff.by;
	uint32_t *numbers = calloc(joint_n_rows(d->joint, by), sizeof(*numbers)), n = 0;

	for (size_t i = 0; numbers && i < d->diff.n; i++)
		for (size_t k = 0; k < d->list[i].n_sums; k++) {
			const struct joint_sum *s = &d->list[i].sums[k];
			uint32_t *number = &numbers[joint_row(d->joint, by, s->place)];

			if (s->live.blocks && !*number)
				*number = ++n;
		}
	*ret_n = n;
	return numbers;
}

static void
fill_rows(struct differ *d, const uint32_t *numbers)
{
	for (size_t i = 0; i < d->diff.n; i++)
		for (size_t k = 0; k < d->list[i].n_sums; k++) {
			const struct joint_sum *s = &d->list[i].sums[k];
			uint32_t number =
				numbers[joint_row(d->joint, d->diff.by, s->place)];
			struct diff_row *row = number ? &d->diff.rows[number - 1] : NULL;

			if (!row)
				continue;
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): make_rows */
			row->live[i].blocks += s->live.blocks;
			row->live[i].bytes += s->live.bytes;
			row->allocations[i] += s->allocations;
		}
	for (uint32_t p = 0; d->diff.has_stayed && p < d->stayed_size; p++)
		if (d->stayed[p].blocks && numbers[p])
			d->diff.rows[numbers[p] - 1].stayed = d->stayed[p];
}

/* Frames and judgements of all rows.  Returns 0, or -1: no memory. */
static int
finish_rows(struct differ *d, const uint32_t *numbers, const struct series *series)
{
	struct diff *x = &d->diff;
	bool *has_row = calloc(x->n, sizeof(*has_row));
	int failed = has_row ? 0 : -1;

	for (uint32_t i = 0; i < joint_n_rows(d->joint, x->by) && !failed; i++) {
		struct diff_row *row = numbers[i] ? &x->rows[numbers[i] - 1] : NULL;

		if (!row)
			continue;
		row->state = state_of(row->live, x->n);
		row->trend = trend_of_live(x, series, row->live);
		for (size_t k = 0; k < x->n; k++)
			has_row[k] = row->live[k].blocks || row->allocations[k];
		if (x->by == JOINT_BY_NAME && joint_is_unmatched(d->joint, i, has_row))
			row->state = DIFF_UNMATCHED;
		failed = joint_stack(d->joint, x->by, i, &row->frames, &row->n_frames);
		row->headline =
			failed ? 0 : joint_headline_frame(row->frames, row->n_frames);
	}
	free(has_row);
	return failed;
}

static int
make_rows(struct differ *d, const struct series *series)
{
	struct diff *x = &d->diff;
	uint32_t *numbers = number_rows(d, &x->n_rows);
	int failed = -1;

	x->rows = calloc(x->n_rows + 1, sizeof(*x->rows));
	d->row_live = calloc(x->n_rows * x->n + 1, sizeof(*d->row_live));
	d->row_allocations = calloc(x->n_rows * x->n + 1, sizeof(*d->row_allocations));
	if (numbers && x->rows && d->row_live && d->row_allocations) {
		for (size_t i = 0; i < x->n_rows; i++) {
			x->rows[i].live = d->row_live + i * x->n;
			x->rows[i].allocations = d->row_allocations + i * x->n;
		}
		fill_rows(d, numbers);
		failed = finish_rows(d, numbers, series);
	}
	free(numbers);
	return failed;
}

static int
make_types(struct differ *d, const struct series *series)
{
	struct diff *x = &d->diff;
	size_t n = d->type_names.numbers.n;

	x->types = calloc(n + 1, sizeof(*x->types));
	d->type_live = calloc(n * x->n + 1, sizeof(*d->type_live));
	if (!x->types || !d->type_live)
		return -1;
	x->n_types = n;
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < d->list[i].n_types; k++) {
			const struct joint_type *t = &d->list[i].types[k];
			struct heap_count *to = &d->type_live[(t->type - 1) * x->n + i];

			to->blocks += t->live.blocks;
			to->bytes += t->live.bytes;
		}
	for (size_t i = 0; i < n; i++) {
		x->types[i].name = d->type_names.list[i + 1];
		x->types[i].live = d->type_live + i * x->n;
		x->types[i].state = state_of(x->types[i].live, x->n);
		x->types[i].trend = trend_of_live(x, series, x->types[i].live);
	}
	return 0;
}

/* ---- order ---- */

static uint64_t
distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What a row is put by; diff.n is where the last snapshot's values are. */
static uint64_t
key_of(enum diff_sort sort, const struct heap_count *live, const uint64_t *allocations,
       size_t n)
{
	switch (sort) {
	case DIFF_BY_LIVE:
		return live[n - 1].bytes;
	case DIFF_BY_BLOCKS:
		return distance(live[0].blocks, live[n - 1].blocks);
	case DIFF_BY_ALLOCATIONS:
		return allocations ? distance(allocations[0], allocations[n - 1]) : 0;
	default:
		return distance(live[0].bytes, live[n - 1].bytes);
	}
}

struct order {
	enum diff_sort sort;
	size_t n;
};

static int
compare_changes(const struct order *o, const struct heap_count *x,
		const uint64_t *x_allocations, const struct heap_count *y,
		const uint64_t *y_allocations)
{
	uint64_t a = key_of(o->sort, x, x_allocations, o->n);
	uint64_t b = key_of(o->sort, y, y_allocations, o->n);

	if (a == b) {
		a = distance(x[0].blocks, x[o->n - 1].blocks);
		b = distance(y[0].blocks, y[o->n - 1].blocks);
	}
	return (a < b) - (a > b);
}

/* Equal changes keep a fixed order: by where their numbers stand, which is that of
 * their first appearance. */
static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct diff_row *x = a, *y = b;
	int order = compare_changes(arg, x->live, x->allocations, y->live, y->allocations);

	return order ? order : (x->live > y->live) - (x->live < y->live);
}

static int
compare_types(const void *a, const void *b, void *arg)
{
	const struct diff_type *x = a, *y = b;
	int order = compare_changes(arg, x->live, NULL, y->live, NULL);

	return order ? order : strcmp(x->name, y->name);
}

static void
count_totals(struct diff *d)
{
	for (size_t i = 0; i < d->n_rows; i++) {
		const struct diff_row *row = &d->rows[i];
		struct diff_total *t = &d->totals[row->state];

		t->n++;
		t->before.blocks += row->live[0].blocks;
		t->before.bytes += row->live[0].bytes;
		t->after.blocks += row->live[d->n - 1].blocks;
		t->after.bytes += row->live[d->n - 1].bytes;
	}
}

/* ---- the whole ---- */

static void
relate(struct differ *d)
{
	struct diff *x = &d->diff;
	bool is_one = joint_is_one_build(d->joint);

	x->relation = x->has_stayed ? DIFF_ONE_PROCESS
		      : is_one      ? DIFF_ONE_BUILD
				    : DIFF_OTHER_BUILD;
	x->by = x->relation == DIFF_OTHER_BUILD ? JOINT_BY_NAME : JOINT_BY_SITE;
	x->x_unit = x->relation == DIFF_ONE_PROCESS ? "hour" : "snapshot";
}

struct diff *
differ_finish(struct differ *d)
{
	struct diff *x = &d->diff;
	struct order order = {d->options->sort, x->n};
	struct series series = {NULL, NULL, NULL};
	bool failed;

	relate(d);
	failed = series_init(&series, x) || make_rows(d, &series) || make_types(d, &series);
	series_fini(&series);
	if (failed)
		return NULL;
	qsort_r(x->rows, x->n_rows, sizeof(*x->rows), compare_rows, &order);
	/* Types have no number of allocations. */
	if (order.sort == DIFF_BY_ALLOCATIONS)
		order.sort = DIFF_BY_GROWTH;
	qsort_r(x->types, x->n_types, sizeof(*x->types), compare_types, &order);
	count_totals(x);
	diff_list(x, 0, 0);
	return x;
}

void
diff_list(struct diff *d, size_t top, size_t frames)
{
	d->n_listed = top && top < d->n_rows ? top : d->n_rows;
	d->n_types_listed = top && top < d->n_types ? top : d->n_types;
	d->frames = frames;
}

void
differ_free(struct differ *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->diff.n; i++) {
		free(d->diff.snapshots[i].path);
		free(d->diff.snapshots[i].command);
		free(d->diff.snapshots[i].executable);
		free(d->list[i].sums);
		free(d->list[i].types);
	}
	for (size_t i = 0; d->diff.rows && i < d->diff.n_rows; i++)
		free(d->diff.rows[i].frames);
	free(d->diff.rows);
	free(d->diff.types);
	free(d->diff.snapshots);
	free(d->row_live);
	free(d->type_live);
	free(d->row_allocations);
	free(d->list);
	free(d->early);
	free(d->stayed);
	texts_fini(&d->type_names);
	joint_free(d->joint);
	free(d);
}
