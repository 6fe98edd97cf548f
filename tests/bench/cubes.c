/* cubes.c -- complements of boolean covers, by splitting: sets of bits in blocks of
 * their own, thousands of distinct stacks.
 *
 *     cubes [ROUNDS]
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

/* Each split is a call site more on the stack: some thousands of stacks in all. */
enum { N_VARIABLES = 10 };

/* A product of literals: bit v of care says that variable v is in it, of value
 * how. */
struct cube {
	uint64_t care, value;
};

struct cover {
	size_t n, room;
	struct cube **cubes;
};

NOINLINE static struct cube *
cube_new(uint64_t care, uint64_t value)
{
	struct cube *c = malloc(sizeof *c);

	c->care = care;
	c->value = value;
	return c;
}

NOINLINE static struct cover *
cover_new(void)
{
	return calloc(1, sizeof(struct cover));
}

NOINLINE static void
cover_add(struct cover *f, struct cube *c)
{
	if (f->n == f->room) {
		f->room = f->room ? 2 * f->room : 4;
		f->cubes = realloc(f->cubes, f->room * sizeof f->cubes[0]);
	}
	f->cubes[f->n++] = c;
}

NOINLINE static void
cover_free(struct cover *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->cubes[i]);
	free(f->cubes);
	free(f);
}

NOINLINE static struct cover *
cofactor(const struct cover *f, int v, uint64_t value)
{
	struct cover *g = cover_new();
	uint64_t bit = (uint64_t)1 << v;
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct cube *c = f->cubes[i];

		if (!(c->care & bit) || (c->value & bit) == value << v)
			cover_add(g, cube_new(c->care & ~bit, c->value & ~bit));
	}
	return g;
}

static int
most_frequent(const struct cover *f)
{
	unsigned count[N_VARIABLES] = {0};
	int v, best = 0;
	size_t i;

	for (i = 0; i < f->n; i++)
		for (v = 0; v < N_VARIABLES; v++)
			count[v] += f->cubes[i]->care >> v & 1;
	for (v = 1; v < N_VARIABLES; v++)
		if (count[v] > count[best])
			best = v;
	return best;
}

static int
is_full(const struct cover *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->cubes[i]->care == 0)
			return 1;
	return 0;
}

static struct cover *complement(const struct cover *f);

NOINLINE static struct cover *
complement_one(const struct cube *c)
{
	struct cover *g = cover_new();
	uint64_t seen = 0;
	int v;

	for (v = 0; v < N_VARIABLES; v++) {
		uint64_t bit = (uint64_t)1 << v;

		if (c->care & bit) {
			cover_add(g, cube_new(seen | bit, (c->value & seen) | (~c->value & bit)));
			seen |= bit;
		}
	}
	return g;
}

/* Cubes of both halves that are the same need no split. */
NOINLINE static struct cover *
merge(struct cover *low, struct cover *high, int v)
{
	struct cover *g = cover_new();
	uint64_t bit = (uint64_t)1 << v;
	size_t i, j;

	for (i = 0; i < low->n; i++) {
		struct cube *c = low->cubes[i];

		for (j = 0; j < high->n && j < 16; j++)
			if (high->cubes[j]->care == c->care && high->cubes[j]->value == c->value)
				break;
		if (j < high->n && j < 16) {
			cover_add(g, cube_new(c->care, c->value));
			high->cubes[j]->value |= (uint64_t)1 << 63;
		} else {
			cover_add(g, cube_new(c->care | bit, c->value));
		}
	}
	for (j = 0; j < high->n; j++)
		if (!(high->cubes[j]->value >> 63))
			cover_add(g, cube_new(high->cubes[j]->care | bit, high->cubes[j]->value | bit));
	return g;
}

NOINLINE static struct cover *
split(const struct cover *f, int v)
{
	struct cover *a = cofactor(f, v, 0), *b = cofactor(f, v, 1);
	struct cover *low = complement(a), *high = complement(b), *g = merge(low, high, v);

	cover_free(a);
	cover_free(b);
	cover_free(low);
	cover_free(high);
	return g;
}

NOINLINE static struct cover *
complement(const struct cover *f)
{
	struct cover *g;

	if (f->n == 0) {
		g = cover_new();
		cover_add(g, cube_new(0, 0));
		return g;
	}
	if (is_full(f))
		return cover_new();
	if (f->n == 1)
		return complement_one(f->cubes[0]);
	return split(f, most_frequent(f));
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 20000, round, i, v;
	uint32_t state = 7;
	size_t sum = 0;

	for (round = 0; round < rounds; round++) {
		struct cover *f = cover_new(), *g;

		for (i = 0; i < 40; i++) {
			uint64_t care = 0, value = 0;

			for (v = 0; v < 3 + i % 5; v++) {
				state = state * 1664525u + 1013904223u;
				care |= (uint64_t)1 << (state >> 16) % N_VARIABLES;
				value |= (uint64_t)(state >> 31) << (state >> 16) % N_VARIABLES;
			}
			cover_add(f, cube_new(care, value & care));
		}
		g = complement(f);
		sum += g->n;
		cover_free(f);
		cover_free(g);
	}
	printf("%zu cubes\n", sum);
	return 0;
}
