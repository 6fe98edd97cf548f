/* page_facts.h -- what the HTML page is told beside the JSON report.
 *
 * In:   struct report.
 * Out:  members of the page's data; two columns of its sites.
 * Not here: the tree and the rows that they stand in (html.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PAGE_FACTS_H
#define GCPROF_PAGE_FACTS_H

#include <stdio.h>

#include <jansson.h>

#include "report/report.h"

/* Writes ",\n" and members:
 *
 *     "suspects": [[finding, [bytes ...]] ...]    index in "findings", those that matter most
 *             first; live bytes of its sites by row of "demographics"
 *     "growing": {"findings", "bytes"}            what grows without limit
 *     "finding_sites": [[node, site, allocation node, allocation site] ...]
 *             by finding: where its stacks begin in "call_tree", and their sites; 0 = none
 *     "retained": [[parent, name, blocks, bytes, retained blocks, retained bytes] ...]
 *             the tree of containment.h without what is small: a parent is an index in this list,
 *             and stands before its children; [0] is the whole.  Empty: not known
 */
void page_facts_write(const struct report *r, FILE *f);

/* What most of a site's live bytes are. */
struct page_traits {
	uint32_t type; /* of report types, from 1; 0 = unknown */
	uint32_t thread; /* that allocated them, from 1; 0 = unknown, PAGE_THREADS = several */
	uint64_t lead; /* while they are found: bytes by which the type leads */
};
#define PAGE_THREADS UINT32_MAX

/* By node, for free(3); NULL = no memory.  One sweep over the blocks. */
struct page_traits *page_traits_new(const struct report *r);

/* Add the values of the columns "type", index in "types", and "thread", index in "threads", -1
 * if unknown and -2 if there are several. */
void page_traits_put(const struct page_traits *t, json_t *row);

#endif
