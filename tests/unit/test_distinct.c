/* test_distinct.c -- contents that are counted once, and a table that has an end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "distinct.h"

enum { ROOM = (1 << DISTINCT_MOST_BITS) / 8 * 5, N_SITES = 4 };

/* A permutation of all numbers: contents with different numbers have different hashes. */
static uint64_t
hash_of(uint64_t content)
{
	content = (content ^ content >> 31) * 0x7fb5d329728ea185;
	content = (content ^ content >> 27) * 0x81dadef4bc2dd44d;
	return content ^ content >> 33;
}

struct sums {
	uint64_t n[N_SITES], bytes[N_SITES];
};

static void
add(const struct distinct *content, void *with)
{
	struct sums *sums = with;

	assert_in_range(content->site, 1, N_SITES - 1);
	sums->n[content->site]++;
	sums->bytes[content->site] += content->bytes;
}

static void
a_content_counts_once_for_a_site_and_size(void **state)
{
	struct sums sums = {.n = {0}};

	(void)state;
	for (int run = 0; run < 2; run++) { /* of the one before nothing is left */
		assert_true(distinct_begin());
		for (int copy = 0; copy < 7; copy++) {
			distinct_add(hash_of(1), 1, 100);
			distinct_add(hash_of(2), 1, 100);
			distinct_add(hash_of(1), 2, 100);
			distinct_add(hash_of(1), 2, 101);
		}
		sums = (struct sums){.n = {0}};
		assert_int_equal(distinct_end(add, &sums), 0);
		assert_int_equal(sums.n[1], 2);
		assert_int_equal(sums.bytes[1], 200);
		assert_int_equal(sums.n[2], 2);
		assert_int_equal(sums.bytes[2], 201);
	}
}

static void
the_largest_sizes_are_kept_and_larger_ones_are_not(void **state)
{
	struct sums sums = {.n = {0}};
	const uint64_t most = ((uint64_t)1 << 40) - 1;

	(void)state;
	assert_true(distinct_begin());
	distinct_add(hash_of(1), 3, most);
	distinct_add(hash_of(2), 3, most + 1);
	assert_int_equal(distinct_end(add, &sums), 0);
	assert_int_equal(sums.n[3], 1);
	assert_true(sums.bytes[3] == most);
}

/* As many as there is room for, twice each. */
static unsigned
fill(uint64_t n, struct sums *ret)
{
	*ret = (struct sums){.n = {0}};
	assert_true(distinct_begin());
	for (int copy = 0; copy < 2; copy++)
		for (uint64_t i = 0; i < n; i++)
			distinct_add(hash_of(i), 1, 10);
	return distinct_end(add, ret);
}

static void
as_long_as_there_is_room_all_are_counted(void **state)
{
	struct sums sums;

	(void)state;
	assert_int_equal(fill(ROOM, &sums), 0);
	assert_int_equal(sums.n[1], ROOM);
}

static void
beyond_that_a_part_by_hash_is_counted_whole(void **state)
{
	struct sums sums;
	const uint64_t n = 10 * (uint64_t)ROOM;
	uint64_t expected = 0;
	unsigned shift;

	(void)state;
	shift = fill(n, &sums);
	assert_in_range(shift, 4, 5); /* ten sixteenths of the room, at most */
	for (uint64_t i = 0; i < n; i++)
		expected += !(hash_of(i) & (((uint64_t)1 << shift) - 1));
	assert_true(sums.n[1] == expected);
	assert_true(sums.bytes[1] == 10 * expected);
	assert_in_range(sums.n[1], 1, ROOM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_content_counts_once_for_a_site_and_size),
		cmocka_unit_test(the_largest_sizes_are_kept_and_larger_ones_are_not),
		cmocka_unit_test(as_long_as_there_is_room_all_are_counted),
		cmocka_unit_test(beyond_that_a_part_by_hash_is_counted_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
