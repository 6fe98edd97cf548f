/* early.c -- asks for a snapshot, and frees much, before any constructor has run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

int gcprof_snapshot(const char *name) __attribute__((weak));

enum { N = 60000 };

static void
early(void)
{
	static void *blocks[N];
	int i;

	point(!gcprof_snapshot || gcprof_snapshot(NULL) != 0, "a snapshot before the start is refused");
	for (i = 0; i < N; i++)
		blocks[i] = malloc(200);
	for (i = 0; i < N; i++)
		free(blocks[i]);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = early;

int
main(void)
{
	point(gcprof_snapshot && gcprof_snapshot(NULL) == 0, "one after it is taken");
	return 0;
}
