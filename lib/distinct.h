/* distinct.h -- how many different contents there are, by site.
 *
 * In:   a hash of each content, its site, its bytes.
 * Out:  each content of a site once, or those of a part of all hashes.
 * Not here: what is hashed (waste.h).
 *
 * An open hash table that doubles until it has 2^DISTINCT_MOST_BITS places, 16 bytes each.  When
 * that is too full, half of all hashes no longer counts, those with a certain bit: what
 * is left stands for twice as much.  Which they are depends on the hash alone, so that a content
 * is either counted with all its copies or not at all, in whatever order they come.
 *
 * BOUND: two contents of a site with the same hash of 64 bits and as many bytes count as one.
 *
 * Context  the process that writes, one user at a time.
 * Memory   at most 2 MiB, and while the table is made anew twice that; address space for two
 *          such tables is kept for the next cut.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DISTINCT_H
#define GCPROF_DISTINCT_H

#include "base.h"

enum { DISTINCT_MOST_BITS = 17 };

/* Begin anew.  Returns false if there is no memory: nothing counts then. */
bool distinct_begin(void);

/* hash   any bit as good as any other; of a site's own contents, by what it was mixed with.
 * site   never 0, and below 2^24.
 * bytes  below 2^40; what is larger does not count. */
void distinct_add(uint64_t hash, site_id site, uint64_t bytes);

struct distinct {
	site_id site;
	uint64_t bytes;
};
/* Call f for each that is left.  Returns n: they are those of one in 2^n hashes. */
unsigned distinct_end(void (*f)(const struct distinct *content, void *with), void *with);

#endif
