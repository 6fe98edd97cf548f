/* madeheap.h -- heaps of heapmaker.c as models, and what is said of them.
 *
 * Not in heapmaker.c: some of those that make files have no model.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MADEHEAP_H
#define GCPROF_MADEHEAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/finding.h"
#include "heapmaker.h"
#include "model/heap.h"

/* Load what a maker has, and free the maker's records; fails if it is no snapshot. */
static inline struct heap *
made_heap(struct maker *m)
{
	struct hf_error e;
	size_t n;
	uint8_t *bytes = maker_finish(m, &n);
	struct heap *h = heap_load(bytes, n, 0, NULL, NULL, &e);

	if (!h)
		fail_msg("%s: %s", e.section, e.message);
	free(bytes);
	maker_free(m);
	return h;
}

/* maker_sample(). */
static inline struct heap *
made_sample(void)
{
	struct maker m = {.n_sections = 0};

	maker_sample(&m);
	return made_heap(&m);
}

/* Does a sentence of its evidence hold these words? */
static inline bool
has_evidence(const struct finding *f, const char *what)
{
	for (size_t i = 0; i < f->n_evidence; i++)
		if (strstr(f->evidence[i], what))
			return true;
	return false;
}

#endif
