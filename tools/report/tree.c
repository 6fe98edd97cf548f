/* tree.c -- trees for people: by which ways the memory was allocated, or what retains it.
 *
 * In:   the sites of a report, in the order of its --sort, or its heap; which tree.
 * Out:  a line for each function, with what was allocated by way of it; on one screen, or
 *       in full.
 * Not here: trees as data (profile.h); one stack (frames.h); what the tree of what retains the
 *           memory is (containment.h): its groups are nodes here as functions are.
 *
 * top-down    from main inwards
 * bottom-up   from the places that allocate outwards, as the short report has them
 * callers     from the functions that match outwards; of a recursion from the innermost one
 * callees     from them inwards; of a recursion from the outermost one
 *
 * Each site has one way through the tree, and counts at each of its nodes once.  So what stands
 * right below a line adds up to it: what a node allocates itself, beside what others allocate
 * below it, has a line, and what is too small for one has a line together.  What stands below
 * a line that ends in "..." is not shown.
 *
 * A node is a function, whatever its line: runs of a library's frames are one node by the function
 * that the program called, as in stacks, but a function that matches is always one by itself; a
 * function that calls itself at once is one node, too.  Nodes of which each has one child only, that
 * has all of it, stand on one line.
 *
 * On one screen nothing is shown below a hundredth of all (of all that matches), or more if that makes too many lines, nor
 * what is too deep.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/writers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain/containment.h"
#include "names/function_names.h"
#include "names/own_code.h"
#include "names/stacks.h"
#include "report/columns.h"
#include "report/frames.h"
#include "report/process_text.h"
#include "util/hash_index.h"
#include "util/text.h"
#include "util/texts.h"
#include "util/vec.h"

enum {
	MOST_LINES = 50,  /* of the tree, on one screen */
	MOST_LEVELS = 12, /* the same */
	LEAST_LEVELS = 4, /* however many lines they take */
	LEAST_PART = 100, /* of all; less has no line there */
	MOST_WRAPS = 2,   /* lines of a chain, beside the first and the last */
	STEP = 2,         /* columns, of a level */
	FIGURES = 38,     /* columns before the names */
	LEAST_ROOM = 24,  /* for names, however deep they are */
};

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

/* A frame of a stack, or some of a library that are one. */
struct entry {
	uint32_t name, file; /* texts; file 0 = unknown */
	unsigned line;
	uint32_t n_library; /* frames; 0 = it is no library's */
	size_t frame;       /* the first */
	bool matches;
};

/* Node 0 is no function: all of them are below it. */
struct node {
	uint32_t parent, name, file;
	uint32_t child, next; /* the first one; the next of its parent's; 0 = no more */
	uint32_t n_library;
	unsigned line; /* 0 = unknown, or several */
	struct heap_count count;
};

struct work {
	const struct report *r;
	FILE *f;
	struct texts texts;
	struct entry *entries; /* of one site, innermost first */
	size_t n_entries, entries_size;
	struct node *nodes;
	uint32_t n_nodes, nodes_size;
	struct hash_index numbers; /* of nodes: index + 1 */
	struct heap_count whole;   /* of the snapshot */
	uint64_t least;            /* of what has a line */
	size_t levels, n_lines;
	bool is_dry; /* lines are only counted */
	bool failed;
};

static bool
is_outwards(const struct work *w)
{
	enum report_tree_kind kind = w->r->options.tree.kind;

	return kind == REPORT_TREE_BOTTOM_UP || kind == REPORT_TREE_CALLERS;
}

static bool
is_by_number(const struct work *w)
{
	return w->r->options.sort == ORDER_BLOCKS ||
	       w->r->options.sort == ORDER_ALLOCATIONS;
}

/* What a tree is ordered by. */
static uint64_t
measure(const struct work *w, const struct heap_count *c)
{
	return is_by_number(w) ? c->blocks : c->bytes;
}

static struct heap_count
count_of_site(const struct work *w, uint32_t site)
{
	const struct heap_node *n = &w->r->heap->nodes[site];

	switch (w->r->options.sort) {
	case ORDER_OLD:
		return w->r->sites[site].old;
	case ORDER_ALLOCATIONS:
		return (struct heap_count){n->allocations, n->allocated_bytes};
	default:
		return w->r->sites[site].live;
	}
}

static struct heap_count
count_of_heap(const struct work *w)
{
	const struct heap *h = w->r->heap;

	switch (w->r->options.sort) {
	case ORDER_OLD:
		return h->old;
	case ORDER_ALLOCATIONS:
		return (struct heap_count){h->info.allocations, h->info.allocated_bytes};
	default:
		return h->live;
	}
}

static void
add(struct heap_count *to, const struct heap_count *more)
{
	to->blocks = heap_sum(to->blocks, more->blocks);
	to->bytes = heap_sum(to->bytes, more->bytes);
}

/* ---- a stack ------------------------------------------------------------- */

/* What a frame is called, as a text's number. */
static uint32_t
name_frame(struct work *w, const struct stack_frame *frame)
{
	char plain[256], *words = NULL;
	size_t n;
	FILE *f;

	if (frame->function && *names_plain(frame->function, plain, sizeof(plain)))
		return texts_take(&w->texts, text_utf8(plain, strlen(plain), true));
	if (frame->special || frame->function)
		return texts_put(&w->texts,
				 frame->special ? frame->special : frame->function);
	f = open_memstream(&words, &n);
	if (!f)
		return 0;
	layout_place(w->r, f, frame);
	if (fclose(f) != 0) {
		free(words);
		return 0;
	}
	return texts_take(&w->texts, words);
}

static bool
matches(const struct work *w, const struct stack_frame *frame)
{
	const regex_t *functions = w->r->options.tree.functions;

	return functions && frame->function &&
	       regexec(functions, frame->function, 0, NULL, 0) == 0;
}

static void
add_entry(struct work *w, const struct stack *s, size_t first, size_t n_library)
{
	size_t n = n_library ? n_library : 1;
	const struct stack_frame *frame = &s->frames[first + n - 1];
	struct entry e = {.name = name_frame(w, frame),
			  .n_library = n_library > 1 ? (uint32_t)n_library : 0,
			  .frame = first,
			  .matches = matches(w, frame)};
	char *path =
		n_library <= 1 && frame->file ? layout_source(w->r, frame->file) : NULL;

	if (path) {
		e.file = texts_put(&w->texts, path);
		e.line = frame->line;
		w->failed |= !e.file;
		free(path);
	}
	w->failed |= !e.name;
	if (w->n_entries) {
		struct entry *inner = &w->entries[w->n_entries - 1];

		if (inner->name == e.name && inner->file == e.file) {
			inner->matches |= e.matches;
			return;
		}
	}
	w->failed |= VEC_PUSH(w->entries, w->n_entries, w->entries_size, e) != 0;
}

/* How many frames from one on are one entry of a library; 0: it is none of a library. */
static size_t
run_at(const struct work *w, const struct stack *s, size_t first, size_t n_shown)
{
	size_t n = own_code_library_run(w->r->heap, s, first, n_shown);

	for (size_t i = 0; i < n; i++)
		if (matches(w, &s->frames[first + i]))
			return i ? i : 1;
	return n;
}

/* The stack of a site, innermost first.  Returns where the place is by which it is called. */
static size_t
read_stack(struct work *w, uint32_t site)
{
	const struct report *r = w->r;
	size_t n_shown, place = 0, own;
	bool folds;
	struct stack s;

	w->n_entries = 0;
	if (stack_get(r->heap, r->symbols, site, &s) != 0) {
		w->failed = true;
		return 0;
	}
	n_shown = r->options.frames ? layout_n_shown_frames(&s) : s.n;
	folds = !r->options.with_library &&
		own_code_library_run(r->heap, &s, 0, n_shown) < n_shown;
	for (size_t i = 0; i < n_shown && !w->failed;) {
		size_t n = folds ? run_at(w, &s, i, n_shown) : 0;

		add_entry(w, &s, i, n);
		i += n ? n : 1;
	}
	own = s.n && !r->options.with_library ? own_code_first(r->heap, &s) : 0;
	while (place + 1 < w->n_entries && w->entries[place + 1].frame <= own)
		place++;
	stack_free(&s);
	return place;
}

/* ---- the tree ------------------------------------------------------------ */

static bool
is_same_node(const void *arg, uint32_t number, const void *key)
{
	const struct node *a = &((const struct work *)arg)->nodes[number], *b = key;

	return a->parent == b->parent && a->name == b->name && a->file == b->file;
}

/* The child of a node that an entry is, new if need be; 0: no memory. */
static uint32_t
intern(struct work *w, uint32_t parent, const struct entry *e)
{
	struct node key = {.parent = parent,
			   .name = e->name,
			   .file = e->file,
			   .n_library = e->n_library,
			   .line = e->line};
	uint64_t hash = hash_index_mix(hash_index_mix(hash_index_mix(1, parent), e->name),
				       e->file);
	uint32_t number;
	struct node *x;

	if (VEC_RESERVE(w->nodes, w->nodes_size, (uint64_t)w->n_nodes + 1))
		return 0;
	number = hash_index_put(&w->numbers, hash, is_same_node, w, &key);
	if (number != w->n_nodes) {
		x = &w->nodes[number];
		x->line = x->line == e->line ? x->line : 0;
		x->n_library = x->n_library < e->n_library ? e->n_library : x->n_library;
		return number;
	}
	key.next = w->nodes[parent].child;
	w->nodes[parent].child = number;
	w->nodes[w->n_nodes++] = key;
	return number;
}

static void
descend(struct work *w, uint32_t *at, size_t entry, const struct heap_count *c)
{
	if (w->failed)
		return;
	*at = intern(w, *at, &w->entries[entry]);
	w->failed |= *at == 0;
	if (*at)
		add(&w->nodes[*at].count, c);
}

/* Entries from .. to, both included, in that direction. */
static void
add_way(struct work *w, size_t from, size_t to, const struct heap_count *c)
{
	uint32_t at = 0;

	add(&w->nodes[0].count, c);
	for (size_t i = from; i < to; i++)
		descend(w, &at, i, c);
	for (size_t i = from; i > to; i--)
		descend(w, &at, i, c);
	descend(w, &at, to, c);
}

/* The entry from which on a tree of callers or callees has it; n_entries: it has not. */
static size_t
find_match(const struct work *w)
{
	size_t n = w->n_entries;

	for (size_t i = 0; i < n; i++) {
		size_t at = is_outwards(w) ? i : n - 1 - i;

		if (w->entries[at].matches)
			return at;
	}
	return n;
}

static void
add_site(struct work *w, uint32_t site)
{
	struct heap_count c = count_of_site(w, site);
	size_t place, last, match;

	if (c.blocks == 0 && c.bytes == 0)
		return;
	place = read_stack(w, site);
	if (w->n_entries == 0 || w->failed)
		return;
	last = w->n_entries - 1;
	match = find_match(w);
	switch (w->r->options.tree.kind) {
	case REPORT_TREE_TOP_DOWN:
		add_way(w, last, 0, &c);
		break;
	case REPORT_TREE_BOTTOM_UP:
		add_way(w, place, last, &c);
		break;
	case REPORT_TREE_CALLERS:
		if (match <= last)
			add_way(w, match, last, &c);
		break;
	default:
		if (match <= last)
			add_way(w, match, 0, &c);
		break;
	}
}

static void
build_retained(struct work *w)
{
	const struct report *r = w->r;
	struct containment *c =
		containment_new(r->heap, r->symbols, NULL, &r->options.graph);

	w->failed |= !c || VEC_RESERVE(w->nodes, w->nodes_size, c->n);
	for (uint32_t i = 0; i < (w->failed ? 0 : c->n); i++) {
		const struct containment_node *x = &c->nodes[i];
		struct node *parent = &w->nodes[x->parent];
		uint32_t name = i ? texts_put(&w->texts, c->texts.list[x->name]) : 0;

		w->nodes[w->n_nodes++] = (struct node){.parent = i ? x->parent : UINT32_MAX,
						       .name = name,
						       .next = i ? parent->child : 0,
						       .count = x->retained};
		if (i && x->retained.blocks)
			parent->child = i;
		w->failed |= i && !name;
	}
	containment_free(c);
}

static void
build(struct work *w)
{
	enum order sort = w->r->options.sort;

	if (w->r->options.tree.kind == REPORT_TREE_RETAINED) {
		build_retained(w);
		return;
	}
	/* Numbers of nodes are their indices + 1 from 1 on: the root takes the first. */
	w->failed |= VEC_PUSH(w->nodes, w->n_nodes, w->nodes_size,
			      (struct node){.parent = UINT32_MAX}) != 0;
	for (size_t i = 0; i < w->r->n_ranked[sort] && !w->failed; i++)
		add_site(w, w->r->lists[sort][i]);
}

/* ---- lines --------------------------------------------------------------- */

/* The figures of a line; false: it is only counted. */
static bool
begin_line(struct work *w, const struct heap_count *c, size_t level)
{
	uint64_t whole = measure(w, &w->whole);

	w->n_lines++;
	if (w->is_dry)
		return false;
	fprintf(w->f, "  %5.1f %%  %10s  %13s  %*s",
		whole ? 100.0 * (double)measure(w, c) / (double)whole : 0.0,
		SIZE(c->bytes), COUNT(c->blocks), (int)(STEP * level), "");
	return true;
}

/* The one child that has all of a node, or 0. */
static uint32_t
only_child(const struct work *w, uint32_t at)
{
	const struct node *x = &w->nodes[at], *child = &w->nodes[x->child];

	return x->child && child->count.blocks == x->count.blocks &&
			       child->count.bytes == x->count.bytes
		       ? x->child
		       : 0;
}

/* "app.cpp:21" of a node, of a long path only the file; NULL: unknown. */
static const char *
place_of(const struct work *w, uint32_t at, size_t room, char *buf, size_t n)
{
	const struct node *x = &w->nodes[at];
	const char *path = x->file ? w->texts.list[x->file] : "";

	if (strlen(path) > room / 2)
		path = text_basename(path);
	if (x->n_library)
		snprintf(buf, n, "(%" PRIu32 " library frames)", x->n_library);
	else if (x->file && x->line)
		snprintf(buf, n, "%.200s:%u", path, x->line);
	else if (x->file)
		snprintf(buf, n, "%.200s", path);
	else
		return NULL;
	return buf;
}

/* Where a chain stands in its line. */
struct cursor {
	size_t indent, room, taken, n_wraps;
};

/* A word, on the next line if there is no room for it; `before` it if there is. */
static void
put_word(struct work *w, struct cursor *c, const char *before, const char *word)
{
	size_t columns = strlen(before) + strlen(word);

	if (c->taken && c->taken + columns > c->room) {
		w->n_lines++;
		c->n_wraps++;
		c->taken = STEP;
		columns = strlen(word);
		if (!w->is_dry)
			fprintf(w->f, "\n%*s%s", (int)(c->indent + STEP), "",
				before + strspn(before, " "));
	} else if (!w->is_dry) {
		fputs(before, w->f);
	}
	if (!w->is_dry)
		layout_function(w->f, word, c->room);
	c->taken += columns;
}

/* The names that follow one in a chain, on one screen without those in the middle of a long
 * one; returns the last of its nodes. */
static uint32_t
write_followers(struct work *w, struct cursor *c, uint32_t at)
{
	const char *separator = is_outwards(w) ? " < " : " > ";
	char more[40];
	uint32_t child;
	size_t n = 0;

	for (; (child = only_child(w, at)) != 0; at = child)
		if (w->levels && c->n_wraps >= MOST_WRAPS)
			n++;
		else
			put_word(w, c, separator, w->texts.list[w->nodes[child].name]);
	if (n > 1) {
		snprintf(more, sizeof(more), "... %zu more", n - 1);
		put_word(w, c, separator, more);
	}
	if (n)
		put_word(w, c, separator, w->texts.list[w->nodes[at].name]);
	return at;
}

/* The names of a chain, or the first one; returns the last of its nodes. */
static uint32_t
write_chain(struct work *w, uint32_t at, size_t level, bool is_one)
{
	struct cursor c = {.indent = FIGURES + STEP * level};
	char place[240];

	c.room = layout_columns(w->f) > c.indent + LEAST_ROOM
			 ? layout_columns(w->f) - c.indent
			 : LEAST_ROOM;
	if (is_outwards(w) && place_of(w, at, c.room, place, sizeof(place)))
		put_word(w, &c, "", place);
	put_word(w, &c, c.taken ? " " : "", w->texts.list[w->nodes[at].name]);
	if (!is_one)
		at = write_followers(w, &c, at);
	if (!is_outwards(w) && place_of(w, at, c.room, place, sizeof(place)))
		put_word(w, &c, "  ", place);
	return at;
}

struct child {
	uint32_t node; /* 0 = what the parent allocates itself */
	struct heap_count count;
	uint64_t measure;
};

static int
compare_children(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	if (x->measure != y->measure)
		return x->measure < y->measure ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

/* What stands below a node, by falling size, for free(3); NULL: no memory. */
static struct child *
children_of(struct work *w, uint32_t at, size_t *ret_n)
{
	struct heap_count rest = w->nodes[at].count;
	struct child *list;
	size_t n = 0;

	for (uint32_t c = w->nodes[at].child; c; c = w->nodes[c].next)
		n++;
	list = calloc(n + 1, sizeof(*list));
	*ret_n = 0;
	for (uint32_t c = w->nodes[at].child; list && c; c = w->nodes[c].next) {
		const struct heap_count *count = &w->nodes[c].count;

		list[(*ret_n)++] = (struct child){c, *count, measure(w, count)};
		rest.blocks -= count->blocks < rest.blocks ? count->blocks : rest.blocks;
		rest.bytes -= count->bytes < rest.bytes ? count->bytes : rest.bytes;
	}
	if (list && n && (rest.blocks || rest.bytes))
		list[(*ret_n)++] = (struct child){0, rest, measure(w, &rest)};
	if (list && *ret_n)
		qsort(list, *ret_n, sizeof(*list), compare_children);
	w->failed |= !list;
	return list;
}

/* A line; returns the last node on it, 0 if it is of none. */
static uint32_t
write_line(struct work *w, const struct child *x, size_t level, bool is_one)
{
	bool is_written = begin_line(w, &x->count, level);

	if (x->node)
		return write_chain(w, x->node, level, is_one);
	fputs(is_written ? "itself" : "", w->f);
	return 0;
}

/* What is not shown by itself: "and 12 smaller".  One alone takes no more room with its name. */
static void
write_rest(struct work *w, const struct child *list, size_t n, size_t level,
	   const char *what)
{
	struct heap_count sum = {0, 0};
	uint32_t last;

	for (size_t i = 0; i < n; i++)
		add(&sum, &list[i].count);
	if (n == 1) {
		last = write_line(w, list, level, true);
		if (!w->is_dry)
			fputs(last && w->nodes[last].child ? " ...\n" : "\n", w->f);
	} else if (n && begin_line(w, &sum, level)) {
		fprintf(w->f, "and %s %s\n", COUNT(n), what);
	}
}

static void
write_below(struct work *w, uint32_t at, size_t level)
{
	size_t n, i = 0;
	struct child *list = children_of(w, at, &n);
	bool is_too_deep = w->levels && level >= w->levels;

	for (; list && i < n && !is_too_deep && list[i].measure >= w->least && !w->failed;
	     i++) {
		uint32_t last = write_line(w, &list[i], level, false);

		if (!w->is_dry)
			putc('\n', w->f);
		if (last)
			write_below(w, last, level + 1);
	}
	if (list)
		write_rest(w, list + i, n - i, level, is_too_deep ? "deeper" : "smaller");
	free(list);
}

/* ---- the whole ----------------------------------------------------------- */

static void
write_heading(const struct work *w, FILE *f)
{
	static const char *const words[] = {
		[REPORT_TREE_TOP_DOWN] = "Call tree, top-down",
		[REPORT_TREE_BOTTOM_UP] = "Call tree, bottom-up",
		[REPORT_TREE_RETAINED] = "What retains the memory",
		[REPORT_TREE_CALLERS] = "Callers of ",
		[REPORT_TREE_CALLEES] = "Callees of ",
	};
	static const char *const orders[N_ORDERS] = {
		[ORDER_LIVE] = "live bytes",
		[ORDER_OLD] = "old bytes",
		[ORDER_ALLOCATIONS] = "allocations",
		[ORDER_BLOCKS] = "live blocks",
	};
	const struct report_tree *tree = &w->r->options.tree;
	char heading[160];

	snprintf(heading, sizeof(heading), "%s%.80s, by %s", words[tree->kind],
		 tree->pattern ? tree->pattern : "", orders[w->r->options.sort]);
	layout_heading(f, heading);
	fprintf(f, "  %7s  %10s  %13s\n", "share", "bytes", "blocks");
}

/* On one screen as little is left out as there has to be: depth and what is small in turn, as a
 * recursion is deep, and what is beside it may be much. */
static void
choose_least(struct work *w)
{
	/* Of what matches, however little that is of all. */
	bool is_part = w->r->options.tree.functions != NULL;
	uint64_t whole = measure(w, is_part ? &w->nodes[0].count : &w->whole);

	w->levels = MOST_LEVELS;
	w->least = whole / LEAST_PART + 1;
	w->is_dry = true;
	for (bool is_depth = true;; is_depth = !is_depth) {
		w->n_lines = 0;
		write_below(w, 0, 0);
		if (w->n_lines <= MOST_LINES || w->least > whole || w->failed)
			break;
		if (is_depth && w->levels > LEAST_LEVELS)
			w->levels--;
		else
			w->least += w->least / 4 + 1;
	}
	w->is_dry = false;
}

void
report_write_tree(const struct report *r, FILE *f)
{
	struct work w = {.r = r, .f = f};

	if (r->options.tree.kind == REPORT_TREE_RETAINED && !r->heap->has_roots) {
		process_write_brief(r, f);
		fputs("  the snapshot has no pointers: it was written without them\n", f);
		return;
	}
	w.whole = count_of_heap(&w);
	build(&w);
	process_write_brief(r, f);
	write_heading(&w, f);
	if (!w.failed && !r->options.is_full)
		choose_least(&w);
	if (!w.failed && w.nodes[0].count.blocks == 0)
		fputs(r->options.sort == ORDER_ALLOCATIONS
			      ? "  nothing was allocated by such a function\n"
			      : "  such a function allocated nothing that lives; "
				"--sort=allocations counts all\n",
		      f);
	else if (!w.failed)
		write_below(&w, 0, 0);
	if (w.failed)
		fputs("out of memory\n", f);
	else if (!r->options.is_full && w.nodes[0].count.blocks)
		fprintf(f, "\nEach %s, whatever its size and depth: --full\n",
			r->options.tree.kind == REPORT_TREE_RETAINED ? "type" : "function");
	hash_index_fini(&w.numbers);
	texts_fini(&w.texts);
	free(w.entries);
	free(w.nodes);
}
