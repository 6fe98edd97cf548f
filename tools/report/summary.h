/* summary.h -- a heap in a few lines, and a stack in one: for reports that people read.
 *
 * In:   struct report.
 * Out:  the chapter "Summary"; a place in the sources with its callers.
 * Not here: findings and lists in full (leaks.c, text.c); on one screen (brief.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_SUMMARY_H
#define GCPROF_REPORT_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "report/report.h"

/* Live memory and its peak, what is lost, what grows, what rss consists of.  Nothing if
 * sites are filtered, as none of it would be about them. */
void summary_write(const struct report *r, FILE *f);

/* What findings say grows without limit: how many say so, and the bytes. */
size_t summary_growing(const struct report *r, uint64_t *bytes);

/* "app.cpp:21 remember_user < handle_request < main", from column `column` to the end of
 * the line: the innermost function of the program's own, then who called it. */
void summary_put_where(const struct report *r, FILE *f, uint32_t node, size_t column);

/* "error: (known) what it is about", from column `column`; on a terminal in lines as wide as
 * that, in files and pipes in one, for grep. */
void summary_put_headline(const struct finding *x, size_t column, FILE *f);

/* " 3 errors, 9 notes", of so many by level. */
void summary_put_levels(const size_t *n, FILE *f);

#endif
