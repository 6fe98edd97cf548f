/* test_leaks.c -- findings of leaks: leaders of cycles, pointers to the inside, lines.
 *
 * In:   heaps of heapmaker.c.
 * Not here: which block is in which state (test_graph.c); other findings (test_detect.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "detect/baseline.h"
#include "detect/detect.h"
#include "graph/cycles.h"
#include "madeheap.h"

enum { MOST = 64, BYTES = 48, APART = 512 };

/* Blocks and pointers drawn by hand. */
struct drawing {
	unsigned n;
	unsigned sites[MOST]; /* of each block, from 1 on */
	unsigned bytes[MOST]; /* requested; 0 = BYTES */
	/* Where a word of a block, or of the root (row MOST), points: block + 1, and how far
	 * inside. */
	struct {
		unsigned word, to, offset;
	} pointers[MOST + 1][MOST];
	unsigned n_pointers[MOST + 1];
	uint32_t root_kind;
};

static void
point(struct drawing *d, unsigned from, unsigned word, unsigned to, unsigned offset)
{
	unsigned i = d->n_pointers[from]++;

	d->pointers[from][i].word = word;
	d->pointers[from][i].to = to;
	d->pointers[from][i].offset = offset;
}

static size_t
edges_of(const struct drawing *d, unsigned row, struct hf_edge *edges)
{
	for (unsigned i = 0; i < d->n_pointers[row]; i++)
		edges[i] = (struct hf_edge){
			.word = d->pointers[row][i].word,
			.target = d->pointers[row][i].to + 1,
			.inside = d->pointers[row][i].offset,
		};
	return d->n_pointers[row];
}

static struct heap *
draw(const struct drawing *d)
{
	struct maker m = {.n_sections = 0};
	struct hf_edge edges[MOST];
	struct hf_root root = {.kind = d->root_kind ? d->root_kind : HEAPFILE_ROOT_GLOBAL,
			       .address = 0x500000,
			       .bytes = 8 * 100000};
	unsigned n_sites = 0;
	uint32_t module;

	maker_number(&m, "complete", 1);
	module = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/opt/demo");
	for (unsigned b = 0; b < d->n; b++)
		if (d->sites[b] > n_sites)
			n_sites = d->sites[b];
	for (unsigned s = 1; s <= n_sites; s++)
		(void)maker_site(&m, 0, 0, module, 0x1000 + 16ull * s, 1, BYTES);
	for (unsigned b = 0; b < d->n; b++) {
		uint64_t bytes = d->bytes[b] ? d->bytes[b] : BYTES;

		maker_block(&m, &(struct hf_block){.address = 0x10000 + (uint64_t)APART * b,
						   .requested = bytes,
						   .usable = (bytes + 15) / 16 * 16,
						   .site = d->sites[b]});
	}
	for (unsigned b = 0; b < d->n; b++)
		if (d->n_pointers[b])
			maker_holder(&m, b + 1, edges, edges_of(d, b, edges));
	root.n_edges = (uint32_t)edges_of(d, MOST, edges);
	maker_section(&m, HEAPFILE_ROOTS);
	if (root.n_edges)
		maker_root(&m, &root, edges);
	return made_heap(&m);
}

static struct findings *
find(const struct heap *h)
{
	const struct detect_options options = {.show_content = false};
	struct findings *all = findings_new(h, NULL, &options);

	assert_non_null(all);
	return all;
}

static const struct finding *
first_of(const struct findings *all, const char *verdict)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].verdict, verdict) == 0)
			return &all->list[i];
	return NULL;
}

static size_t
count_of(const struct findings *all, const char *verdict, enum finding_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += strcmp(all->list[i].verdict, verdict) == 0 &&
		     all->list[i].level == level;
	return n;
}

/* ---- cycles ---- */

/* Blocks at[0], at[1], ... of sites 1, 2, ... in a ring. */
static void
add_ring(struct drawing *d, const unsigned *at, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		d->sites[at[i]] = i + 1;
		point(d, at[i], 1 + i, at[(i + 1) % n], 0);
	}
}

static void
cycles_of_the_same_sites_are_one_finding_at_any_address(void **state)
{
	static const unsigned rings[4][3] = {{0, 1, 2}, {5, 4, 3}, {7, 8, 6}, {10, 9, 11}};
	struct drawing d = {.n = 12};
	struct findings *all;
	struct heap *h;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add_ring(&d, rings[i], 3);
	h = draw(&d);
	all = find(h);
	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].count.blocks, 4);
	assert_int_equal(all->list[0].indirect.blocks, 8);
	assert_int_equal(all->list[0].n_parts, 2);
	assert_int_equal(all->leaks.counts[GRAPH_DEFINITE].blocks, 4);
	assert_int_equal(all->leaks.counts[GRAPH_INDIRECT].blocks, 8);
	assert_true(has_evidence(&all->list[0], "4 of them are reference cycles"));
	/* All ends are named. */
	for (unsigned s = 1; s <= 3; s++) {
		char name[40];

		snprintf(name, sizeof(name), "allocated at S%u", s);
		assert_true(has_evidence(&all->list[0], name));
	}
	assert_true(has_evidence(&all->list[0], "points back to the first"));
	findings_free(all);
	heap_free(h);
}

/* The number of leaks, and the blocks of the first. */
static void
expect_one(struct drawing *d, unsigned n_blocks, unsigned n_indirect,
	   const char *evidence, bool is_there)
{
	struct heap *h = draw(d);
	struct findings *all = find(h);

	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].count.blocks, n_blocks);
	assert_int_equal(all->list[0].indirect.blocks, n_indirect);
	assert_int_equal(has_evidence(&all->list[0], evidence), is_there);
	findings_free(all);
	heap_free(h);
}

static void
two_cycles_through_one_block_are_one(void **state)
{
	struct drawing d = {.n = 5, .sites = {1, 2, 3, 4, 5}};

	(void)state;
	/* 2 is in both. */
	point(&d, 0, 0, 2, 0);
	point(&d, 1, 0, 0, 0);
	point(&d, 2, 0, 1, 0);
	point(&d, 2, 1, 3, 0);
	point(&d, 3, 0, 4, 0);
	point(&d, 4, 0, 2, 0);
	expect_one(&d, 1, 4, "reference cycle", true);
}

static void
what_a_cycle_leads_to_does_not_lead_it(void **state)
{
	(void)state;
	/* The tail is of the site that would come first, whichever that is. */
	for (unsigned tail = 1; tail <= 3; tail++) {
		struct drawing d = {.n = 3};

		for (unsigned b = 0; b < 3; b++)
			d.sites[b] = 1 + (tail + b) % 3;
		point(&d, 1, 0, 2, 0);
		point(&d, 2, 0, 1, 0);
		point(&d, 2, 1, 0, 0);
		expect_one(&d, 1, 2, "reference cycle", true);
	}
}

static void
a_cycle_behind_a_lost_block_is_not_to_blame(void **state)
{
	struct drawing d = {.n = 3, .sites = {2, 1, 3}};

	(void)state;
	point(&d, 0, 0, 1, 0);
	point(&d, 1, 0, 0, 0);
	point(&d, 2, 0, 0, 0);
	expect_one(&d, 1, 2, "cycle", false);
}

static void
a_list_linked_both_ways_is_told_as_what_it_is(void **state)
{
	struct drawing d = {.n = 10};

	(void)state;
	for (unsigned b = 0; b < 10; b++) {
		d.sites[b] = 1;
		if (b < 9)
			point(&d, b, 0, b + 1, 0);
		if (b > 0)
			point(&d, b, 1, b - 1, 0);
	}
	expect_one(&d, 1, 9, "A list linked both ways", true);
}

static void
a_block_that_points_to_itself_is_no_cycle(void **state)
{
	struct drawing d = {.n = 1, .sites = {1}};

	(void)state;
	point(&d, 0, 0, 0, 0);
	expect_one(&d, 1, 0, "cycle", false);
}

/* Two blocks that are lost by themselves, and one that both lead to. */
static void
what_two_lead_to_goes_with_the_same_one_at_any_address(void **state)
{
	unsigned with[2];

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct drawing d = {.n = 3, .sites = {1 + turn, 2 - turn, 3}};
		struct heap *h;
		struct findings *all;

		point(&d, 0, 0, 2, 0);
		point(&d, 1, 0, 2, 0);
		h = draw(&d);
		all = find(h);
		assert_int_equal(all->n, 2);
		with[turn] = all->list[all->list[0].indirect.blocks ? 0 : 1].site;
		findings_free(all);
		heap_free(h);
	}
	assert_int_equal(with[0], with[1]);
}

/* Random pictures against another way to find cycles. */
static bool
leads_to(bool (*reach)[MOST], unsigned a, unsigned b)
{
	return reach[a][b];
}

static struct cycles_rank
rank_by_site(void *arg, uint32_t site)
{
	(void)arg;
	return (struct cycles_rank){site % 3, site};
}

static unsigned
pseudo_random(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

static void
random_drawing(struct drawing *d, unsigned *seed, bool (*reach)[MOST])
{
	memset(d, 0, sizeof(*d));
	d->n = 2 + pseudo_random(seed, 14);
	for (unsigned b = 0; b < d->n; b++) {
		unsigned n = pseudo_random(seed, 3);

		d->sites[b] = 1 + pseudo_random(seed, 7);
		for (unsigned i = 0; i < n; i++) {
			unsigned to = pseudo_random(seed, d->n);

			point(d, b, i, to, 0);
			reach[b][to] = true;
		}
	}
	for (unsigned k = 0; k < d->n; k++)
		for (unsigned i = 0; i < d->n; i++)
			for (unsigned j = 0; j < d->n; j++)
				reach[i][j] |= reach[i][k] && reach[k][j];
}

static void
leaders_are_the_first_of_what_nothing_else_leads_to(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		bool reach[MOST][MOST] = {{false}};
		const struct graph_options options = {.roots_off = 0};
		struct drawing d;
		struct heap *h;
		struct graph *g;

		random_drawing(&d, &seed, reach);
		h = draw(&d);
		g = graph_new(h, &options, NULL, NULL);
		assert_non_null(g);
		assert_int_equal(cycles_lead(g, rank_by_site, NULL), 0);
		for (unsigned b = 0; b < d.n; b++) {
			bool is_leader = true, is_cyclic = false, is_source = true;

			for (unsigned o = 0; o < d.n; o++) {
				unsigned x = d.sites[b] % 3 * 100 + d.sites[b];
				unsigned y = d.sites[o] % 3 * 100 + d.sites[o];

				if (o == b || !leads_to(reach, o, b))
					continue;
				if (!leads_to(reach, b, o)) {
					is_source = is_leader = false;
				} else {
					is_cyclic = true;
					if (y < x || (y == x && o < b))
						is_leader = false;
				}
			}
			assert_int_equal(g->states[b],
					 is_leader ? GRAPH_DEFINITE : GRAPH_INDIRECT);
			if (!is_leader)
				assert_true(reach[g->leaders[b]][b]);
			if (g->counts[GRAPH_INDIRECT].blocks)
				assert_int_equal(cycles_has(g, b), is_source && is_cyclic);
		}
		graph_free(g);
		heap_free(h);
	}
}

/* ---- pointers to the inside ---- */

/* n blocks that are met as `offsets` says, from words of the root `apart` from one
 * another, each of a site of its own. */
static void
add_inside(struct drawing *d, unsigned n, const unsigned *offsets, unsigned apart)
{
	d->n = n;
	for (unsigned b = 0; b < n; b++) {
		d->sites[b] = b + 1;
		d->bytes[b] = 200;
		point(d, MOST, apart * b, b, offsets[b]);
	}
}

static void
expect_levels(const struct drawing *d, size_t n_warnings, size_t n_notes)
{
	struct heap *h = draw(d);
	struct findings *all = find(h);

	assert_int_equal(count_of(all, "possible", FINDING_WARNING), n_warnings);
	assert_int_equal(count_of(all, "possible", FINDING_NOTE), n_notes);
	findings_free(all);
	heap_free(h);
}

static void
blocks_behind_a_header_of_varying_size_are_one_note(void **state)
{
	struct drawing d = {.n = 12};
	struct heap *h;
	struct findings *all;

	(void)state;
	for (unsigned b = 0; b < 12; b++) {
		unsigned header = 8u << b % 5;

		d.sites[b] = 1 + b % 3;
		d.bytes[b] = header + 56;
		point(&d, MOST, 1000 * b, b, header);
	}
	h = draw(&d);
	all = find(h);
	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].level, FINDING_NOTE);
	assert_int_equal(all->list[0].count.blocks, 12);
	assert_int_equal(all->list[0].n_sites, 3);
	assert_true(has_evidence(&all->list[0], "probably in use"));
	/* Sums stay what they are. */
	assert_int_equal(all->leaks.counts[GRAPH_POSSIBLE].blocks, 12);
	findings_free(all);
	heap_free(h);
	/* Wherever the pointers are. */
	d.root_kind = HEAPFILE_ROOT_STACK;
	expect_levels(&d, 0, 1);
}

static void
a_table_of_pointers_to_the_inside_is_a_note(void **state)
{
	static const unsigned offsets[] = {8, 24, 56, 120, 40, 88};
	struct drawing d = {.n = 0};

	(void)state;
	add_inside(&d, 6, offsets, 1);
	expect_levels(&d, 0, 1);
	/* Far from one another they are no table. */
	memset(&d, 0, sizeof(d));
	add_inside(&d, 6, offsets, 1000);
	expect_levels(&d, 6, 0);
	/* Nor are few. */
	memset(&d, 0, sizeof(d));
	add_inside(&d, 3, offsets, 1);
	expect_levels(&d, 3, 0);
	/* On a stack they may be dead. */
	memset(&d, 0, sizeof(d));
	add_inside(&d, 6, offsets, 1);
	d.root_kind = HEAPFILE_ROOT_STACK;
	expect_levels(&d, 6, 0);
}

static void
stray_pointers_to_the_inside_stay_warnings(void **state)
{
	static const unsigned offsets[] = {8, 24, 56, 120, 40, 88};
	struct drawing d = {.n = 0};

	(void)state;
	add_inside(&d, 6, offsets, 2);
	/* The words between lead to starts: this table is not made for insides. */
	d.n = 24;
	d.n_pointers[MOST] = 0;
	for (unsigned b = 0; b < 24; b++) {
		d.sites[b] = b + 1;
		d.bytes[b] = 200;
		point(&d, MOST, b, b, b % 4 == 1 ? offsets[b / 4] : 0);
	}
	expect_levels(&d, 6, 0);
}

/* Objects of one site, each with a pointer to its own block in the same word, beside
 * n_others whose word leads to a start. */
static void
add_members(struct drawing *d, unsigned n, unsigned n_others)
{
	static const unsigned offsets[] = {8, 24, 56, 120, 40, 88, 104, 72};
	unsigned all = n + n_others;

	d->n = 2 * all;
	for (unsigned i = 0; i < all; i++) {
		d->sites[i] = 1;
		d->sites[all + i] = 2 + i;
		d->bytes[all + i] = 200 + 8 * i;
		point(d, MOST, 100 * i, i, 0);
		point(d, i, 3, all + i, i < n ? offsets[i] : 0);
	}
}

static void
a_member_that_leads_to_the_inside_is_a_note(void **state)
{
	struct drawing d = {.n = 0};

	(void)state;
	add_members(&d, 6, 0);
	expect_levels(&d, 0, 1);
	memset(&d, 0, sizeof(d));
	add_members(&d, 6, 5);
	expect_levels(&d, 0, 1);
	/* A member that mostly leads to starts has been left somewhere else. */
	memset(&d, 0, sizeof(d));
	add_members(&d, 4, 9);
	expect_levels(&d, 4, 0);
}

static void
what_blocks_in_use_lead_to_is_in_use(void **state)
{
	static const unsigned offsets[] = {16, 16, 16, 16};
	struct drawing d = {.n = 0};

	(void)state;
	add_inside(&d, 4, offsets, 1000);
	for (unsigned b = 0; b < 4; b++) {
		d.sites[b] = 1;
		/* To the start of one, from there to the same byte of another. */
		d.sites[4 + b] = 5 + b;
		d.sites[8 + b] = 20;
		point(&d, b, 2, 4 + b, 0);
		point(&d, 4 + b, 1, 8 + b, 24);
	}
	d.n = 12;
	expect_levels(&d, 0, 1);
}

static void
a_note_beside_a_warning_does_not_hide_it(void **state)
{
	static const unsigned offsets[] = {16, 16, 16, 16, 16, 40};
	struct drawing d = {.n = 0};
	struct findings *all;
	struct heap *h;

	(void)state;
	add_inside(&d, 6, offsets, 1000);
	for (unsigned b = 0; b < 6; b++)
		d.sites[b] = 1;
	d.bytes[5] = 190;
	h = draw(&d);
	all = find(h);
	assert_int_equal(all->n, 2);
	assert_int_equal(all->list[0].level, FINDING_WARNING);
	assert_int_equal(all->list[0].count.blocks, 1);
	assert_int_equal(first_of(all, "possible")->count.bytes, 190);
	assert_int_equal(all->list[1].count.blocks, 5);
	findings_free(all);
	heap_free(h);
}

/* ---- recursion ---- */

static void
leaks_of_a_recursion_are_one_finding(void **state)
{
	const struct hf_root root = {HEAPFILE_ROOT_GLOBAL, 0, 0x1000, 64, 0};
	struct maker m = {.n_sections = 0};
	struct findings *all;
	struct heap *h;
	uint32_t exe, at, other;

	(void)state;
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	at = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	other = maker_site(&m, at, 0, exe, 0x3000, 0, 0);
	for (unsigned i = 0; i < 5; i++) {
		at = maker_site(&m, at, 0, exe, 0x2000, 0, 0);
		maker_block(&m, &(struct hf_block){
					0x10000 + i * 64, 48, 48,
					maker_site(&m, at, 0, exe, 0x4000, 1, 48), 0, 0});
	}
	maker_block(&m, &(struct hf_block){0x20000, 48, 48,
					   maker_site(&m, other, 0, exe, 0x4000, 1, 48),
					   0, 0});
	maker_root(&m, &root, NULL);
	h = made_heap(&m);
	all = find(h);
	assert_int_equal(all->n, 2);
	assert_int_equal(all->list[0].count.blocks, 5);
	assert_int_equal(all->list[0].n_sites, 5);
	assert_int_equal(all->list[1].count.blocks, 1);
	findings_free(all);
	heap_free(h);
}

/* ---- baselines ---- */

static void
add_leak(struct findings *all, const char *fingerprint, uint64_t blocks)
{
	struct finding *f = finding_add(all, FINDING_DEFINITE_LEAK, 1);

	assert_non_null(f);
	f->level = FINDING_ERROR;
	f->count = (struct heap_count){blocks, 10 * blocks};
	finding_summarize(all, f, "lost");
	snprintf(f->fingerprint, sizeof(f->fingerprint), "%s", fingerprint);
}

/* A baseline that has two findings, held against one finding of both. */
static enum finding_novelty
novelty_of_both(uint64_t blocks, const char *other)
{
	struct findings *before = calloc(1, sizeof(*before)),
			*now = calloc(1, sizeof(*now));
	struct baseline *b = baseline_new();
	enum finding_novelty novelty;

	add_leak(before, "000000000000000a", 3);
	add_leak(before, "000000000000000b", 4);
	assert_int_equal(baseline_add(b, before, NULL, NULL, ""), 0);
	add_leak(now, "000000000000000a", blocks);
	now->list[0].others = calloc(1, sizeof(*now->list[0].others));
	snprintf(now->list[0].others[0], sizeof(now->list[0].others[0]), "%s", other);
	now->list[0].n_others = 1;
	assert_int_equal(baseline_compare(b, now), 0);
	novelty = now->list[0].novelty;
	baseline_free(b);
	findings_free(before);
	findings_free(now);
	return novelty;
}

static void
a_finding_of_several_sites_is_known_if_each_was(void **state)
{
	(void)state;
	assert_int_equal(novelty_of_both(7, "000000000000000b"), FINDING_KNOWN);
	assert_int_equal(novelty_of_both(8, "000000000000000b"), FINDING_GROWN);
	assert_int_equal(novelty_of_both(7, "000000000000000c"), FINDING_GROWN);
	assert_int_equal(novelty_of_both(3, "000000000000000c"), FINDING_KNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cycles_of_the_same_sites_are_one_finding_at_any_address),
		cmocka_unit_test(two_cycles_through_one_block_are_one),
		cmocka_unit_test(what_a_cycle_leads_to_does_not_lead_it),
		cmocka_unit_test(a_cycle_behind_a_lost_block_is_not_to_blame),
		cmocka_unit_test(a_list_linked_both_ways_is_told_as_what_it_is),
		cmocka_unit_test(a_block_that_points_to_itself_is_no_cycle),
		cmocka_unit_test(what_two_lead_to_goes_with_the_same_one_at_any_address),
		cmocka_unit_test(leaders_are_the_first_of_what_nothing_else_leads_to),
		cmocka_unit_test(blocks_behind_a_header_of_varying_size_are_one_note),
		cmocka_unit_test(a_table_of_pointers_to_the_inside_is_a_note),
		cmocka_unit_test(stray_pointers_to_the_inside_stay_warnings),
		cmocka_unit_test(a_member_that_leads_to_the_inside_is_a_note),
		cmocka_unit_test(what_blocks_in_use_lead_to_is_in_use),
		cmocka_unit_test(a_note_beside_a_warning_does_not_hide_it),
		cmocka_unit_test(leaks_of_a_recursion_are_one_finding),
		cmocka_unit_test(a_finding_of_several_sites_is_known_if_each_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
