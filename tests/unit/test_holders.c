/* test_holders.c -- what holds a class of blocks, in heaps made by hand.
 *
 * In:   lists, tables, trees and what hangs on them.
 * Out:  nothing but the tests.
 * Not here: names of variables, which need a program (tests/e2e/holds.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/holders.h"
#include "graph/dominators.h"
#include "madeheap.h"
#include "model/heap.h"
#include "names/function_names.h"
#include "names/root_names.h"

enum { MOST_BLOCKS = 4096, MOST_EDGES = 4 * MOST_BLOCKS, SITES = 8 };

/* A heap to be drawn.  Blocks are named by index; sites 1 to SITES. */
static struct {
	uint32_t n, sites[MOST_BLOCKS], bytes[MOST_BLOCKS];
	size_t n_edges;
	struct edge {
		uint32_t from, to, word; /* from: MOST_BLOCKS + number of a root */
		bool is_inside;
	} edges[MOST_EDGES];
	uint32_t n_roots, root_kinds[4];
	bool has_frames; /* words 0 to 31 of a stack are the C library's, those up to 63 main()'s */
} picture;

/* What is made of it. */
struct drawn {
	struct heap *heap;
	struct dominators *d;
	struct names *names;
	struct holders *h;
};

static uint32_t
block(uint32_t site, uint32_t bytes)
{
	picture.sites[picture.n] = site;
	picture.bytes[picture.n] = bytes;
	return picture.n++;
}

static uint32_t
root(uint32_t kind)
{
	picture.root_kinds[picture.n_roots] = kind;
	return MOST_BLOCKS + picture.n_roots++;
}

static void
point(uint32_t from, uint32_t word, uint32_t to)
{
	picture.edges[picture.n_edges++] = (struct edge){from, to, word, false};
}

static void
point_inside(uint32_t from, uint32_t word, uint32_t to)
{
	picture.edges[picture.n_edges++] = (struct edge){from, to, word, true};
}

static void
begin(void)
{
	memset(&picture, 0, sizeof(picture));
}

static int
compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->word > y->word) - (x->word < y->word);
}

static void
draw(struct drawn *r)
{
	static const struct graph_options options = {.roots_off = 0};
	static struct hf_edge out[MOST_EDGES];
	struct maker m = {.n_sections = 0};

	maker_module(&m, 0x400000, 0x100000, 0x400000, "", "/opt/server");
	for (uint32_t i = 1; i <= SITES; i++)
		maker_site(&m, 0, 0, 1, 0x1000 * i, 1, 1);
	/* Two stacks that end in the same two calls: of a function that calls itself. */
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t outer = maker_site(&m, i, 0, 1, 0x20000 + 16 * i, 0, 0);
		uint32_t inner = maker_site(&m, outer, 0, 1, 0x30000, 0, 0);

		maker_site(&m, inner, 0, 1, 0x40000, 1, 1);
	}
	maker_thread(&m, 12, "worker");
	if (picture.has_frames) {
		static struct hf_stack s = {.thread = 1, .n_frames = 2};

		maker_module(&m, 0x700000, 0x100000, 0, "", "/lib/libc.so.6");
		s.frames[0] = (struct hf_frame){0, 2, 0x100, 0x408000, 0x100};
		s.frames[1] = (struct hf_frame){0, 1, 0x100, 0x408100, 0x100};
		maker_stack(&m, &s);
	}
	for (uint32_t i = 0; i < picture.n; i++)
		maker_block(&m, &(struct hf_block){.address = 0x100000 + i * 0x10000,
						   .requested = picture.bytes[i],
						   .usable = 0x10000,
						   .site = picture.sites[i]});
	qsort(picture.edges, picture.n_edges, sizeof(*picture.edges), compare_edges);
	for (size_t i = 0, end; i < picture.n_edges; i = end) {
		uint32_t from = picture.edges[i].from;
		struct hf_root x = {.address = 0x408000, .bytes = 0x1000};

		for (end = i; end < picture.n_edges && picture.edges[end].from == from;
		     end++)
			out[end - i] = (struct hf_edge){
				.target = picture.edges[end].to + 1,
				.word = picture.edges[end].word,
				.inside = picture.edges[end].is_inside ? 8 : 0};
		if (from < MOST_BLOCKS) {
			maker_holder(&m, from + 1, out, end - i);
			continue;
		}
		x.kind = picture.root_kinds[from - MOST_BLOCKS];
		x.owner = 1;
		x.n_edges = end - i;
		maker_root(&m, &x, out);
	}
	r->heap = made_heap(&m);
	r->d = dominators_new(r->heap, &options, NULL, NULL);
	r->names = names_new(r->heap, NULL);
	assert_non_null(r->d);
	assert_non_null(r->names);
	r->h = holders_new(r->heap, &options, r->d, r->names);
	assert_non_null(r->h);
}

static void
wipe(struct drawn *r, struct holder *x)
{
	holder_free(x);
	holders_free(r->h);
	names_free(r->names);
	dominators_free(r->d);
	heap_free(r->heap);
}

/* Ask about `n` blocks from `first` on. */
static void
ask(struct drawn *r, uint32_t first, uint32_t n, struct holder *ret)
{
	uint32_t *list = calloc(n, sizeof(*list));

	for (uint32_t i = 0; i < n; i++)
		list[i] = first + i;
	assert_int_equal(holders_find(r->h, list, n, ret), 0);
	free(list);
}

/* Sites from the root on, with counts where blocks are folded: "R 1 2 3x50". */
static void
assert_path(const struct holder *x, const char *wanted)
{
	char got[256] = "";
	size_t at = 0;

	for (size_t i = 0; i < x->n_steps; i++) {
		const struct holder_step *s = &x->steps[i];

		if (s->is_root)
			at += (size_t)snprintf(got + at, sizeof(got) - at, "R");
		else
			at += (size_t)snprintf(got + at, sizeof(got) - at, " %u", s->site);
		if (s->n_folded > 1)
			at += (size_t)snprintf(got + at, sizeof(got) - at, "x%u",
					       (unsigned)s->n_folded);
	}
	assert_string_equal(got, wanted);
}

static void
a_list_is_held_by_its_head(void **state)
{
	enum { N = 500 };
	struct holder x;
	struct drawn r;
	uint32_t g, head, first;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	head = block(1, 24);
	point(g, 8, head);
	first = picture.n;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t node = block(2, 16), payload = block(3, 100);

		point(i ? node - 2 : head, i ? 0 : 1, node);
		point(node, 1, payload);
	}
	/* The tail is in the head too, so the last is close. */
	point(head, 2, picture.n - 2);
	draw(&r);
	/* The nodes that came last; payloads are between them. */
	{
		uint32_t list[100];

		for (uint32_t i = 0; i < 100; i++)
			list[i] = first + 2 * (N - 100 + i);
		assert_int_equal(holders_find(r.h, list, 100, &x), 0);
	}
	assert_path(&x, "R 1 2x499");
	assert_int_equal(x.steps[0].offset, 64);
	assert_int_equal(x.steps[1].offset, 8);
	assert_int_equal(x.container, head);
	assert_int_equal(x.shape, HOLDER_CHAIN);
	assert_int_equal(x.entries.blocks, N);
	assert_int_equal(x.entries.bytes, 16 * N);
	assert_int_equal(x.retained.blocks, 2 * N + 1);
	assert_int_equal(x.retained.bytes, 24 + N * 116);
	assert_true(x.share == 1);
	holder_free(&x);
	/* Payloads: the nodes are links, not the container. */
	{
		uint32_t list[100];

		for (uint32_t i = 0; i < 100; i++)
			list[i] = first + 2 * i + 1;
		assert_int_equal(holders_find(r.h, list, 100, &x), 0);
	}
	assert_path(&x, "R 1 2x100 3");
	assert_int_equal(x.container, head);
	assert_int_equal(x.shape, HOLDER_CHAIN);
	assert_int_equal(x.entries.bytes, 100 * N);
	wipe(&r, &x);
}

static void
a_list_in_a_variable_is_held_by_it(void **state)
{
	struct holder x;
	struct drawn r;
	uint32_t g;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t node = block(2, 48);

		point(i ? node - 1 : g, 0, node);
		if (i) /* both ways */
			point(node, 1, node - 1);
	}
	draw(&r);
	ask(&r, 250, 50, &x);
	assert_path(&x, "R 2x300");
	assert_true(x.container == DOMINATORS_ROOTS);
	assert_int_equal(x.shape, HOLDER_CHAIN);
	assert_int_equal(x.entries.blocks, 300);
	assert_int_equal(x.retained.bytes, 300 * 48);
	assert_string_equal(x.name, "a variable of server at 0x8000");
	wipe(&r, &x);
}

/* A chained hash table: struct, buckets, entries, values. */
static void
a_table_is_held_by_its_struct(void **state)
{
	enum { N = 600, BUCKETS = 300 };
	uint32_t g, table, buckets, first, last[BUCKETS];
	struct holder x;
	struct drawn r;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	table = block(1, 40);
	buckets = block(4, 8 * BUCKETS);
	point(g, 2, table);
	point(table, 3, buckets);
	first = picture.n;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t entry = block(2, 32);

		/* New ones at the end of a chain. */
		if (i < BUCKETS)
			point(buckets, i, entry);
		else
			point(last[i % BUCKETS], 0, entry);
		last[i % BUCKETS] = entry;
	}
	for (uint32_t i = 0; i < N; i++)
		point(first + i, 1, block(3, 200));
	draw(&r);
	ask(&r, first, N, &x);
	assert_int_equal(x.shape, HOLDER_ARRAY);
	assert_path(&x, "R 1 4 2x2");
	assert_int_equal(x.container, buckets);
	assert_int_equal(x.entries.blocks, N);
	assert_int_equal(x.retained.bytes, 8 * BUCKETS + 232 * N);
	holder_free(&x);
	ask(&r, first + N, N, &x);
	assert_int_equal(x.shape, HOLDER_ARRAY);
	assert_path(&x, "R 1 4 2x2 3");
	assert_int_equal(x.container, buckets);
	assert_int_equal(x.entries.bytes, 200 * N);
	wipe(&r, &x);
}

/* A heap-ordered tree; with_parents: each knows who is above. */
static void
check_tree(bool with_parents)
{
	enum { N = 511 };
	struct holder x;
	struct drawn r;
	uint32_t g, set, first;

	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	set = block(1, 16);
	point(g, 0, set);
	first = picture.n;
	for (uint32_t i = 0; i < N; i++) {
		/* The root of the tree has a site of its own, of the same calls. */
		uint32_t node = block(i ? SITES + 6 : SITES + 3, 40);

		point(i ? first + (i - 1) / 2 : set, i ? i % 2 : 0, node);
		if (with_parents)
			point(node, 2, i ? first + (i - 1) / 2 : set);
	}
	draw(&r);
	ask(&r, first + 1, N - 1, &x);
	assert_int_equal(x.shape, HOLDER_TREE);
	assert_int_equal(x.container, set);
	assert_path(&x, "R 1 14x9");
	assert_int_equal(x.entries.blocks, N - 1);
	assert_int_equal(x.retained.bytes, 16 + 40 * N);
	wipe(&r, &x);
}

static void
a_tree_is_held_by_what_points_to_its_root(void **state)
{
	(void)state;
	check_tree(false);
	check_tree(true);
}

/* Nine in ten are in one list, the others elsewhere; and a stack has a stale
 * pointer to the middle of the list. */
static void
most_blocks_decide_and_stacks_do_not(void **state)
{
	uint32_t g, s, list, other;
	struct holder x;
	struct drawn r;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	s = root(HEAPFILE_ROOT_STACK);
	list = block(1, 8);
	other = block(4, 8);
	point(g, 0, list);
	point(g, 1, other);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t node = block(2, 16);

		if (i < 10)
			point(other, i, node);
		else
			point(i == 10 ? list : node - 1, 0, node);
	}
	point(s, 5, 2 + 99);
	draw(&r);
	ask(&r, 2, 100, &x);
	assert_path(&x, "R 1 2x90");
	assert_int_equal(x.steps[0].offset, 0);
	assert_int_equal(x.container, list);
	assert_true(x.agreement > 0.89 && x.agreement < 0.91);
	assert_true(x.share > 0.88 && x.share < 0.91);
	wipe(&r, &x);
}

/* A list deep below a variable, and a word of a buffer close to another one, as a popped slot
 * of a queue is, that leads to its middle. */
static void
check_deep_list(bool is_double)
{
	enum { N = 200, STALE = 50 };
	uint32_t g, app, client, buffer, first;
	struct holder x;
	struct drawn r;

	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	app = block(1, 64);
	client = block(4, 64);
	buffer = block(5, 64);
	point(g, 0, app);
	point(app, 1, client);
	point(g, 9, buffer);
	first = picture.n;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t node = block(2, 48);

		point(i ? node - 1 : client, i ? 0 : 2, node);
		if (i && is_double)
			point(node, 1, node - 1);
	}
	point(client, 3, first + N - 1);
	point(buffer, 7, first + STALE);
	draw(&r);
	ask(&r, first, N, &x);
	assert_int_equal(x.n_steps, 4);
	assert_int_equal(x.steps[0].offset, 0);
	assert_int_equal(x.steps[1].site, 1);
	assert_int_equal(x.steps[2].site, 4);
	assert_int_equal(x.steps[3].site, 2);
	wipe(&r, &x);
}

/* A variable leads to the middle of two lists, of which each one's last item leads to the
 * other's head. */
static void
lists_that_lead_to_one_another_have_an_end(void **state)
{
	enum { N = 30, MIDDLE = 10 };
	uint32_t g, a[N], b[N];
	struct holder x;
	struct drawn r;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	for (int i = 0; i < N; i++)
		a[i] = block(1, 16);
	for (int i = 0; i < N; i++)
		b[i] = block(2, 16);
	for (int i = 0; i + 1 < N; i++) {
		point(a[i], 0, a[i + 1]);
		point(b[i], 0, b[i + 1]);
	}
	point(a[N - 1], 1, b[0]);
	point(b[N - 1], 1, a[0]);
	point(g, 0, a[MIDDLE]);
	point(g, 1, b[MIDDLE]);
	draw(&r);
	ask(&r, MIDDLE + 1, MIDDLE, &x);
	assert_true(x.n_steps >= 2 && x.steps[0].is_root);
	wipe(&r, &x);
}

static void
a_list_is_held_by_who_has_its_head(void **state)
{
	(void)state;
	check_deep_list(false);
	check_deep_list(true);
}

/* All objects are in a list by a word in front of them, and others lead to them behind
 * that, as those of a collector. */
static void
a_list_through_all_objects_is_not_the_way(void **state)
{
	enum { N = 100 };
	struct holder x;
	struct drawn r;
	uint32_t g, table;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	for (uint32_t i = 0; i < N; i++)
		point(i ? i - 1 : g, i ? 0 : 8, block(1 + i % 3, 64 + 16 * i));
	table = block(5, 64);
	point(g, 2, table);
	point_inside(table, 3, N - 1);
	draw(&r);
	ask(&r, N - 1, 1, &x);
	assert_path(&x, "R 5 1");
	wipe(&r, &x);
}

/* If there is no other way, it is one step. */
static void
blocks_of_many_sites_in_one_list_are_one_step(void **state)
{
	enum { N = 100 };
	struct holder x;
	struct drawn r;
	uint32_t g;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	for (uint32_t i = 0; i < N; i++)
		point(i ? i - 1 : g, i ? 0 : 8, block(1 + i % 3, 64 + 16 * i));
	point(N - 1, 5, block(7, 16));
	draw(&r);
	ask(&r, N, 1, &x);
	/* The last one points to the block by another word. */
	assert_path(&x, "R 1x99 1 7");
	wipe(&r, &x);
}

/* What hangs on two kinds of blocks under one is held by the more frequent one. */
static void
each_step_goes_where_most_go(void **state)
{
	struct holder x;
	struct drawn r;
	uint32_t g, top, holders[10];

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	top = block(5, 8);
	point(g, 0, top);
	for (uint32_t i = 0; i < 10; i++) {
		holders[i] = block(i < 6 ? 6 : 7, 1024);
		point(top, i, holders[i]);
	}
	for (uint32_t i = 0; i < 100; i++)
		point(holders[i % 10], i, block(2, 16));
	draw(&r);
	ask(&r, 11, 100, &x);
	assert_path(&x, "R 5 6 2");
	assert_int_equal(x.container, top);
	assert_true(x.agreement > 0.59 && x.agreement < 0.61);
	wipe(&r, &x);
}

/* Its parent does not lead to it yet, and it leads to all. */
static void
a_tree_is_not_held_by_a_register_that_has_what_is_put_in(void **state)
{
	enum { LEFTMOST, TOP, RIGHTMOST, PARENT = 0, LEFT, RIGHT, N = 63 };
	struct holder x;
	struct drawn r;
	uint32_t g, registers;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	registers = root(HEAPFILE_ROOT_REGISTERS);
	for (uint32_t i = 0; i < N; i++) {
		(void)block(1, 48);
		if (i) {
			point(i, PARENT, (i - 1) / 2);
			point((i - 1) / 2, i % 2 ? LEFT : RIGHT, i);
		}
	}
	point(g, LEFTMOST, N / 2);
	point(g, TOP, 0);
	point(g, RIGHTMOST, N - 1);
	point(registers, 3, block(1, 48));
	point(N, PARENT, 40);
	draw(&r);
	ask(&r, 0, N + 1, &x);
	assert_int_equal(x.steps[0].root_kind, HEAPFILE_ROOT_GLOBAL);
	assert_int_equal(x.container, DOMINATORS_ROOTS);
	wipe(&r, &x);
}

/* A head that has both ends is no array. */
static void
a_short_list_with_a_tail_is_a_list(void **state)
{
	struct holder x;
	struct drawn r;
	uint32_t g, head;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	head = block(1, 16);
	point(g, 0, head);
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t node = block(2, 24);

		point(i ? node - 1 : head, 0, node);
		if (i)
			point(node, 1, node - 1);
	}
	point(head, 1, 6);
	draw(&r);
	ask(&r, 1, 6, &x);
	assert_int_equal(x.shape, HOLDER_CHAIN);
	assert_int_equal(x.container, head);
	wipe(&r, &x);
}

static void
what_only_a_stack_holds_is_the_threads(void **state)
{
	struct holder x;
	struct drawn r;
	uint32_t s, b;

	(void)state;
	begin();
	s = root(HEAPFILE_ROOT_STACK);
	b = block(1, 8);
	point(s, 3, b);
	draw(&r);
	ask(&r, b, 1, &x);
	assert_path(&x, "R 1");
	assert_string_equal(x.steps[0].name, "the stack of thread 12 (worker)");
	assert_true(x.container == DOMINATORS_ROOTS);
	assert_int_equal(x.retained.bytes, 8);
	wipe(&r, &x);
}

/* A local of main() holds a table; a function of the C library has a word that leads
 * to what is in it, and a register has another. */
static void
locals_of_the_program_come_before_what_the_c_library_has_at_hand(void **state)
{
	uint32_t s, r0, table, node, session;
	struct holder x;
	struct drawn r;

	(void)state;
	begin();
	picture.has_frames = true;
	s = root(HEAPFILE_ROOT_STACK);
	r0 = root(HEAPFILE_ROOT_REGISTERS);
	table = block(1, 64);
	node = block(4, 64);
	session = block(2, 64);
	point(s, 40, table);
	point(table, 0, node);
	point(node, 2, session);
	point(s, 5, session);
	point(r0, 0, session);
	draw(&r);
	ask(&r, session, 1, &x);
	assert_path(&x, "R 1 4 2");
	assert_int_equal(x.steps[0].offset, 40 * 8);
	wipe(&r, &x);
}

/* A variable is the owner though a local is closer, but not by a long way round. */
static void
variables_come_before_locals_that_are_a_little_closer(void **state)
{
	for (uint32_t length = 2; length < 20; length += 10) {
		uint32_t s, g, last;
		struct holder x;
		struct drawn r;

		begin();
		picture.has_frames = true;
		s = root(HEAPFILE_ROOT_STACK);
		g = root(HEAPFILE_ROOT_GLOBAL);
		for (uint32_t i = 0; i < length; i++)
			point(i ? i - 1 : g, i % 2, block(1 + i % 2, 16 * i + 16));
		last = block(5, 64);
		point(length - 1, 3, last);
		point(s, 40, last);
		draw(&r);
		ask(&r, last, 1, &x);
		assert_int_equal(x.steps[0].root_kind,
				 length < 8 ? HEAPFILE_ROOT_GLOBAL : HEAPFILE_ROOT_STACK);
		wipe(&r, &x);
	}
	(void)state;
}

/* ---- against a plain search ---- */

enum { FEW = SITES }; /* blocks, each of its own site: no step stands for two */

/* Which way leads to each block: from[], the root's number above FEW. */
struct ways {
	uint32_t from[FEW], cost[FEW];
	bool is_there[FEW];
};

enum { STACK_COST = 1000 }; /* beyond all ways from variables */

static uint32_t
cost_from(const struct ways *w, const struct edge *e)
{
	uint32_t step = e->is_inside ? 3 : 1;

	if (e->from >= MOST_BLOCKS)
		return step + (e->from == MOST_BLOCKS ? 0 : STACK_COST);
	return w->is_there[e->from] ? w->cost[e->from] + step : UINT32_MAX;
}

/* The cheapest ways, step by step; the stack is root 1. */
static void
search_plainly(struct ways *w)
{
	bool is_changed = true;

	memset(w, 0, sizeof(*w));
	while (is_changed) {
		is_changed = false;
		for (size_t i = 0; i < picture.n_edges; i++) {
			const struct edge *e = &picture.edges[i];
			uint32_t cost = cost_from(w, e);

			if (cost == UINT32_MAX ||
			    (w->is_there[e->to] && cost >= w->cost[e->to]))
				continue;
			w->is_there[e->to] = is_changed = true;
			w->cost[e->to] = cost;
			w->from[e->to] = e->from;
		}
	}
}

/* What a path costs by the edges of the picture; UINT32_MAX: there is none like it. */
static uint32_t
cost_of(const struct holder *x)
{
	uint32_t from = MOST_BLOCKS, cost = UINT32_MAX;

	/* From either root; each block has a site of its own. */
	for (uint32_t root = 0; root < picture.n_roots; root++) {
		uint32_t sum = root ? STACK_COST : 0;

		from = MOST_BLOCKS + root;
		for (size_t i = 1; i < x->n_steps && sum != UINT32_MAX; i++) {
			uint32_t to = x->steps[i].site - 1, step = UINT32_MAX;

			for (size_t k = 0; k < picture.n_edges; k++) {
				const struct edge *e = &picture.edges[k];

				if (e->from == from && e->to == to)
					step = !e->is_inside ? 1 : step == 1 ? 1 : 3;
			}
			sum = step == UINT32_MAX ? UINT32_MAX : sum + step;
			from = to;
		}
		cost = sum < cost ? sum : cost;
	}
	return cost;
}

static uint32_t
random_below(uint32_t n)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static void
random_ways_cost_what_those_of_a_plain_search_do(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		uint32_t n = 1 + random_below(FEW), n_edges = random_below(3 * n + 3);
		struct ways w;
		struct drawn r;

		begin();
		(void)root(HEAPFILE_ROOT_GLOBAL);
		(void)root(HEAPFILE_ROOT_STACK);
		for (uint32_t i = 0; i < n; i++)
			block(i + 1, 8 * (i + 1));
		for (uint32_t i = 0; i < n_edges; i++) {
			uint32_t from = random_below(n + 2);

			if (from >= n)
				from += MOST_BLOCKS - n;
			(random_below(2) ? point : point_inside)(from, i, random_below(n));
		}
		point(MOST_BLOCKS + random_below(2), n_edges, random_below(n));
		search_plainly(&w);
		draw(&r);
		for (uint32_t b = 0; b < n; b++) {
			struct holder x;
			int status = holders_path(r.h, &b, 1, &x);

			assert_int_equal(status, w.is_there[b] ? 0 : 1);
			if (status != 0)
				continue;
			assert_int_equal(cost_of(&x), w.cost[b]);
			holder_free(&x);
		}
		wipe(&r, &(struct holder){.n_steps = 0});
	}
}

static void
a_long_path_is_cut_in_the_middle(void **state)
{
	struct holder x;
	struct drawn r;
	uint32_t g;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	for (uint32_t i = 0; i < 20; i++) /* two sites and words in turn: nothing to fold */
		point(i ? i - 1 : g, i % 2, block(1 + i % 2, 16 * i + 16));
	draw(&r);
	ask(&r, 19, 1, &x);
	assert_int_equal(x.n_steps, HOLDER_STEPS);
	assert_int_equal(x.n_left_out, 21 - HOLDER_STEPS);
	assert_path(&x, "R 1 2 1 2 1 1 2 1 2 1 2");
	wipe(&r, &x);
}

static void
who_is_lost_is_held_by_nothing(void **state)
{
	struct holder x;
	struct drawn r;
	uint32_t lost;

	(void)state;
	begin();
	point(root(HEAPFILE_ROOT_GLOBAL), 0, block(1, 8));
	lost = block(1, 8);
	draw(&r);
	assert_int_equal(holders_find(r.h, &lost, 1, &x), 1);
	memset(&x, 0, sizeof(x));
	wipe(&r, &x);
}

static void
what_blocks_retain_together_is_counted_once(void **state)
{
	struct heap_count c;
	struct holder x = {.n_steps = 0};
	struct drawn r;
	uint32_t g;

	(void)state;
	begin();
	g = root(HEAPFILE_ROOT_GLOBAL);
	/* 0 > 1 > 2 > 3, and 4 beside it; 5 is lost. */
	for (uint32_t i = 0; i < 6; i++)
		block(1, 1u << i);
	for (uint32_t i = 0; i < 3; i++)
		point(i, 0, i + 1);
	point(g, 0, 0);
	point(g, 1, 4);
	draw(&r);
	assert_int_equal(holders_retained(r.h, (uint32_t[]){1, 3, 4, 5}, 4, &c), 0);
	assert_int_equal(c.blocks, 4);
	assert_int_equal(c.bytes, 2 + 4 + 8 + 16);
	assert_int_equal(holders_retained(r.h, (uint32_t[]){3}, 1, &c), 0);
	assert_int_equal(c.bytes, 8);
	wipe(&r, &x);
}

/* ---- names ---- */

static void
containers_are_known_by_their_functions(void **state)
{
	static const struct {
		const char *frames[4], *wanted;
	} stacks[] = {
		{{"std::__new_allocator<int>::allocate(unsigned long, void const*)",
		  "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned "
		  "long)",
		  "void std::vector<int, std::allocator<int> "
		  ">::_M_realloc_insert<int>(x)"},
		 "std::vector"},
		{{"operator new(unsigned long)", "std::__detail::_Hashtable_alloc<std::"
						 "allocator<std::__detail::_Hash_node<"
						 "std::pair<int const, int>, false> > "
						 ">::_M_allocate_buckets(unsigned long)"},
		 "std::unordered_map"},
		{{"std::_Hashtable<int, int, std::allocator<int>, "
		  "std::__detail::_Identity>::"
		  "_M_rehash(unsigned long)"},
		 "std::unordered_set"},
		{{"std::_Rb_tree<int, std::pair<int const, int>, std::_Select1st<x> >::"
		  "_M_create_node<int>(int&&)"},
		 "std::map"},
		{{"std::_Rb_tree<int, int, std::_Identity<int> >::_M_create_node(int&&)"},
		 "std::set"},
		{{"std::_Deque_base<int, std::allocator<int> "
		  ">::_M_initialize_map(unsigned)"},
		 "std::deque"},
		{{"std::__cxx11::list<int, std::allocator<int> >::push_back(int const&)"},
		 "std::list"},
		{{"std::__cxx11::basic_string<char>::_M_create(unsigned long&, "
		  "unsigned)"},
		 "std::string"},
		{{"std::shared_ptr<X> std::make_shared<X>()"}, "std::shared_ptr"},
		{{"void "
		  "std::_Function_base::_Base_manager<main::{lambda()#1}>::_M_create(x)"},
		 "std::function"},
		{{"g_malloc", "g_hash_table_insert_internal"}, "GHashTable"},
		{{"g_slice_alloc", "g_list_prepend"}, "GList"},
		{{"malloc", "table_new", "std::vector<int>::push_back(int)"}, NULL},
		{{"operator new(unsigned long)", "Session::open(std::vector<int>&)"}, NULL},
		{{"std::vector<std::map<int, int> > make(std::deque<int>)"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(stacks) / sizeof(*stacks); i++) {
		struct stack_frame frames[4] = {0};
		struct stack s = {frames, 0};
		const char *got;

		for (; s.n < 4 && stacks[i].frames[s.n]; s.n++)
			frames[s.n].function = stacks[i].frames[s.n];
		got = names_container(&s);
		print_message("# %s\n", stacks[i].frames[0]);
		assert_string_equal(got ? got : "none",
				    stacks[i].wanted ? stacks[i].wanted : "none");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_held_by_its_head),
		cmocka_unit_test(a_list_in_a_variable_is_held_by_it),
		cmocka_unit_test(a_table_is_held_by_its_struct),
		cmocka_unit_test(a_tree_is_held_by_what_points_to_its_root),
		cmocka_unit_test(most_blocks_decide_and_stacks_do_not),
		cmocka_unit_test(lists_that_lead_to_one_another_have_an_end),
		cmocka_unit_test(a_list_is_held_by_who_has_its_head),
		cmocka_unit_test(a_tree_is_not_held_by_a_register_that_has_what_is_put_in),
		cmocka_unit_test(a_list_through_all_objects_is_not_the_way),
		cmocka_unit_test(blocks_of_many_sites_in_one_list_are_one_step),
		cmocka_unit_test(
			locals_of_the_program_come_before_what_the_c_library_has_at_hand),
		cmocka_unit_test(variables_come_before_locals_that_are_a_little_closer),
		cmocka_unit_test(each_step_goes_where_most_go),
		cmocka_unit_test(a_short_list_with_a_tail_is_a_list),
		cmocka_unit_test(what_only_a_stack_holds_is_the_threads),
		cmocka_unit_test(random_ways_cost_what_those_of_a_plain_search_do),
		cmocka_unit_test(a_long_path_is_cut_in_the_middle),
		cmocka_unit_test(who_is_lost_is_held_by_nothing),
		cmocka_unit_test(what_blocks_retain_together_is_counted_once),
		cmocka_unit_test(containers_are_known_by_their_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
