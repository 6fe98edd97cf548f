/* case.h -- a table of small cases, each with what is true of it by construction.
 *
 * "PROGRAM list" prints the table; "PROGRAM NAME" runs one case.  A case whose
 * moment is not the end of the program takes its own with cut(): the first
 * snapshot, and memcheck's first summary, are what counts.
 *
 * Truth: "definite blocks/bytes indirect blocks/bytes possible blocks/bytes".
 * Alone: the kind of root that alone leads to the block of allocate_into();
 * without it that block is lost; with a "+", as part of something larger.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef LEAK_CASE_H
#define LEAK_CASE_H

#include "../../../lib/gcprof.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif

#define NOINLINE __attribute__((noinline, unused))

#define NOTHING "0/0 0/0 0/0"

struct leak_case {
	const char *name;
	void (*run)(void *volatile *frame); /* of main: 64 words that are alive until it returns */
	const char *truth;
	const char *alone; /* "-" = no such kind */
};

enum { HELD_BYTES = 4321 };

/* The block's address goes nowhere else. */
static NOINLINE void
allocate_into(void *volatile *slot)
{
	*slot = malloc(HELD_BYTES);
}

/* What old calls left on the stack. */
static NOINLINE void
wipe(void)
{
	volatile char old[16384];
	size_t i;

	for (i = 0; i < sizeof old; i++)
		old[i] = 0;
}

static NOINLINE void
cut(void)
{
	gcprof_snapshot();
#ifdef VALGRIND_DO_LEAK_CHECK
	VALGRIND_DO_LEAK_CHECK;
#endif
}

static inline int
run_case(const struct leak_case *cases, int argc, char **argv, void *volatile *frame)
{
	for (; cases->name; cases++)
		if (argc > 1 && strcmp(argv[1], "list") == 0)
			printf("%s %s %s\n", cases->name, cases->truth, cases->alone);
		else if (argc > 1 && strcmp(argv[1], cases->name) == 0) {
			cases->run(frame);
			return 0;
		}
	return argc > 1 && strcmp(argv[1], "list") == 0 ? 0 : 2;
}

#endif
