/* recursion.c -- a block at the bottom of DEPTH frames.
 *
 *     recursion DEPTH
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

static void *(*volatile v_malloc)(size_t) = malloc;

NOINLINE static int
bottom(void)
{
	keep(v_malloc(1234), 1234, "malloc");
	return 1;
}

NOINLINE static int
descend(int depth)
{
	int n = depth > 0 ? descend(depth - 1) : bottom();

	OPAQUE(n);
	return n + 1;
}

int
main(int argc, char **argv)
{
	int n = descend(argc > 1 ? atoi(argv[1]) : 10);

	OPAQUE(n);
	return 0;
}
