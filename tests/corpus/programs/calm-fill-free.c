/* calm-fill-free.c -- fills an array with blocks, and frees them all, in order.
 *
 * Innocent: this is all that the program is there for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N = 60000 };

static void **kept;

static NOINLINE void *
thing_new(size_t number)
{
	char *thing = malloc(1000);

	memset(thing, (int)number, 1000);
	return thing;
}

int
main(void)
{
	size_t i;

	kept = malloc(N * sizeof *kept);
	for (i = 0; i < N; i++)
		kept[i] = thing_new(i);
	for (i = 0; i < N; i++)
		free(kept[i]);
	free(kept);
	printf("done\n");
	return 0;
}
