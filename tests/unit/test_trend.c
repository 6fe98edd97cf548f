/* test_trend.c -- the trend of values at equal and unequal distances.
 *
 * In:   random series; series whose answer is known.
 * Out:  nothing but tests; slopes are held against all pairs, sorted by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "detect/trend.h"

static uint32_t state = 1;

static double
rnd(double most)
{
	state = state * 1664525u + 1013904223u;
	return (double)(state >> 8) / (1 << 24) * most;
}

static void
near(double got, double wanted)
{
	if (fabs(got - wanted) > 1e-9 * (1 + fabs(wanted)))
		fail_msg("%.17g, not %.17g", got, wanted);
}

/* The median of the slopes of all pairs, each found by counting those below. */
static double
median_slope(const double *x, const double *v, size_t n)
{
	double slopes[1000], low = -INFINITY, high = INFINITY;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (x[i] > x[j])
				slopes[m++] = (v[i] - v[j]) / (x[i] - x[j]);
	for (size_t i = 0; i < m; i++) {
		size_t below = 0, not_above = 0;

		for (size_t j = 0; j < m; j++) {
			below += slopes[j] < slopes[i];
			not_above += slopes[j] <= slopes[i];
		}
		if (below <= (m - 1) / 2 && (m - 1) / 2 < not_above)
			low = slopes[i];
		if (below <= m / 2 && m / 2 < not_above)
			high = slopes[i];
	}
	return (low + high) / 2;
}

static void
slopes_are_those_of_all_pairs(void **unused)
{
	(void)unused;
	for (int round = 0; round < 500; round++) {
		size_t n = 3 + (size_t)rnd(20);
		double x[32], v[32], at = 0;
		struct trend t;

		for (size_t i = 0; i < n; i++) {
			/* Some at one place, some values alike. */
			at += round % 3 && rnd(1) < 0.2 ? 0 : 0.1 + rnd(10);
			x[i] = at;
			v[i] = round % 2 ? rnd(100) : floor(rnd(5)) + (double)i;
		}
		x[n - 1] += 1;
		t = trend_at(x, v, n);
		near(t.slope, median_slope(x, v, n));
		assert_true(t.slope_low <= t.slope && t.slope <= t.slope_high);
		assert_true(t.p > 0 && t.p <= 1);
	}
}

static void
equal_distances_are_as_without_places(void **unused)
{
	(void)unused;
	for (int round = 0; round < 100; round++) {
		double x[40], v[40];
		size_t n = 3 + (size_t)rnd(37);
		struct trend a, b;

		for (size_t i = 0; i < n; i++) {
			x[i] = 7 + 2 * (double)i;
			v[i] = rnd(10) + (double)i;
		}
		a = trend_of(v, n);
		b = trend_at(x, v, n);
		near(b.slope * 2, a.slope);
		near(b.slope_low * 2, a.slope_low);
		near(b.slope_high * 2, a.slope_high);
		near(b.p, a.p);
	}
}

static void
a_line_has_its_slope_wherever_its_points_are(void **unused)
{
	const double x[] = {0, 1, 5, 5.5, 20, 100};
	double v[6];
	struct trend t;

	(void)unused;
	for (size_t i = 0; i < 6; i++)
		v[i] = 3 + 0.25 * x[i];
	t = trend_at(x, v, 6);
	near(t.slope, 0.25);
	near(t.slope_low, 0.25);
	near(t.slope_high, 0.25);
	assert_true(t.p < 0.01);
	/* Taken for equal distances it would have another. */
	assert_true(fabs(trend_of(v, 6).slope - 0.25) > 0.1);
}

static void
the_rank_test_looks_at_signs_only(void **unused)
{
	const double rising[] = {1, 2, 3, 4, 5}, steep[] = {1, 20, 21, 400, 4000};
	const double falling[] = {5, 4, 3, 2, 1}, flat[] = {2, 2, 2, 2, 2};

	(void)unused;
	/* (S - 1) / sqrt(n(n-1)(2n+5)/18) of S = 10: z = 2.2045. */
	assert_true(fabs(trend_of(rising, 5).p - 0.01375) < 0.0001);
	near(trend_of(steep, 5).p, trend_of(rising, 5).p);
	assert_true(trend_of(falling, 5).p > 0.95);
	near(trend_of(flat, 5).p, 1);
	near(trend_of(flat, 5).slope, 0);
}

static void
of_less_than_three_nothing_is_known(void **unused)
{
	const double x[] = {1, 1, 1}, v[] = {1, 2, 3};

	(void)unused;
	near(trend_at(x, v, 2).p, 1);
	near(trend_at(x, v, 2).slope, 0);
	/* All at one place: no slope. */
	near(trend_at(x, v, 3).p, 1);
	near(trend_at(x, v, 3).slope, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slopes_are_those_of_all_pairs),
		cmocka_unit_test(equal_distances_are_as_without_places),
		cmocka_unit_test(a_line_has_its_slope_wherever_its_points_are),
		cmocka_unit_test(the_rank_test_looks_at_signs_only),
		cmocka_unit_test(of_less_than_three_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
