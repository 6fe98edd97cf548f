/* values.h -- numbers, sizes and lengths of time, as options have them.
 *
 * In:   the text from s up to end.
 * Out:  the value; false, and *ret untouched, if the text is not all of one.
 * Not here: which option has what (options.c, watch_rules.c).
 *
 * Context  any; no libc but string functions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_VALUES_H
#define GCPROF_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits. */
bool values_number(const char *s, const char *end, uint64_t *ret);
/* 4096, 16K, 16M, 2G, 1T, each also with a B or iB behind. */
bool values_bytes(const char *s, const char *end, uint64_t *ret);
/* 10s, 500ms, 2m, 1h; a plain number is seconds.  In nanoseconds; 0 is one, too,
 * and 1000000000s the longest. */
bool values_interval(const char *s, const char *end, uint64_t *ret);

#endif
