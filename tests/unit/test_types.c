/* test_types.c -- types of blocks: what they retain, shapes, names of containers.
 *
 * In:   random heaps and drawn ones; stacks written by hand.
 * Out:  besides the tests, `test_types --measure FILE` prints how long the types of a
 *       snapshot take, in processor time, and the memory in use.
 * Not here: real programs (tests/e2e/types.sh).
 *
 * The reference takes each block away in turn: a type retains what can no longer be
 * reached without one of its blocks or another, and each block once.
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
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "explain/types.h"
#include "graph/dominators.h"
#include "madeheap.h"
#include "model/heap.h"
#include "names/containers.h"
#include "names/root_names.h"
#include "names/shapes.h"

enum {
	MOST = 4096,
	MOST_EDGES = 16384,
	SITES = 6,
	STRIDE = 0x10000,
	SMALL = 16,
	ROUNDS = 3000
};

static const struct graph_options all_roots = {.roots_off = 0};
static uint64_t seed;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % n);
}

/* ---- heaps ---- */

/* Blocks by index; sites 1 to SITES, 0 = of none.  A root is from == MOST. */
static struct {
	uint32_t n, sites[MOST], bytes[MOST];
	size_t n_edges;
	struct edge {
		uint32_t from, to, word;
	} edges[MOST_EDGES];
} picture;

static void
begin(void)
{
	memset(&picture, 0, sizeof(picture));
}

static uint32_t
block(uint32_t site, uint32_t bytes)
{
	picture.sites[picture.n] = site;
	picture.bytes[picture.n] = bytes;
	return picture.n++;
}

static void
point(uint32_t from, uint32_t word, uint32_t to)
{
	picture.edges[picture.n_edges++] = (struct edge){from, to, word};
}

static int
compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->word > y->word) - (x->word < y->word);
}

static struct heap *
draw(void)
{
	static struct hf_edge out[MOST_EDGES];
	struct maker m = {.n_sections = 0};

	maker_module(&m, 0x400000, 0x100000, 0x400000, "", "/opt/server");
	for (uint32_t i = 1; i <= SITES; i++)
		maker_site(&m, 0, 0, 1, 0x1000 * i, 1, 1);
	for (uint32_t i = 0; i < picture.n; i++)
		maker_block(&m,
			    &(struct hf_block){.address = 0x100000 + (uint64_t)i * STRIDE,
					       .requested = picture.bytes[i],
					       .usable = STRIDE,
					       .site = picture.sites[i]});
	qsort(picture.edges, picture.n_edges, sizeof(*picture.edges), compare_edges);
	for (size_t i = 0, end; i < picture.n_edges; i = end) {
		uint32_t from = picture.edges[i].from;

		for (end = i; end < picture.n_edges && picture.edges[end].from == from;
		     end++)
			out[end - i] = (struct hf_edge){.target = picture.edges[end].to + 1,
							.word = picture.edges[end].word};
		if (from < MOST)
			maker_holder(&m, from + 1, out, end - i);
		else
			maker_root(&m,
				   &(struct hf_root){.kind = HEAPFILE_ROOT_GLOBAL,
						     .owner = 1,
						     .address = 0x408000,
						     .bytes = 0x80000,
						     .n_edges = end - i},
				   out);
	}
	return made_heap(&m);
}

static struct types *
types_of(const struct heap *h)
{
	struct names *names = names_new(h, NULL);
	struct dominators *d = dominators_new(h, &all_roots, NULL, NULL);
	struct types *t;

	assert_non_null(names);
	assert_non_null(d);
	t = types_new(h, names, d);
	assert_non_null(t);
	dominators_free(d);
	names_free(names);
	return t;
}

/* ---- retained, by brute force ---- */

static void
random_picture(void)
{
	uint32_t n = 1 + random_below(SMALL);

	begin();
	for (uint32_t i = 0; i < n; i++)
		block(random_below(SITES), 16 + random_below(500));
	for (uint32_t i = random_below(n * 3 + 1); i > 0; i--) {
		uint32_t from = random_below(n + 1);

		point(from == n ? MOST : from, i, random_below(n));
	}
	point(MOST, 1000, random_below(n));
}

/* What can be reached while one block is gone (MOST: none is). */
static void
reach(uint32_t gone, bool *reached)
{
	bool more = true;

	memset(reached, 0, SMALL * sizeof(*reached));
	while (more) {
		more = false;
		for (size_t i = 0; i < picture.n_edges; i++) {
			const struct edge *e = &picture.edges[i];

			if ((e->from == MOST || reached[e->from]) && e->to != gone &&
			    !reached[e->to])
				more = reached[e->to] = true;
		}
	}
}

static struct heap_count
wanted_retained(const uint32_t *types, uint32_t type)
{
	struct heap_count sum = {0, 0};
	bool all[SMALL], is_retained[SMALL] = {false};

	reach(MOST, all);
	for (uint32_t b = 0; b < picture.n; b++) {
		bool rest[SMALL];

		reach(b, rest);
		for (uint32_t o = 0; o < picture.n && types[b] == type; o++)
			is_retained[o] |= all[b] && all[o] && !rest[o];
	}
	for (uint32_t o = 0; o < picture.n; o++) {
		sum.blocks += is_retained[o];
		sum.bytes += is_retained[o] ? picture.bytes[o] : 0;
	}
	return sum;
}

static void
what_types_retain_is_what_taking_their_blocks_away_shows(void **state)
{
	(void)state;
	for (seed = 1; seed <= ROUNDS; seed++) {
		uint64_t kept = seed;
		struct heap_count sum = {0, 0};
		struct heap *h;
		struct types *t;

		random_picture();
		h = draw();
		t = types_of(h);
		assert_true(t->has_retained);
		for (uint32_t i = 1; i <= t->n; i++) {
			struct heap_count wanted = wanted_retained(t->blocks, i);
			const struct type *x = &t->list[i];

			if (x->retained.blocks != wanted.blocks ||
			    x->retained.bytes != wanted.bytes)
				fail_msg("seed %u, %s: %u blocks, not %u", (unsigned)kept,
					 x->name, (unsigned)x->retained.blocks,
					 (unsigned)wanted.blocks);
			assert_int_equal(t->blocks[x->largest], i);
			assert_true(x->live.blocks > 0);
			assert_true(i == 1 ||
				    t->list[i - 1].retained.bytes >= wanted.bytes);
			assert_int_equal(types_named(t, x->name), i);
			sum.blocks += x->live.blocks;
			sum.bytes += x->live.bytes;
		}
		assert_int_equal(sum.blocks, h->live.blocks);
		assert_int_equal(sum.bytes, h->live.bytes);
		/* One site is one type here, and one type of one site. */
		for (uint32_t a = 0; a < picture.n; a++)
			for (uint32_t b = 0; b < picture.n; b++)
				assert_int_equal(picture.sites[a] == picture.sites[b],
						 types_of_block(t, a) ==
							 types_of_block(t, b));
		types_free(t);
		heap_free(h);
		seed = kept;
	}
}

static void
without_a_graph_types_have_counts_only(void **state)
{
	struct names *names;
	struct types *t;
	struct heap *h;

	(void)state;
	begin();
	block(1, 100);
	block(1, 200);
	block(2, 50);
	h = draw();
	assert_false(h->has_roots);
	names = names_new(h, NULL);
	t = types_new(h, names, NULL);
	assert_non_null(t);
	assert_false(t->has_retained);
	assert_int_equal(t->n, 2);
	assert_string_equal(types_name(t, 1), "unknown type, allocated in server+0x1000");
	assert_int_equal(t->list[1].live.bytes, 300);
	assert_int_equal(t->list[1].largest, 1);
	types_free(t);
	names_free(names);
	heap_free(h);
}

/* ---- shapes ---- */

/* The shape of a site's blocks. */
static void
assert_shape(const struct heap *h, uint32_t site, const char *wanted)
{
	struct types *t = types_of(h);
	char name[64] = "no such block";

	for (uint32_t b = 0; b < h->n_blocks; b++)
		if (h->blocks[b].site == site)
			snprintf(name, sizeof(name), "%.*s",
				 (int)(strstr(types_name(t, types_of_block(t, b)),
					      ", allocated in server") -
				       types_name(t, types_of_block(t, b))),
				 types_name(t, types_of_block(t, b)));
	assert_string_equal(name, wanted);
	types_free(t);
}

static void
lists_and_trees(void **state)
{
	enum { N = 200 };
	uint32_t first[4];
	struct heap *h;

	(void)state;
	begin();
	for (uint32_t kind = 0; kind < 4; kind++) {
		first[kind] = picture.n;
		for (uint32_t i = 0; i < N; i++)
			block(kind + 1, 48);
		point(MOST, kind, first[kind]);
	}
	for (uint32_t i = 1; i < N; i++) {
		point(first[0] + i - 1, 0, first[0] + i);
		point(first[1] + i - 1, 0, first[1] + i);
		point(first[1] + i, 1, first[1] + i - 1);
		point(first[2] + (i - 1) / 2, i % 2, first[2] + i);
		point(first[3] + (i - 1) / 2, i % 2, first[3] + i);
		point(first[3] + i, 2, first[3] + (i - 1) / 2);
	}
	h = draw();
	assert_shape(h, 1, "linked list node");
	assert_shape(h, 2, "linked list node");
	assert_shape(h, 3, "tree node");
	assert_shape(h, 4, "tree node");
	heap_free(h);
}

/* One array each, with slots that lead to blocks of a site of their own. */
static void
tables_and_arrays(void **state)
{
	enum { SLOTS = 200 };
	uint32_t chained, open, dense, holes, entry = 0;
	uint32_t last[SLOTS] = {0};
	struct heap *h;

	(void)state;
	begin();
	seed = 7;
	chained = block(1, SLOTS * 8);
	open = block(2, SLOTS * 24);
	dense = block(3, SLOTS * 8);
	holes = block(4, SLOTS * 8);
	for (uint32_t i = 0; i < 4; i++)
		point(MOST, i, i);
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint32_t slot = random_below(SLOTS);

		entry = block(5, 40);
		/* In a list by age, as well. */
		if (i)
			point(entry, 1, last[0]);
		if (last[0])
			point(last[0], 2, entry);
		last[0] = entry;
		point(chained, slot, entry); /* what was there comes next */
		for (size_t k = 0; k + 1 < picture.n_edges; k++)
			if (picture.edges[k].from == chained &&
			    picture.edges[k].word == slot) {
				point(entry, 0, picture.edges[k].to);
				picture.edges[k] = picture.edges[picture.n_edges - 2];
				picture.edges[picture.n_edges - 2] =
					picture.edges[picture.n_edges - 1];
				picture.n_edges--;
				break;
			}
		if (random_below(10) < 6)
			point(open, 3 * i + 1, block(6, 32));
		if (i < 150)
			point(dense, i, block(6, 32));
		/* Some have been removed, all in one place. */
		if (i < 80 || i > 140)
			point(holes, i, block(6, 32));
	}
	h = draw();
	assert_shape(h, 1, "hash table with chains");
	assert_shape(h, 2, "hash table with open addressing");
	assert_shape(h, 3, "array of pointers");
	assert_shape(h, 4, "array of pointers");
	assert_shape(h, 5, "hash table entry");
	assert_shape(h, 6, "unknown type");
	heap_free(h);
}

/* ---- names of containers ---- */

static void
assert_role(const char *const *functions, const char *wanted)
{
	struct stack_frame frames[8];
	struct stack s = {frames, 0};
	char *role;

	memset(frames, 0, sizeof(frames));
	for (; functions[s.n]; s.n++) {
		frames[s.n].function = functions[s.n];
		frames[s.n].module = 1;
	}
	role = containers_role(&s, false);
	assert_string_equal(role ? role : "none", wanted ? wanted : "none");
	free(role);
}

#define ROLE(wanted, ...) assert_role((const char *const[]){__VA_ARGS__, NULL}, wanted)

static void
containers_are_told_by_their_functions(void **state)
{
	(void)state;
	ROLE("std::vector<std::vector<int>> storage",
	     "std::_Vector_base<std::vector<int, std::allocator<int> >, "
	     "std::allocator<std::vector<int, std::allocator<int> > > "
	     ">::_M_allocate(unsigned long)",
	     "main");
	/* What it returns is no part of its name. */
	ROLE("std::vector<std::vector<int>> storage",
	     "std::vector<int, std::allocator<int> >& std::vector<std::vector<int, "
	     "std::allocator<int> >, std::allocator<std::vector<int, std::allocator<int> "
	     "> > "
	     ">::emplace_back<>()",
	     "main");
	ROLE("std::map<std::string, std::pair<int, long>> node",
	     "std::_Rb_tree<std::__cxx11::basic_string<char, std::char_traits<char>, "
	     "std::allocator<char> >, std::pair<std::__cxx11::basic_string<char, "
	     "std::char_traits<char>, std::allocator<char> > const, std::pair<int, long> "
	     ">, "
	     "std::_Select1st<int>, std::less<int>, std::allocator<int> "
	     ">::_M_get_node()");
	/* A set of pairs is no map, though its nodes' allocator cannot tell. */
	ROLE("std::unordered_set<std::pair<int, int>> node",
	     "std::__detail::_Hashtable_alloc<std::allocator<std::__detail::_Hash_node<"
	     "std::pair<int, int>, true> > >::_M_allocate_node<int>(int&&)",
	     "std::_Hashtable<std::pair<int, int>, std::pair<int, int>, "
	     "std::allocator<std::pair<int, int> >, std::__detail::_Identity, x, "
	     "y>::insert(int)",
	     "main");
	/* A string in a map's node is a string. */
	ROLE("std::string buffer",
	     "std::__cxx11::basic_string<char>::_M_create(unsigned long&, unsigned long)",
	     "std::_Rb_tree<int, std::pair<int const, long>, std::_Select1st<int>, x, "
	     "y>::_M_insert()");
	/* An allocator of the program's own is no end of the stack. */
	ROLE("std::list<job> node", "pool<std::_List_node<job> >::allocate(unsigned long)",
	     "std::__cxx11::_List_base<job, pool<job> >::_M_get_node()");
	/* But a function of the program's own is. */
	ROLE(NULL, "job::job()", "std::list<job>::push_back(job&&)");
	ROLE(NULL, "main");
	ROLE("std::shared_ptr<job> control block", "std::__shared_count<(__gnu_cxx::_Lock_policy)2>::__shared_count<job*>(job*)",
	     "std::__shared_ptr<job, (__gnu_cxx::_Lock_policy)2>::__shared_ptr<job, "
	     "void>(job*)");
	/* What it holds stands in the name of the block, if nowhere else. */
	ROLE("std::make_shared<ui::Slot> block",
	     "std::__allocate_guarded<std::allocator<std::_Sp_counted_ptr_inplace<ui::"
	     "Slot, "
	     "std::allocator<void>, (__gnu_cxx::_Lock_policy)2> > >",
	     "std::__shared_count<(__gnu_cxx::_Lock_policy)2>::__shared_count<ui::Slot, "
	     "std::allocator<void> >");
	ROLE("GHashTable header", "g_slice_alloc", "g_hash_table_new_full", "main");
	ROLE("GString buffer", "g_malloc", "g_string_insert_len", "main");
	/* Never more than it understands. */
	ROLE("std::vector storage", "std::vector<>::push_back(");
	ROLE(NULL, "std::vector<int::push_back");
	ROLE("std::map<int> node",
	     "std::_Rb_tree<int, job, std::_Select1st<int> >::_M_insert(");
}

static void
classes_are_written_as_people_do(void **state)
{
	static const char *const pairs[][2] = {
		{"Session", "Session"},
		{"Cache<std::__cxx11::basic_string<char, std::char_traits<char>, "
		 "std::allocator<char> >, std::vector<int, std::allocator<int> > >",
		 "Cache<std::string, std::vector<int>>"},
		{"std::_Sp_counted_ptr_inplace<job, std::allocator<void>, "
		 "(__gnu_cxx::_Lock_policy)2>",
		 "std::make_shared<job> block"},
		{"std::_Sp_counted_ptr<job*, (__gnu_cxx::_Lock_policy)2>",
		 "std::shared_ptr<job> control block"},
		{"a, std::allocator<", "a, std::allocator<"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		bool is_container = false;
		char *name = containers_class(pairs[i][0], &is_container);

		assert_string_equal(name, pairs[i][1]);
		assert_int_equal(is_container, strstr(pairs[i][0], "_Sp_") != NULL);
		free(name);
	}
}

/* ---- measurements ---- */

static double
seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static int
measure(const char *path)
{
	struct heap *h = NULL;
	struct hf_error e;
	uint8_t *bytes;
	double begun;
	size_t n;

	if (hf_read_file(path, &bytes, &n, &e) == 0)
		h = heap_load(bytes, n, 0, NULL, NULL, &e);
	if (!h)
		return 2;
	free(bytes);

	struct dominators *d = dominators_new(h, &all_roots, NULL, NULL);
	struct names *names = names_new(h, NULL);
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	begun = seconds();
	struct types *t = types_new(h, names, d);

	printf("types %.2f s, ", seconds() - begun);
	begun = seconds();
	free(d ? dominators_by_kind(d, t->blocks, t->n) : NULL);
	getrusage(RUSAGE_SELF, &after);
	printf("of this retained %.2f s; %u blocks, %u types, %ld MiB more at most\n",
	       seconds() - begun, h->n_blocks, t->n,
	       (after.ru_maxrss - before.ru_maxrss) / 1024);
	types_free(t);
	names_free(names);
	dominators_free(d);
	heap_free(h);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_types_retain_is_what_taking_their_blocks_away_shows),
		cmocka_unit_test(without_a_graph_types_have_counts_only),
		cmocka_unit_test(lists_and_trees),
		cmocka_unit_test(tables_and_arrays),
		cmocka_unit_test(containers_are_told_by_their_functions),
		cmocka_unit_test(classes_are_written_as_people_do),
	};

	if (argc == 3 && strcmp(argv[1], "--measure") == 0)
		return measure(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
