/* sample.c -- see sample.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sample.h"

/* 1 - exp(-x), x >= 0, to a few units in the last place of a double.
 *
 * With f(y) = 1 - exp(-y), f(2y) = f(y) (2 - f(y)): x is halved until the
 * series of f is short, then doubled back.  Nothing is subtracted from what it
 * nearly equals, so small x lose no digits, and it is they that weigh most. */
static double
one_minus_exp(double x)
{
	int doublings = 0, n;
	double f = 1;

	if (x > 40) /* exp(-40) is below half a unit in the last place of 1 */
		return 1;
	for (; x > 0.0625; x /= 2)
		doublings++;
	/* x (1 - x/2 (1 - x/3 (...))): nine terms, the tenth is below 1e-18. */
	for (n = 9; n > 1; n--)
		f = 1 - x / n * f;
	f *= x;
	for (; doublings; doublings--)
		f *= 2 - f;
	return f;
}

double
sample_chance(uint64_t bytes, uint64_t sample_bytes)
{
	return one_minus_exp((double)(bytes ? bytes : 1) / (double)sample_bytes);
}

struct sample_weight
sample_weigh(uint64_t bytes, uint64_t sample_bytes)
{
	double weight = SAMPLE_PARTS / sample_chance(bytes, sample_bytes);

	return (struct sample_weight){.allocations = (uint64_t)(weight + 0.5),
				      .bytes = (uint64_t)(weight * (double)bytes + 0.5)};
}
