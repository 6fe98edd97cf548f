/* test_graph.c -- which blocks are lost, against the definition itself.
 *
 * In:   small graphs, random and drawn by hand.
 * Out:  besides the tests, `test_graph --scale BLOCKS EDGES` writes a large
 *       snapshot with that many on standard output.
 * Not here: findings (test_detect.c).
 *
 * The reference takes the definition of memcheck's manual word by word, with
 * matrices of who can be reached from whom; it is slow, and has nothing in
 * common with the searches that it checks.
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

#include "graph/graph.h"
#include "madeheap.h"
#include "model/heap.h"

enum { MOST = 12, BLOCK_BYTES = 1024 };

/* A graph as matrices; node n is the roots together. */
struct picture {
	unsigned n;
	bool starts[MOST + 1][MOST]; /* a start pointer from row to column */
	bool insides[MOST + 1][MOST];
	enum heapfile_inside hints[MOST + 1][MOST];
	bool is_ignored[MOST];
	uint32_t root_kind;
};

static uint64_t seed;

static unsigned
random_below(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((seed >> 33) % n);
}

static void
random_picture(struct picture *p)
{
	unsigned n_edges;

	memset(p, 0, sizeof(*p));
	p->n = 1 + random_below(MOST);
	p->root_kind = random_below(2) ? HEAPFILE_ROOT_GLOBAL : HEAPFILE_ROOT_STACK;
	n_edges = random_below(p->n * 2 + 2);
	for (unsigned i = 0; i < n_edges; i++) {
		unsigned from = random_below(p->n + 1), to = random_below(p->n);

		if (random_below(3)) {
			p->starts[from][to] = true;
		} else {
			p->insides[from][to] = true;
			p->hints[from][to] = random_below(4) ? HEAPFILE_INSIDE_PLAIN
							     : 1 + random_below(3);
		}
	}
	for (unsigned i = 0; i < p->n; i++)
		p->is_ignored[i] = random_below(12) == 0;
}

/* Edges of one row, by rising word; their number. */
static size_t
row_edges(const struct picture *p, unsigned row, struct hf_edge *edges)
{
	size_t n = 0;

	for (unsigned to = 0; to < p->n; to++) {
		if (p->starts[row][to])
			edges[n++] = (struct hf_edge){.target = to + 1, .word = 2 * to};
		if (p->insides[row][to])
			edges[n++] = (struct hf_edge){.target = to + 1,
						      .word = 2 * to + 1,
						      .inside = 8 + to,
						      .hint = p->hints[row][to]};
	}
	return n;
}

static struct heap *
draw(const struct picture *p)
{
	struct maker m = {.n_sections = 0};
	struct hf_edge edges[2 * MOST];
	struct hf_root root = {.kind = p->root_kind, .address = 0x1000, .bytes = 4096};
	size_t n;

	for (unsigned i = 0; i < p->n; i++)
		maker_block(&m, &(struct hf_block){
					.address = 0x10000 + i * 2 * BLOCK_BYTES,
					.requested = BLOCK_BYTES,
					.usable = BLOCK_BYTES,
					.kind = p->is_ignored[i] ? HEAPFILE_KIND_IGNORED
								 : HEAPFILE_KIND_MALLOC});
	for (unsigned i = 0; i < p->n; i++) {
		n = row_edges(p, i, edges);
		if (n)
			maker_holder(&m, i + 1, edges, n);
	}
	root.n_edges = row_edges(p, p->n, edges);
	maker_root(&m, &root, edges);
	return made_heap(&m);
}

/* ---- the reference ---- */

static bool
is_start(const struct picture *p, unsigned from, unsigned to, bool heuristics)
{
	return p->starts[from][to] || (heuristics && p->insides[from][to] &&
				       p->hints[from][to] != HEAPFILE_INSIDE_PLAIN);
}

/* Who can be reached from whom over one edge or more. */
static void
close_over(unsigned n, bool reach[MOST + 1][MOST + 1])
{
	for (unsigned k = 0; k < n; k++)
		for (unsigned i = 0; i <= n; i++)
			for (unsigned j = 0; j < n; j++)
				reach[i][j] |= reach[i][k] && reach[k][j];
}

static void
reference(const struct picture *p, bool heuristics, bool roots_count,
	  enum graph_state *states)
{
	bool by_starts[MOST + 1][MOST + 1] = {{false}};
	bool by_any[MOST + 1][MOST + 1] = {{false}};
	bool lost[MOST];
	unsigned n = p->n;

	for (unsigned i = 0; i <= n; i++)
		for (unsigned j = 0; j < n && (i < n || roots_count); j++) {
			by_starts[i][j] = is_start(p, i, j, heuristics);
			by_any[i][j] = p->starts[i][j] || p->insides[i][j];
		}
	close_over(n, by_starts);
	close_over(n, by_any);
	for (unsigned b = 0; b < n; b++) {
		bool ignored = p->is_ignored[b];

		for (unsigned a = 0; a < n; a++)
			ignored |= p->is_ignored[a] && by_any[a][b];
		states[b] = by_starts[n][b] ? GRAPH_REACHABLE
			    : ignored       ? GRAPH_IGNORED
			    : by_any[n][b]  ? GRAPH_POSSIBLE
					    : GRAPH_INDIRECT;
		lost[b] = states[b] == GRAPH_INDIRECT;
	}
	for (unsigned b = 0; b < n; b++) {
		bool is_leader = lost[b];

		for (unsigned a = 0; a < n; a++)
			if (a != b && lost[a] && by_any[a][b])
				is_leader &= by_any[b][a] && b < a;
		if (is_leader)
			states[b] = GRAPH_DEFINITE;
	}
}

/* Can `to` be reached from `from`, over lost blocks? */
static bool
leads_to(const struct picture *p, const enum graph_state *states, unsigned from, unsigned to)
{
	bool seen[MOST] = {false};

	seen[from] = true;
	for (unsigned round = 0; round < p->n; round++)
		for (unsigned i = 0; i < p->n; i++)
			for (unsigned j = 0; j < p->n; j++)
				if (seen[i] && (p->starts[i][j] || p->insides[i][j]) &&
				    (states[j] == GRAPH_INDIRECT ||
				     states[j] == GRAPH_DEFINITE))
					seen[j] = true;
	return seen[to];
}

static void
compare(const struct picture *p, const struct graph_options *options)
{
	enum graph_state wanted[MOST];
	struct heap *h = draw(p);
	struct graph *g = graph_new(h, options, NULL, NULL);

	assert_non_null(g);
	reference(p, !options->no_heuristics, !(options->roots_off & 1u << p->root_kind),
		  wanted);
	for (unsigned b = 0; b < p->n; b++) {
		if (g->states[b] != wanted[b])
			fail_msg("block %u of %u is %s, not %s", b, p->n,
				 graph_state_name(wanted[b]),
				 graph_state_name((enum graph_state)g->states[b]));
		if (wanted[b] != GRAPH_INDIRECT)
			continue;
		assert_int_equal(wanted[g->leaders[b]], GRAPH_DEFINITE);
		assert_true(leads_to(p, wanted, g->leaders[b], b));
	}
	graph_free(g);
	heap_free(h);
}

static void
random_graphs_are_as_the_definition_has_them(void **state)
{
	const struct graph_options all = {.roots_off = 0};
	const struct graph_options plain = {.no_heuristics = true};
	const struct graph_options no_stacks = {.roots_off = 1u << HEAPFILE_ROOT_STACK};
	struct picture p;

	(void)state;
	for (seed = 1; seed < 20000; seed++) {
		uint64_t begin = seed;

		random_picture(&p);
		compare(&p, &all);
		compare(&p, &plain);
		compare(&p, &no_stacks);
		seed = begin;
	}
}

/* ---- drawn by hand ---- */

/* Edges as text: "R>0 0~1" is a start pointer from the roots to block 0, and
 * an interior one from there to block 1. */
static void
sketch(struct picture *p, unsigned n, const char *edges)
{
	char from, to, kind;
	int used;

	memset(p, 0, sizeof(*p));
	p->n = n;
	p->root_kind = HEAPFILE_ROOT_GLOBAL;
	for (; sscanf(edges, " %c%c%c%n", &from, &kind, &to, &used) == 3; edges += used) {
		unsigned row = from == 'R' ? n : (unsigned)(from - '0');
		unsigned column = (unsigned)(to - '0');

		if (kind == '>')
			p->starts[row][column] = true;
		else
			p->insides[row][column] = true;
	}
}

/* One letter a block: definite, indirect, possible, reachable, ignored (x). */
static void
expect(const struct picture *p, const struct graph_options *options, const char *wanted)
{
	static const char letters[] = "diprx";
	struct heap *h = draw(p);
	struct graph *g = graph_new(h, options, NULL, NULL);
	char got[MOST + 1] = "";

	assert_non_null(g);
	for (unsigned b = 0; b < p->n; b++)
		got[b] = letters[g->states[b]];
	assert_string_equal(got, wanted);
	graph_free(g);
	heap_free(h);
}

static void
known_shapes_have_known_states(void **state)
{
	static const struct {
		unsigned n;
		const char *edges, *wanted;
	} shapes[] = {
		/* The nine cases of the manual, 0 before 1. */
		{1, "R>0", "r"},
		{2, "R>0 0>1", "rr"},
		{1, "", "d"},
		{2, "0>1", "di"},
		{1, "R~0", "p"},
		{2, "R>0 0~1", "rp"},
		{2, "R~0 0>1", "pp"},
		{2, "R~0 0~1", "pp"},
		{2, "0~1", "di"},
		/* A start pointer is the better way, whichever comes first. */
		{2, "R>0 R~1 0>1", "rr"},
		{2, "R~0 R>0 0>1", "rr"},
		/* Circles. */
		{1, "0>0", "d"},
		{3, "0>1 1>2 2>0", "dii"},
		{3, "0~1 1~2 2~0", "dii"},
		{3, "2>1 1>0 0>2", "dii"},
		{4, "0>1 1>0 2>3 3>2", "didi"},
		{4, "0>1 1>0 2>3 3>2 3>0", "iidi"},
		{4, "0>1 1>0 2>3 3>2 3>0 0>3", "diii"},
		{3, "2>0 0>1 1>0", "iid"},
		/* Into the middle of a circle: the whole follows. */
		{3, "0>1 1>0 2>1", "iid"},
		/* Lists and trees, at rising and at falling addresses. */
		{4, "0>1 1>2 2>3", "diii"},
		{4, "3>2 2>1 1>0", "iiid"},
		{7, "0>1 0>2 1>3 1>4 2>5 2>6", "diiiiii"},
		{3, "1>0 2>0", "idd"},
		/* What is held is not lost with who else points to it. */
		{3, "R>1 0>1 0>2", "dri"},
		{3, "R~1 0>1 0>2", "dpi"},
	};
	const struct graph_options all = {.roots_off = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct picture p;

		sketch(&p, shapes[i].n, shapes[i].edges);
		print_message("# %s\n", shapes[i].edges);
		expect(&p, &all, shapes[i].wanted);
		compare(&p, &all);
	}
}

static void
what_is_reachable_from_an_ignored_block_is_ignored(void **state)
{
	const struct graph_options all = {.roots_off = 0};
	struct picture p;

	(void)state;
	sketch(&p, 5, "0>1 1~2 3>0 R~2");
	p.is_ignored[0] = true;
	expect(&p, &all, "xxxdd");
	sketch(&p, 3, "R>0 0~1 1>2");
	p.is_ignored[0] = true;
	expect(&p, &all, "rxx");
}

static void
heuristics_make_start_pointers(void **state)
{
	const struct graph_options all = {.roots_off = 0};
	const struct graph_options plain = {.no_heuristics = true};

	(void)state;
	for (int hint = HEAPFILE_INSIDE_STRING; hint <= HEAPFILE_INSIDE_INHERITANCE;
	     hint++) {
		struct picture p;

		sketch(&p, 2, "R~0 0>1");
		p.hints[2][0] = (enum heapfile_inside)hint;
		expect(&p, &all, "rr");
		expect(&p, &plain, "pp");
	}
}

static void
each_kind_of_root_can_be_switched_off(void **state)
{
	(void)state;
	for (uint32_t kind = 1; graph_root_name(kind); kind++)
		for (uint32_t off = 1; graph_root_name(off); off++) {
			const struct graph_options options = {.roots_off = 1u << off};
			struct picture p;

			sketch(&p, 1, "R>0");
			p.root_kind = kind;
			expect(&p, &options, kind == off ? "d" : "r");
		}
}

static void
a_long_list_needs_no_deep_stack(void **state)
{
	enum { N = 300000 };
	const struct graph_options all = {.roots_off = 0};
	struct maker m = {.n_sections = 0};
	struct hf_error e;
	struct heap *h;
	struct graph *g;
	uint8_t *bytes;
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		maker_block(&m, &(struct hf_block){.address = 0x10000 + i * 16ull,
						   .requested = 16,
						   .usable = 16});
	/* The head is at the highest address. */
	for (uint32_t i = 2; i <= N; i++)
		maker_holder(&m, i, &(struct hf_edge){.target = i - 1}, 1);
	maker_section(&m, HEAPFILE_ROOTS);
	bytes = maker_finish(&m, &n);
	h = heap_load(bytes, n, 0, NULL, NULL, &e);
	assert_non_null(h);
	g = graph_new(h, &all, NULL, NULL);
	assert_non_null(g);
	assert_int_equal(g->counts[GRAPH_DEFINITE].blocks, 1);
	assert_int_equal(g->counts[GRAPH_INDIRECT].blocks, N - 1);
	assert_int_equal(g->states[N - 1], GRAPH_DEFINITE);
	assert_int_equal(g->leaders[0], N - 1);
	graph_free(g);
	heap_free(h);
	free(bytes);
	maker_free(&m);
}

/* ---- large ones, to be measured ---- */

/* n blocks from 1,000 sites, of which nine in ten hang on a root in random
 * trees, the rest on nothing; n_edges pointers at random besides. */
static void
write_scale(uint32_t n, uint32_t n_edges)
{
	struct maker m = {.n_sections = 0};
	struct hf_root root = {.kind = HEAPFILE_ROOT_GLOBAL,
			       .address = 0x1000,
			       .bytes = 1 << 20,
			       .n_edges = 1000};
	struct hf_edge *held = calloc(root.n_edges, sizeof(*held));
	struct hf_edge edges[8];
	uint32_t module = maker_module(&m, 0x400000, 0x100000, 0x400000, "", "/opt/large");
	uint32_t sites[1000], per_block = n_edges / n;
	uint8_t *bytes;
	size_t size;

	for (uint32_t i = 0; i < 1000; i++)
		sites[i] = maker_site(&m, i ? sites[i / 4] : 0, 0, module,
				      0x1000 + i * 16, n / 1000, n * 64ull);
	maker_number(&m, "epoch", 1001);
	for (uint32_t i = 0; i < 1000; i++)
		maker_birth(&m, i + 1, 0, 0);
	for (uint32_t i = 0; i < n; i++)
		maker_block(&m, &(struct hf_block){.address = 0x100000 + i * 80ull,
						   .requested = 64,
						   .usable = 64,
						   .site = sites[random_below(1000)],
						   .birth = 1 + random_below(1000)});
	if (per_block > 8)
		per_block = 8;
	for (uint32_t i = 1; i <= n; i++) {
		for (uint32_t e = 0; e < per_block; e++) {
			/* Most pointers lead to neighbours, as in real heaps; those of
			 * the last tenth stay there. */
			uint32_t low = i > n - n / 10 ? n - n / 10 : 0;
			uint32_t span = i > n - n / 10 ? n / 10 : n - n / 10;
			uint32_t to = random_below(4) ? i + 1 + random_below(64)
						      : low + 1 + random_below(span);

			if (to > low + span)
				to = low + 1 + random_below(span);
			edges[e] = (struct hf_edge){.target = to,
						    .word = e,
						    .inside = random_below(16) ? 0 : 16};
		}
		if (per_block)
			maker_holder(&m, i, edges, per_block);
	}
	for (uint32_t i = 0; i < root.n_edges; i++)
		held[i] = (struct hf_edge){.target = 1 + random_below(n - n / 10),
					   .word = i};
	maker_root(&m, &root, held);
	bytes = maker_finish(&m, &size);
	fwrite(bytes, 1, size, stdout);
	free(bytes);
	free(held);
	maker_free(&m);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_graphs_are_as_the_definition_has_them),
		cmocka_unit_test(known_shapes_have_known_states),
		cmocka_unit_test(what_is_reachable_from_an_ignored_block_is_ignored),
		cmocka_unit_test(heuristics_make_start_pointers),
		cmocka_unit_test(each_kind_of_root_can_be_switched_off),
		cmocka_unit_test(a_long_list_needs_no_deep_stack),
	};

	if (argc == 4 && strcmp(argv[1], "--scale") == 0) {
		write_scale((uint32_t)strtoul(argv[2], NULL, 10),
			    (uint32_t)strtoul(argv[3], NULL, 10));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
