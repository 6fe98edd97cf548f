/* simple.c -- nothing but malloc and free, of sizes and lifetimes that vary a little.
 *
 * Nothing is done with the blocks but a byte written and read: the densest of all,
 * some sixty million a second, and far from what programs do.
 *
 *     simple [ROUNDS]
 *
 * Prints a sum of the bytes read.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_SLOTS = 1600 };

static void *(*volatile v_malloc)(size_t) = malloc;

int
main(int argc, char **argv)
{
	static unsigned char *slots[N_SLOTS];
	int rounds = argc > 1 ? atoi(argv[1]) : 40000, round, i;
	uint32_t state = 3;
	uint64_t sum = 0;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < N_SLOTS; i += 1 + (int)(state >> 28) % 2) {
			state = state * 1664525u + 1013904223u;
			if (slots[i] != NULL)
				sum += *slots[i];
			free(slots[i]);
			slots[i] = v_malloc(8 + (state >> 16) % 240);
			*slots[i] = (unsigned char)state;
		}
	}
	for (i = 0; i < N_SLOTS; i++)
		free(slots[i]);
	printf("%" PRIu64 "\n", sum);
	return 0;
}
