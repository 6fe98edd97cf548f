/* trend.h -- does a series rise, and how fast.
 *
 * In:   values at equal distances, or each at a place of its own.
 * Out:  the rank test of Mann and Kendall; the slope of Theil and Sen with its
 *       interval.
 * Not here: what the values are (history.h).
 *
 * Both look at the signs and ranks of differences only: a burst or two, and
 * steps instead of a line, move neither much.
 *
 * Source  H. B. Mann, "Nonparametric tests against trend", Econometrica 13
 * (1945); P. K. Sen, "Estimates of the regression coefficient based on Kendall's
 * tau", JASA 63 (1968), for the slope and its interval, with the correction of
 * the variance for ties.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TREND_H
#define GCPROF_TREND_H

#include <stddef.h>

enum { TREND_MAX = 256 }; /* values */

struct trend {
	double p; /* of so much of a rise by chance, one-sided, 0..1 */
	double slope, slope_low, slope_high; /* per step, or per unit of x; the interval
						is of 95 %, from 5 values on; below
						that it is all that there is */
};

/* n  at most TREND_MAX; below 3 nothing is known: p is 1, slopes are 0.
 * Cost  n^2 log n. */
struct trend trend_of(const double *values, size_t n);

/* The same of values at rising places x.  Of two at one place no slope is known. */
struct trend trend_at(const double *x, const double *values, size_t n);

/* The same of any number.  BOUND  Of more than TREND_MAX every second counts, or third,
 * and so on, and the last. */
struct trend trend_of_many(const double *x, const double *values, size_t n);

#endif
