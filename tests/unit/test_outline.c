/* test_outline.c -- what hangs beneath what, and what is folded.
 *
 * In:   files made to order.
 * Out:  TAP from cmocka; with `--odd`, a file with what is hardly ever in one, and with
 *       `--plain` the same without pointers, for tests/cli/heapsnapshot.sh.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/outline.h"
#include "madeheap.h"

static const struct heap_filter all = {.cohort = HEAP_ALL};

/* What a test works with. */
struct bench {
	struct heap *heap;
	struct names *names;
	struct types *types;
	struct outline *outline;
};

static struct bench
outline(struct maker *m, uint32_t roots_off, uint32_t most)
{
	const struct graph_options options = {.roots_off = roots_off};
	struct graph *g;
	struct bench b;

	b.heap = made_heap(m);
	b.names = names_new(b.heap, NULL);
	b.types = types_new(b.heap, b.names, NULL);
	g = b.heap->has_roots ? graph_new(b.heap, &options, NULL, NULL) : NULL;
	b.outline = outline_new(b.heap, g, b.names, b.types, &all, most);
	assert_non_null(b.outline);
	graph_free(g);
	return b;
}

static void
end(struct bench *b)
{
	outline_free(b->outline);
	types_free(b->types);
	names_free(b->names);
	heap_free(b->heap);
}

static void
points(struct maker *m, uint32_t from, uint32_t first, uint32_t n)
{
	struct hf_edge edges[16] = {{0}};

	for (uint32_t i = 0; i < n; i++) {
		edges[i].word = i;
		edges[i].target = first + i;
	}
	maker_holder(m, from, edges, n);
}

static void
what_roots_lead_to_is_held(void **state)
{
	struct maker m = {.n_sections = 0};
	struct bench b;

	(void)state;
	made_blocks(&m, 3, 0);
	points(&m, 1, 2, 1);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	b = outline(&m, 0, OUTLINE_MOST);
	assert_true(outline_is_held(b.outline, 0) && outline_is_held(b.outline, 1));
	assert_false(outline_is_held(b.outline, 2));
	assert_int_equal(outline_group(b.outline, 0), OUTLINE_NONE);
	assert_int_equal(outline_group(b.outline, 2), OUTLINE_DEFINITE);
	assert_int_equal(b.outline->n_in_group[OUTLINE_DEFINITE], 1);
	assert_int_equal(b.outline->n_places, 1);
	end(&b);
}

static void
what_is_lost_hangs_beneath_its_leaders(void **state)
{
	struct maker m = {.n_sections = 0};
	struct bench b;

	(void)state;
	made_blocks(&m, 4, 0);
	points(&m, 1, 2, 1);
	points(&m, 2, 3, 1);
	points(&m, 3, 1, 1);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 4);
	b = outline(&m, 0, OUTLINE_MOST);
	assert_int_equal(b.outline->n_in_group[OUTLINE_DEFINITE], 1);
	assert_int_equal(b.outline->n_in_group[OUTLINE_INDIRECT], 0);
	assert_int_equal(outline_group(b.outline, 0), OUTLINE_DEFINITE);
	end(&b);
}

static void
roots_that_are_off_hold_nothing(void **state)
{
	struct maker m = {.n_sections = 0};
	struct bench b;

	(void)state;
	made_blocks(&m, 2, 0);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	made_root(&m, HEAPFILE_ROOT_STACK, 0x9000, 2);
	b = outline(&m, 1u << HEAPFILE_ROOT_STACK, OUTLINE_MOST);
	assert_true(outline_is_held(b.outline, 0));
	assert_false(outline_is_held(b.outline, 1));
	assert_int_equal(b.outline->n_places, 1);
	assert_int_equal(b.outline->n_root_edges, 1);
	end(&b);
}

static void
leaves_of_one_holder_and_site_are_folded(void **state)
{
	struct maker m = {.n_sections = 0};
	uint32_t mod, one, two;
	struct bench b;

	(void)state;
	mod = maker_module(&m, 0x1000, 0x1000, 0, "", "/a");
	one = maker_site(&m, 0, 0, mod, 0x10, 1, 1);
	two = maker_site(&m, 0, 0, mod, 0x20, 1, 1);
	made_blocks(&m, 2, one); /* 1 and 2 hold */
	made_blocks(&m, 4, one); /* 3 to 6: of 1 */
	made_blocks(&m, 2, two); /* 7, 8: of 1 too, but 8 of 2 as well */
	made_blocks(&m, 2, two); /* 9, 10: of 2 */
	points(&m, 1, 3, 6);
	points(&m, 2, 8, 3);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8100, 2);
	b = outline(&m, 0, 9);
	assert_int_equal(b.outline->n_left, 10 - 3 - 1);
	assert_int_equal(outline_count(b.outline, 2), 4);
	assert_int_equal(b.outline->sizes[2], 4 * 32);
	for (uint32_t i = 3; i < 6; i++) {
		assert_false(outline_has(b.outline, i));
		assert_int_equal(outline_number(b.outline, i),
				 outline_number(b.outline, 2));
	}
	assert_int_equal(outline_count(b.outline, 6), 1);
	assert_int_equal(outline_count(b.outline, 7), 1);
	assert_int_equal(outline_count(b.outline, 8), 2);
	assert_int_equal(outline_number(b.outline, 9), 5);
	end(&b);
}

static void
what_is_lost_is_folded_as_well(void **state)
{
	struct maker m = {.n_sections = 0};
	struct bench b;

	(void)state;
	made_blocks(&m, 10, 0);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	b = outline(&m, 0, 9);
	assert_int_equal(b.outline->n_left, 2);
	assert_int_equal(outline_count(b.outline, 1), 9);
	end(&b);
}

static void
few_blocks_are_left_as_they_are(void **state)
{
	struct maker m = {.n_sections = 0};
	struct bench b;

	(void)state;
	made_blocks(&m, 10, 0);
	b = outline(&m, 0, 10);
	assert_null(b.outline->leads);
	assert_int_equal(b.outline->n_left, 10);
	assert_int_equal(b.outline->n_in_group[OUTLINE_ALL], 10);
	end(&b);
}

/* A block of 9 GiB, names that are not UTF-8 or look like the file's own syntax, a block
 * that points to itself, one of no bytes, a cycle that is lost and leads to what is held. */
static int
write_odd(bool has_pointers)
{
	struct maker m = {.n_sections = 0};
	uint32_t bad, mod, site, birth;
	uint8_t *bytes;
	size_t n;

	bad = maker_module(&m, 0x1000, 0x1000, 0, "",
			   "/<a b>\"],\x01\xff\\\"strings\":[\"");
	mod = maker_module(&m, 0x3000, 0x1000, 0, "", "/plain");
	site = maker_site(&m, 0, 0, bad, 0x10, 3, 9ull << 30);
	site = maker_site(&m, site, 0, mod, 0x20, 3, 9ull << 30);
	birth = maker_birth(&m, 3, maker_thread(&m, 77, "\xff\"]"), 0);
	maker_block(&m,
		    &(struct hf_block){0x10000, 9ull << 30, 9ull << 30, site, birth, 0});
	maker_block(&m, &(struct hf_block){0x300000000, 0, 16, site - 1, birth, 0});
	maker_block(&m, &(struct hf_block){0x300000040, 16, 16, site - 1, birth, 0});
	maker_block(&m, &(struct hf_block){0x300000080, 16, 16, 0, 0, 0});
	maker_block(&m, &(struct hf_block){0x3000000c0, 24, 32, 0, 0, 0});
	if (has_pointers) {
		points(&m, 1, 1, 2);
		points(&m, 3, 4, 1);
		points(&m, 4, 3, 1);
		points(&m, 5, 2, 1);
		made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x1080, 1);
	}
	bytes = maker_finish(&m, &n);
	fwrite(bytes, 1, n, stdout);
	free(bytes);
	maker_free(&m);
	return ferror(stdout) ? 1 : 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_roots_lead_to_is_held),
		cmocka_unit_test(what_is_lost_hangs_beneath_its_leaders),
		cmocka_unit_test(roots_that_are_off_hold_nothing),
		cmocka_unit_test(leaves_of_one_holder_and_site_are_folded),
		cmocka_unit_test(what_is_lost_is_folded_as_well),
		cmocka_unit_test(few_blocks_are_left_as_they_are),
	};

	if (argc > 1 && strcmp(argv[1], "--odd") == 0)
		return write_odd(true);
	if (argc > 1 && strcmp(argv[1], "--plain") == 0)
		return write_odd(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
