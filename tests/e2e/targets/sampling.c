/* sampling.c -- a known number of blocks of known sizes, from known places.
 *
 *     sampling         all live but those of churn()
 *     sampling lost    50 blocks of 100 bytes, of which nobody knows
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

/* Two sizes, and nothing of them is left. */
NOINLINE static void
churn(int i)
{
	void *block = malloc(i % 50 ? 150 : 50000);

	OPAQUE(block);
	free(block);
}

NOINLINE static void
lose(void)
{
	void *volatile block = malloc(100);

	block = NULL;
	(void)block;
}

int
main(int argc, char **argv)
{
	int i;

	(void)argv;
	for (i = 0; argc > 1 && i < 50; i++)
		lose();
	if (argc > 1)
		return 0;
	for (i = 0; i < 3000; i++)
		churn(i);
	for (i = 0; i < 1000; i++) {
		small();
		mixed(i);
		if (i % 10 == 0)
			large();
	}
	return 0;
}
