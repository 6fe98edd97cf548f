/* marks.h -- moments that the program has named (gcprof_mark).
 *
 * In:   labels, from any thread.
 * Out:  up to MARKS_MAX of them, with epoch and time, in the order of the calls.
 * Not here: their records in the file (snapshot_tables.c).
 *
 * LOCKS  none: each call takes an entry of its own, which is valid when is_set says so.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MARKS_H
#define GCPROF_MARKS_H

#include "base.h"

enum { MARKS_MAX = 256, MARKS_BYTES = 64 };
struct mark {
	epoch_no epoch;
	uint64_t time_ns;
	uint32_t is_set; /* written last */
	char label[MARKS_BYTES];
};

/* A longer label is cut.  Returns false if there is no room for more. */
bool marks_add(const char *label, uint64_t uptime_ns);

/* Number i of MARKS_MAX; NULL if there is none. */
const struct mark *marks_get(uint32_t i);

#endif
