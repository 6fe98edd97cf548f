/* test_sites.c -- paths and their numbers, from one thread and from several at once.
 *
 * Not here: how a stack is found (e2e/stacks.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sample.h"
#include "sites.h"
#include "together.h"

#include <math.h>

enum { DEPTH = 12, N_PATHS = 20000 }; /* the table begins with 2^14 slots */

/* A path of DEPTH steps: the digits of which, to base 4, outermost first the low ones;
 * so paths share their outer part. */
static site_id
path_of(uint32_t which)
{
	struct site_step steps[DEPTH + 1] = {{.node = SITE_ROOT}};

	for (int i = 1; i <= DEPTH; i++, which /= 4) {
		steps[i].step = STEP(0x1000 * (uint64_t)i + which % 4, 1);
		steps[i].path = sites_hash(steps[i - 1].path, steps[i].step);
	}
	return sites_path(steps, DEPTH);
}

/* What path_of must have made: its steps, and no more. */
static void
check_path(site_id id, uint32_t which)
{
	uint64_t digits[DEPTH + 1];
	struct site s;

	for (int i = 1; i <= DEPTH; i++, which /= 4)
		digits[i] = which % 4;
	for (int i = DEPTH; i >= 1; i--) {
		assert_true(sites_get(id, &s));
		assert_int_equal(STEP_PC(s.step), 0x1000 * (uint64_t)i + digits[i]);
		assert_int_equal(STEP_MODULE(s.step), 1);
		id = s.parent;
	}
	assert_int_equal(id, SITE_ROOT);
}

static site_id found[TOGETHER][N_PATHS];

/* All threads make the same paths, each begins elsewhere. */
static void
make_all(unsigned number)
{
	for (uint32_t i = 0; i < N_PATHS; i++) {
		uint32_t which = (i + number * (N_PATHS / TOGETHER)) % N_PATHS;

		found[number][which] = path_of(which);
		sites_count(found[number][which], 1, 10);
		sites_weigh(found[number][which], SAMPLE_PARTS, 3 * SAMPLE_PARTS);
	}
}

/* While the table grows two numbers of one path are allowed (sites.c, BOUND); they are
 * few, and from then on all get the same. */
static void
equal_paths_have_one_number_whoever_makes_them(void **state)
{
	uint32_t n_twice = 0;
	uint64_t allocations = 0, bytes = 0, weight = 0, parts, more;
	struct site s;

	(void)state;
	together(make_all);
	for (uint32_t i = 0; i < N_PATHS; i++) {
		for (unsigned t = 0; t < TOGETHER; t++) {
			check_path(found[t][i], i);
			n_twice += found[t][i] != found[0][i];
		}
	}
	assert_in_range(n_twice, 0, N_PATHS / 100);
	together(make_all);
	for (uint32_t i = 0; i < N_PATHS; i++)
		for (unsigned t = 1; t < TOGETHER; t++)
			assert_int_equal(found[t][i], found[0][i]);
	for (site_id id = 1; id < sites_end(); id++) {
		if (sites_get(id, &s)) {
			allocations += s.allocations;
			bytes += s.allocated_bytes;
		}
		if (sites_weight(id, &parts, &more))
			weight += parts;
	}
	assert_int_equal(allocations, 2 * TOGETHER * N_PATHS);
	assert_int_equal(bytes, 20 * TOGETHER * N_PATHS);
	assert_int_equal(weight, 2ull * TOGETHER * N_PATHS * SAMPLE_PARTS);
	for (int i = 0; i < N_LOSSES; i++)
		assert_int_equal(loss[i], 0);
}

static void
different_paths_have_different_numbers(void **state)
{
	uint8_t *seen = calloc(sites_end() + N_PATHS * DEPTH, 1);

	(void)state;
	assert_non_null(seen);
	for (uint32_t i = 0; i < N_PATHS; i++) {
		site_id id = path_of(i);

		assert_int_equal(seen[id], 0);
		seen[id] = 1;
	}
	free(seen);
}

/* Each its own: threads that only make new nodes. */
static void
make_own(unsigned number)
{
	for (uint32_t i = 0; i < N_PATHS; i++) {
		uint32_t which = 1000000 + i * TOGETHER + number;

		found[number][i] = path_of(which);
	}
}

static void
paths_that_threads_make_apart_are_all_there(void **state)
{
	(void)state;
	together(make_own);
	for (unsigned t = 0; t < TOGETHER; t++)
		for (uint32_t i = 0; i < N_PATHS; i++) {
			check_path(found[t][i], 1000000 + i * TOGETHER + t);
			assert_int_equal(found[t][i], path_of(1000000 + i * TOGETHER + t));
		}
}

/* ---- weights: sample.c has its own exp ---- */

static void
chances_are_those_of_libm(void **state)
{
	(void)state;
	for (double bytes = 0; bytes < 1e15; bytes = bytes * 2.3 + 1)
		for (double mean = 1; mean < 1e13; mean *= 7) {
			double x = (bytes >= 1 ? (double)(uint64_t)bytes : 1) /
				   (double)(uint64_t)mean;
			double chance = sample_chance((uint64_t)bytes, (uint64_t)mean);

			assert_true(fabs(chance / -expm1(-x) - 1) < 1e-14);
		}
}

static void
a_weight_is_one_over_the_chance(void **state)
{
	struct sample_weight w = sample_weigh(1000, 1000);

	(void)state;
	assert_int_equal(w.allocations, 405); /* 256 / (1 - 1/e) = 404.99 */
	assert_int_equal(w.bytes, 404986);    /* 256000 / (1 - 1/e) = 404986.04 */
	w = sample_weigh(1 << 30, 1000);
	assert_int_equal(w.allocations, SAMPLE_PARTS);
	w = sample_weigh(0, 1 << 20);
	assert_int_equal(w.bytes, 0);
	assert_in_range(w.allocations, 268435456, 268435712); /* 256 (2^20 + 1/2) */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_paths_have_one_number_whoever_makes_them),
		cmocka_unit_test(different_paths_have_different_numbers),
		cmocka_unit_test(paths_that_threads_make_apart_are_all_there),
		cmocka_unit_test(chances_are_those_of_libm),
		cmocka_unit_test(a_weight_is_one_over_the_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
