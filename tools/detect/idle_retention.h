/* idle_retention.h -- has what a busy time took been given back?
 *
 * In:   snapshots of one process, and the marks of the last one.
 * Out:  which of them are of a quiet time before, of the busy time, and of a quiet
 *       time after; or what is missing.
 * Not here: what each place held then (detect/series_trend.c).
 *
 * A snapshot belongs to the last mark before it.  Labels of quiet times are base,
 * baseline, start, ready, idle, rest, quiet, settled, done and end, in any case of
 * letters; if none of them is used, a label that occurs twice with another between.
 * Every other label is of a busy time.
 *
 * The share that is still held is (idle - base) / (busy - base).
 *
 * Source  memlab's three snapshots: baseline, target, final.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SETTLE_H
#define GCPROF_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "detect/series.h"
#include "model/heap.h"

#define SETTLE_DRAINED 0.1 /* up to this share: given back */
#define SETTLE_MOSTLY 0.5  /* up to this one: mostly */

enum settle_when { SETTLE_BASE, SETTLE_BUSY, SETTLE_IDLE, SETTLE_N };

struct settle {
	bool is_known;              /* all three are there */
	size_t snapshots[SETTLE_N]; /* of struct several */
	char *labels[SETTLE_N];
	char *missing; /* a sentence: what would show it; NULL = nothing, or no marks */
};

/* Returns  0 and *ret for settle_fini(), or -1: no memory. */
int settle_find(const struct several *s, const struct heap *last, struct settle *ret);
void settle_fini(struct settle *x);

/* The label of the mark that a time belongs to, or NULL. */
const struct heap_mark *settle_mark(const struct heap *last, uint64_t uptime_ns);

/* The share that is held; below 0 counts as nothing.  -1: the busy time took
 * nothing. */
double settle_share(double base, double busy, double idle);

/* "drained", "mostly drained" or "held". */
const char *settle_word(double share);

#endif
