/* missing_names.h -- what to do where a finding has no function or line.
 *
 * In:   a finding's site; which file has the names of its module, and what that lacks.
 * Out:  a sentence that names the file and the remedy, once for each module in a report.
 * Not here: which frame is the finding's place (names/own_code.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MISSING_NAMES_H
#define GCPROF_MISSING_NAMES_H

#include <stdio.h>

#include "report/report.h"

/* What a report has said already; zero it to begin with. */
struct missing_names {
	bool *is_said; /* by module */
};

/* Write the sentence below a finding, in lines that begin at a column; nothing if its place has
 * a line of source, or the sentence has been written. */
void missing_names_write(struct missing_names *m, const struct report *r, uint32_t site,
			 size_t column, FILE *f);

void missing_names_fini(struct missing_names *m);

#endif
