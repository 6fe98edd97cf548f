/* formats.h -- what a report can be written as: one table of all formats.
 *
 * In:   a report, or findings alone.
 * Out:  what --format names, and what each needs of the analysis.
 * Not here: the writers (report/), files and standard output (analyze/main.c).
 *
 * To add a format: HOWTO-ADD.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FORMATS_H
#define GCPROF_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "compare/diff.h"
#include "compare/merge.h"
#include "report/findings.h"
#include "report/report.h"

enum {
	FORMAT_RAW = 1 << 0,      /* needs no names of functions */
	FORMAT_ALONE = 1 << 1,    /* one document tells of one process */
	FORMAT_BINARY = 1 << 2,   /* is not for a terminal */
	FORMAT_DEAD = 1 << 3,     /* shows sites of which nothing lives any more, too */
	FORMAT_RETAINED = 1 << 4, /* shows what sites retain */
	FORMAT_TEXT = 1 << 5,     /* for people: short lists unless asked for more */
	FORMAT_FACTS = 1 << 6,    /* shows no findings: nobody need look for any */
	FORMAT_TYPES = 1 << 7,    /* shows types; the text does if it shows all lists */
};

struct format {
	const char *name;      /* NULL ends the table */
	const char *extension; /* with its dot; no two have the same */
	const char *help;
	unsigned needs; /* FORMAT_... */

	/* The whole report.  Returns 0; -1: no memory; 1: failed, and has said so.
	 * Errors of the stream are in the stream: ferror().  NULL, as is
	 * write_findings, if gcprof was built without a library: `missing`, which
	 * package has it. */
	int (*write)(const struct report *r, FILE *f);

	/* Or findings alone, in one document of all snapshots; begin and end may be
	 * NULL. */
	void (*begin)(FILE *f);
	void (*write_findings)(const struct report_source *s, FILE *f);
	void (*end)(FILE *f);
	const char *missing;

	/* Of many snapshots, with --diff or --merge; NULL if it has none of that kind.
	 * Return as write does. */
	int (*write_diff)(const struct diff *d, FILE *f);
	int (*write_merge)(const struct merge *m, FILE *f);
};

/* Those of formats.def.  The first is what is written if none is asked for. */
extern const struct format formats[];

/* Returns  the format of that name, or NULL. */
const struct format *format_named(const char *name);

/* Has it a writer for that? */
enum format_way { FORMAT_OF_REPORT, FORMAT_OF_DIFF, FORMAT_OF_MERGE };
bool format_can(const struct format *f, enum format_way way);

/* The list of --format=help. */
void formats_write(FILE *f);

#endif
