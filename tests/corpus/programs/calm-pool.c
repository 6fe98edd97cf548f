/* calm-pool.c -- objects from a free list that takes them back and never gives them to
 * free().
 *
 * Innocent: the pool grows to the most that was ever used at a time, early on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_USED = 3000 };

struct particle {
	struct particle *next_free;
	double place[3], speed[3];
};

static struct particle *free_particles, *used[N_USED];
static size_t n_made;

static NOINLINE struct particle *
particle_get(void)
{
	struct particle *p = free_particles;

	if (p) {
		free_particles = p->next_free;
		return p;
	}
	n_made++;
	return malloc(sizeof *p);
}

static void
particle_put(struct particle *p)
{
	p->next_free = free_particles;
	free_particles = p;
}

int
main(void)
{
	struct numbers n = {71};
	size_t i;

	for (i = 0; i < 400000; i++) {
		struct particle **slot = &used[below(&n, N_USED)];

		if (*slot) {
			particle_put(*slot);
			*slot = NULL;
		} else {
			*slot = particle_get();
			(*slot)->place[0] = (double)i;
		}
		if (i % 2)
			request_noise(&n, 1200);
	}
	printf("%zu made\n", n_made);
	return 0;
}
