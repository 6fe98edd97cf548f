/* bisect.h -- where something stands in an array that is in order.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BISECT_H
#define GCPROF_BISECT_H

#include <stddef.h>

/* The first of n places for which is_before does not hold, n if it holds for all.
 * is_before is an expression about the place `at`: true up to some place, then false. */
#define BISECT(n, at, is_before)                                                         \
	({                                                                               \
		size_t bisect_low = 0, bisect_high = (n);                                \
                                                                                         \
		while (bisect_low < bisect_high) {                                       \
			const size_t at = bisect_low + (bisect_high - bisect_low) / 2;   \
                                                                                         \
			if (is_before)                                                   \
				bisect_low = at + 1;                                     \
			else                                                             \
				bisect_high = at;                                        \
		}                                                                        \
		bisect_low;                                                              \
	})

#endif
