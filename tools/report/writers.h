/* writers.h -- who writes what: a report, a comparison, a fleet; each in its formats.
 *
 * In:   struct report, struct diff, struct merge.
 * Out:  bytes in a stream.
 * Not here: which format has which name and writer (formats.c); findings for CI (findings.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WRITERS_H
#define GCPROF_WRITERS_H

#include <stdio.h>

#include "compare/diff.h"
#include "compare/merge.h"
#include "report/report.h"

/* ---- one snapshot ---- */

/* Write it.  Errors are in the stream: ferror(). */
void report_write_text(const struct report *r, FILE *f);
void report_write_brief(const struct report *r, FILE *f); /* on one screen */
void report_write_tree(const struct report *r, FILE *f);  /* a call tree instead */
void report_write_leaks(const struct report *r, FILE *f); /* a part of it */
void report_write_sites(const struct report *r,
			FILE *f); /* another: the list by options.sort */
void report_write_json(const struct report *r, FILE *f);

/* One page for a browser; returns as struct format has it.  Only in a build with
 * the page's libraries. */
int report_write_html(const struct report *r, FILE *f);
/* The same, to be served by gcprof view, which it may ask for more. */
int report_write_served(const struct report *r, FILE *f);

/* For other programs' viewers; returns as struct format has it. */
int report_write_collapsed(const struct report *r, FILE *f);
int report_write_speedscope(const struct report *r, FILE *f);
int report_write_pprof(const struct report *r, FILE *f);
int report_write_dhat(const struct report *r, FILE *f);
int report_write_massif(const struct report *r, FILE *f);
int report_write_csv(const struct report *r, FILE *f);
int report_write_sqlite(const struct report *r, FILE *f);
int report_write_heapsnapshot(const struct report *r, FILE *f);

/* ---- what differs ---- */

/* Write it; returns as struct format has it. */
int report_diff_text(const struct diff *d, FILE *f);
int report_diff_json(const struct diff *d, FILE *f);
int report_diff_collapsed(const struct diff *d, FILE *f);
int report_diff_difffolded(const struct diff *d, FILE *f);
int report_diff_csv(const struct diff *d, FILE *f);
int report_diff_html(const struct diff *d, FILE *f); /* report/html.c, where it is built */

/* ---- a fleet ---- */

/* Write it; returns as struct format has it. */
int report_merge_text(const struct merge *m, FILE *f);
int report_merge_json(const struct merge *m, FILE *f);
int report_merge_csv(const struct merge *m, FILE *f);
int report_merge_html(const struct merge *m, FILE *f); /* report/html.c, where it is built */

#endif
