/* test_dominators.c -- retained sizes, against taking blocks away.
 *
 * In:   small graphs, random and drawn by hand; a few long ones.
 * Out:  besides the tests, `test_dominators --measure FILE` prints how long
 *       loading, marking, the tree and shortest ways take, in processor time, and
 *       the memory in use.
 * Not here: states of blocks (test_graph.c), which also writes large files.
 *
 * The reference takes each block away in turn and looks what can no longer be
 * reached: that is what the block retains.  Its immediate dominator is the one
 * block among those that retain it which all the others retain as well.
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

#include "explain/holders.h"
#include "graph/dominators.h"
#include "madeheap.h"
#include "model/heap.h"
#include "names/root_names.h"

enum { MOST = 16, MOST_EDGES = 64, SITES = 3, STRIDE = 4096 };

struct line {
	unsigned from, to; /* from: n and above are roots */
	bool is_inside;
};

struct picture {
	unsigned n, n_roots, n_lines;
	struct line lines[MOST_EDGES];
	unsigned sites[MOST];
	bool is_off[2]; /* the second kind of root is switched off */
};

static const uint32_t root_kinds[2] = {HEAPFILE_ROOT_GLOBAL, HEAPFILE_ROOT_STACK};
static const struct graph_options all_roots = {.roots_off = 0};
static uint64_t seed;

static unsigned
random_below(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((seed >> 33) % n);
}

static unsigned
bytes_of(unsigned block)
{
	return 16 + block * block * 7 % 1000;
}

static void
random_picture(struct picture *p)
{
	memset(p, 0, sizeof(*p));
	p->n = 1 + random_below(MOST);
	p->n_roots = 1 + random_below(2);
	p->n_lines = random_below(p->n * 3 + 1);
	for (unsigned i = 0; i < p->n_lines; i++) {
		/* Every second graph is more of a list. */
		unsigned from = random_below(p->n + p->n_roots);
		unsigned to = seed >> 40 & 1 && from < p->n ? (from + 1) % p->n
							    : random_below(p->n);

		p->lines[i] = (struct line){from, to, random_below(4) == 0};
	}
	for (unsigned i = 0; i < p->n; i++)
		p->sites[i] = random_below(SITES);
	p->is_off[1] = random_below(4) == 0;
}

static size_t
edges_of(const struct picture *p, unsigned from, struct hf_edge *edges)
{
	size_t n = 0;

	for (unsigned i = 0; i < p->n_lines; i++)
		if (p->lines[i].from == from)
			edges[n++] =
				(struct hf_edge){.target = p->lines[i].to + 1,
						 .word = i,
						 .inside = p->lines[i].is_inside ? 8 : 0};
	return n;
}

static struct heap *
draw(const struct picture *p)
{
	struct maker m = {.n_sections = 0};
	struct hf_edge edges[MOST_EDGES];
	size_t n;

	for (unsigned i = 1; i < SITES; i++)
		maker_site(&m, 0, 0, 0, 0x1000 * i, 1, 1);
	for (unsigned i = 0; i < p->n; i++)
		maker_block(&m, &(struct hf_block){.address = 0x10000 + i * STRIDE,
						   .requested = bytes_of(i),
						   .usable = STRIDE / 2,
						   .site = p->sites[i]});
	for (unsigned i = 0; i < p->n; i++) {
		n = edges_of(p, i, edges);
		if (n)
			maker_holder(&m, i + 1, edges, n);
	}
	for (unsigned i = 0; i < p->n_roots; i++) {
		struct hf_root r = {.kind = root_kinds[i],
				    .address = 0x1000 + i * 0x1000,
				    .bytes = 0x1000,
				    .n_edges = edges_of(p, p->n + i, edges)};

		maker_root(&m, &r, edges);
	}
	return made_heap(&m);
}

/* ---- the reference ---- */

/* What can be reached while one block is gone (p->n: none is). */
static void
reach(const struct picture *p, unsigned gone, bool *reached)
{
	bool more = true;

	memset(reached, 0, MOST * sizeof(*reached));
	while (more) {
		more = false;
		for (unsigned i = 0; i < p->n_lines; i++) {
			const struct line *l = &p->lines[i];
			bool from = l->from < p->n ? reached[l->from]
						   : !p->is_off[l->from - p->n];

			if (from && l->to != gone && !reached[l->to])
				more = reached[l->to] = true;
		}
	}
}

struct answer {
	bool reached[MOST];
	bool retains[MOST][MOST]; /* row retains column */
};

static void
solve(const struct picture *p, struct answer *a)
{
	reach(p, p->n, a->reached);
	for (unsigned b = 0; b < p->n; b++) {
		bool rest[MOST];

		reach(p, b, rest);
		for (unsigned o = 0; o < p->n; o++)
			a->retains[b][o] = a->reached[b] && a->reached[o] && !rest[o];
	}
}

static uint32_t
wanted_idom(const struct picture *p, const struct answer *a, unsigned block)
{
	if (!a->reached[block])
		return DOMINATORS_UNREACHABLE;
	for (unsigned d = 0; d < p->n; d++) {
		bool is_closest = d != block && a->retains[d][block];

		for (unsigned o = 0; o < p->n; o++)
			if (o != block && o != d && a->retains[o][block])
				is_closest &= a->retains[o][d];
		if (is_closest)
			return d;
	}
	return DOMINATORS_ROOTS;
}

static struct heap_count
wanted_of_site(const struct picture *p, const struct answer *a, unsigned site)
{
	struct heap_count c = {0, 0};

	for (unsigned b = 0; b < p->n; b++) {
		bool is_retained = false;

		for (unsigned s = 0; s < p->n; s++)
			is_retained |= p->sites[s] == site && a->retains[s][b];
		c.blocks += is_retained;
		c.bytes += is_retained ? bytes_of(b) : 0;
	}
	return c;
}

static void
compare(const struct picture *p)
{
	const struct graph_options o = {.roots_off =
						p->is_off[1] ? 1u << root_kinds[1] : 0};
	struct heap *h = draw(p);
	struct dominators *d = dominators_new(h, &o, NULL, NULL);
	struct heap_count *sites = d ? dominators_by_site(d) : NULL;
	struct answer a;

	assert_non_null(sites);
	solve(p, &a);
	for (unsigned b = 0; b < p->n; b++) {
		struct heap_count got = dominators_retained(d, b);
		uint64_t blocks = 0, bytes = 0;

		assert_int_equal(dominators_of(d, b), wanted_idom(p, &a, b));
		for (unsigned i = 0; i < p->n; i++) {
			blocks += a.retains[b][i];
			bytes += a.retains[b][i] ? bytes_of(i) : 0;
		}
		assert_int_equal(got.blocks, blocks);
		assert_int_equal(got.bytes, bytes);
	}
	for (unsigned s = 0; s < SITES && s <= h->n_nodes; s++) {
		struct heap_count wanted = wanted_of_site(p, &a, s);

		assert_int_equal(sites[s].blocks, wanted.blocks);
		assert_int_equal(sites[s].bytes, wanted.bytes);
	}
	free(sites);
	dominators_free(d);
	heap_free(h);
}

static void
random_graphs_retain_what_goes_with_a_block(void **state)
{
	struct picture p;

	(void)state;
	for (uint64_t round = 1; round <= 20000; round++) {
		seed = round;
		random_picture(&p);
		compare(&p);
	}
}

/* ---- drawn by hand ---- */

/* Edges as text: "R>0 0~1" is a start pointer from the first root to block 0,
 * and an interior one from there to block 1; S is the second root. */
static void
sketch(struct picture *p, unsigned n, const char *edges)
{
	char from, to, kind;
	int used;

	memset(p, 0, sizeof(*p));
	p->n = n;
	p->n_roots = 2;
	for (; sscanf(edges, " %c%c%c%n", &from, &kind, &to, &used) == 3; edges += used)
		p->lines[p->n_lines++] =
			(struct line){from == 'R'   ? n
				      : from == 'S' ? n + 1
						    : (unsigned)(from - '0'),
				      (unsigned)(to - '0'), kind == '~'};
}

static void
known_shapes_have_known_dominators(void **state)
{
	/* By block: R is the roots, - is nothing. */
	static const struct {
		unsigned n;
		const char *edges, *wanted;
	} shapes[] = {
		{1, "", "-"},
		{1, "R>0", "R"},
		{2, "R>0 0~1", "R0"},         /* a pointer inside holds as well */
		{2, "R>0 0>1 S>1", "RR"},     /* two roots */
		{2, "R>0 0>0 0>1 0>1", "R0"}, /* itself, and one twice */
		{4, "R>0 0>1 0>2 1>3 2>3", "R000"},
		{4, "R>0 0>1 1>2 2>3 3>1", "R012"},
		{4, "R>0 0>1 1>0 1>2 2>1 2>3 3>2", "R012"}, /* linked both ways */
		{4, "R>0 0>1 1>2 2>0 2>3 3>0 0>3", "R010"},
		{3, "1>0 2>1 R>0", "R--"}, /* who is lost holds nothing */
		/* Circles with two ways in. */
		{9, "R>0 R>1 0>2 1>2 1>0 2>3 0>4 3>5 4>5 5>6 6>5 6>7 4>7 7>8 8>6",
		 "RRR20RRR7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct picture p;
		struct dominators *d;
		struct heap *h;
		char got[MOST + 1] = "";

		sketch(&p, shapes[i].n, shapes[i].edges);
		h = draw(&p);
		d = dominators_new(h, &all_roots, NULL, NULL);
		assert_non_null(d);
		for (unsigned b = 0; b < p.n; b++) {
			uint32_t idom = dominators_of(d, b);

			got[b] = idom == DOMINATORS_ROOTS         ? 'R'
				 : idom == DOMINATORS_UNREACHABLE ? '-'
								  : (char)('0' + idom);
		}
		print_message("# %s\n", shapes[i].edges);
		assert_string_equal(got, shapes[i].wanted);
		dominators_free(d);
		heap_free(h);
		compare(&p);
	}
}

/* ---- long ones ---- */

static void
many_blocks(struct maker *m, uint32_t n)
{
	maker_site(m, 0, 0, 0, 0x1000, 1, 1);
	for (uint32_t i = 0; i < n; i++)
		maker_block(m, &(struct hf_block){.address = 0x10000 + i * 64ull,
						  .requested = 16,
						  .usable = 64,
						  .site = i ? 1 : 0});
}

static void
one_root(struct maker *m)
{
	const struct hf_root r = {HEAPFILE_ROOT_GLOBAL, 0, 0x1000, 64, 1};

	maker_root(m, &r, &(struct hf_edge){.target = 1});
}

static void
a_long_list_needs_no_deep_stack(void **state)
{
	enum { N = 1000000 };
	struct maker m = {.n_sections = 0};
	struct heap_count *sites;
	struct dominators *d;
	struct heap *h;

	(void)state;
	many_blocks(&m, N);
	/* Linked both ways, so that compression has something to compress. */
	for (uint32_t i = 1; i <= N; i++)
		maker_holder(&m, i,
			     (struct hf_edge[]){{.target = i < N ? i + 1 : 1},
						{.target = i > 1 ? i - 1 : N, .word = 1}},
			     i > 1 && i < N ? 2 : 1);
	one_root(&m);
	h = made_heap(&m);
	d = dominators_new(h, &all_roots, NULL, NULL);
	assert_non_null(d);
	for (uint32_t i = 1; i < N; i++)
		assert_int_equal(dominators_of(d, i), i - 1);
	assert_int_equal(dominators_retained(d, 0).bytes, 16ull * N);
	assert_int_equal(dominators_retained(d, N / 2).blocks, N - N / 2);
	sites = dominators_by_site(d);
	assert_non_null(sites);
	assert_int_equal(sites[1].blocks, N - 1);
	assert_int_equal(sites[1].bytes, 16ull * (N - 1));
	free(sites);
	dominators_free(d);
	heap_free(h);
}

/* A list of items, each with a payload, to which a table points as well: each
 * payload hangs on the head, as far above the item as the list is long. */
static void
a_long_list_beside_a_table_takes_no_longer(void **state)
{
	enum { N = 300000, TABLE = 2 * N + 1, HEAD = 1 };
	struct maker m = {.n_sections = 0};
	struct hf_edge *table = calloc(N, sizeof(*table));
	struct dominators *d;
	struct heap *h;
	clock_t begin;
	double seconds;

	(void)state;
	many_blocks(&m, TABLE - 1);
	maker_block(&m, &(struct hf_block){.address = 0x10000 + 64ull * (TABLE - 1),
					   .requested = 8 * N,
					   .usable = 8 * N});
	for (uint32_t i = 1; i <= N; i++) {
		struct hf_edge edges[3] = {{.target = N + i, .word = 1},
					   {.target = TABLE, .word = 2}};
		size_t n = i == HEAD ? 2 : 1;

		if (i < N) {
			memmove(&edges[1], &edges[0], 2 * sizeof(*edges));
			edges[0] = (struct hf_edge){.target = i + 1};
			n++;
		}
		maker_holder(&m, i, edges, n);
		table[i - 1] = (struct hf_edge){.target = N + i, .word = i - 1};
	}
	maker_holder(&m, TABLE, table, N);
	one_root(&m);
	h = made_heap(&m);
	begin = clock();
	d = dominators_new(h, &all_roots, NULL, NULL);
	seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
	assert_non_null(d);
	for (uint32_t i = 1; i < N; i++) {
		assert_int_equal(dominators_of(d, i), i - 1);
		assert_int_equal(dominators_of(d, N + i), HEAD - 1);
	}
	assert_int_equal(dominators_of(d, TABLE - 1), HEAD - 1);
	/* One by one it is 4.5e10 steps: a minute at the least. */
	assert_true(seconds < 10);
	dominators_free(d);
	heap_free(h);
	free(table);
}

/* ---- large ones, to be measured ---- */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
measure(const char *path)
{
	double begin = now(), loaded, marked, built, summed, searched;
	struct holders *holders = NULL;
	struct names *names = NULL;
	struct heap_count *sites = NULL;
	struct dominators *d = NULL;
	struct graph *g = NULL;
	struct rusage usage;
	struct hf_error e;
	struct heap *h = NULL;
	uint8_t *bytes;
	size_t n;

	if (hf_read_file(path, &bytes, &n, &e) == 0) {
		h = heap_load(bytes, n, 0, NULL, NULL, &e);
		free(bytes);
	}
	loaded = now();
	g = h && h->has_roots ? graph_new(h, &all_roots, NULL, NULL) : NULL;
	marked = now();
	d = g ? dominators_new(h, &all_roots, NULL, NULL) : NULL;
	built = now();
	sites = d ? dominators_by_site(d) : NULL;
	summed = now();
	names = sites ? names_new(h, NULL) : NULL;
	holders = names ? holders_new(h, &all_roots, d, names) : NULL;
	searched = now();
	getrusage(RUSAGE_SELF, &usage);
	if (sites)
		printf("blocks %u edges %ju reachable %u: load %.2f s, states %.2f s,"
		       " dominators %.2f s, in all %.2f s; by site %.2f s, ways %.2f s;"
		       " %ld MiB\n",
		       h->n_blocks, (uintmax_t)h->edges.n, d->n, loaded - begin,
		       marked - loaded, built - marked, built - begin, summed - built,
		       searched - summed, usage.ru_maxrss / 1024);
	holders_free(holders);
	names_free(names);
	free(sites);
	dominators_free(d);
	graph_free(g);
	heap_free(h);
	return sites ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_graphs_retain_what_goes_with_a_block),
		cmocka_unit_test(known_shapes_have_known_dominators),
		cmocka_unit_test(a_long_list_needs_no_deep_stack),
		cmocka_unit_test(a_long_list_beside_a_table_takes_no_longer),
	};

	if (argc == 3 && strcmp(argv[1], "--measure") == 0)
		return measure(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
