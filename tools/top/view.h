/* view.h -- what gcprof top shows, as lines of text.
 *
 * In:   the samples of one program, one after the other.
 * Out:  lines for a page of a given width: figures, a table of sites, one site.
 * Not here: where samples come from (top/live_client.h), the terminal (screen.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_VIEW_H
#define GCPROF_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/heap.h"

enum view_sort {
	VIEW_LIVE,
	VIEW_GROWN,
	VIEW_RATE,
	VIEW_ALLOCATIONS,
	VIEW_AGE,
	VIEW_N_SORTS
};

/* "live", "grown" and so on; NULL beyond the last. */
const char *view_sort_name(enum view_sort sort);

/* A site, as of the last sample. */
struct view_site {
	uint32_t node;
	struct heap_count live;
	int64_t grown_bytes; /* since the first sample */
	double rate;         /* bytes a second, between the last two samples */
	double allocations;  /* a second, likewise */
	uint64_t age_ns;     /* of its oldest block, to within an epoch */
};

struct view;

struct view *view_new(void);
void view_free(struct view *v);

/* Where the files of the program's modules are found: before their paths; "" = as they
 * stand.  Copied. */
void view_set_root(struct view *v, const char *root);

/* Take over a sample, which belongs to the view from now on; also on failure.
 * Returns 0, or -1: no memory. */
int view_add(struct view *v, struct heap *heap);

void view_set_sort(struct view *v, enum view_sort sort);
enum view_sort view_sort(const struct view *v);

/* Sites that have live blocks or had some, best first; as of the last view_add or
 * view_set_sort. */
size_t view_n_sites(const struct view *v);
const struct view_site *view_site(const struct view *v, size_t i);

/* Lines go to a function, with their kind for its colours. */
enum view_line {
	VIEW_TITLE,
	VIEW_FIGURES,
	VIEW_HEADING,
	VIEW_ROW,
	VIEW_GROWING_ROW,
	VIEW_TEXT
};
typedef void view_put(void *arg, enum view_line kind, const char *line);

/* The lines above the table, and its heading: VIEW_HEAD_LINES, whatever the width. */
enum { VIEW_HEAD_LINES = 6 };
void view_head(struct view *v, const char *state, size_t columns, view_put *put, void *arg);
/* One row of it. */
void view_row(struct view *v, size_t i, size_t columns, view_put *put, void *arg);
/* All about one site: figures, and its stack. */
void view_details(struct view *v, size_t i, size_t columns, view_put *put, void *arg);

#endif
