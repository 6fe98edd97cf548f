/* page_births.h -- what lives by when it was allocated: the page can show a part of time.
 *
 * In:   struct report.
 * Out:  members of the page's data; a column of its sites.
 * Not here: the rows that the column stands in (html.c); the page's charts by age, which
 *           are of the whole snapshot (report.h).
 *
 * Time is cut into periods, at the rows of the survival chart and at the epochs of marks.  Of each
 * thing there are cells [period, blocks, bytes, old bytes, usable bytes], one after the other in
 * one array, by rising period, for those periods in which something was born that lives.  As in
 * the sites' figures, only blocks that the filters by age let through are in them; blocks whose
 * birth epoch is not known are in none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PAGE_BIRTHS_H
#define GCPROF_PAGE_BIRTHS_H

#include <stdio.h>

#include <jansson.h>

#include "report/report.h"

struct page_births;

/* Returns it for page_births_free(); NULL: no memory.  Cost: a sweep over the blocks, and 4 bytes
 * for each until it is freed. */
struct page_births *page_births_new(const struct report *r);

void page_births_free(struct page_births *b);

/* Writes ",\n" and
 *
 *     "births": {"periods": [[first epoch, last epoch] ...],
 *                "types", "threads", "sizes", "findings": [cells ...]}
 *
 * each in the order of the report's list of that name; a finding has the cells of its sites. */
void page_births_write(struct page_births *b, FILE *f);

/* The column "births": add up the cells of some sites, and take them. */
void page_births_add(struct page_births *b, uint32_t node);
json_t *page_births_take(struct page_births *b);

#endif
