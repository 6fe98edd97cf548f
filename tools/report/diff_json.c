/* diff_json.c -- what has changed, for other programs, as "gcprof-diff/1".
 *
 * In:   struct diff.
 * Out:  one JSON object; jansson builds each site, the outermost object and the list
 *       of sites are put together here, as in report/json.c.
 * Not here: what has changed (diff.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "compare/diff.h"

#include <stdlib.h>

#include "report/compared.h"
#include "report/json_stream.h"
#include "report/writers.h"

#define PUT(o, key, value) report_joint_put(o, key, value)
#define NUMBER(v) report_joint_number(v)
#define TEXT(s) report_joint_text(s)
#define COUNTS(c) report_joint_count(c)

static json_t *
growth(const struct heap_count *a, const struct heap_count *b)
{
	json_t *o = json_object();

	PUT(o, "blocks", json_integer(diff_growth(a->blocks, b->blocks)));
	PUT(o, "bytes", json_integer(diff_growth(a->bytes, b->bytes)));
	return o;
}

static json_t *
snapshot(const struct diff_snapshot *x)
{
	json_t *o = json_object();

	PUT(o, "file", TEXT(x->path));
	PUT(o, "pid", NUMBER(x->pid));
	PUT(o, "command", TEXT(x->command));
	PUT(o, "executable", TEXT(x->executable));
	PUT(o, "time", json_real((double)x->time_ns / 1e9));
	PUT(o, "uptime_seconds", json_real((double)x->uptime_ns / 1e9));
	PUT(o, "allocated_bytes", NUMBER(x->allocated_bytes));
	PUT(o, "sample_bytes", NUMBER(x->sample_bytes));
	PUT(o, "complete", json_boolean(x->is_complete));
	PUT(o, "live", COUNTS(&x->live));
	PUT(o, "counted", COUNTS(&x->counted));
	return o;
}

static json_t *
snapshots(const struct diff *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->n; i++)
		(void)json_array_append_new(array, snapshot(&d->snapshots[i]));
	return array;
}

static json_t *
totals(const struct diff *d)
{
	json_t *o = json_object();

	for (int i = 0; i < DIFF_N_STATES; i++) {
		const struct diff_total *t = &d->totals[i];
		json_t *of = json_object();

		PUT(of, "sites", NUMBER(t->n));
		PUT(of, "before", COUNTS(&t->before));
		PUT(of, "after", COUNTS(&t->after));
		PUT(o, diff_state_name((enum diff_state)i), of);
	}
	return o;
}

/* What became of the blocks of before. */
static json_t *
blocks(const struct heap_count *before, const struct heap_count *after,
       const struct heap_count *stayed)
{
	json_t *o = json_object();

	PUT(o, "before", NUMBER(before->blocks));
	PUT(o, "still_live", NUMBER(stayed->blocks));
	PUT(o, "freed", NUMBER(before->blocks - stayed->blocks));
	PUT(o, "came", NUMBER(after->blocks - stayed->blocks));
	return o;
}

static json_t *
trend(const struct diff *d, const struct diff_trend *t)
{
	json_t *o;

	if (!t->is_known)
		return json_null();
	o = json_object();
	PUT(o, "per", TEXT(d->x_unit));
	PUT(o, "slope", json_real(t->slope));
	PUT(o, "low", json_real(t->low));
	PUT(o, "high", json_real(t->high));
	PUT(o, "slope_per_gib",
	    d->relation == DIFF_ONE_PROCESS ? json_real(t->slope_per_gib) : json_null());
	PUT(o, "confidence", json_real(t->confidence));
	return o;
}

/* What sites and types have in common. */
static void
put_live(const struct diff *d, json_t *o, enum diff_state state,
	 const struct heap_count *live, const struct diff_trend *t)
{
	json_t *n = json_array(), *bytes = json_array();

	for (size_t i = 0; i < d->n; i++) {
		(void)json_array_append_new(n, NUMBER(live[i].blocks));
		(void)json_array_append_new(bytes, NUMBER(live[i].bytes));
	}
	PUT(o, "state", TEXT(diff_state_name(state)));
	PUT(o, "before", COUNTS(&live[0]));
	PUT(o, "after", COUNTS(&live[d->n - 1]));
	PUT(o, "growth", growth(&live[0], &live[d->n - 1]));
	PUT(o, "live_blocks", n);
	PUT(o, "live_bytes", bytes);
	PUT(o, "trend", trend(d, t));
}

static json_t *
site(const struct diff *d, const struct diff_row *row)
{
	json_t *o = json_object(), *allocations = json_array();

	report_joint_headline(o, row->frames, row->n_frames);
	put_live(d, o, row->state, row->live, &row->trend);
	for (size_t i = 0; i < d->n; i++)
		(void)json_array_append_new(allocations, NUMBER(row->allocations[i]));
	PUT(o, "allocations", allocations);
	PUT(o, "blocks",
	    d->has_stayed ? blocks(&row->live[0], &row->live[d->n - 1], &row->stayed)
			  : json_null());
	PUT(o, "frames", report_joint_json(row->frames, row->n_frames));
	return o;
}

static json_t *
finding(const struct diff *d, const struct finding *x)
{
	char *function = joint_function(d->last, d->symbols, x->site);
	static const char *const novelties[] = {NULL, "new", "grown", "known"};
	struct heap_count whole = finding_whole(x);
	json_t *o = json_object();

	PUT(o, "kind", TEXT(x->kind));
	PUT(o, "verdict", TEXT(x->verdict));
	PUT(o, "level", TEXT(finding_level_name(x->level)));
	PUT(o, "novelty", TEXT(novelties[x->novelty]));
	PUT(o, "blocks", NUMBER(whole.blocks));
	PUT(o, "bytes", NUMBER(whole.bytes));
	PUT(o, "summary", TEXT(x->summary));
	PUT(o, "function", TEXT(function));
	PUT(o, "fingerprint", TEXT(x->fingerprint));
	if (*x->part_of_fingerprint)
		PUT(o, "part_of", TEXT(x->part_of_fingerprint));
	PUT(o, "small", json_boolean(x->is_small));
	free(function);
	return o;
}

static json_t *
findings(const struct diff *d)
{
	const struct findings *all = d->findings;
	json_t *array = all ? json_array() : json_null();

	for (size_t i = 0; all && i < all->n; i++)
		(void)json_array_append_new(array, finding(d, &all->list[i]));
	return array;
}

static json_t *
head(const struct diff *d)
{
	const struct diff_snapshot *a = &d->snapshots[0], *b = &d->snapshots[d->n - 1];
	json_t *o = json_object();

	PUT(o, "relation", TEXT(diff_relation_name(d->relation)));
	PUT(o, "matched_by", TEXT(d->by == JOINT_BY_SITE ? "site" : "name"));
	PUT(o, "filters", TEXT(d->filter_text));
	PUT(o, "before", COUNTS(&a->counted));
	PUT(o, "after", COUNTS(&b->counted));
	PUT(o, "growth", growth(&a->counted, &b->counted));
	PUT(o, "blocks",
	    d->has_stayed ? blocks(&a->counted, &b->counted, &d->stayed) : json_null());
	PUT(o, "snapshots", snapshots(d));
	PUT(o, "totals", totals(d));
	PUT(o, "findings", findings(d));
	return o;
}

int
report_diff_json(const struct diff *d, FILE *f)
{
	json_t *all = head(d), *value;
	const char *key;

	fputs("{\"schema\":\"gcprof-diff/1\"", f);
	json_object_foreach(all, key, value)
	{
		fprintf(f, ",\n\"%s\":", key);
		json_stream_value(f, json_incref(value));
	}
	json_decref(all);
	fputs(",\n\"types\":[", f);
	for (size_t i = 0; i < d->n_types_listed && !ferror(f); i++) {
		json_t *o = json_object();

		PUT(o, "name", TEXT(d->types[i].name));
		put_live(d, o, d->types[i].state, d->types[i].live, &d->types[i].trend);
		fputs(i ? ",\n" : "\n", f);
		json_stream_value(f, o);
	}
	fputs("],\n\"sites\":[", f);
	for (size_t i = 0; i < d->n_listed && !ferror(f); i++) {
		fputs(i ? ",\n" : "\n", f);
		json_stream_value(f, site(d, &d->rows[i]));
	}
	fputs("]}\n", f);
	return 0;
}
