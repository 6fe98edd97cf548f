/* test_containment.c -- which variable what is held is beneath, and which groups there are.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "explain/containment.h"
#include "madeheap.h"

enum { BYTES = 32 };

static void
leads(struct maker *m, uint32_t from, uint32_t to, uint32_t also)
{
	const struct hf_edge edges[] = {{.word = 0, .target = to},
					{.word = 1, .target = also}};

	maker_holder(m, from, edges, also ? 2 : 1);
}

/* Of three items, each of which leads to those beside it. */
static void
make_list(struct maker *m)
{
	made_blocks(m, 3, maker_site(m, 0, 0, 0, 0x10, 3, 3 * BYTES));
	leads(m, 1, 2, 0);
	leads(m, 2, 1, 3);
	leads(m, 3, 2, 0);
}

/* "level:blocks" of each node but the whole, in the order in which they were made; those
 * right below the whole by the word that tells them apart. */
static const char *
shape_of(struct maker *m)
{
	static char text[400];
	struct heap *h = made_heap(m);
	const struct graph_options options = {.roots_off = 0};
	struct containment *c = containment_new(h, NULL, NULL, &options);
	size_t n = 0;

	assert_non_null(c);
	assert_true(c->nodes[0].retained.blocks == h->live.blocks);
	assert_true(c->nodes[0].retained.bytes == h->live.bytes);
	text[0] = '\0';
	for (uint32_t i = 1; i < c->n; i++) {
		const struct containment_node *x = &c->nodes[i];
		const char *name = c->texts.list[x->name];
		unsigned level = 0;

		assert_true(x->retained.bytes == x->retained.blocks * BYTES);
		for (uint32_t at = x->parent; at; at = c->nodes[at].parent)
			level++;
		if (!x->retained.blocks)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u:%d", n ? " " : "",
				      level, (int)x->retained.blocks);
		if (level == 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "=%s",
					      strstr(name, "shared")  ? "shared"
					      : strstr(name, "reach") ? "lost"
					      : strstr(name, "stack") ? "stack"
								      : "variable");
	}
	containment_free(c);
	heap_free(h);
	return text;
}

/* A doubly linked list, whose first and last item one variable leads to: nothing dominates
 * an item, but all ways begin at that variable. */
static void
what_one_variable_leads_to_is_its_own(void **state)
{
	struct maker m = {.n_sections = 0};
	const struct hf_edge edges[] = {{.word = 0, .target = 1}, {.word = 1, .target = 3}};

	(void)state;
	make_list(&m);
	maker_root(&m,
		   &(struct hf_root){.kind = HEAPFILE_ROOT_GLOBAL,
				     .address = 0x8000,
				     .bytes = 16,
				     .n_edges = 2},
		   edges);
	assert_string_equal(shape_of(&m), "0:3=variable 1:3");
}

/* A stack has a pointer into the middle, which leads to all of it; it comes first. */
static void
a_pointer_on_a_stack_takes_nothing_from_a_variable(void **state)
{
	struct maker m = {.n_sections = 0};

	(void)state;
	make_list(&m);
	made_root(&m, HEAPFILE_ROOT_STACK, 0x7000, 2);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	assert_string_equal(shape_of(&m), "0:3=variable 1:3");
}

static void
what_two_variables_lead_to_is_shared(void **state)
{
	struct maker m = {.n_sections = 0};
	uint32_t one = maker_site(&m, 0, 0, 0, 0x10, 2, 2 * BYTES);
	uint32_t other = maker_site(&m, 0, 0, 0, 0x20, 2, 2 * BYTES);

	(void)state;
	/* 1 and 2 lead to 3, which leads to 4; nothing leads to 5. */
	made_blocks(&m, 2, one);
	made_blocks(&m, 3, other);
	leads(&m, 1, 3, 0);
	leads(&m, 2, 3, 0);
	leads(&m, 3, 4, 0);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	made_root(&m, HEAPFILE_ROOT_TLS, 0x9000, 2);
	assert_string_equal(shape_of(&m),
			    "0:2=shared 0:1=variable 0:1=variable 1:1 1:2 1:1 0:1=lost");
}

/* 1 leads to 2, that to 3, of the types A, B, A: what 3 holds is with what 1 holds. */
static void
a_type_within_itself_is_one_group(void **state)
{
	struct maker m = {.n_sections = 0};
	uint32_t a = maker_site(&m, 0, 0, 0, 0x10, 2, 2 * BYTES);
	uint32_t b = maker_site(&m, 0, 0, 0, 0x20, 2, 2 * BYTES);

	(void)state;
	made_blocks(&m, 1, a);
	made_blocks(&m, 1, b);
	made_blocks(&m, 1, a);
	made_blocks(&m, 1, b);
	leads(&m, 1, 2, 0);
	leads(&m, 2, 3, 0);
	leads(&m, 3, 4, 0);
	made_root(&m, HEAPFILE_ROOT_GLOBAL, 0x8000, 1);
	assert_string_equal(shape_of(&m), "0:4=variable 1:4 2:2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_variable_leads_to_is_its_own),
		cmocka_unit_test(a_pointer_on_a_stack_takes_nothing_from_a_variable),
		cmocka_unit_test(what_two_variables_lead_to_is_shared),
		cmocka_unit_test(a_type_within_itself_is_one_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
