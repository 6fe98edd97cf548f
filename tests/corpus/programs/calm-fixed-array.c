/* calm-fixed-array.c -- a static array of shapes is filled by three functions, then used.
 *
 * Innocent: the array has its size once and for all.  Each shape has a table of its own size
 * in front, and the array keeps pointers behind it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPES = 2400 };

struct shape {
	int n_properties;
	char state[60];
};

static struct shape *shapes[SHAPES];

static struct shape *
shape_new(int i)
{
	size_t table = sizeof(int) << (i % 6 + 2);
	char *raw = calloc(1, table + sizeof(struct shape));
	struct shape *s;

	if (!raw)
		abort();
	s = (struct shape *)(raw + table);
	s->n_properties = i % 6;
	return s;
}

static void
objects_load(int from, int to)
{
	for (int i = from; i < to; i++)
		shapes[i] = shape_new(i);
}

static void
arrays_load(int from, int to)
{
	for (int i = from; i < to; i++)
		shapes[i] = shape_new(i + 1);
}

static void
functions_load(int from, int to)
{
	for (int i = from; i < to; i++)
		shapes[i] = shape_new(i + 2);
}

int
main(void)
{
	long sum = 0;

	objects_load(0, SHAPES / 4);
	arrays_load(SHAPES / 4, SHAPES / 2);
	functions_load(SHAPES / 2, SHAPES);
	for (int i = 0; i < SHAPES; i++)
		sum += shapes[i]->n_properties;
	printf("%ld\n", sum);
	return 0;
}
