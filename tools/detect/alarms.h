/* alarms.h -- one check for alarms: what rules say of one snapshot.
 *
 * In:   rules, as watch_rules.h has them; what is remembered of them; a snapshot.
 * Out:  a line for each alarm on standard error, its action done; what is to be
 *       remembered, on standard output.
 * Not here: when to check (lib/watch.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ALARMS_H
#define GCPROF_ALARMS_H

#include <stddef.h>

#include "model/heap.h"
#include "names/symbolize.h"

struct alarms_options {
	const char *rules;
	const char *state; /* of the library: a figure for each rule; NULL = none */
	const char *keep;  /* what the file is to be called if it is kept; may be NULL */
};

struct alarms;

/* Read the rules.
 *
 * Without a state a rule that is no use is an error; with one the library has told of
 * its form, and what is wrong with its pattern is told by alarms_check().
 * Returns  NULL with a message, for instance if there is no memory.
 */
struct alarms *alarms_new(const struct alarms_options *o, char *ret_message, size_t bytes);

void alarms_free(struct alarms *w);

/* Raise alarms.
 *
 * path     of the snapshot, which is renamed if an alarm keeps it.
 * symbols  NULL: no rule with a pattern finds anything.
 * Returns  the number of alarms, or -1: no memory.
 */
int alarms_check(struct alarms *w, const struct heap *heap, struct symbols *symbols,
		 const char *path);

#endif
