/* json.c -- the report for other programs, as "gcprof-analyze/1".
 *
 * In:   struct report.
 * Out:  one JSON object, valid UTF-8 whatever bytes the names contain.
 * Not here: which rows there are and in which order (report.c).
 *
 * jansson builds each value, but the outermost object, the lists of findings and of
 * sites, and that of a site's frames are put together here (json_stream.h says why).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/json.h"

#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/own_code.h"
#include "report/consumption.h"
#include "report/json_stream.h"
#include "report/tallies.h"
#include "report/writers.h"
#include "util/text.h"

/* Sites listed of what is lost with a finding; the sums are of all. */
enum { MOST_PARTS = 20 };

/* Sites listed of the peak. */
enum { MOST_PEAK_SITES = 1000 };

/* JSON's integers in jansson are signed. */
static json_t *
number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *
text_n(const char *bytes, size_t n)
{
	char *valid = text_utf8(bytes, n, false);
	json_t *json = valid ? json_string_nocheck(valid) : NULL;

	free(valid);
	return json ? json : json_null();
}

static json_t *
text(const char *s)
{
	return s ? text_n(s, strlen(s)) : json_null();
}

static json_t *
heap_text(const struct heap_text *t)
{
	return text_n(t->bytes, t->n);
}

static json_t *
hex(const struct heap_text *t)
{
	char *digits = malloc(t->n * 2 + 1);
	json_t *json;

	for (size_t i = 0; digits && i < t->n; i++)
		snprintf(digits + i * 2, 3, "%02x", (unsigned char)t->bytes[i]);
	if (digits)
		digits[t->n * 2] = '\0';
	json = json_string(digits ? digits : "");
	free(digits);
	return json;
}

static void
put(json_t *object, const char *key, json_t *value)
{
	/* jansson owns value from here, even if it has no memory for the key;
	 * a key that is lost so is noticed by the reader. */
	(void)json_object_set_new_nocheck(object, key, value);
}

static json_t *
count(const struct heap_count *c)
{
	json_t *o = json_object();

	put(o, "blocks", number(c->blocks));
	put(o, "bytes", number(c->bytes));
	return o;
}

/* ---- stacks ---- */

static json_t *
frame(const struct report *r, const struct stack *s, size_t i)
{
	json_t *o = json_object();
	const struct stack_frame *f = &s->frames[i];
	const struct heap_module *m = &r->heap->modules[f->module];

	put(o, "function", f->special ? text(f->special) : text(f->function));
	put(o, "file", text(f->file));
	put(o, "line", f->line ? number(f->line) : json_null());
	put(o, "module", f->module ? heap_text(&m->path) : json_null());
	put(o, "offset", f->special ? json_null() : number(f->offset));
	put(o, "inlined", json_boolean(f->is_inlined));
	if (f->special)
		put(o, "special", json_true());
	if (!own_code_is(r->heap, s, i))
		put(o, "library", json_true());
	if (names_is_allocator(f))
		put(o, "allocator", json_true());
	return o;
}

json_t *
report_json_frames(const struct report *r, uint32_t node)
{
	json_t *array = json_array();
	struct stack s;

	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return array;
	for (size_t i = 0; i < s.n; i++)
		(void)json_array_append_new(array, frame(r, &s, i));
	stack_free(&s);
	return array;
}

static json_t *
stack(const struct report *r, uint32_t node)
{
	json_t *o = json_object();

	put(o, "frames", report_json_frames(r, node));
	return o;
}

/* ---- the parts ---- */

static json_t *
losses(const struct heap *h)
{
	json_t *o = json_object();

	for (size_t i = 0; i < h->n_losses; i++) {
		char *name = text_utf8(h->losses[i].name.bytes, h->losses[i].name.n, false);

		if (name)
			put(o, name, number(h->losses[i].count));
		free(name);
	}
	return o;
}

/* The names of losses in words. */
static json_t *
loss_meanings(const struct heap *h)
{
	json_t *o = json_object();

	for (size_t i = 0; i < h->n_losses; i++) {
		const struct heap_text *name = &h->losses[i].name;
		const char *meaning = text_loss_meaning(name->bytes, name->n);

		if (meaning)
			put(o, name->bytes, text(meaning));
	}
	return o;
}

/* The arguments joined by blanks; text_utf8() makes blanks of NULs. */
static json_t *
command(const struct heap_text *t)
{
	size_t n = t->n;

	while (n > 0 && t->bytes[n - 1] == '\0')
		n--;
	return text_n(t->bytes, n);
}

static json_t *
arguments(const struct heap_text *t)
{
	json_t *array = json_array();

	for (size_t i = 0; i < t->n;) {
		size_t n = strnlen(t->bytes + i, t->n - i);

		(void)json_array_append_new(array, text_n(t->bytes + i, n));
		i += n + 1;
	}
	return array;
}

/* null: every stack was taken. */
static json_t *
sampling(const struct heap_info *info)
{
	json_t *o;

	if (info->sample_bytes == 0)
		return json_null();
	o = json_object();
	put(o, "mean_bytes", number(info->sample_bytes));
	return o;
}

static json_t *
process(const struct heap *h)
{
	const struct heap_info *info = &h->info;
	json_t *o = json_object();

	put(o, "pid", number(info->pid));
	put(o, "ppid", number(info->ppid));
	put(o, "command", command(&info->command));
	put(o, "arguments", arguments(&info->command));
	put(o, "executable", heap_text(&info->executable));
	put(o, "program", text(heap_program(h)));
	put(o, "cwd", heap_text(&info->cwd));
	put(o, "machine", heap_text(&info->machine));
	put(o, "allocator", heap_text(&info->allocator));
	put(o, "library_version", heap_text(&info->version));
	put(o, "snapshot_number", number(info->snapshot_number));
	put(o, "snapshot_reason", heap_text(&info->reason));
	put(o, "snapshot_time", json_real((double)info->snapshot_time_ns / 1e9));
	put(o, "start_time", json_real((double)info->start_time_ns / 1e9));
	put(o, "uptime_seconds", json_real((double)info->uptime_ns / 1e9));
	put(o, "epoch", number(info->epoch));
	put(o, "young_bytes", number(info->young_bytes));
	put(o, "promote", number(info->promote));
	put(o, "sample_bytes", number(info->sample_bytes));
	put(o, "sampling", sampling(info));
	put(o, "complete", json_boolean(h->is_complete));
	put(o, "losses", losses(h));
	put(o, "loss_meanings", loss_meanings(h));
	if (info->foreign_frees)
		put(o, "foreign_frees", number(info->foreign_frees));
	return o;
}

/* What a compaction would give back; null if pages are not known. */
static json_t *
fragmentation(const struct fragmentation *f)
{
	json_t *o;

	if (!f->is_known)
		return json_null();
	o = json_object();
	put(o, "page_bytes", number(f->page_bytes));
	put(o, "pages", number(f->pages));
	put(o, "used_bytes", number(f->used_bytes));
	put(o, "free_bytes_in_pages", number(f->free_bytes));
	put(o, "giveback_bytes", number(f->giveback_bytes));
	put(o, "pinned_bytes", number(f->pinned_bytes));
	return o;
}

/* What rss consists of; null if the snapshot does not tell. */
static json_t *
resident(const struct heap *h)
{
	struct heap_rss x;
	json_t *o;

	if (!heap_rss_parts(h, &x))
		return json_null();
	o = json_object();
	put(o, "live", number(x.live));
	put(o, "allocator", number(x.allocator));
	put(o, "mapped", number(x.mapped));
	put(o, "files", number(x.files));
	put(o, "profiler", number(x.profiler));
	put(o, "other", number(x.other));
	return o;
}

static json_t *
memory(const struct report *r)
{
	const struct heap_info *info = &r->heap->info;
	json_t *o = json_object();

	put(o, "rss", number(info->rss));
	put(o, "heap_total", number(info->heap_total));
	put(o, "heap_used", number(info->heap_used));
	put(o, "external", number(info->external));
	put(o, "total_memory", number(info->total_memory));
	put(o, "free_memory", number(info->free_memory));
	put(o, "profiler", number(info->profiler_bytes));
	put(o, "fragmentation", fragmentation(&r->findings->fragmentation));
	put(o, "resident", resident(r->heap));
	return o;
}

/* One record of the timeline, whole: other programs bucket as they like. */
static json_t *
epochs(const struct heap *h, const struct hf_epochs *e)
{
	struct heap_count live =
		heap_live_of_epochs(h, e->first_epoch, e->first_epoch + (e->n_epochs - 1));
	json_t *o = json_object();

	put(o, "epoch", number(e->first_epoch));
	put(o, "n_epochs", number(e->n_epochs));
	put(o, "time", json_real((double)e->end_ns / 1e9));
	put(o, "survived_bytes", number(e->survived_bytes));
	put(o, "live_bytes", number(live.bytes));
	put(o, "live_blocks", number(live.blocks));
	put(o, "allocations", number(e->allocations));
	put(o, "allocated_bytes", number(e->allocated_bytes));
	put(o, "freed_bytes", number(e->freed_bytes));
	put(o, "promoted_bytes", number(e->promoted_bytes));
	put(o, "rss", number(e->rss));
	put(o, "heap_total", number(e->heap_total));
	put(o, "heap_used", number(e->heap_used));
	put(o, "external", number(e->external));
	return o;
}

static json_t *
cohorts(const struct heap *h)
{
	json_t *o = json_object(), *array = json_array();

	for (size_t i = 0; i < h->n_epochs; i++)
		(void)json_array_append_new(array, epochs(h, &h->epochs[i]));
	put(o, "young", count(&h->young));
	put(o, "old", count(&h->old));
	put(o, "unknown_birth", count(&h->unborn));
	put(o, "epochs", array);
	return o;
}

/* Rows of the survival chart, and which sites their blocks are of. */
static json_t *
demographics(const struct report *r)
{
	const struct report_demography *d = &r->demography;
	json_t *o = json_object(), *sites = json_array(), *rows = json_array();

	for (size_t i = 0; i < d->n_sites; i++) {
		json_t *site = stack(r, d->sites[i]);

		put(site, "site", number(d->sites[i]));
		(void)json_array_append_new(sites, site);
	}
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct report_epochs *e = &r->epochs[i];
		const uint64_t *bytes = d->live_bytes + i * (d->n_sites + 1);
		json_t *row = count(&e->live), *by_site = json_array();

		for (size_t k = 0; k < d->n_sites; k++)
			(void)json_array_append_new(by_site, number(bytes[k]));
		put(row, "first_epoch", number(e->first));
		put(row, "last_epoch", number(e->last));
		put(row, "survived_bytes",
		    e->has_survived ? number(e->survived_bytes) : json_null());
		put(row, "bytes_by_site", by_site);
		put(row, "bytes_of_others", number(bytes[d->n_sites]));
		(void)json_array_append_new(rows, row);
	}
	put(o, "sites", sites);
	put(o, "rows", rows);
	return o;
}

/* Live bytes over time; null if they are not known by site. */
static json_t *
consumption(const struct report *r)
{
	struct consumption *c = consumption_new(r);
	json_t *o = json_object(), *sites = json_array(), *rows = json_array();

	for (size_t i = 0; c && i < c->n_sites; i++) {
		json_t *site = stack(r, c->sites[i]);

		put(site, "site", number(c->sites[i]));
		(void)json_array_append_new(sites, site);
	}
	for (uint32_t p = 0; c && p < c->n_periods; p++) {
		const struct hf_period *period = &r->heap->periods[p];
		const double *bytes = c->bytes + p * (c->n_sites + 1);
		json_t *row = json_object(), *by_site = json_array();

		for (size_t i = 0; i < c->n_sites; i++)
			(void)json_array_append_new(by_site, number((uint64_t)bytes[i]));
		put(row, "time", json_real((double)period->end_ns / 1e9));
		put(row, "allocated_bytes", number(period->allocated_bytes));
		put(row, "bytes_by_site", by_site);
		put(row, "bytes_of_others", number((uint64_t)bytes[c->n_sites]));
		(void)json_array_append_new(rows, row);
	}
	put(o, "sites", sites);
	put(o, "rows", rows);
	consumption_free(c);
	return o;
}

static json_t *
totals(const struct heap *h)
{
	json_t *o = json_object();

	put(o, "allocations", number(h->info.allocations));
	put(o, "allocated_bytes", number(h->info.allocated_bytes));
	put(o, "frees", number(h->info.frees));
	put(o, "freed_bytes", number(h->info.freed_bytes));
	put(o, "live_blocks", number(h->live.blocks));
	put(o, "live_bytes", number(h->live.bytes));
	put(o, "sites", number(h->n_sites));
	return o;
}

static json_t *
kinds(uint32_t bits)
{
	json_t *array = json_array();

	for (unsigned kind = 0; kind < 8; kind++)
		if (bits & 1u << kind)
			(void)json_array_append_new(array, text(text_kind_name(kind)));
	return array;
}

static json_t *
leaks(const struct leaks *l)
{
	json_t *o = json_object();

	for (int state = 0; state < GRAPH_N_STATES; state++)
		put(o, graph_state_name((enum graph_state)state), count(&l->counts[state]));
	put(o, "suppressed", count(&l->suppressed));
	put(o, "computed", json_boolean(l->is_computed));
	put(o, "turned_off", json_boolean(l->is_off));
	return o;
}

static json_t *
thread_id(uint64_t tid, const struct heap_text *name)
{
	json_t *o = json_object();

	put(o, "tid", number(tid));
	put(o, "name", heap_text(name));
	return o;
}

static json_t *
finding_threads(const struct heap *h, const struct finding *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n_threads; i++) {
		const struct heap_thread *t = &h->threads[f->threads[i]];

		(void)json_array_append_new(array, thread_id(t->tid, &t->name));
	}
	return array;
}

static json_t *
finding_parts(const struct report *r, const struct finding *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n_parts && i < MOST_PARTS; i++) {
		json_t *o = count(&f->parts[i].count);

		put(o, "site", stack(r, f->parts[i].site));
		(void)json_array_append_new(array, o);
	}
	return array;
}

json_t *
report_json_content(const struct heap_text *t)
{
	json_t *o = json_object();

	put(o, "hex", hex(t));
	put(o, "text", text_n(t->bytes, t->n));
	return o;
}

/* What only leaks have. */
static void
put_leak(const struct report *r, const struct finding *f, json_t *o)
{
	put(o, "indirect", count(&f->indirect));
	put(o, "indirect_sites", finding_parts(r, f));
	put(o, "oldest_age", f->has_age ? number(f->oldest_age) : json_null());
	put(o, "newest_age", f->has_age ? number(f->newest_age) : json_null());
	put(o, "threads", finding_threads(r->heap, f));
	put(o, "kinds", kinds(f->kinds));
	if (f->content)
		put(o, "content", report_json_content(f->content));
}

/* A root or blocks on the way from it; what comes next is at `offset`. */
static json_t *
step(const struct report *r, const struct holder_step *s)
{
	const char *root = s->is_root ? graph_root_name(s->root_kind) : NULL;
	json_t *o = json_object();

	if (s->is_root)
		put(o, "root", text(root ? root : "other"));
	else
		put(o, "block", number(s->address));
	put(o, "name", s->name ? text(s->name) : json_null());
	if (s->is_root) {
		put(o, "address", number(s->address));
		put(o, "function", s->function ? text(s->function) : json_null());
		put(o, "thread", s->thread ? thread_id(s->tid, s->thread) : json_null());
		return o;
	}
	put(o, "offset", number(s->offset));
	put(o, "count", number(s->n_folded));
	put(o, "retained_blocks", number(s->retained.blocks));
	put(o, "retained_bytes", number(s->retained.bytes));
	put(o, "function", s->function ? text(s->function) : json_null());
	put(o, "site", stack(r, s->site));
	return o;
}

json_t *
report_json_path(const struct report *r, const struct holder_step *steps, size_t n,
		 size_t n_left_out)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		if (n_left_out && i == HOLDER_STEPS / 2) {
			json_t *gap = json_object();

			put(gap, "left_out", number(n_left_out));
			(void)json_array_append_new(array, gap);
		}
		(void)json_array_append_new(array, step(r, &steps[i]));
	}
	return array;
}

/* What several snapshots show of a finding's function. */
static void
put_trend(const struct finding *f, json_t *o)
{
	const struct finding_trend *t = &f->trend;
	json_t *trend, *settle;

	if (t->is_known) {
		trend = json_object();
		put(trend, "snapshots", number(t->n));
		put(trend, "of", text(t->is_bytes ? "bytes" : "blocks"));
		put(trend, "slope_per_hour", json_real(t->slope_per_hour));
		put(trend, "low", json_real(t->low));
		put(trend, "high", json_real(t->high));
		put(trend, "p", json_real(t->p));
		put(o, "trend", trend);
	}
	if (t->is_settle_known) {
		settle = json_object();
		put(settle, "base_bytes", number((uint64_t)t->base));
		put(settle, "busy_bytes", number((uint64_t)t->busy));
		put(settle, "idle_bytes", number((uint64_t)t->idle));
		put(settle, "share", json_real(t->share));
		put(settle, "verdict", text(settle_word(t->share)));
		put(o, "settle", settle);
	}
}

static json_t *
finding(const struct report *r, const struct finding *f)
{
	bool is_leak = strcmp(f->kind, "leak") == 0;
	json_t *o = json_object(), *evidence = json_array();
	struct heap_count whole = finding_whole(f);

	for (size_t i = 0; i < f->n_evidence; i++)
		(void)json_array_append_new(evidence, text(f->evidence[i]));
	put(o, "kind", text(f->kind));
	put(o, "verdict", text(f->verdict));
	put(o, "level", text(finding_level_name(f->level)));
	put(o, "confidence", json_real(f->confidence));
	put(o, "what", text(f->what));
	put(o, "entries", f->entries ? number(f->entries) : json_null());
	put(o, "blocks", number(whole.blocks));
	put(o, "bytes", number(whole.bytes));
	put(o, "own", count(&f->count));
	put(o, "gives_back_bytes", number(finding_gives_back(f)));
	put(o, "retained_bytes", number(f->retained.bytes));
	put(o, "retained_blocks", number(f->retained.blocks));
	if (is_leak)
		put_leak(r, f, o);
	put(o, "address", number(f->address));
	put(o, "summary", text(f->summary));
	put(o, "evidence", evidence);
	put_trend(f, o);
	put(o, "advice", text(f->advice));
	put(o, "site", stack(r, f->site));
	if (f->alloc_site)
		put(o, "allocation_site", stack(r, f->alloc_site));
	put(o, "retained_by",
	    report_json_path(r, f->retained_by, f->n_retained_by, f->n_left_out));
	put(o, "fingerprint", text(f->fingerprint));
	if (*f->part_of_fingerprint)
		put(o, "part_of", text(f->part_of_fingerprint));
	put(o, "small", json_boolean(f->is_small));
	put(o, "known", json_boolean(f->novelty == FINDING_KNOWN));
	return o;
}

static json_t *
waste_numbers(const struct heap_waste *w, uint64_t heap_bytes)
{
	json_t *o = json_object();

	put(o, "bytes", number(waste_bytes(w)));
	put(o, "share",
	    json_real(heap_bytes ? (double)waste_bytes(w) / (double)heap_bytes : 0));
	put(o, "zero_blocks", number(w->zero.blocks));
	put(o, "zero_bytes", number(w->zero.bytes));
	put(o, "tail_blocks", number(w->tail.blocks));
	put(o, "tail_bytes", number(w->tail.bytes));
	put(o, "compared_blocks", number(w->compared));
	put(o, "distinct_contents", number(w->distinct));
	put(o, "copies", number(waste_copies(w)));
	put(o, "copy_bytes", number(w->copy_bytes));
	put(o, "untouched_bytes", number(w->untouched_bytes));
	return o;
}

static json_t *
waste(const struct report *r)
{
	const struct waste *w = &r->waste;
	json_t *o;

	if (!w->of)
		return json_null();
	o = waste_numbers(&w->all, w->of->live.bytes);
	put(o, "when", text(w->is_before ? "before cleanup" : "now"));
	put(o, "is_estimate", json_boolean(w->of->info.waste_one_in > 1));
	return o;
}

/* Of one site, or of several added up. */
struct figures {
	struct heap_site site; /* ages and generations: of one only; no estimates */
	uint64_t allocations, allocated_bytes, temporary;
	struct heap_count grown;
	struct heap_waste waste;
};

static void
add_count(struct heap_count *to, const struct heap_count *c)
{
	to->blocks = heap_sum(to->blocks, c->blocks);
	to->bytes = heap_sum(to->bytes, c->bytes);
}

static void
add_figures(struct figures *f, const struct report *r, uint32_t node)
{
	const struct heap_site *s = &r->sites[node];
	const struct heap_node *n = &r->heap->nodes[node];

	add_count(&f->site.live, &s->live);
	add_count(&f->site.young, &s->young);
	add_count(&f->site.old, &s->old);
	f->site.usable_bytes = heap_sum(f->site.usable_bytes, s->usable_bytes);
	f->site.kinds |= s->kinds;
	f->allocations = heap_sum(f->allocations, n->allocations);
	f->allocated_bytes = heap_sum(f->allocated_bytes, n->allocated_bytes);
	if (r->temporary)
		f->temporary = heap_sum(f->temporary, r->temporary[node]);
	if (r->heap->grown)
		add_count(&f->grown, &r->heap->grown[node]);
	if (r->waste.of && node <= r->waste.of->n_nodes)
		waste_add(&f->waste, &r->waste.of->waste[node]);
}

static void
put_estimates(json_t *o, const struct report *r, uint32_t node)
{
	struct heap_estimate all;

	if (!r->heap->info.sample_bytes || heap_is_unsampled(r->heap, node))
		return;
	put(o, "estimated_live_blocks", json_real(r->sites[node].estimated_blocks));
	put(o, "estimated_live_bytes", json_real(r->sites[node].estimated_bytes));
	if (heap_estimate(r->heap, node, &all)) {
		put(o, "estimated_allocations", json_real(all.allocations));
		put(o, "estimated_allocated_bytes", json_real(all.bytes));
	}
}

/* one  the site whose figures they are alone; NULL: they are of several */
static json_t *
figures(const struct report *r, const struct figures *f, const uint32_t *one)
{
	const struct heap_site *s = &f->site;
	json_t *o = json_object();

	put(o, "site", number(one ? *one : 0));
	put(o, "live_blocks", number(s->live.blocks));
	put(o, "live_bytes", number(s->live.bytes));
	if (one)
		put_estimates(o, r, *one);
	put(o, "usable_bytes", number(s->usable_bytes));
	put(o, "young_blocks", number(s->young.blocks));
	put(o, "young_bytes", number(s->young.bytes));
	put(o, "old_blocks", number(s->old.blocks));
	put(o, "old_bytes", number(s->old.bytes));
	put(o, "allocations", number(f->allocations));
	put(o, "allocated_bytes", number(f->allocated_bytes));
	put(o, "temporary_allocations", r->temporary ? number(f->temporary) : json_null());
	if (r->heap->grown) {
		put(o, "reallocations", number(f->grown.blocks));
		put(o, "reallocated_bytes", number(f->grown.bytes));
	}
	put(o, "generation_count", one ? number(s->generation_count) : json_null());
	put(o, "oldest_age", s->generation_count ? number(s->oldest_age) : json_null());
	put(o, "newest_age", s->generation_count ? number(s->newest_age) : json_null());
	put(o, "kinds", kinds(s->kinds));
	put(o, "waste",
	    waste_is_any(&f->waste) ? waste_numbers(&f->waste, r->waste.of->live.bytes)
				    : json_null());
	if (r->findings && r->findings->retained) {
		const struct heap_count *c = one ? &r->findings->retained[*one] : NULL;

		put(o, "retained_blocks", c ? number(c->blocks) : json_null());
		put(o, "retained_bytes", c ? number(c->bytes) : json_null());
	}
	return o;
}

json_t *
report_json_site(const struct report *r, uint32_t node)
{
	struct figures f = {.allocations = 0};

	add_figures(&f, r, node);
	f.site.generation_count = r->sites[node].generation_count;
	f.site.oldest_age = r->sites[node].oldest_age;
	f.site.newest_age = r->sites[node].newest_age;
	return figures(r, &f, &node);
}

json_t *
report_json_site_sum(const struct report *r, const uint32_t *nodes, size_t n)
{
	struct figures f = {.allocations = 0};

	for (size_t i = 0; i < n; i++)
		add_figures(&f, r, nodes[i]);
	return figures(r, &f, NULL);
}

static json_t *
type_largest(const struct report *r, const struct type *t)
{
	const struct heap_block *b = &r->heap->blocks[t->largest];
	json_t *o = json_object();

	put(o, "block", number(heap_block_address(b)));
	put(o, "bytes", number(heap_block_requested(b)));
	put(o, "site", number(b->site));
	return o;
}

static json_t *
types(const struct report *r)
{
	const struct types *all = r->findings->types;
	json_t *array = json_array();

	for (uint32_t i = 1; i <= report_n_types(r); i++) {
		const struct type *t = &all->list[i];
		json_t *o = json_object();

		put(o, "name", text(t->name));
		put(o, "origin", text(types_origin_name(t->origin)));
		put(o, "live_blocks", number(t->live.blocks));
		put(o, "live_bytes", number(t->live.bytes));
		if (all->has_retained) {
			put(o, "retained_blocks", number(t->retained.blocks));
			put(o, "retained_bytes", number(t->retained.bytes));
		}
		put(o, "largest", type_largest(r, t));
		(void)json_array_append_new(array, o);
	}
	return array;
}

static json_t *
mappings(const struct report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->n_mappings_listed; i++) {
		const struct report_mapping *m = &r->mappings[i];
		json_t *o = json_object();

		put(o, "count", number(m->count));
		put(o, "bytes", number(m->bytes));
		put(o, "reserved_bytes", number(m->reserved));
		put(o, "young_bytes", number(m->young_bytes));
		put(o, "old_bytes", number(m->old_bytes));
		put(o, "shared", json_boolean(m->flags & HEAPFILE_MAPPING_SHARED));
		put(o, "file_backed", json_boolean(m->flags & HEAPFILE_MAPPING_FILE));
		put(o, "executable", json_boolean(m->flags & HEAPFILE_MAPPING_EXEC));
		put(o, "frames", report_json_frames(r, m->site));
		(void)json_array_append_new(array, o);
	}
	return array;
}

static const char *
state_name(const struct report *r, uint32_t module)
{
	static const char *const names[] = {
		[SYMBOLS_UNUSED] = "unused",         [SYMBOLS_FOUND] = "found",
		[SYMBOLS_UNVERIFIED] = "unverified", [SYMBOLS_MISSING] = "missing",
		[SYMBOLS_CHANGED] = "changed",
	};

	return names[r->symbols ? symbols_module_state(r->symbols, module) : SYMBOLS_UNUSED];
}

static json_t *
modules(const struct report *r)
{
	const struct heap *h = r->heap;
	json_t *array = json_array();

	for (uint32_t i = 1; i <= h->n_modules; i++) {
		const struct heap_module *m = &h->modules[i];
		json_t *o = json_object();

		put(o, "path", heap_text(&m->path));
		put(o, "build_id", hex(&m->build_id));
		put(o, "start", number(m->start));
		put(o, "bytes", number(m->bytes));
		put(o, "load_epoch", number(m->load_epoch));
		put(o, "unload_epoch",
		    m->unload_epoch ? number(m->unload_epoch) : json_null());
		put(o, "symbols", text(state_name(r, i)));
		(void)json_array_append_new(array, o);
	}
	return array;
}

static json_t *
snapshots(const struct report *r)
{
	const struct several *s = r->findings->several;
	json_t *array = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct several_snapshot *x = &s->list[i];
		const struct heap_mark *mark = settle_mark(r->heap, x->uptime_ns);
		json_t *o = json_object();

		put(o, "file", text(x->path));
		put(o, "time", json_real((double)x->time_ns / 1e9));
		put(o, "uptime_seconds", json_real((double)x->uptime_ns / 1e9));
		put(o, "live_blocks", number(x->live.blocks));
		put(o, "live_bytes", number(x->live.bytes));
		put(o, "reachable_blocks", number(x->reachable.blocks));
		put(o, "reachable_bytes", number(x->reachable.bytes));
		put(o, "cleaned_up", json_boolean(x->is_teardown));
		put(o, "mark", mark ? heap_text(&mark->label) : json_null());
		(void)json_array_append_new(array, o);
	}
	return array;
}

/* Numbers of snapshots, and the share of all bytes; or what is missing. */
static json_t *
settled(const struct report *r)
{
	static const char *const names[] = {"base", "busy", "idle"};
	const struct settle *x = &r->findings->settle;
	json_t *o = json_object();
	double bytes[SETTLE_N], share;

	for (int i = 0; x->is_known && i < SETTLE_N; i++) {
		bytes[i] =
			(double)r->findings->several->list[x->snapshots[i]].reachable.bytes;
		put(o, names[i], number(x->snapshots[i]));
	}
	share = x->is_known ? settle_share(bytes[0], bytes[1], bytes[2]) : -1;
	put(o, "share", share < 0 ? json_null() : json_real(share));
	put(o, "verdict", share < 0 ? json_null() : text(settle_word(share)));
	put(o, "missing", text(x->missing));
	return o;
}

static json_t *
thread_frames(const struct report *r, const struct heap_stack *thread)
{
	json_t *array = json_array();
	struct stack s;

	if (stack_of_thread(thread, r->symbols, &s) != 0)
		return array;
	for (size_t i = 0; i < s.n; i++)
		(void)json_array_append_new(array, frame(r, &s, i));
	stack_free(&s);
	return array;
}

/* Those that allocated, and then those others that were stopped. */
static json_t *
threads(const struct report *r)
{
	const struct heap *h = r->heap;
	struct heap_count *sums = tallies_by_thread(r);
	json_t *array = json_array();

	for (uint32_t i = 1; i <= h->n_threads; i++) {
		const struct heap_thread *t = &h->threads[i];
		const struct heap_stack *s = heap_stack(h, i, 0);
		json_t *o = thread_id(t->tid, &t->name);

		put(o, "first_epoch", number(t->first_epoch));
		put(o, "alive", json_boolean(t->flags & HEAPFILE_THREAD_ALIVE));
		put(o, "main", json_boolean(t->flags & HEAPFILE_THREAD_MAIN));
		put(o, "live", sums ? count(&sums[i]) : json_null());
		put(o, "frames", s ? thread_frames(r, s) : json_null());
		(void)json_array_append_new(array, o);
	}
	for (size_t i = 0; i < h->n_stacks; i++) {
		const struct heap_stack *s = &h->stacks[i];
		json_t *o;

		if (s->thread)
			continue;
		o = thread_id(s->tid, &s->name);
		put(o, "first_epoch", json_null());
		put(o, "alive", json_true());
		put(o, "main", json_boolean(s->tid == h->info.pid));
		put(o, "live", json_null());
		put(o, "frames", thread_frames(r, s));
		(void)json_array_append_new(array, o);
	}
	free(sums);
	return array;
}

static json_t *
marks(const struct heap *h)
{
	json_t *array = json_array();

	for (size_t i = 0; i < h->n_marks; i++) {
		json_t *o = json_object();

		put(o, "epoch", number(h->marks[i].epoch));
		put(o, "time", json_real((double)h->marks[i].time_ns / 1e9));
		put(o, "label", heap_text(&h->marks[i].label));
		(void)json_array_append_new(array, o);
	}
	return array;
}

/* ---- the whole ---- */

/* A value as a string for free(3). */
static char *
dumps(json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	json_decref(value);
	return text;
}

static void
member(FILE *f, const char *key, json_t *value)
{
	fprintf(f, ",\n\"%s\": ", key);
	json_stream_value(f, value);
}

static void
write_findings(const struct report *r, FILE *f)
{
	fputs(",\n\"findings\": [", f);
	for (size_t i = 0; i < r->findings->n && !ferror(f); i++) {
		if (i > 0)
			fputc(',', f);
		json_stream_value(f, finding(r, &r->findings->list[i]));
	}
	fputc(']', f);
}

/* Frames of one node as they stand in an array, without its brackets.
 * Stacks share most of their callers, so each node is put into words once. */
static const char *
node_text(const struct report *r, char **texts, uint32_t node)
{
	struct stack s;
	char *text = NULL;
	size_t n;
	FILE *f;

	if (texts[node] || stack_node_get(r->heap, r->symbols, node, &s) != 0)
		return texts[node];
	f = open_memstream(&text, &n);
	for (size_t i = 0; f && i < s.n; i++) {
		if (i > 0)
			fputc(',', f);
		json_stream_value(f, frame(r, &s, i));
	}
	if (f && fclose(f) == 0)
		texts[node] = text;
	else
		free(text);
	stack_free(&s);
	return texts[node];
}

static void
write_frames(const struct report *r, FILE *f, char **texts, uint32_t node)
{
	const char *separator = "";

	node = stack_top(r->heap, node);
	if (node == 0 || !texts) {
		json_stream_value(f, report_json_frames(r, node));
		return;
	}
	fputc('[', f);
	for (; node; node = r->heap->nodes[node].parent) {
		const char *text = node_text(r, texts, node);

		fprintf(f, "%s%s", separator, text ? text : "null");
		separator = ",";
	}
	fputc(']', f);
}

static void
write_sites(const struct report *r, FILE *f)
{
	enum order sort = r->options.sort;
	uint32_t n_nodes = r->heap->n_nodes;
	char **texts = calloc((size_t)n_nodes + 1, sizeof(*texts));
	const char *separator = "\n";

	fputs(",\n\"sites\": [", f);
	for (size_t i = 0; i < r->n_listed[sort] && !ferror(f); i++) {
		uint32_t node = r->lists[sort][i];

		/* The facts are an object; its frames go in before it is closed. */
		char *facts = dumps(report_json_site(r, node));

		if (!facts)
			continue;
		fprintf(f, "%s%.*s,\"frames\":", separator, (int)strlen(facts) - 1, facts);
		write_frames(r, f, texts, node);
		fputc('}', f);
		separator = ",\n";
		free(facts);
	}
	fputs("]", f);
	for (uint32_t i = 0; texts && i <= n_nodes; i++)
		free(texts[i]);
	free(texts);
}

/* The largest; what the others had is a sum. */
static json_t *
peak_sites(const struct report *r, bool with_frames)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->n_peak_sites && i < MOST_PEAK_SITES; i++) {
		uint32_t node = r->peak_sites[i];
		json_t *o = count(&r->peak.sites[node]);

		put(o, "site", number(node));
		if (with_frames)
			put(o, "frames", report_json_frames(r, node));
		(void)json_array_append_new(array, o);
	}
	return array;
}

static json_t *
peak(const struct report *r, bool with_frames)
{
	static const char *const words[] = {
		[HEAP_PEAK_NOW] = "now",
		[HEAP_PEAK_EARLIER] = "earlier",
		[HEAP_PEAK_BEFORE_CLEANUP] = "before cleanup",
	};
	const struct heap_peak *p = &r->peak;
	struct heap_count others = {0, 0};
	json_t *o = json_object();

	for (size_t i = MOST_PEAK_SITES; i < r->n_peak_sites; i++) {
		others.blocks = heap_sum(others.blocks, p->sites[r->peak_sites[i]].blocks);
		others.bytes = heap_sum(others.bytes, p->sites[r->peak_sites[i]].bytes);
	}
	put(o, "bytes", number(p->bytes));
	put(o, "blocks", number(p->blocks));
	put(o, "time", json_real((double)p->time_ns / 1e9));
	put(o, "epoch", number(p->epoch));
	put(o, "when", text(words[p->when]));
	put(o, "sites", peak_sites(r, with_frames));
	put(o, "others", count(&others));
	return o;
}

void
report_json_write(const struct report *r, FILE *f, report_json_sites *write_them)
{
	fputs("{\"schema\": \"gcprof-analyze/1\"", f);
	member(f, "process", process(r->heap));
	if (r->findings->several) {
		member(f, "snapshots", snapshots(r));
		if (r->findings->settle.is_known || r->findings->settle.missing)
			member(f, "settle", settled(r));
	}
	member(f, "memory", memory(r));
	member(f, "cohorts", cohorts(r->heap));
	member(f, "demographics", demographics(r));
	member(f, "consumption", consumption(r));
	member(f, "totals", totals(r->heap));
	member(f, "leaks", leaks(&r->findings->leaks));
	write_findings(r, f);
	/* Who puts sites down by themselves has their frames there. */
	member(f, "peak", peak(r, write_them == write_sites));
	member(f, "waste", waste(r));
	write_them(r, f);
	if (r->findings->types)
		member(f, "types", types(r));
	member(f, "mappings", mappings(r));
	member(f, "marks", marks(r->heap));
	member(f, "threads", threads(r));
	member(f, "sizes", tallies_sizes_json(r));
	member(f, "modules", modules(r));
	fputs("}\n", f);
}

void
report_write_json(const struct report *r, FILE *f)
{
	report_json_write(r, f, write_sites);
}
