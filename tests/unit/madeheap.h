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

/* So many blocks of 32 bytes, behind those that are there. */
static inline void
made_blocks(struct maker *m, uint32_t n, uint32_t site)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BLOCKS);

	for (uint32_t i = 0; i < n; i++)
		maker_block(m, &(struct hf_block){0x10000 + 64 * (s->n_records + 1), 32,
						  48, site, 0, HEAPFILE_KIND_MALLOC});
}

/* A root of one word, which leads to a block. */
static inline void
made_root(struct maker *m, uint32_t kind, uint64_t address, uint32_t target)
{
	const struct hf_edge edge = {.word = 0, .target = target};

	maker_root(m,
		   &(struct hf_root){
			   .kind = kind, .address = address, .bytes = 8, .n_edges = 1},
		   &edge);
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
