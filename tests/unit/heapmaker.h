/* heapmaker.h -- .heap files made to order, for tests.
 *
 * In:   records, in any order of sections; within one section the caller keeps
 *       the order that the format wants, or breaks it on purpose.
 * Out:  the bytes of a file, right or as wrong as asked for.
 * Not here: the library's writer, which these bytes must not depend on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HEAPMAKER_H
#define GCPROF_HEAPMAKER_H

#include <stddef.h>
#include <stdint.h>

#include "heapfile.h"
#include "heapfile_read.h"

enum { MAKER_SECTIONS = HEAPFILE_MAX_SECTIONS };

struct maker_section {
	uint32_t type, flags;
	uint64_t n_records;
	uint8_t *bytes;
	size_t n, size;
	uint64_t last; /* for delta coding: last epoch, block, or end of last range */
};

/* Zero it to begin with. */
struct maker {
	struct maker_section sections[MAKER_SECTIONS];
	uint32_t n_sections;
};

/* The section of a type, begun if it is new. */
struct maker_section *maker_section(struct maker *m, uint32_t type);

/* Raw parts, to be wrong on purpose. */
void maker_bytes(struct maker_section *s, const void *bytes, size_t n);
void maker_varint(struct maker_section *s, uint64_t v);
void maker_text(struct maker_section *s, const char *text);

/* One record each; those that are numbered return their number. */
void maker_number(struct maker *m, const char *name, uint64_t v);
void maker_info_text(struct maker *m, const char *name, const char *text, size_t n);
uint32_t maker_module(struct maker *m, uint64_t start, uint64_t bytes, uint64_t bias,
		      const char *build_id, const char *path);
uint32_t maker_site(struct maker *m, uint32_t parent, uint32_t flags, uint32_t module,
		    uint64_t offset, uint64_t allocations, uint64_t allocated_bytes);
uint32_t maker_thread(struct maker *m, uint64_t tid, const char *name);
uint32_t maker_birth(struct maker *m, uint64_t epoch, uint32_t thread, uint32_t flags);
void maker_period(struct maker *m, const struct hf_period *p);
void maker_birth_period(struct maker *m, uint32_t period);
void maker_book(struct maker *m, const struct hf_book *b);
void maker_stack(struct maker *m, const struct hf_stack *s);
void maker_grown(struct maker *m, const struct hf_grown *g);
void maker_estimate(struct maker *m, const struct hf_estimate *e);
void maker_peak(struct maker *m, const struct hf_peak *p);
void maker_waste(struct maker *m, const struct hf_waste *w);
void maker_live(struct maker *m, const struct hf_live *r);
void maker_before(struct maker *m, const void *file, size_t n);
void maker_epochs(struct maker *m, const struct hf_epochs *e);
void maker_block(struct maker *m, const struct hf_block *b);
void maker_mapping(struct maker *m, const struct hf_mapping *r);
void maker_bad_free(struct maker *m, const struct hf_bad_free *r);
void maker_mark(struct maker *m, uint64_t epoch, uint64_t time_ns, const char *label);

/* The graph; blocks by number from 1.  Edges in rising order of words. */
void maker_holder(struct maker *m, uint32_t block, const struct hf_edge *edges, size_t n);
void maker_root(struct maker *m, const struct hf_root *r, const struct hf_edge *edges);
void maker_object_words(struct maker *m, const struct hf_object_word *words, size_t n);
void maker_content(struct maker *m, uint32_t block, const char *bytes, size_t n);

/* The file; for free(3). */
uint8_t *maker_finish(const struct maker *m, size_t *ret_n);

/* Make all checksums right again after bytes were changed; lengths must hold. */
void maker_reseal(uint8_t *bytes, size_t n);

void maker_free(struct maker *m);

/* A small heap with all kinds of records, used by several tests:
 * epoch 10, two modules, three sites, four blocks, one mapping, one bad free.
 * A global points to the first block, a stack into the second; the third and
 * fourth point to one another, and nobody else does. */
void maker_sample(struct maker *m);

#endif
