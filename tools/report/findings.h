/* findings.h -- findings alone, for programs that show them to people.
 *
 * In:   the findings of one snapshot after the other.
 * Out:  one document of all: SARIF 2.1.0, JUnit XML, GitHub's annotations.
 * Not here: the whole report (report.h).
 *
 * One bug is one result, one annotation, of however many processes: the first tells of it.
 * In JUnit each process is a suite, and has its own.
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
#include "util/texts.h"

/* What a document has told already, of whichever process. */
struct report_seen {
	struct texts texts;
	uint32_t n;
	uint32_t n_reports; /* SARIF: runs so far */
};

/* All that is said of one snapshot. */
struct report_source {
	const struct heap *heap;
	struct symbols *symbols;
	const struct findings *findings;
	const struct places *places;
	const char *snapshot;        /* its file's name */
	enum finding_level fails_at; /* JUnit: what counts as a failure */
	bool is_first;               /* of the document */
	struct report_seen *seen;    /* NULL: there is one process */
};

/* What is said of a finding: its summary, evidence that does not only hold of this run, what
 * to do, the function and the program; with a separator in between. */
void report_put_reason(const struct report_source *s, const struct finding *x,
		       const char *separator, FILE *f);

/* The function to blame, or "module+0xoffset"; for free(3), or NULL. */
char *report_blamed_function(const struct report_source *s, const struct finding *x);
/* The same, and the file that it is in, as reports name it; for free(3), NULL: not known. */
char *report_blamed_place(const struct report_source *s, const struct finding *x,
			  char **ret_file);

/* The file's name of the program. */
const char *report_program(const struct report_source *s);

/* A number for each finding, from 1 on among those of one fingerprint, as sites have that
 * differ only in their lines; for free(3), or NULL. */
size_t *report_count_same(const struct findings *all);

/* "fingerprint:number", by which the finding is told from all others of the document. */
enum { REPORT_IDENTITY = 40 };
void report_put_identity(const struct finding *x, size_t nth, char *ret);

/* Has the document told of it, of another process?  From now on it has. */
bool report_is_again(const struct report_source *s, const char *identity);
void report_seen_fini(struct report_seen *seen);

void report_begin_sarif(FILE *f);
void report_write_sarif(const struct report_source *s, FILE *f);
void report_end_sarif(FILE *f);

void report_begin_junit(FILE *f);
void report_write_junit(const struct report_source *s, FILE *f);
void report_end_junit(FILE *f);

void report_write_github(const struct report_source *s, FILE *f);

/* A line for each process: its number and program, errors, warnings, notes and what the
 * baseline has, and of what fails the first one's place; tab separated.  Notes that something comes and goes as it should, and parts
 * of other findings, are not counted. */
void report_write_counts(const struct report_source *s, FILE *f);

#endif
