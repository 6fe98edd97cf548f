/* page_facts.c -- what the HTML page is told beside the JSON report.
 *
 * In:   struct report.
 * Out:  members of the page's data; two columns of its sites.
 * Not here: the tree and the rows that they stand in (html.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/page_facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain/containment.h"
#include "report/brief.h"
#include "report/json_stream.h"
#include "report/summary.h"
#include "util/text.h"

static void
append(json_t *array, uint64_t v)
{
	(void)json_array_append_new(
		array, json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v));
}

/* ---- suspects, with what lives of them by birth ---- */

struct courses {
	size_t suspects[BRIEF_SUSPECTS], n;
	uint8_t *of_node; /* by node: its suspect, from 1; the first that has it */
	uint64_t *bytes;  /* by row of the demography, then by suspect */
};

static void
assign_sites(const struct report *r, struct courses *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct finding *x = &r->findings->list[c->suspects[i]];

		for (size_t k = 0; k < (x->sites ? x->n_sites : 1); k++) {
			uint32_t node = x->sites ? x->sites[k] : x->site;

			if (!c->of_node[node])
				c->of_node[node] = (uint8_t)(i + 1);
		}
	}
}

static void
add_blocks(const struct report *r, struct courses *c)
{
	const struct heap *h = r->heap;

	for (uint32_t i = 0; i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];
		const struct heap_birth *birth = &h->births[b->birth];
		size_t row, suspect = c->of_node[b->site];

		if (!suspect || !birth->is_known)
			continue;
		row = report_row_of_epoch(r, birth->epoch);
		if (row < r->n_epochs)
			c->bytes[row * BRIEF_SUSPECTS + suspect - 1] +=
				heap_block_requested(b);
	}
}

static json_t *
suspects(const struct report *r)
{
	struct courses c = {
		.of_node = calloc((size_t)r->heap->n_nodes + 1, sizeof(*c.of_node)),
		.bytes = calloc((r->n_epochs + 1) * BRIEF_SUSPECTS, sizeof(*c.bytes)),
	};
	json_t *array = json_array();

	if (c.of_node && c.bytes) {
		c.n = brief_suspects(r, c.suspects);
		assign_sites(r, &c);
		add_blocks(r, &c);
	}
	for (size_t i = 0; i < c.n; i++) {
		json_t *suspect = json_array(), *course = json_array();

		for (size_t row = 0; row < r->n_epochs; row++)
			append(course, c.bytes[row * BRIEF_SUSPECTS + i]);
		append(suspect, c.suspects[i]);
		(void)json_array_append_new(suspect, course);
		(void)json_array_append_new(array, suspect);
	}
	free(c.of_node);
	free(c.bytes);
	return array;
}

/* ---- the other members ---- */

static json_t *
growing(const struct report *r)
{
	json_t *o = json_object();
	uint64_t bytes;
	size_t n = summary_growing(r, &bytes);

	(void)json_object_set_new(o, "findings", json_integer((json_int_t)n));
	(void)json_object_set_new(o, "bytes", json_integer((json_int_t)bytes));
	return o;
}

static json_t *
finding_sites(const struct report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->findings->n; i++) {
		const struct finding *x = &r->findings->list[i];
		json_t *sites = json_array();

		append(sites, stack_top(r->heap, x->site));
		append(sites, x->site);
		append(sites, x->alloc_site ? stack_top(r->heap, x->alloc_site) : 0);
		append(sites, x->alloc_site);
		(void)json_array_append_new(array, sites);
	}
	return array;
}

/* ---- what retains the memory ---- */

enum {
	RETAINED_NODES = 4000, /* at most, so that the page stays small */
	RETAINED_PART = 10000  /* of all; less is left out */
};

static size_t
count_above(const struct containment *c, uint64_t least)
{
	size_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		n += c->nodes[i].retained.bytes >= least;
	return n;
}

static void
put_name(FILE *f, const char *name)
{
	char *text = text_utf8(name, strlen(name), false);

	json_stream_text(f, text);
	free(text);
}

static void
put_counts(FILE *f, const struct heap_count *c)
{
	fprintf(f, ",%" PRIu64 ",%" PRIu64, c->blocks, c->bytes);
}

/* A parent has at least what each of its children has: none is missing. */
static void
write_nodes(const struct containment *c, FILE *f)
{
	uint64_t least = c->nodes[0].retained.bytes / RETAINED_PART + 1;
	uint32_t *numbers = calloc(c->n, sizeof(*numbers)), n = 0;

	while (count_above(c, least) > RETAINED_NODES)
		least += least / 2 + 1;
	for (uint32_t i = 0; numbers && i < c->n && !ferror(f); i++) {
		const struct containment_node *x = &c->nodes[i];

		if (x->retained.bytes < least)
			continue;
		numbers[i] = n;
		fprintf(f, "%s[%" PRIu32 ",", n++ ? ",\n" : "\n", numbers[x->parent]);
		put_name(f, i ? c->texts.list[x->name] : "");
		put_counts(f, &x->own);
		put_counts(f, &x->retained);
		putc(']', f);
	}
	free(numbers);
}

static void
write_retained(const struct report *r, FILE *f)
{
	struct containment *c = r->heap->has_roots ? containment_new(r->heap, r->symbols,
								     r->findings->types,
								     &r->options.graph)
						   : NULL;

	fputs(",\n\"retained\": [", f);
	if (c)
		write_nodes(c, f);
	putc(']', f);
	containment_free(c);
}

void
page_facts_write(const struct report *r, FILE *f)
{
	fputs(",\n\"suspects\": ", f);
	json_stream_value(f, suspects(r));
	fputs(",\n\"growing\": ", f);
	json_stream_value(f, growing(r));
	fputs(",\n\"finding_sites\": ", f);
	json_stream_value(f, finding_sites(r));
	write_retained(r, f);
}

/* ---- sites ---- */

/* A type that has more than half of the bytes leads at the end, whatever the order. */
static void
add_type(struct page_traits *t, uint32_t type, uint64_t bytes)
{
	if (t->type == type) {
		t->lead += bytes;
	} else if (t->lead >= bytes) {
		t->lead -= bytes;
	} else {
		t->type = type;
		t->lead = bytes - t->lead;
	}
}

struct page_traits *
page_traits_new(const struct report *r)
{
	const struct heap *h = r->heap;
	const struct types *types = r->findings->types;
	struct page_traits *all = calloc((size_t)h->n_nodes + 1, sizeof(*all));

	for (uint32_t i = 0; all && i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];
		struct page_traits *t = &all[b->site];
		uint32_t thread = h->births[b->birth].thread;

		if (types)
			add_type(t, types_of_block(types, i), heap_block_requested(b) + 1);
		if (thread && t->thread != thread)
			t->thread = t->thread ? PAGE_THREADS : thread;
	}
	return all;
}

void
page_traits_put(const struct page_traits *t, json_t *row)
{
	(void)json_array_append_new(row, json_integer((json_int_t)t->type - 1));
	(void)json_array_append_new(
		row,
		json_integer(t->thread == PAGE_THREADS ? -2 : (json_int_t)t->thread - 1));
}
