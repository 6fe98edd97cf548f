/* many.c -- a program with very many call stacks, and a mark with any label.
 *
 *     many DEPTH LABEL     2 ^ DEPTH blocks, each from a stack of its own
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "gcprof.h"

static void *volatile kept;

static void right(int depth, unsigned path);

/* Each level calls one of two functions, from one of two places. */
static void
left(int depth, unsigned path)
{
	if (depth == 0) {
		void **block = malloc(sizeof(void *) + path % 64);

		if (block) {
			*block = kept;
			kept = block;
		}
	} else if (path & 1) {
		right(depth - 1, path >> 1);
	} else {
		left(depth - 1, path >> 1);
	}
}

static void
right(int depth, unsigned path)
{
	if (depth > 0 && path & 1)
		right(depth - 1, path >> 1);
	else
		left(depth > 0 ? depth - 1 : 0, path >> 1);
}

int
main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 4;

	gcprof_mark(argc > 2 ? argv[2] : "begin");
	for (unsigned path = 0; path < 1u << depth; path++) {
		if (path == 1u << (depth - 1))
			gcprof_mark("half");
		left(depth, path);
	}
	return 0;
}
