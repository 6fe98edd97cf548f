/* report.c -- one description of a report, for many outputs.
 *
 * In:   a model, names if there are any, what the user wants to see.
 * Out:  struct report; the two plain tables that need no description.
 * Not here: how it looks (report/text.c, report/json.c, report/html.c).
 *
 * What filters do: --cohort, --min-age and --born choose the blocks that a site's sums
 * count, --focus and --ignore choose the sites that are listed.  Process,
 * memory, cohorts, totals, survival, demography and findings are of the whole snapshot
 * always, so that a percentage means the same in every report of a file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/bisect.h"
#include "util/text.h"

enum { CHART_ROWS = 20 };

static const char *
special_word(uint64_t special)
{
	static const char *const words[] = {"unknown", "UNSAMPLED", "NESTED", "CUT",
					    "BROKEN",  "FULL",      "EARLY"};

	return special < sizeof(words) / sizeof(*words) ? words[special] : words[0];
}

static bool
stack_matches(const struct report *r, const struct stack *s, const regex_t *regex)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct stack_frame *f = &s->frames[i];
		const char *module = r->heap->modules[f->module].path.bytes;

		if ((f->function && regexec(regex, f->function, 0, NULL, 0) == 0) ||
		    (f->file && regexec(regex, f->file, 0, NULL, 0) == 0) ||
		    (*module && regexec(regex, module, 0, NULL, 0) == 0))
			return true;
	}
	return false;
}

/* --focus and --ignore */
static bool
passes(const struct report *r, uint32_t node)
{
	struct stack s;
	bool ok;

	if (!r->options.focus && !r->options.ignore)
		return true;
	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return true;
	ok = (!r->options.focus || stack_matches(r, &s, r->options.focus)) &&
	     (!r->options.ignore || !stack_matches(r, &s, r->options.ignore));
	stack_free(&s);
	return ok;
}

const char *const order_names[N_ORDERS + 1] = {
	[ORDER_LIVE] = "live",
	[ORDER_OLD] = "old",
	[ORDER_ALLOCATIONS] = "allocations",
	[ORDER_BLOCKS] = "blocks",
	[ORDER_AGE] = "age",
	[ORDER_RETAINED] = "retained",
};

/* ---- ranks ---- */

struct rank {
	uint64_t first, second;
	uint32_t node;
};

static int
compare_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? 1 : -1;
	if (x->second != y->second)
		return x->second < y->second ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

/* What a node is ranked by; false if it has no place in this list. */
static bool
rank_of(const struct report *r, uint32_t node, enum order sort, struct rank *ret)
{
	const struct heap_site *s = &r->sites[node];
	const struct heap_node *n = &r->heap->nodes[node];
	const struct heap_filter *f = &r->options.filter;
	bool is_filtered = f->cohort != HEAP_ALL || f->min_age || f->by_birth;
	bool is_dead_welcome = r->options.with_dead && !is_filtered;

	ret->node = node;
	ret->second = s->live.bytes;
	switch (sort) {
	case ORDER_LIVE:
		ret->first = s->live.bytes;
		ret->second = s->live.blocks;
		return s->live.blocks > 0 || is_dead_welcome;
	case ORDER_OLD:
		ret->first = s->old.bytes;
		return s->old.blocks > 0 || is_dead_welcome;
	case ORDER_ALLOCATIONS:
		ret->first = n->allocations;
		ret->second = n->allocated_bytes;
		return n->allocations > 0 && (!is_filtered || s->live.blocks > 0);
	case ORDER_BLOCKS:
		ret->first = s->live.blocks;
		return s->live.blocks > 0 || is_dead_welcome;
	case ORDER_RETAINED:
		ret->first = r->findings && r->findings->retained
				     ? r->findings->retained[node].bytes
				     : 0;
		return s->live.blocks > 0 || is_dead_welcome;
	default:
		ret->first = s->oldest_age;
		return s->generation_count > 0 || is_dead_welcome;
	}
}

static int
rank_list(struct report *r, const bool *is_hidden, enum order sort)
{
	uint32_t n_nodes = r->heap->n_nodes;
	struct rank *ranks = malloc(((size_t)n_nodes + 1) * sizeof(*ranks));
	size_t n = 0;

	if (!ranks)
		return -1;
	for (uint32_t i = 0; i <= n_nodes; i++)
		if (!is_hidden[i] && rank_of(r, i, sort, &ranks[n]))
			n++;
	qsort(ranks, n, sizeof(*ranks), compare_ranks);
	r->lists[sort] = malloc((n + 1) * sizeof(*r->lists[sort]));
	for (size_t i = 0; r->lists[sort] && i < n; i++)
		r->lists[sort][i] = ranks[i].node;
	free(ranks);
	r->n_ranked[sort] = n;
	r->n_listed[sort] = r->options.top && r->options.top < n ? r->options.top : n;
	return r->lists[sort] ? 0 : -1;
}

/* A site is hidden by the user's patterns, or because nothing is there. */
static bool *
find_hidden(const struct report *r)
{
	uint32_t n_nodes = r->heap->n_nodes;
	bool *is_hidden = calloc((size_t)n_nodes + 1, sizeof(*is_hidden));

	for (uint32_t i = 0; is_hidden && i <= n_nodes; i++)
		is_hidden[i] = (r->sites[i].live.blocks == 0 &&
				r->heap->nodes[i].allocations == 0) ||
			       !passes(r, i);
	return is_hidden;
}

/* Who held the heap at its peak. */
static int
rank_peak(struct report *r, const bool *is_hidden)
{
	uint32_t n_nodes = r->heap->n_nodes;
	struct rank *ranks = malloc(((size_t)n_nodes + 1) * sizeof(*ranks));
	size_t n = 0;

	if (ranks && heap_peak(r->heap, &r->peak) == 0)
		r->peak_sites = malloc(((size_t)n_nodes + 1) * sizeof(*r->peak_sites));
	if (!r->peak_sites) {
		free(ranks);
		return -1;
	}
	for (uint32_t i = 0; i <= n_nodes; i++)
		if (r->peak.sites[i].blocks && !is_hidden[i])
			ranks[n++] = (struct rank){r->peak.sites[i].bytes,
						   r->peak.sites[i].blocks, i};
	qsort(ranks, n, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; i < n; i++)
		r->peak_sites[i] = ranks[i].node;
	r->n_peak_sites = n;
	free(ranks);
	return 0;
}

/* Who allocated what was freed soon.  What is not known is no error. */
static int
rank_temporary(struct report *r, const bool *is_hidden)
{
	uint32_t n_nodes = r->heap->n_nodes;
	struct rank *ranks = malloc(((size_t)n_nodes + 1) * sizeof(*ranks));
	size_t n = 0;

	r->temporary = heap_temporary(r->heap);
	r->temporary_sites = malloc(((size_t)n_nodes + 1) * sizeof(*r->temporary_sites));
	if (!ranks || !r->temporary_sites) {
		free(ranks);
		return -1;
	}
	for (uint32_t i = 1; r->temporary && i <= n_nodes; i++)
		if (r->temporary[i] && !is_hidden[i])
			ranks[n++] = (struct rank){r->temporary[i],
						   r->heap->nodes[i].allocated_bytes, i};
	qsort(ranks, n, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; i < n; i++)
		r->temporary_sites[i] = ranks[i].node;
	r->n_temporary_sites = n;
	free(ranks);
	return 0;
}

static int
rank_waste(struct report *r, const bool *is_hidden)
{
	size_t n = 0;

	if (waste_rank(r->heap, &r->waste) != 0)
		return -1;
	for (size_t i = 0; i < r->waste.n; i++)
		if (!is_hidden[r->waste.nodes[i]])
			r->waste.nodes[n++] = r->waste.nodes[i];
	r->waste.n = n;
	return 0;
}

static int
rank_all(struct report *r)
{
	bool *is_hidden = find_hidden(r);
	int failed = is_hidden ? rank_list(r, is_hidden, r->options.sort) : -1;

	if (!failed && !r->options.one_list) {
		for (int sort = ORDER_LIVE; sort <= ORDER_ALLOCATIONS && !failed; sort++)
			if (!r->lists[sort])
				failed = rank_list(r, is_hidden, (enum order)sort);
	}
	if (!failed)
		failed = rank_peak(r, is_hidden) || rank_temporary(r, is_hidden) ||
					 rank_waste(r, is_hidden)
				 ? -1
				 : 0;
	free(is_hidden);
	return failed;
}

/* Look up the names now, so that progress is shown before the report and not
 * in between. */
static void
fetch_names(const struct report *r)
{
	struct stack s;

	for (int sort = 0; sort < N_ORDERS; sort++)
		for (size_t i = 0; r->lists[sort] && i < r->n_listed[sort]; i++)
			if (stack_get(r->heap, r->symbols, r->lists[sort][i], &s) == 0)
				stack_free(&s);
	for (size_t i = 0; i < r->n_mappings_listed; i++)
		if (stack_get(r->heap, r->symbols, r->mappings[i].site, &s) == 0)
			stack_free(&s);
}

/* ---- survival ---- */

/* Add a range of epochs to the last row, or begin another if that one is wide
 * enough. */
static void
chart_add(struct report *r, uint64_t width, const struct report_epochs *e)
{
	struct report_epochs *row = r->n_epochs ? &r->epochs[r->n_epochs - 1] : NULL;

	if (!row || row->last - row->first >= width - 1) {
		r->epochs[r->n_epochs++] = *e;
		return;
	}
	row->last = e->last;
	row->has_survived |= e->has_survived;
	row->survived_bytes += e->survived_bytes;
}

/* Epochs first..last of which the timeline says nothing, if any block lives. */
static void
chart_add_gap(struct report *r, uint64_t width, uint64_t first, uint64_t last)
{
	struct report_epochs gap = {.first = first, .last = last};

	if (first <= last && heap_live_of_epochs(r->heap, first, last).blocks > 0)
		chart_add(r, width, &gap);
}

/* Rows out of the timeline, whose records may be wide already. */
static int
build_chart(struct report *r)
{
	const struct heap *h = r->heap;
	uint64_t next = 0, end = h->info.epoch;
	uint64_t width;

	if (h->n_birth_epochs && h->birth_epochs[h->n_birth_epochs - 1].epoch > end)
		end = h->birth_epochs[h->n_birth_epochs - 1].epoch;
	width = end / CHART_ROWS + 1;
	r->epochs = calloc(h->n_epochs * 2 + 1, sizeof(*r->epochs));
	if (!r->epochs)
		return -1;
	for (size_t i = 0; i < h->n_epochs; i++) {
		const struct hf_epochs *t = &h->epochs[i];
		struct report_epochs e = {
			.first = t->first_epoch,
			.last = t->first_epoch + (t->n_epochs - 1),
			.survived_bytes = t->survived_bytes,
			.has_survived = true,
		};

		if (t->first_epoch > next)
			chart_add_gap(r, width, next, t->first_epoch - 1);
		chart_add(r, width, &e);
		next = e.last + 1;
	}
	chart_add_gap(r, width, next, end);
	for (size_t i = 0; i < r->n_epochs; i++)
		r->epochs[i].live =
			heap_live_of_epochs(h, r->epochs[i].first, r->epochs[i].last);
	return 0;
}

/* ---- demography ---- */

/* Live bytes by node, whatever the filters: like the survival rows, these are of
 * the whole snapshot.  For free(3). */
static uint64_t *
sum_live_bytes(const struct heap *h)
{
	uint64_t *bytes = calloc((size_t)h->n_nodes + 1, sizeof(*bytes));

	for (uint32_t i = 0; bytes && i < h->n_blocks; i++)
		bytes[h->blocks[i].site] += heap_block_requested(&h->blocks[i]);
	return bytes;
}

/* Keep the largest nodes, in falling order. */
static void
demography_choose(struct report_demography *d, const uint64_t *bytes, uint32_t n_nodes)
{
	for (uint32_t node = 0; node <= n_nodes; node++) {
		size_t at = d->n_sites;

		while (at > 0 && bytes[node] > bytes[d->sites[at - 1]])
			at--;
		if (bytes[node] == 0 || at == REPORT_DEMOGRAPHY_SITES)
			continue;
		if (d->n_sites < REPORT_DEMOGRAPHY_SITES)
			d->n_sites++;
		for (size_t i = d->n_sites - 1; i > at; i--)
			d->sites[i] = d->sites[i - 1];
		d->sites[at] = node;
	}
}

size_t
report_row_of_epoch(const struct report *r, uint64_t epoch)
{
	size_t low = BISECT(r->n_epochs, at, r->epochs[at].last < epoch);

	return low < r->n_epochs && r->epochs[low].first <= epoch ? low : r->n_epochs;
}

static int
build_demography(struct report *r)
{
	const struct heap *h = r->heap;
	struct report_demography *d = &r->demography;
	uint64_t *bytes = sum_live_bytes(h);
	size_t *rows = calloc((size_t)h->n_births + 1, sizeof(*rows));

	if (bytes)
		demography_choose(d, bytes, h->n_nodes);
	d->live_bytes = calloc(r->n_epochs * (d->n_sites + 1) + 1, sizeof(*d->live_bytes));
	free(bytes);
	if (!bytes || !rows || !d->live_bytes) {
		free(rows);
		return -1;
	}
	for (uint32_t i = 0; i <= h->n_births; i++)
		rows[i] = h->births[i].is_known
				  ? report_row_of_epoch(r, h->births[i].epoch)
				  : r->n_epochs;
	for (uint32_t i = 0; i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];
		size_t row = rows[b->birth], site = 0;

		while (site < d->n_sites && d->sites[site] != b->site)
			site++;
		if (row < r->n_epochs)
			d->live_bytes[row * (d->n_sites + 1) + site] +=
				heap_block_requested(b);
	}
	free(rows);
	return 0;
}

/* ---- external memory ---- */

static int
compare_mapping_sites(const void *a, const void *b)
{
	const struct report_mapping *x = a, *y = b;

	return (x->site > y->site) - (x->site < y->site);
}

static int
compare_mapping_bytes(const void *a, const void *b)
{
	const struct report_mapping *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->reserved != y->reserved)
		return x->reserved < y->reserved ? 1 : -1;
	return compare_mapping_sites(a, b);
}

static void
mapping_merge(struct report_mapping *to, const struct report_mapping *from)
{
	to->flags |= from->flags;
	to->count += from->count;
	to->bytes += from->bytes;
	to->reserved += from->reserved;
	to->young_bytes += from->young_bytes;
	to->old_bytes += from->old_bytes;
}

static int
build_mappings(struct report *r)
{
	const struct heap *h = r->heap;
	struct report_mapping *rows = calloc(h->n_mappings + 1, sizeof(*rows));
	size_t n = 0, merged = 0;

	if (!rows)
		return -1;
	r->mappings = rows;
	for (size_t i = 0; i < h->n_mappings; i++) {
		const struct heap_mapping *m = &h->mappings[i];
		bool is_old = h->births[m->birth].is_old;
		uint64_t bytes = m->flags & (HEAPFILE_MAPPING_READ |
					     HEAPFILE_MAPPING_WRITE | HEAPFILE_MAPPING_EXEC)
					 ? m->bytes
					 : 0;

		if (!heap_filter_passes(h, &r->options.filter, m->birth) ||
		    !passes(r, m->site))
			continue;
		rows[n++] = (struct report_mapping){
			.site = m->site,
			.flags = m->flags,
			.count = 1,
			.bytes = bytes,
			.reserved = m->bytes - bytes,
			.young_bytes = is_old ? 0 : bytes,
			.old_bytes = is_old ? bytes : 0,
		};
	}
	qsort(rows, n, sizeof(*rows), compare_mapping_sites);
	for (size_t i = 0; i < n; i++) {
		if (merged && rows[merged - 1].site == rows[i].site)
			mapping_merge(&rows[merged - 1], &rows[i]);
		else
			rows[merged++] = rows[i];
	}
	qsort(rows, merged, sizeof(*rows), compare_mapping_bytes);
	r->n_mappings = merged;
	r->n_mappings_listed =
		r->options.top && r->options.top < merged ? r->options.top : merged;
	return 0;
}

/* ---- the whole ---- */

uint32_t
report_n_types(const struct report *r)
{
	const struct types *t = r->findings->types;

	if (!t)
		return 0;
	return r->options.top && r->options.top < t->n ? (uint32_t)r->options.top : t->n;
}

struct report *
report_new(const struct heap *heap, struct symbols *symbols,
	   const struct findings *findings, const struct report_options *options)
{
	static const struct findings none;
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->heap = heap;
	r->symbols = symbols;
	r->findings = findings ? findings : &none;
	r->options = *options;
	r->sites = heap_aggregate(heap, &options->filter);
	if (!r->sites || rank_all(r) || build_chart(r) || build_demography(r) ||
	    build_mappings(r)) {
		report_free(r);
		return NULL;
	}
	if (symbols && !options->findings_only)
		fetch_names(r);
	return r;
}

void
report_free(struct report *r)
{
	if (!r)
		return;
	for (int sort = 0; sort < N_ORDERS; sort++)
		free(r->lists[sort]);
	free(r->sites);
	free(r->peak.sites);
	free(r->peak_sites);
	free(r->temporary);
	free(r->temporary_sites);
	waste_fini(&r->waste);
	free(r->epochs);
	free(r->demography.live_bytes);
	free(r->mappings);
	free(r);
}

/* ---- plain tables ---- */

void
report_write_blocks(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;

	fputs("address\trequested\tusable\tkind\tbirth\tage\tthread\tsite\n", f);
	for (uint32_t i = 0; i < h->n_blocks && !ferror(f); i++) {
		const struct heap_block *b = &h->blocks[i];
		const struct heap_birth *birth = &h->births[b->birth];

		if (!heap_filter_passes(h, &r->options.filter, b->birth))
			continue;
		fprintf(f, "0x%" PRIx64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\t",
			heap_block_address(b), heap_block_requested(b),
			heap_block_usable(h, i), text_kind_name(heap_block_kind(b)));
		if (birth->is_known)
			fprintf(f, "%" PRIu64 "\t%" PRIu64 "\t", birth->epoch, birth->age);
		else
			fputs("-\t-\t", f);
		fprintf(f, "%" PRIu64 "\t%" PRIu32 "\n", h->threads[birth->thread].tid,
			b->site);
	}
}

void
report_write_sites_raw(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;

	fputs("site\tallocations\tallocated_bytes\tstack\n", f);
	for (uint32_t i = 1; i <= h->n_nodes && !ferror(f); i++) {
		fprintf(f, "%" PRIu32 "\t%" PRIu64 "\t%" PRIu64, i,
			h->nodes[i].allocations, h->nodes[i].allocated_bytes);
		for (uint32_t n = i; n; n = h->nodes[n].parent) {
			const struct heap_node *node = &h->nodes[n];
			const char *path = h->modules[node->module].path.bytes;
			char *name = text_utf8(path, strlen(path), true);

			if (node->flags & HEAPFILE_SITE_SPECIAL)
				fprintf(f, "\t%s", special_word(node->offset));
			else
				fprintf(f, "\t%s%s+0x%" PRIx64,
					node->flags & HEAPFILE_SITE_EXACT ? "=" : "",
					name ? name : "", node->offset);
			free(name);
		}
		fputc('\n', f);
	}
}

bool
report_is_silent(const struct report_options *options, const struct findings *all)
{
	if (!options->findings_only)
		return false;
	return options->failing_only ? findings_count(all, options->fails_at) == 0
				     : findings_loud(all, options->fails_at) == 0;
}
