/* html.c -- the report as one page for a browser.
 *
 * In:   struct report, struct diff or struct merge; the page without data, which the build made of
 *       tools/html/ (page.sh there) and put into this file's object.
 * Out:  the page with the JSON report in it, as data that is never run.
 * Not here: what stands where and how it looks (tools/html/).
 *
 * The data are the JSON report, but for the sites: a hundred thousand stacks
 * share most of their callers, so the page gets the calling-context tree, and of
 * each site a row of figures.
 *
 *     "strings": ["main", "app.c", ...]
 *     "call_tree": [[node, parent, [function, file, line, module, offset, flags] ...] ...]
 *             frames innermost first, as in JSON's "frames"; names are indices
 *             into strings, -1 for null; flags 1 inlined, 2 special, 4 a library's,
 *             8 another name for malloc
 *     "site_columns": ["site", "live_blocks", ...]     keys of JSON's "sites", "type", "thread",
 *             "births", "folded"
 *     "sites": [[node, value ...] ...]    node: where the site's stack begins
 *             (page_sites.h); or of "folded" small sites that are summed up, their caller
 *
 * And there is what page_facts.h and page_births.h tell.  "is_served": true is there if gcprof
 * view serves the page, which may ask it for more then.  Of a comparison and of many processes the
 * page gets the JSON as it is, "gcprof-diff/1" and "gcprof-merge/1".
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/json.h"

#include "compare/diff.h"
#include "compare/merge.h"

#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/own_code.h"
#include "report/json_stream.h"
#include "report/page_births.h"
#include "report/page_facts.h"
#include "report/page_sites.h"
#include "report/writers.h"
#include "util/text.h"
#include "util/texts.h"

/* ---- the page without data ---- */

/* Named from the top of the build directory, where make compiles this.  Tests have a
 * page of their own. */
#ifndef HTML_PAGE
#define HTML_PAGE "tools/html/page.html"
#endif
__asm__(".pushsection .rodata\n"
	"html_page:\n"
	".incbin \"" HTML_PAGE "\"\n"
	"html_page_end:\n"
	".byte 0\n"
	".popsection\n");
extern const char html_page[] __asm__("html_page");
extern const char html_page_end[] __asm__("html_page_end");

/* Each stands once in the page, in this order; page.sh sees to it: at the end of its policy,
 * and where the data go. */
static const char policy_mark[] = "@POLICY@", data_mark[] = "@DATA@";

/* ---- data inside of a page ---- */

/* JSON on its way into a <script> element.  There "<" could end the element or
 * begin a comment, and U+2028 and U+2029 end lines of scripts; in JSON all of
 * them can stand in strings only, where an escape means the same. */
struct island {
	FILE *to;
	unsigned char held[2]; /* the begin of what may become U+2028 or U+2029 */
	size_t n_held;
};

static void
island_release(struct island *x)
{
	fwrite(x->held, 1, x->n_held, x->to);
	x->n_held = 0;
}

static void
island_put(struct island *x, unsigned char c)
{
	static const unsigned char separator[] = {0xe2, 0x80};

	if (x->n_held == 2 && (c == 0xa8 || c == 0xa9)) {
		x->n_held = 0;
		fputs(c == 0xa8 ? "\\u2028" : "\\u2029", x->to);
		return;
	}
	if (x->n_held == 2 || (x->n_held == 1 && c != separator[1]))
		island_release(x);
	if (c == separator[x->n_held])
		x->held[x->n_held++] = c;
	else if (c == '<')
		fputs("\\u003c", x->to);
	else
		putc(c, x->to);
}

static ssize_t
island_write(void *cookie, const char *bytes, size_t n)
{
	struct island *x = cookie;

	for (size_t i = 0; i < n; i++)
		island_put(x, (unsigned char)bytes[i]);
	return ferror(x->to) ? -1 : (ssize_t)n;
}

/* ---- the calling-context tree ---- */

struct tree {
	const struct report *r;
	FILE *f;
	struct page_sites *sites;
	struct texts strings; /* from 1 */
};

/* A name's place in "strings". */
static json_t *
intern(struct tree *t, const char *bytes, size_t n)
{
	char *valid = bytes ? text_utf8(bytes, n, false) : NULL;

	return json_integer((json_int_t)texts_take(&t->strings, valid) - 1);
}

static json_t *
intern_text(struct tree *t, const char *s)
{
	return intern(t, s, s ? strlen(s) : 0);
}

enum { FLAG_INLINED = 1, FLAG_SPECIAL = 2, FLAG_LIBRARY = 4, FLAG_ALLOCATOR = 8 };

/* Of a node's own frames, as far as they tell whose it is. */
static int
frame_flags(const struct tree *t, const struct stack *s, size_t i)
{
	const struct stack_frame *f = &s->frames[i];
	int flags = (f->is_inlined ? FLAG_INLINED : 0) | (f->special ? FLAG_SPECIAL : 0);

	if (!own_code_is(t->r->heap, s, i))
		flags |= FLAG_LIBRARY;
	if (f->function && !f->special && names_is_allocator(f))
		flags |= FLAG_ALLOCATOR;
	return flags;
}

static json_t *
tree_frame(struct tree *t, const struct stack *s, size_t i)
{
	const struct stack_frame *f = &s->frames[i];
	const struct heap_text *path = &t->r->heap->modules[f->module].path;
	json_t *a = json_array();

	(void)json_array_append_new(a,
				    intern_text(t, f->special ? f->special : f->function));
	(void)json_array_append_new(a, intern_text(t, f->file));
	(void)json_array_append_new(a, json_integer(f->line));
	(void)json_array_append_new(a, intern(t, f->module ? path->bytes : NULL, path->n));
	(void)json_array_append_new(a, json_integer((json_int_t)f->offset));
	(void)json_array_append_new(a, json_integer(frame_flags(t, s, i)));
	return a;
}

/* Node 0 is the unknown place. */
static void
write_node(struct tree *t, uint32_t node)
{
	const struct report *r = t->r;
	json_t *a = json_array();
	struct stack s = {NULL, 0};
	int failed = node ? stack_node_get(r->heap, r->symbols, node, &s)
			  : stack_get(r->heap, r->symbols, 0, &s);

	(void)json_array_append_new(a, json_integer(node));
	(void)json_array_append_new(a, json_integer(r->heap->nodes[node].parent));
	for (size_t i = 0; !failed && i < s.n; i++)
		(void)json_array_append_new(a, tree_frame(t, &s, i));
	stack_free(&s);
	if (node)
		fputs(",\n", t->f);
	json_stream_value(t->f, a);
}

static void
write_tree(struct tree *t)
{
	const struct heap *h = t->r->heap;

	for (size_t i = 0; i < t->r->findings->n; i++) {
		const struct finding *x = &t->r->findings->list[i];

		page_sites_want(t->sites, h, stack_top(h, x->site));
		page_sites_want(t->sites, h, stack_top(h, x->alloc_site));
	}
	fputs(",\n\"call_tree\": [", t->f);
	write_node(t, 0);
	for (uint32_t node = 1; node <= h->n_nodes && !ferror(t->f); node++)
		if (t->sites->is_wanted[node])
			write_node(t, node);
	fputs("],\n\"strings\": [", t->f);
	for (uint32_t i = 1; i <= t->strings.numbers.n && !ferror(t->f); i++) {
		if (i > 1)
			putc(',', t->f);
		json_stream_text(t->f, t->strings.list[i]);
	}
	putc(']', t->f);
}

/* ---- sites ---- */

/* Null by key of a site: those of the unknown place, and of the first site, which may have
 * estimates. */
static json_t *
keys_of_sites(const struct report *r)
{
	enum order sort = r->options.sort;
	uint32_t nodes[] = {0, r->n_listed[sort] ? r->lists[sort][0] : 0};
	json_t *keys = json_object();

	for (int i = 0; i < 2; i++) {
		json_t *facts = report_json_site(r, nodes[i]);
		const char *key;
		json_t *value;

		json_object_foreach(facts, key, value)(void)
			json_object_set_new(keys, key, json_null());
		json_decref(facts);
	}
	return keys;
}

static void
write_columns(json_t *keys, FILE *f)
{
	json_t *columns = json_array();
	const char *key;
	json_t *value;

	json_object_foreach(keys, key, value)(void)
		json_array_append_new(columns, json_string_nocheck(key));
	(void)json_array_append_new(columns, json_string("type"));
	(void)json_array_append_new(columns, json_string("thread"));
	(void)json_array_append_new(columns, json_string("births"));
	(void)json_array_append_new(columns, json_string("folded"));
	fputs(",\n\"site_columns\": ", f);
	json_stream_value(f, columns);
}

/* What the page needs to write its rows. */
struct rows {
	const struct report *r;
	const struct page_sites *sites;
	const struct page_traits *traits;
	struct page_births *births;
	json_t *keys; /* of the columns; not all sites have all */
};

/* Of many sites what can be added up. */
static json_t *
row_facts(const struct rows *x, const struct page_row *row)
{
	const uint32_t *members = x->sites->members + row->first;

	return row->is_sum ? report_json_site_sum(x->r, members, row->n)
			   : report_json_site(x->r, members[0]);
}

static void
write_row(const struct rows *x, const struct page_row *row, FILE *f)
{
	static const struct page_traits mixed = {.thread = PAGE_THREADS};
	const uint32_t *members = x->sites->members + row->first;
	json_t *facts = row_facts(x, row), *array = json_array();
	const char *key;
	json_t *value;

	(void)json_array_append_new(array, json_integer(stack_top(x->r->heap, row->node)));
	json_object_foreach(x->keys, key, value)
	{
		json_t *fact = json_object_get(facts, key);

		(void)json_array_append(array, fact ? fact : value);
	}
	page_traits_put(row->is_sum ? &mixed : &x->traits[members[0]], array);
	for (uint32_t i = 0; i < row->n; i++)
		page_births_add(x->births, members[i]);
	(void)json_array_append_new(array, page_births_take(x->births));
	(void)json_array_append_new(array, json_integer(row->is_sum ? row->n : 0));
	json_decref(facts);
	json_stream_value(f, array);
}

static void
write_sites(const struct report *r, FILE *f)
{
	struct tree t = {.r = r, .f = f, .sites = page_sites_new(r)};
	struct page_traits *traits = page_traits_new(r);
	struct page_births *births = page_births_new(r);
	const struct rows rows = {r, t.sites, traits, births, keys_of_sites(r)};

	if (t.sites)
		write_tree(&t);
	page_facts_write(r, f);
	if (births)
		page_births_write(births, f);
	write_columns(rows.keys, f);
	fputs(",\n\"sites\": [", f);
	for (size_t i = 0;
	     t.sites && traits && births && i < t.sites->n_rows && !ferror(f); i++) {
		fputs(i ? ",\n" : "\n", f);
		write_row(&rows, &t.sites->rows[i], f);
	}
	fputs("]", f);
	texts_fini(&t.strings);
	page_sites_free(t.sites);
	json_decref(rows.keys);
	free(traits);
	page_births_free(births);
}

/* ---- the whole ---- */

/* The page up to a mark, from where it was written before; behind the mark. */
static const char *
write_until(FILE *f, const char *from, const char *mark)
{
	size_t left = (size_t)(html_page_end - from), n_mark = strlen(mark);
	const char *at = memmem(from, left, mark, n_mark);

	if (!at)
		abort(); /* page.sh has not done its duty */
	fwrite(from, 1, (size_t)(at - from), f);
	return at + n_mark;
}

/* Write the page with data in it, which put() writes.
 *
 * policy  more for it. */
static int
write_page(FILE *f, const char *policy, void (*put)(const void *what, FILE *data),
	   const void *what)
{
	static const cookie_io_functions_t functions = {.write = island_write};
	const char *rest = write_until(f, html_page, policy_mark);
	struct island island = {.to = f};
	FILE *data;

	fputs(policy, f);
	rest = write_until(f, rest, data_mark);
	data = fopencookie(&island, "w", functions);
	if (!data)
		return -1;
	put(what, data);
	fclose(data); /* its errors are those of f */
	island_release(&island);
	fwrite(rest, 1, (size_t)(html_page_end - rest), f);
	return 0;
}

static void
put_report(const void *what, FILE *data)
{
	report_json_write(what, data, write_sites);
}

int
report_write_html(const struct report *r, FILE *f)
{
	return write_page(f, "", put_report, r);
}

static void
write_served(const struct report *r, FILE *f)
{
	write_sites(r, f);
	fputs(",\n\"is_served\": true", f);
}

static void
put_served(const void *what, FILE *data)
{
	report_json_write(what, data, write_served);
}

int
report_write_served(const struct report *r, FILE *f)
{
	return write_page(f, "; connect-src 'self'", put_served, r);
}

static void
put_diff(const void *what, FILE *data)
{
	(void)report_diff_json(what, data);
}

int
report_diff_html(const struct diff *d, FILE *f)
{
	return write_page(f, "", put_diff, d);
}

static void
put_merge(const void *what, FILE *data)
{
	(void)report_merge_json(what, data);
}

int
report_merge_html(const struct merge *m, FILE *f)
{
	return write_page(f, "", put_merge, m);
}
