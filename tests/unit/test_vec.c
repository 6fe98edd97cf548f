/* test_vec.c -- arrays that grow.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
what_is_pushed_stays_while_the_array_grows(void **state)
{
	uint32_t *list = NULL, n = 0, size = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		assert_int_equal(VEC_PUSH(list, n, size, i * 3), 0);
		assert_int_equal(n, i + 1);
		assert_true(n <= size);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(list[i], i * 3);
	free(list);
}

static void
room_grows_by_a_share_of_itself(void **state)
{
	uint64_t *list = NULL, size = 0, last = 0;
	unsigned n_times = 0;

	for (uint64_t n = 1; n <= 1 << 20; n++) {
		assert_int_equal(VEC_RESERVE(list, size, n), 0);
		if (size == last)
			continue;
		n_times++;
		/* Twofold up to a mebibyte, by half from there on. */
		if (last * sizeof(*list) >= 1 << 20)
			assert_int_equal(size, last + last / 2);
		else if (last)
			assert_int_equal(size, 2 * last);
		last = size;
	}
	assert_true(n_times < 30);
	free(list);
}

static void
room_that_is_there_is_left_alone(void **state)
{
	uint16_t *list = NULL, *was;
	size_t size = 0, none = 0;

	assert_int_equal(VEC_RESERVE(list, size, 1000), 0);
	assert_true(size >= 1000 && size < 2000);
	was = list;
	assert_int_equal(VEC_RESERVE(list, size, size), 0);
	assert_int_equal(VEC_RESERVE(list, size, none), 0);
	assert_ptr_equal(list, was);
	free(list);
}

static void
new_room_is_zero_if_asked_for(void **state)
{
	struct {
		uint32_t a, b, c;
	} *list = NULL;
	size_t size = 0, was;

	assert_int_equal(VEC_RESERVE_ZEROED(list, size, 5), 0);
	memset(list, 0xff, size * sizeof(*list));
	was = size;
	/* What the allocator hands out next has been written to. */
	free(memset(malloc(8 * size * sizeof(*list)), 0xaa, 8 * size * sizeof(*list)));
	assert_int_equal(VEC_RESERVE_ZEROED(list, size, 5 * was), 0);
	assert_true(size >= 5 * was);
	for (size_t i = 0; i < size; i++) {
		uint32_t all = i < was ? UINT32_MAX : 0;

		assert_true(list[i].a == all && list[i].b == all && list[i].c == all);
	}
	free(list);
}

static void
a_size_is_never_more_than_its_type_holds(void **state)
{
	uint8_t *list = NULL, n = 0, size = 0;

	for (unsigned i = 0; i < 255; i++) {
		assert_int_equal(VEC_PUSH(list, n, size, (uint8_t)i), 0);
		assert_true(size >= n);
	}
	assert_int_equal(size, 255);
	assert_int_equal(VEC_PUSH(list, n, size, 0), -1);
	assert_int_equal(n, 255);
	assert_int_equal(list[254], 254);
	free(list);
}

static void
a_size_that_would_wrap_round_is_refused_and_changes_nothing(void **state)
{
	uint64_t *list = NULL, *was;
	uint64_t size = 0;

	assert_int_equal(VEC_RESERVE(list, size, 20), 0);
	was = list;
	list[0] = 5;
	for (unsigned shift = 61; shift < 64; shift++) {
		uint64_t before = size;

		assert_int_equal(VEC_RESERVE(list, size, 1ull << shift), -1);
		assert_int_equal(size, before);
	}
	assert_int_equal(VEC_RESERVE(list, size, UINT64_MAX), -1);
	assert_ptr_equal(list, was);
	assert_int_equal(list[0], 5);
	free(list);
}

static void
a_short_list_keeps_no_size(void **state)
{
	struct {
		uint32_t number;
		char text[9];
	} *list = NULL;
	size_t n = 0;

	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(VEC_PUSH_SHORT(list, n, (__typeof__(*list)){i, "text"}),
				 0);
	assert_int_equal(n, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(list[i].number, i);
	/* What was taken off can be put on again. */
	for (n = 512; n < 600;)
		assert_int_equal(VEC_PUSH_SHORT(list, n, (__typeof__(*list)){7, ""}), 0);
	assert_int_equal(list[511].number, 511);
	assert_int_equal(list[599].number, 7);
	assert_int_equal(vec_grow_short(&list, sizeof(*list), 1ull << 60), -1);
	assert_int_equal(list[511].number, 511);
	free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_pushed_stays_while_the_array_grows),
		cmocka_unit_test(room_grows_by_a_share_of_itself),
		cmocka_unit_test(room_that_is_there_is_left_alone),
		cmocka_unit_test(new_room_is_zero_if_asked_for),
		cmocka_unit_test(a_size_is_never_more_than_its_type_holds),
		cmocka_unit_test(a_size_that_would_wrap_round_is_refused_and_changes_nothing),
		cmocka_unit_test(a_short_list_keeps_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
