/* texts.h -- texts, each kept once, at an address that stays.
 *
 * In:   texts.
 * Out:  a number for each, from 1 on, in the order of their first appearance; the text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TEXTS_H
#define GCPROF_TEXTS_H

#include <stdint.h>

#include "util/hash_index.h"

/* Zero it to begin with. */
struct texts {
	struct hash_index numbers;
	char **list; /* from 1 */
	uint32_t size;
};

/* Returns  its number; 0: no memory. */
uint32_t texts_put(struct texts *t, const char *text);

/* The same for a text of malloc(3), which is taken over; NULL is no memory. */
uint32_t texts_take(struct texts *t, char *text);

/* The text as it is kept; NULL: no memory. */
const char *texts_keep(struct texts *t, const char *text);

void texts_fini(struct texts *t);

#endif
