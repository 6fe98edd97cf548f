/* dontfork.c -- blocks that only memory leads to which children do not get.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <sys/mman.h>

enum { BYTES = 1 << 20, BLOCKS = 10 };

static void *(*volatile v_malloc)(size_t) = malloc;

int
main(void)
{
	void *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *volatile *hidden = at;
	int i;

	if (at == MAP_FAILED || madvise(at, BYTES, MADV_DONTFORK) != 0)
		return 96;
	for (i = 0; i < BLOCKS; i++)
		hidden[i] = v_malloc(1000);
	gcprof_snapshot();
	return 0;
}
