/* epochs.c -- known amounts, born and freed in a known order.
 *
 *     epochs TOTAL-KIB KEEP-OF-16 [LIFE-KIB]
 *
 * Allocates TOTAL-KIB in blocks of 1 KiB.  Of each 16 in a row the first
 * KEEP-OF-16 stay; the others are freed at once, or, with LIFE-KIB, after so many
 * KiB more have been allocated.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

NOINLINE static void *
stays(void)
{
	void *p = v_malloc(1024);

	OPAQUE(p);
	return p;
}

NOINLINE static void *
goes(void)
{
	void *p = v_malloc(1024);

	OPAQUE(p);
	return p;
}

int
main(int argc, char **argv)
{
	static void *queue[1 << 20];
	int total = argc > 1 ? atoi(argv[1]) : 1024, keep_of_16 = argc > 2 ? atoi(argv[2]) : 1;
	int life = argc > 3 ? atoi(argv[3]) : 0, i, n_kept = 0, first = 0;

	for (i = 0; i < total; i++) {
		if (i % 16 < keep_of_16) {
			stays();
			n_kept++;
		} else {
			queue[i] = goes();
		}
		for (; first <= i - life; first++) {
			v_free(queue[first]);
			queue[first] = NULL;
		}
	}
	say("kept %d", n_kept);
	return 0;
}
