/* calm-aligned.c -- matrices on cache lines: the block begins anywhere before them, and stands
 * in the word in front; and stacks that grow downwards, known by their top alone.
 *
 * Innocent: all are made once and used until the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { LINE = 64, N_MATRICES = 60, N_STACKS = 30 };

struct model {
	double *weights;
	size_t n;
};

struct fiber {
	char *top;
	uint64_t state;
};

static struct model *models[N_MATRICES];
static struct fiber *fibers[N_STACKS];

static NOINLINE void *
lines_alloc(size_t bytes)
{
	char *block = malloc(bytes + LINE + sizeof(void *));
	char *lines = (char *)(((uintptr_t)block + sizeof(void *) + LINE - 1) / LINE * LINE);

	/* As an offset: what leads back is no pointer. */
	((size_t *)lines)[-1] = (size_t)(lines - block);
	return lines;
}

static NOINLINE struct model *
model_new(size_t n)
{
	struct model *m = malloc(sizeof *m);

	m->n = n;
	m->weights = lines_alloc(n * sizeof(double));
	for (size_t i = 0; i < n; i++)
		m->weights[i] = (double)i;
	return m;
}

static NOINLINE struct fiber *
fiber_new(size_t bytes)
{
	struct fiber *f = calloc(1, sizeof *f);
	char *bottom = malloc(bytes);

	f->top = bottom + bytes - 16 - 48 * (bytes % 7);
	return f;
}

int
main(void)
{
	struct numbers n = {94};
	size_t i;

	for (i = 0; i < N_MATRICES; i++)
		models[i] = model_new(100 + below(&n, 400));
	for (i = 0; i < N_STACKS; i++)
		fibers[i] = fiber_new(2000 + 16 * below(&n, 300));
	for (i = 0; i < 40000; i++) {
		struct model *m = models[below(&n, N_MATRICES)];

		m->weights[below(&n, m->n)] += 1;
		*fibers[below(&n, N_STACKS)]->top = (char)i;
		request_noise(&n, 900);
	}
	for (i = 0; i < N_MATRICES; i++)
		result_sink += (uint64_t)models[i]->weights[7];
	return 0;
}
