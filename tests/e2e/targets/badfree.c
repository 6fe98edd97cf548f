/* badfree.c -- frees that are wrong; the program goes on all the same.
 *
 *     badfree KIND N     one call site, N times; then a ledger of what is alive
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <malloc.h>
#include <stdbool.h>

static void (*volatile v_free)(void *) = free;
static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;

static char in_data[4096] __attribute__((aligned(64))) = "data";

NOINLINE static void
double_free(void)
{
	void *p = v_malloc(48);

	v_free(p);
	v_free(p);
}

NOINLINE static void
interior_free(void)
{
	char *p = keep(v_malloc(480), 480, "malloc");

	v_free(p + 64);
}

/* Where the books of the block itself go on. */
NOINLINE static void
second_free(void)
{
	char *p = keep(v_malloc(480), 480, "malloc");

	v_free(p + 16);
}

NOINLINE static void
third_free(void)
{
	char *p = keep(v_malloc(480), 480, "malloc");

	v_free(p + 32);
}

/* Inside of a block that has been freed. */
NOINLINE static void
freed_inside(void)
{
	char *volatile p = v_malloc(40);

	v_free(p);
	v_free(p + 16);
}

NOINLINE static void
misaligned_free(void)
{
	char *p = keep(v_malloc(480), 480, "malloc");

	v_free(p + 3);
}

NOINLINE static void
stack_free(void)
{
	char buffer[256] __attribute__((aligned(64)));

	memset(buffer, 0, sizeof buffer);
	v_free(buffer + 64);
}

NOINLINE static void
static_free(void)
{
	v_free(in_data + 128);
}

NOINLINE static void
wild_free(void)
{
	v_free((void *)0x123456789000);
}

NOINLINE static void
freed_realloc(void)
{
	void *p = v_malloc(77);

	v_free(p);
	p = v_realloc(p, 99);
	if (p != NULL)
		say("realloc-gave %p", p);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*call)(void);
	} kinds[] = {{"double", double_free}, {"interior", interior_free},
		{"second", second_free}, {"third", third_free}, {"freed-inside", freed_inside},
		{"misaligned", misaligned_free}, {"stack", stack_free}, {"static", static_free},
		{"wild", wild_free}, {"realloc", freed_realloc}};
	size_t i;
	int n;

	if (argc < 3)
		return 2;
	for (i = 0; i < 50; i++)
		keep(v_malloc(i * 8), i * 8, "malloc");
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(argv[1], kinds[i].name))
			for (n = atoi(argv[2]); n > 0; n--)
				kinds[i].call();
	for (i = 0; i < 50; i++)
		keep(v_malloc(i * 8), i * 8, "malloc");
	puts("still here");
	return 5;
}
