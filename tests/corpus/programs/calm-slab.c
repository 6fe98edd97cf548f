/* calm-slab.c -- objects out of slabs; a freed object goes to a list and is used again.
 *
 * Innocent: slabs come while the number of sessions rises to its usual height, in
 * the first part of the run, and are kept.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { PER_SLAB = 64, USUAL = 20000 };

struct session {
	struct session *next;
	uint64_t id;
	char user[64];
};

struct slab {
	struct slab *next;
	struct session sessions[PER_SLAB];
};

static struct slab *slabs;
static struct session *unused, *active[USUAL];
static size_t n_slabs;

static NOINLINE void
slab_add(void)
{
	struct slab *s = malloc(sizeof *s);
	int i;

	s->next = slabs;
	slabs = s;
	n_slabs++;
	for (i = 0; i < PER_SLAB; i++) {
		s->sessions[i].next = unused;
		unused = &s->sessions[i];
	}
}

static struct session *
session_open(uint64_t id)
{
	struct session *s;

	if (!unused)
		slab_add();
	s = unused;
	unused = s->next;
	s->id = id;
	snprintf(s->user, sizeof s->user, "user %llu", (unsigned long long)id);
	return s;
}

int
main(void)
{
	struct numbers n = {48};
	uint64_t i;

	settings_load(300);
	for (i = 0; i < 120000; i++) {
		size_t where = i < USUAL ? i : below(&n, USUAL);

		if (active[where]) {
			active[where]->next = unused;
			unused = active[where];
		}
		active[where] = session_open(i);
		request_noise(&n, 900);
	}
	printf("%zu slabs\n", n_slabs);
	return 0;
}
