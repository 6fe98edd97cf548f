/* sampling.c -- a known number of blocks of known sizes, from three places; all live.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

static void *kept[4000];
static size_t n_kept;

NOINLINE static void
small(void)
{
	kept[n_kept++] = malloc(100);
}

NOINLINE static void
large(void)
{
	kept[n_kept++] = malloc(30000);
}

/* Two sizes at one place, so that the mean of those sampled is not the mean. */
NOINLINE static void
mixed(int i)
{
	kept[n_kept++] = malloc(i % 10 ? 200 : 60000);
}

int
main(void)
{
	int i;

	for (i = 0; i < 1000; i++) {
		small();
		mixed(i);
		if (i % 10 == 0)
			large();
	}
	return 0;
}
