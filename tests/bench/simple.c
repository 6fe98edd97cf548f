/* simple.c -- nothing but malloc and free, of sizes and lifetimes that vary a little.
 *
 *     simple [ROUNDS]
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_SLOTS = 1600 };

static void *(*volatile v_malloc)(size_t) = malloc;

int
main(int argc, char **argv)
{
	static void *slots[N_SLOTS];
	int rounds = argc > 1 ? atoi(argv[1]) : 40000, round, i;
	uint32_t state = 3;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < N_SLOTS; i += 1 + (int)(state >> 28) % 2) {
			state = state * 1664525u + 1013904223u;
			free(slots[i]);
			slots[i] = v_malloc(8 + (state >> 16) % 240);
		}
	}
	for (i = 0; i < N_SLOTS; i++)
		free(slots[i]);
	puts("done");
	return 0;
}
