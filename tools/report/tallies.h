/* tallies.h -- live blocks by their size, and by the thread that allocated them.
 *
 * In:   struct report.
 * Out:  sums; two chapters of the report for people, two members of JSON.
 * Not here: sums by site (model/heap.h), by type (explain/types.h), by age (report.h).
 *
 * Filters by age hold here as well; those by frames do not.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TALLIES_H
#define GCPROF_TALLIES_H

#include <jansson.h>
#include <stdio.h>

#include "report/report.h"

/* Blocks of 2^i bytes and more, and of less than 2^(i+1); the first has those of no byte, too. */
struct tally_size {
	struct heap_count live;
	uint64_t usable_bytes; /* with what the allocator rounds up to */
};
enum { TALLY_SIZES = 48 };

/* Which of them a block's requested bytes are in. */
unsigned tally_size_class(uint64_t bytes);

void tallies_by_size(const struct report *r, struct tally_size ret[TALLY_SIZES]);

/* Returns n_threads + 1 sums for free(3), [0] for blocks whose thread is not known; NULL: no
 * memory. */
struct heap_count *tallies_by_thread(const struct report *r);

/* Nothing where there is nothing to be told apart. */
void tallies_write(const struct report *r, FILE *f);

/* An array of {least, most, blocks, bytes, usable_bytes}, without those of no block. */
json_t *tallies_sizes_json(const struct report *r);

#endif
