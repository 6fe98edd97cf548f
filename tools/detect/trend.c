/* trend.c -- does a series rise, and how fast.
 *
 * In/Out: trend.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/trend.h"

#include <math.h>
#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Variance of the sum of signs, with groups of equal values. */
static double
variance(const double *values, size_t n)
{
	double sorted[TREND_MAX], v = (double)n * ((double)n - 1) * (2 * (double)n + 5);

	for (size_t i = 0; i < n; i++)
		sorted[i] = values[i];
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 0, end; i < n; i = end) {
		double t;

		for (end = i + 1; end < n && sorted[end] <= sorted[i]; end++)
			;
		t = (double)(end - i);
		v -= t * (t - 1) * (2 * t + 5);
	}
	return v / 18;
}

struct trend
trend_of(const double *values, size_t n)
{
	return trend_at(NULL, values, n);
}

struct trend
trend_at(const double *x, const double *values, size_t n)
{
	struct trend t = {.p = 1};
	static double slopes[TREND_MAX * (TREND_MAX - 1) / 2]; /* too many for a stack */
	size_t n_slopes = 0;
	double sum = 0, v, z, width;
	long low, high;

	if (n < 3 || n > TREND_MAX)
		return t;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			double by = values[j] - values[i];
			double way = x ? x[j] - x[i] : (double)(j - i);

			sum += (by > 0) - (by < 0);
			/* Between two values of one place there is no slope. */
			if (way > 0)
				slopes[n_slopes++] = by / way;
		}
	if (n_slopes == 0)
		return t;
	qsort(slopes, n_slopes, sizeof(*slopes), compare);
	t.slope = n_slopes % 2 ? slopes[n_slopes / 2]
			       : (slopes[n_slopes / 2 - 1] + slopes[n_slopes / 2]) / 2;
	v = variance(values, n);
	/* The sum moves in steps of two: half of one is given back. */
	z = v > 0 && sum > 0 ? (sum - 1) / sqrt(v) : 0;
	t.p = sum > 0 ? erfc(z / sqrt(2)) / 2 : 1;
	width = 1.959964 * sqrt(v > 0 ? v : 0);
	low = lround(((double)n_slopes - width) / 2) - 1;
	high = lround(((double)n_slopes + width) / 2);
	t.slope_low = slopes[low < 0 ? 0 : low];
	t.slope_high = slopes[high >= (long)n_slopes ? (long)n_slopes - 1 : high];
	return t;
}

struct trend
trend_of_many(const double *x, const double *v, size_t n)
{
	double some_x[TREND_MAX], some_v[TREND_MAX];
	size_t step = (n + TREND_MAX - 1) / TREND_MAX, m = 0;

	for (size_t i = (n - 1) % step; i < n; i += step) {
		some_x[m] = x[i];
		some_v[m++] = v[i];
	}
	return trend_at(some_x, some_v, m);
}
