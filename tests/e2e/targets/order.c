/* order.c -- leaks of all sizes at places of their own, in a heap that may be large.
 *
 *     order HEAP LARGE SMALL   a table of HEAP mebibytes, which is kept; LARGE leaks of 20 KiB
 *                              and more, the later the larger; SMALL leaks of some bytes
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

enum { PLACES = 36, LARGE = 20 << 10, SMALL = 40 };

static char **table;

/* Each in a line of its own, and told apart by more than that: else the compiler makes one call
 * of them. */
#define LOSE(n)                                                                          \
	case n:                                                                          \
		p = malloc(bytes);                                                       \
		__asm__ volatile("# " #n : "+r"(p));                                     \
		break;

NOINLINE static void
lose(int place, size_t bytes)
{
	char *p = NULL;

	/* clang-format off */
	switch (place) {
		LOSE(0)
		LOSE(1)
		LOSE(2)
		LOSE(3)
		LOSE(4)
		LOSE(5)
		LOSE(6)
		LOSE(7)
		LOSE(8)
		LOSE(9)
		LOSE(10)
		LOSE(11)
		LOSE(12)
		LOSE(13)
		LOSE(14)
		LOSE(15)
		LOSE(16)
		LOSE(17)
		LOSE(18)
		LOSE(19)
		LOSE(20)
		LOSE(21)
		LOSE(22)
		LOSE(23)
		LOSE(24)
		LOSE(25)
		LOSE(26)
		LOSE(27)
		LOSE(28)
		LOSE(29)
		LOSE(30)
		LOSE(31)
		LOSE(32)
		LOSE(33)
		LOSE(34)
		LOSE(35)
	}
	/* clang-format on */
	if (!p)
		_exit(98);
	OPAQUE(p);
}

int
main(int argc, char **argv)
{
	long heap = argc > 1 ? atol(argv[1]) : 0;
	int large = argc > 2 ? atoi(argv[2]) : 0, small = argc > 3 ? atoi(argv[3]) : 0;

	if (large + small > PLACES)
		return 2;
	table = calloc((size_t)heap + 1, sizeof(*table));
	for (long i = 0; table && i < heap; i++)
		table[i] = calloc(1, 1 << 20);
	for (int i = 0; i < small; i++)
		lose(i, SMALL + (size_t)i);
	for (int i = 0; i < large; i++)
		lose(small + i, LARGE + (size_t)i * 1000);
	return 0;
}
