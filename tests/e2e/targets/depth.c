/* depth.c -- how much stack the functions of the allocator need of their callers.
 *
 *     depth [ROUNDS]
 *
 * Each call is made with the stack below it painted; how far down it is painted over is
 * its depth.  Prints the largest for each kind of call, in bytes.  A thread with a small
 * stack does all, whose first call is a kind, too.  Of another, `thread` is all that was
 * used of its stack in its whole life.
 *
 * SPDX-License-Identifier: MIT
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BELOW = 14 << 10, SMALL = 32 << 10, NEAR = 192, PAINT = 0x5c };

enum kind { FIRST, MALLOC, CALLOC, REALLOC, MEMALIGN, FREE, FOREIGN, LARGE, N_KINDS };
static const char *const names[N_KINDS] = {"first",    "malloc", "calloc",  "realloc",
					   "memalign", "free",	 "foreign", "large"};
static size_t deepest[N_KINDS];
static size_t end_deepest;
static int rounds = 400;

static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_calloc)(size_t, size_t) = calloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;
static void *(*volatile v_memalign)(size_t, size_t) = memalign;
static void (*volatile v_free)(void *) = free;

/* What is below the frame of the caller of both, but for NEAR bytes that they need. */
__attribute__((noinline)) static void
paint(unsigned char *sp)
{
	volatile unsigned char *p;

	for (p = sp - BELOW; p < sp - NEAR; p++)
		*p = PAINT;
}

__attribute__((noinline)) static size_t
painted_over(const unsigned char *sp)
{
	const volatile unsigned char *p = sp - BELOW;

	while (p < sp - NEAR && *p == PAINT)
		p++;
	return (size_t)(sp - p);
}

#define SP()                                                                             \
	({                                                                               \
		unsigned char *sp_;                                                      \
		__asm__ volatile("mov %%rsp, %0" : "=r"(sp_));                           \
		sp_;                                                                     \
	})
#define MEASURE(kind, call)                                                              \
	do {                                                                             \
		unsigned char *sp = SP();                                                \
		size_t depth_;                                                           \
		paint(sp);                                                               \
		call;                                                                    \
		depth_ = painted_over(sp);                                               \
		if (depth_ > deepest[kind])                                              \
			deepest[kind] = depth_;                                          \
	} while (0)

enum { N_BLOCKS = 64 };
static void *foreign[N_BLOCKS];

__attribute__((noinline)) static void
work(int round)
{
	void *p[N_BLOCKS];
	int i;

	for (i = 0; i < N_BLOCKS; i++) {
		size_t bytes = 1 + (size_t)(i * 37 * (1 + round % 50)) % 20000;

		switch (i % 4) {
		case 0: MEASURE(MALLOC, p[i] = v_malloc(bytes)); break;
		case 1: MEASURE(CALLOC, p[i] = v_calloc(1, bytes)); break;
		case 2: MEASURE(MEMALIGN, p[i] = v_memalign((size_t)16 << i % 9, bytes)); break;
		default:
			MEASURE(MALLOC, p[i] = v_malloc(bytes));
			MEASURE(REALLOC, p[i] = v_realloc(p[i], bytes * 2 + 1));
			break;
		}
	}
	for (i = 0; i < N_BLOCKS; i++)
		MEASURE(FREE, v_free(p[i]));
	for (i = 0; i < 3; i++) {
		MEASURE(LARGE, p[i] = v_malloc((size_t)(30000 << (i + round) % 7)));
		MEASURE(LARGE, p[i] = v_realloc(p[i], (size_t)(50000 << (i + round) % 7)));
	}
	for (i = 0; i < 3; i++)
		MEASURE(LARGE, v_free(p[i]));
}

/* From many places, so that tables grow: the depth of the recursion is one. */
__attribute__((noinline)) static void
work_from(int round, int depth)
{
	if (depth)
		work_from(round, depth - 1);
	else
		work(round);
	__asm__ volatile(""); /* no tail call */
}

static void *
thread(void *unused)
{
	void *p;
	int i;

	MEASURE(FIRST, p = v_malloc(100));
	MEASURE(FREE, v_free(p));
	for (i = 0; i < N_BLOCKS; i++)
		MEASURE(FOREIGN, v_free(foreign[i]));
	for (i = 0; i < rounds; i++)
		work_from(i, i % 30);
	return unused;
}

/* A thread on a stack of ours, all of which is painted: what it needs as a whole, of
 * which its end is a part. */
static unsigned char stack[SMALL] __attribute__((aligned(4096)));

static void *
short_life(void *unused)
{
	v_free(v_malloc(100));
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t t;
	size_t i;
	int k;

	if (argc > 1)
		rounds = atoi(argv[1]);
	for (i = 0; i < N_BLOCKS; i++)
		foreign[i] = v_malloc(16 + i * 50);
	if (pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, SMALL) ||
	    pthread_create(&t, &attr, thread, NULL) || pthread_join(t, NULL))
		return 1;
	memset(stack, PAINT, sizeof stack);
	if (pthread_attr_init(&attr) || pthread_attr_setstack(&attr, stack, sizeof stack) ||
	    pthread_create(&t, &attr, short_life, NULL) || pthread_join(t, NULL))
		return 1;
	for (i = 0; i < sizeof stack && stack[i] == PAINT; i++)
		;
	end_deepest = sizeof stack - i;
	for (k = 0; k < N_KINDS; k++)
		printf("%s %zu\n", names[k], deepest[k]);
	printf("thread %zu\n", end_deepest);
	return 0;
}
