/* answers.c -- see answers.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "analyze/inspect.h"
#include "explain/types.h"
#include "graph/dominators.h"
#include "report/json.h"
#include "report/writers.h"
#include "util/text.h"
#include "view/sources.h"

enum { MOST_ROWS = 1000, FOUND = 200, MISSING = 404 };

struct answers {
	const struct analysis *analysis;
	const struct heap *heap;
	struct report *report;
	struct report_options options; /* of the report */
	struct inspect *inspect;
	struct sources *sources; /* NULL = nobody has asked yet */
	char *page, *policy;
	size_t n_page;
};

/* ---- the page ---- */

/* The page's own, and what can stand in a header only. */
static char *
policy_of(const char *page)
{
	static const char mark[] = "\"Content-Security-Policy\" content=\"";
	const char *from = strstr(page, mark);
	char *policy = NULL;

	if (from) {
		from += sizeof(mark) - 1;
		if (asprintf(&policy, "%.*s; frame-ancestors 'none'",
			     (int)strcspn(from, "\""), from) < 0)
			return NULL;
	}
	return policy;
}

static int
write_page(struct answers *x)
{
	FILE *f = open_memstream(&x->page, &x->n_page);
	int failed = f ? report_write_served(x->report, f) : -1;

	if (f && (ferror(f) || fclose(f) != 0))
		failed = -1;
	x->policy = failed ? NULL : policy_of(x->page);
	return x->policy ? 0 : -1;
}

struct answers *
answers_new(const struct settings *s, const struct analysis *a)
{
	struct answers *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->analysis = a;
	x->heap = a->heap;
	x->options = analysis_report_options(s, a, s->outputs[0].format);
	x->report = report_new(a->heap, a->symbols, a->findings, &x->options);
	x->inspect = inspect_new(a->heap, a->symbols, &s->detect.graph, &x->options, NULL,
				 NULL);
	if (!x->report || !x->inspect || write_page(x) != 0) {
		answers_free(x);
		return NULL;
	}
	return x;
}

void
answers_free(struct answers *x)
{
	if (!x)
		return;
	sources_free(x->sources);
	inspect_free(x->inspect);
	report_free(x->report);
	free(x->policy);
	free(x->page);
	free(x);
}

/* ---- JSON ---- */

static void
put(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value ? value : json_null());
}

static json_t *
number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *
text(const char *s)
{
	char *valid = text_utf8(s, strlen(s), false);
	json_t *value = valid ? json_string(valid) : NULL;

	free(valid);
	return value;
}

static json_t *no_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

static json_t *
no_answer(const char *format, ...)
{
	json_t *o = json_object();
	char *sentence = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&sentence, format, args);
	va_end(args);
	if (n >= 0) {
		put(o, "error", text(sentence));
		free(sentence);
	}
	return o;
}

static void
put_birth(const struct heap_birth *b, json_t *o)
{
	put(o, "epoch", b->is_known ? number(b->epoch) : NULL);
	put(o, "age", b->is_known ? number(b->age) : NULL);
	put(o, "cohort", text(!b->is_known ? "unknown" : b->is_old ? "old" : "young"));
	put(o, "thread", b->thread ? number(b->thread - 1) : NULL);
}

static json_t *
block_facts(const struct answers *x, uint32_t block)
{
	const struct heap_block *b = &x->heap->blocks[block];
	const struct types *types = x->analysis->findings->types;
	const struct heap_text *content = heap_block_content(x->heap, block);
	json_t *o = json_object();
	char address[24];

	(void)snprintf(address, sizeof(address), "0x%" PRIx64, heap_block_address(b));
	put(o, "address", text(address));
	put(o, "bytes", number(heap_block_requested(b)));
	put(o, "usable_bytes", number(heap_block_usable(x->heap, block)));
	put(o, "kind", text(text_kind_name(heap_block_kind(b))));
	put_birth(&x->heap->births[b->birth], o);
	put(o, "site", number(b->site));
	put(o, "type",
	    types ? text(types_name(types, types_of_block(types, block))) : NULL);
	put(o, "content", content ? report_json_content(content) : NULL);
	return o;
}

/* ---- lists of blocks ---- */

/* Which are wanted. */
struct wanted {
	const struct answers *x;
	const struct finding *finding; /* of that, */
	const struct graph *graph;     /* in that state there if it is not NULL; */
	enum graph_state state;
	bool is_type; /* else of that type, or site */
	uint32_t number;
};

static bool
has_site(const struct finding *f, uint32_t site)
{
	for (size_t i = 0; i < f->n_sites; i++)
		if (f->sites[i] == site)
			return true;
	return f->sites ? false : f->site == site;
}

static bool
is_wanted(const void *with, uint32_t block)
{
	const struct wanted *w = with;
	uint32_t site = w->x->heap->blocks[block].site;

	if (w->finding)
		return has_site(w->finding, site) &&
		       (!w->graph || w->graph->states[block] == w->state);
	if (w->is_type)
		return types_of_block(w->x->analysis->findings->types, block) == w->number;
	return site == w->number && heap_filter_passes(w->x->heap, &w->x->options.filter,
						       w->x->heap->blocks[block].birth);
}

/* What is lost is that in one way. */
static void
want_finding(struct wanted *w, const struct finding *f)
{
	w->finding = f;
	w->state = strcmp(f->kind, "leak") == 0 ? graph_state_named(f->verdict)
						: GRAPH_N_STATES;
	if (w->state != GRAPH_N_STATES)
		w->graph = inspect_graph(w->x->inspect);
}

/* An argument that is a number up to `most`. */
static bool
take_number(const struct server_question *q, const char *key, uint64_t most, uint64_t *ret)
{
	const char *given = server_argument(q, key);

	return given && inspect_parse(given, ret) == 0 && *ret <= most;
}

static bool
read_wanted(const struct server_question *q, struct wanted *w)
{
	const struct findings *findings = w->x->analysis->findings;
	uint64_t n;

	if (take_number(q, "site", w->x->heap->n_nodes, &n)) {
		w->number = (uint32_t)n;
		return true;
	}
	if (findings->types && take_number(q, "type", findings->types->n - 1, &n)) {
		w->is_type = true;
		w->number = (uint32_t)n + 1;
		return true;
	}
	if (findings->n && take_number(q, "finding", findings->n - 1, &n)) {
		want_finding(w, &findings->list[n]);
		return true;
	}
	return false;
}

static bool
read_order(const struct server_question *q, enum inspect_order *ret)
{
	const char *order = server_argument(q, "order");

	*ret = INSPECT_LARGEST;
	for (int i = 0; order && inspect_order_names[i]; i++)
		if (strcmp(order, inspect_order_names[i]) == 0) {
			*ret = (enum inspect_order)i;
			return true;
		}
	return !order;
}

static json_t *
list_blocks(struct answers *x, const struct server_question *q)
{
	struct wanted w = {.x = x};
	enum inspect_order order;
	struct heap_count live;
	json_t *o, *rows;
	uint32_t *blocks;

	if (!read_wanted(q, &w) || !read_order(q, &order))
		return no_answer("no such site, type, finding or order");
	blocks = inspect_list(x->heap, is_wanted, &w, order, &live);
	if (!blocks)
		return NULL;
	o = json_object();
	rows = json_array();
	for (size_t i = 0; i < live.blocks && i < MOST_ROWS; i++)
		(void)json_array_append_new(rows, block_facts(x, blocks[i]));
	free(blocks);
	put(o, "blocks", number(live.blocks));
	put(o, "bytes", number(live.bytes));
	put(o, "order", text(inspect_order_names[order]));
	put(o, "rows", rows);
	return o;
}

/* ---- one block ---- */

static void
put_graph_facts(struct answers *x, uint32_t block, json_t *o)
{
	const struct graph *g = inspect_graph(x->inspect);
	const struct dominators *d = inspect_dominators(x->inspect);
	struct heap_count retained;

	if (!g || !d)
		return;
	put(o, "state", text(graph_state_title((enum graph_state)g->states[block])));
	retained = dominators_retained(d, block);
	put(o, "retained_blocks", number(retained.blocks));
	put(o, "retained_bytes", number(retained.bytes));
}

static json_t *
path_of(struct answers *x, uint32_t block)
{
	struct holder path;
	json_t *steps;

	if (inspect_find_path(x->inspect, block, &path) != 0)
		return json_null();
	steps = report_json_path(x->report, path.steps, path.n_steps, path.n_left_out);
	holder_free(&path);
	return steps;
}

static json_t *
tell_block(struct answers *x, const struct server_question *q)
{
	uint64_t address = 0;
	uint32_t block;
	json_t *o;

	if (!take_number(q, "address", UINT64_MAX, &address))
		return no_answer("no address");
	block = inspect_find_block(x->heap, address);
	if (block == x->heap->n_blocks)
		return no_answer("0x%" PRIx64 " is in no live block", address);
	o = block_facts(x, block);
	put(o, "inside", number(address - heap_block_address(&x->heap->blocks[block])));
	put(o, "frames", report_json_frames(x->report, x->heap->blocks[block].site));
	put_graph_facts(x, block, o);
	put(o, "path", path_of(x, block));
	return o;
}

/* ---- sources ---- */

static json_t *
show_source(struct answers *x, const struct server_question *q)
{
	const char *file = server_argument(q, "file");
	struct source_lines lines;
	uint64_t line;
	json_t *o, *list;

	if (!file || !take_number(q, "line", UINT32_MAX, &line))
		return no_answer("no file, or no line");
	if (!x->sources)
		x->sources = sources_new(x->heap, x->analysis->symbols,
					 x->analysis->places->root);
	if (!x->sources)
		return NULL;
	switch (sources_read(x->sources, file, (uint32_t)line, &lines)) {
	case SOURCES_UNNAMED:
		return no_answer("'%s' is no source of the snapshot", file);
	case SOURCES_UNREADABLE:
		return no_answer("'%s': %s; is it on this machine?", file, strerror(errno));
	case SOURCES_READ:
		break;
	}
	o = json_object();
	list = json_array();
	for (size_t i = 0; i < lines.n; i++)
		(void)json_array_append_new(list, text(lines.lines[i]));
	put(o, "file", text(file));
	put(o, "line", number(line));
	put(o, "first", number(lines.first));
	put(o, "lines", list);
	put(o, "is_newer", json_boolean(lines.changed_ns > x->heap->info.snapshot_time_ns));
	source_lines_fini(&lines);
	return o;
}

/* ---- which ---- */

static const struct {
	const char *name;
	json_t *(*answer)(struct answers *x, const struct server_question *q);
} questions[] = {
	{"blocks", list_blocks},
	{"block", tell_block},
	{"source", show_source},
};

void
answers_give(void *with, const struct server_question *q, struct server_answer *ret)
{
	struct answers *x = with;
	json_t *o = NULL;

	if (!*q->name) {
		ret->type = "text/html; charset=utf-8";
		ret->policy = x->policy;
		ret->bytes = x->page;
		ret->n = x->n_page;
		ret->is_kept = true;
		return;
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (strcmp(q->name, questions[i].name) == 0) {
			o = questions[i].answer(x, q);
			if (!o)
				return;
		}
	if (!o)
		o = no_answer("no such question");
	ret->status = json_object_get(o, "error") ? MISSING : FOUND;
	ret->type = "application/json";
	ret->bytes = json_dumps(o, JSON_COMPACT);
	ret->n = ret->bytes ? strlen(ret->bytes) : 0;
	json_decref(o);
}
