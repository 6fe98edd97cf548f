/* report.h -- one description of a report, for many outputs.
 *
 * In:   a model, names if there are any, what the user wants to see.
 * Out:  ranked sites, rows of the survival chart, what the largest sites have in
 *       each row, external memory by site, findings; and the stacks of all of
 *       these on demand.
 * Not here: how it looks (report/text.c, report/json.c, report/html.c), exit
 *       status (main).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_H
#define GCPROF_REPORT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "detect/detect.h"
#include "model/heap.h"
#include "model/order.h"
#include "model/waste.h"
#include "names/source_locations.h"
#include "names/stacks.h"
#include "names/symbolize.h"

/* A call tree instead of the report; or what retains the memory (containment.h). */
enum report_tree_kind {
	REPORT_TREE_NONE,
	REPORT_TREE_TOP_DOWN,
	REPORT_TREE_BOTTOM_UP,
	REPORT_TREE_RETAINED,
	REPORT_TREE_CALLERS,
	REPORT_TREE_CALLEES
};
struct report_tree {
	enum report_tree_kind kind;
	const regex_t *functions; /* of callers and callees: of whom; else NULL */
	const char *pattern;      /* the same as the user wrote it, or NULL */
};

struct report_options {
	size_t top;    /* rows of each list; 0 = all */
	size_t frames; /* of each stack, text only; 0 = all */
	enum order sort;
	struct report_tree tree; /* text */
	bool one_list;           /* only the list by `sort` */
	bool findings_only; /* text: nothing but them and the totals of leaks; nothing at
			       all where there are none */
	bool is_full;       /* text: with evidence, stacks and lists, not on one screen */
	bool all;           /* text on one screen: every finding */
	/* With findings_only, on one screen: no finding but those of this level or above that
	 * no baseline has. */
	bool failing_only;
	enum finding_level fails_at;
	bool no_file_names; /* text: those of snapshots are gone when it is read */
	bool with_library;  /* text: every frame of a library in stacks */
	const struct places *places; /* where sources are; NULL = paths as they are */
	bool with_dead;              /* sites of which nothing lives any more, too */
	struct heap_filter filter;
	const regex_t *focus;       /* sites with a frame that matches; NULL = all */
	const regex_t *ignore;      /* sites without one; NULL = all */
	const char *filter_text;    /* the filters as the user wrote them, or "" */
	struct graph_options graph; /* for who looks at pointers */
};

struct report_epochs {
	uint64_t first, last;
	uint64_t survived_bytes;
	bool has_survived; /* the timeline tells of these epochs */
	struct heap_count live;
};

enum { REPORT_DEMOGRAPHY_SITES = 6 };

/* Whose blocks the rows of the survival chart are made of.
 * INVARIANT  whole: the n_sites + 1 numbers of a row add up to its live bytes. */
struct report_demography {
	uint32_t sites[REPORT_DEMOGRAPHY_SITES]; /* by falling live bytes */
	size_t n_sites;
	uint64_t *live_bytes; /* by row, then by site; the last of a row is all others */
};

struct report_mapping {
	uint32_t site;
	uint32_t flags; /* of all of them together */
	uint64_t count;
	uint64_t bytes;                  /* accessible: what `external` counts */
	uint64_t reserved;               /* address space without access, not in bytes */
	uint64_t young_bytes, old_bytes; /* of bytes */
};

struct report {
	const struct heap *heap;
	struct symbols *symbols; /* NULL = no names wanted */
	struct report_options options;
	struct heap_site *sites; /* by node, after the filters on blocks */
	/* Nodes in each order; NULL if that list is not wanted. */
	uint32_t *lists[N_ORDERS];
	size_t n_listed[N_ORDERS];    /* to be shown */
	size_t n_ranked[N_ORDERS];    /* that have a rank at all */
	struct report_epochs *epochs; /* at most about 20 rows */
	size_t n_epochs;
	struct report_demography demography;
	struct report_mapping *mappings; /* by falling bytes */
	size_t n_mappings, n_mappings_listed;
	struct heap_peak peak;
	uint32_t *peak_sites; /* nodes that held something then, by falling bytes */
	size_t n_peak_sites;
	uint64_t *temporary;       /* by node: heap_temporary(); NULL = not known */
	uint32_t *temporary_sites; /* nodes that had some, by falling number */
	size_t n_temporary_sites;
	struct waste waste; /* its nodes: those that are not hidden */
	const struct findings *findings;
};

/* Describe a report.
 *
 * heap, symbols, findings, options  must live as long as the report; findings
 *          may be NULL, then there are none.
 * Returns  the report, for report_free(); NULL if there is no memory.
 * Cost     four sweeps over the blocks; names for what will be shown, or for
 *          every site if focus or ignore is set.
 */
struct report *report_new(const struct heap *heap, struct symbols *symbols,
			  const struct findings *findings,
			  const struct report_options *options);

void report_free(struct report *r);

/* Whether a text of findings only has none to show, and so is empty. */
bool report_is_silent(const struct report_options *options, const struct findings *all);

/* The survival row of a birth epoch, or n_epochs. */
size_t report_row_of_epoch(const struct report *r, uint64_t epoch);

/* Types to be shown, from 1 on; 0 if there are none. */
uint32_t report_n_types(const struct report *r);

/* Tables for other programs: blocks and sites, one a line. */
void report_write_blocks(const struct report *r, FILE *f);
void report_write_sites_raw(const struct report *r, FILE *f);

#endif
