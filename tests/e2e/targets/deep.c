/* deep.c -- recursion that goes far in and out in random ways, with allocations at each
 * level, for GCPROF_VERIFY to compare.
 *
 *     deep STACKS DEEPEST
 *
 * The walk has a goal, a number of levels below which it goes and then chooses another,
 * mostly near, sometimes anywhere.  Levels are functions of several shapes, chosen at
 * random.  Now and then a signal's handler allocates, and now and then all levels are
 * left at once, by a jump.
 *
 * Between walks it allocates at the end of stacks that are the same each time, and tells
 * of these blocks; how deep is in their size.  They have one site for each depth, however
 * the stack before was.
 *
 * With SPLIT, for -fsplit-stack, nothing is done for which a piece of stack has no room:
 * no signals, and no jumps, of which libgcc knows nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <setjmp.h>
#include <signal.h>

#ifndef SPLIT
#define SPLIT 0
#endif

enum { N_SHAPES = 5, PROBE_BYTES = 100000 };

static void *(*volatile v_malloc)(size_t) = malloc;
static uint32_t state = 7;
static int stacks_left, deepest, goal;
static sigjmp_buf outside;

typedef void level(int depth);
static level *const shapes[N_SHAPES];

NOINLINE static void
allocate(void)
{
	static void *kept[64];
	void **slot = &kept[rnd(&state) % 64];
	void *p = v_malloc(rnd(&state) % 200);

	OPAQUE(p);
	free(*slot);
	*slot = p;
	stacks_left--;
}

static int
new_goal(int depth)
{
	int n = (int)rnd(&state);

	if (n % 32 == 0)
		return n / 32 % deepest;
	n = depth + n / 32 % 17 - 8;
	return n < 1 ? 1 : n < deepest ? n : deepest - 1;
}

/* In a level: allocate, go in and out as long as the goal is not outside, return. */
NOINLINE static void
in_and_out(int depth)
{
	while (stacks_left > 0) {
		switch (rnd(&state) % 1024 + 2 * SPLIT) {
		case 0:
			raise(SIGUSR1);
			break;
		case 1:
			siglongjmp(outside, 1);
		default:
			if (rnd(&state) % 4 == 0)
				allocate();
		}
		if (goal == depth)
			goal = new_goal(depth);
		if (goal < depth)
			return;
		if (goal > depth)
			shapes[rnd(&state) % N_SHAPES](depth + 1);
	}
}

/* To the same place by the same way each time.  depth < 0: so many levels more. */
NOINLINE static void
probe(int depth)
{
	static int bytes;

	if (bytes == 0)
		bytes = PROBE_BYTES - depth;
	if (depth < -1) {
		shapes[(unsigned)depth * 7919u / 16 % N_SHAPES](depth + 1);
	} else {
		(void)keep(v_malloc((size_t)bytes), (size_t)bytes, "malloc");
		bytes = 0;
	}
	OPAQUE(depth);
}

NOINLINE static void
onward(int depth)
{
	(depth < 0 ? probe : in_and_out)(depth);
	OPAQUE(depth);
}

NOINLINE static void
plain(int depth)
{
	onward(depth);
	OPAQUE(depth);
}

NOINLINE static void
with_vla(int depth)
{
	volatile char room[depth % 40 + 50];

	room[0] = 1;
	onward(depth);
	room[0]++;
}

/* The frame is found through a saved register (DRAP). */
NOINLINE static void
realigned(int depth)
{
	volatile char room[64] __attribute__((aligned(64)));
	volatile char more[depth % 40 + 50];

	room[0] = more[0] = 1;
	onward(depth);
	room[0]++;
	more[0]++;
}

NOINLINE static void
many_arguments(int depth, long a, long b, long c, long d, long e, long f, long g)
{
	volatile long sum = a + b + c + d + e + f + g;

	onward(depth);
	sum++;
}

NOINLINE static void
pushes(int depth)
{
	many_arguments(depth, 1, 2, 3, 4, 5, 6, 7);
	OPAQUE(depth);
}

/* Straight to itself: where stacks are cut first. */
NOINLINE static void
itself(int depth)
{
	if (depth < -20 || (depth >= 0 && depth < goal && depth % 16 != 0))
		itself(depth + 1);
	else
		onward(depth);
	OPAQUE(depth);
}

static level *const shapes[N_SHAPES] = {plain, with_vla, realigned, pushes, itself};

static void
handler(int sig)
{
	allocate();
	OPAQUE(sig);
}

int
main(int argc, char **argv)
{
	static const int depths[] = {5, 30, 100, 200, 255, 256, 257, 320, 383,
				     384, 385, 500, 1023, 1025, 1500, 2000, 2500};
	struct sigaction sa = {.sa_handler = handler};
	volatile unsigned round, i;

	if (argc < 3)
		return 2;
	stacks_left = atoi(argv[1]);
	deepest = atoi(argv[2]);
	sigaction(SIGUSR1, &sa, NULL);
	for (round = 0; round < 4 || stacks_left > 0; round++) {
		for (i = 0; round < 4 && i < sizeof depths / sizeof *depths; i++)
			probe(-depths[(i * (2 * round + 1)) % (sizeof depths / sizeof *depths)]);
		goal = 1 + (int)(rnd(&state) % (unsigned)deepest);
		if (sigsetjmp(outside, 1) == 0)
			in_and_out(0);
	}
	puts("done");
	return 0;
}
