/* test_hash_index.c -- numbers by hash, and texts on top of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/hash_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/texts.h"

/* Things are words in an array, from 1 on; counts how often they were compared. */
struct things {
	uint64_t list[20001];
	unsigned n_compared;
};

static bool
is_same(const void *arg, uint32_t number, const void *key)
{
	struct things *t = (struct things *)arg;

	t->n_compared++;
	return t->list[number] == *(const uint64_t *)key;
}

static uint32_t
put(struct hash_index *x, struct things *t, uint64_t hash, uint64_t word)
{
	uint32_t n = x->n, number = hash_index_put(x, hash, is_same, t, &word);

	if (x->n > n)
		t->list[number] = word;
	return number;
}

static void
numbers_go_from_1_in_the_order_of_first_appearance(void **state)
{
	struct hash_index x = {.n = 0};
	struct things t = {.n_compared = 0};

	assert_int_equal(put(&x, &t, 7, 70), 1);
	assert_int_equal(put(&x, &t, 8, 80), 2);
	assert_int_equal(put(&x, &t, 7, 70), 1);
	assert_int_equal(put(&x, &t, 9, 90), 3);
	assert_int_equal(put(&x, &t, 8, 80), 2);
	assert_int_equal(x.n, 3);
	hash_index_fini(&x);
}

static void
things_of_one_hash_are_told_apart_by_comparison(void **state)
{
	struct hash_index x = {.n = 0};
	struct things t = {.n_compared = 0};

	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(put(&x, &t, 5, i), i);
	for (uint64_t i = 1000; i > 0; i--)
		assert_int_equal(put(&x, &t, 5, i), i);
	assert_int_equal(x.n, 1000);
	hash_index_fini(&x);
}

static void
numbers_stay_while_the_table_grows(void **state)
{
	static struct things t;
	struct hash_index x = {.n = 0};

	for (uint64_t i = 1; i <= 20000; i++) {
		assert_int_equal(put(&x, &t, i * 4096, i), i);
		assert_true(2 * (size_t)x.n <= x.size);
		assert_int_equal(x.size & (x.size - 1), 0);
	}
	for (uint64_t i = 1; i <= 20000; i++)
		assert_int_equal(put(&x, &t, i * 4096, i), i);
	hash_index_fini(&x);
}

/* Hashes that differ in their upper or their lower half only: nothing has to be compared
 * but what is the same, and each is found within a few slots. */
static void
poor_hashes_are_mixed(void **state)
{
	static const unsigned shifts[] = {0, 12, 20, 32, 40};

	for (size_t s = 0; s < sizeof(shifts) / sizeof(*shifts); s++) {
		static struct things t;
		struct hash_index x = {.n = 0};
		size_t run = 0, longest = 0;

		memset(&t, 0, sizeof(t));
		for (uint64_t i = 1; i <= 20000; i++)
			put(&x, &t, i << shifts[s], i);
		assert_true(t.n_compared < 10);
		for (size_t i = 0; i < x.size; i++) {
			run = x.slots[i] ? run + 1 : 0;
			longest = run > longest ? run : longest;
		}
		assert_true(longest < 64);
		hash_index_fini(&x);
	}
}

static void
room_that_was_reserved_is_not_grown(void **state)
{
	struct hash_index x = {.n = 0};
	static struct things t;
	size_t size;

	assert_int_equal(hash_index_reserve(&x, 20000), 0);
	size = x.size;
	assert_true(size >= 40000 && size < 160000);
	for (uint64_t i = 1; i <= 20000; i++)
		put(&x, &t, i, i);
	assert_int_equal(x.size, size);
	assert_int_equal(hash_index_reserve(&x, 10), 0);
	assert_int_equal(x.size, size);
	hash_index_fini(&x);
}

static void
more_than_numbers_can_count_is_refused_and_changes_nothing(void **state)
{
	struct hash_index x = {.n = 0};
	struct things t = {.n_compared = 0};

	assert_int_equal(put(&x, &t, 1, 10), 1);
	assert_int_equal(hash_index_reserve(&x, (size_t)UINT32_MAX + 1), -1);
	assert_int_equal(put(&x, &t, 1, 10), 1);
	x.n = UINT32_MAX;
	assert_int_equal(hash_index_put(&x, 2, is_same, &t, &(uint64_t){20}), 0);
	assert_int_equal(x.n, UINT32_MAX);
	hash_index_fini(&x);
}

static void
a_text_is_kept_once_at_an_address_that_stays(void **state)
{
	struct texts t = {.size = 0};
	char text[32];
	const char *first = texts_keep(&t, "first");

	assert_string_equal(first, "first");
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		assert_int_equal(texts_put(&t, text), i + 2);
	}
	assert_ptr_equal(texts_keep(&t, "first"), first);
	assert_int_equal(texts_put(&t, "text 4999"), 5001);
	assert_int_equal(texts_put(&t, ""), 5002);
	assert_string_equal(t.list[5001], "text 4999");
	assert_int_equal(t.numbers.n, 5002);
	texts_fini(&t);
}

static void
a_text_that_is_given_away_is_kept_or_freed(void **state)
{
	struct texts t = {.size = 0};
	char *mine = strdup("mine");

	assert_int_equal(texts_take(&t, mine), 1);
	assert_ptr_equal(t.list[1], mine);
	assert_int_equal(texts_take(&t, strdup("mine")), 1);
	assert_ptr_equal(t.list[1], mine);
	assert_int_equal(texts_take(&t, NULL), 0);
	assert_int_equal(t.numbers.n, 1);
	texts_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_from_1_in_the_order_of_first_appearance),
		cmocka_unit_test(things_of_one_hash_are_told_apart_by_comparison),
		cmocka_unit_test(numbers_stay_while_the_table_grows),
		cmocka_unit_test(poor_hashes_are_mixed),
		cmocka_unit_test(room_that_was_reserved_is_not_grown),
		cmocka_unit_test(more_than_numbers_can_count_is_refused_and_changes_nothing),
		cmocka_unit_test(a_text_is_kept_once_at_an_address_that_stays),
		cmocka_unit_test(a_text_that_is_given_away_is_kept_or_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
