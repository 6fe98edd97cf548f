/* page_sites.h -- which sites have a row of their own on the page, and which are summed up.
 *
 * In:   struct report.
 * Out:  nodes that the page's calling-context tree needs; rows, each of one site, or of many
 *       small ones below one caller.
 * Not here: how a row is written (html.c).
 *
 * With more than PAGE_SITES sites, or stacks that need more than PAGE_NODES nodes, those with the
 * least part of the live bytes, the allocated bytes and the allocations are summed up at the
 * nearest of their callers that has a PAGE_PIXEL-th of one of these.  All frames that do are in
 * the tree, so that the flame graph is the same to the pixel; no byte is lost.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PAGE_SITES_H
#define GCPROF_PAGE_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/report.h"

enum { PAGE_SITES = 20000, PAGE_NODES = 150000, PAGE_PIXEL = 4000 };

struct page_row {
	uint32_t node;     /* the site, or the caller of those that are summed up */
	uint32_t first, n; /* page_sites->members[]: what the row is made of */
	bool is_sum;       /* of small ones */
};

struct page_sites {
	bool *is_wanted; /* by node: is it in the tree? */
	struct page_row *rows;
	size_t n_rows;
	uint32_t *members; /* nodes of sites */
	size_t n_folded;   /* sites in rows that are sums */
};

/* Returns it for page_sites_free(); NULL: no memory. */
struct page_sites *page_sites_new(const struct report *r);

void page_sites_free(struct page_sites *p);

/* Have a node and its callers in the tree. */
void page_sites_want(struct page_sites *p, const struct heap *h, uint32_t node);

#endif
