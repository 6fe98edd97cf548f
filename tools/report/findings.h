/* findings.h -- findings alone, for programs that show them to people.
 *
 * In:   the findings of one snapshot after the other.
 * Out:  one document of all: SARIF 2.1.0, JUnit XML, GitHub's annotations.
 * Not here: the whole report (report.h).
 *
 * Errors are in the stream: ferror().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_FINDINGS_H
#define GCPROF_REPORT_FINDINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "detect/detect.h"
#include "model/heap.h"
#include "names/source_locations.h"

/* All that is said of one snapshot. */
struct report_source {
	const struct heap *heap;
	struct symbols *symbols;
	const struct findings *findings;
	const struct places *places;
	const char *snapshot;        /* its file's name */
	enum finding_level fails_at; /* JUnit: what counts as a failure */
	bool is_first;               /* of the document */
};

void report_begin_sarif(FILE *f);
void report_write_sarif(const struct report_source *s, FILE *f);
void report_end_sarif(FILE *f);

void report_begin_junit(FILE *f);
void report_write_junit(const struct report_source *s, FILE *f);
void report_end_junit(FILE *f);

void report_write_github(const struct report_source *s, FILE *f);

#endif
