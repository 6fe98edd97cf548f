/* json.h -- pieces of the JSON report, for formats that carry it along.
 *
 * In:   struct report.
 * Out:  the report as one JSON object, in which the sites are written by whom the
 *       format asks.
 * Not here: the formats (report/json.c, report/html.c), what gcprof view adds (view/answers.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_JSON_H
#define GCPROF_REPORT_JSON_H

#include <stdio.h>

#include <jansson.h>

#include "report/report.h"

/* Writes ",\n" and members of the outermost object. */
typedef void report_json_sites(const struct report *r, FILE *f);

/* The whole report; what it says of sites comes from write_them. */
void report_json_write(const struct report *r, FILE *f, report_json_sites *write_them);

/* A site without its frames; json_decref() it. */
json_t *report_json_site(const struct report *r, uint32_t node);

/* The same of n sites, at least one: what can be added up is, the rest is null, and "site" 0. */
json_t *report_json_site_sum(const struct report *r, const uint32_t *nodes, size_t n);

/* Parts of it, the same. */
json_t *report_json_frames(const struct report *r, uint32_t node);
json_t *report_json_content(const struct heap_text *t);

/* A retaining path: n steps, and where those left out would be (holders.h) how many. */
json_t *report_json_path(const struct report *r, const struct holder_step *steps,
			 size_t n, size_t n_left_out);

#endif
