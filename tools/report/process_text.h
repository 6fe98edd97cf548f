/* process_text.h -- whose heap it is, and when: the first lines of reports for people.
 *
 * In:   struct report.
 * Out:  lines of a subject and what is said of it.
 * Not here: what is in the heap (summary.h and others).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_PROCESS_TEXT_H
#define GCPROF_REPORT_PROCESS_TEXT_H

#include <stdio.h>

#include "report/report.h"

/* All that the snapshot says of itself; or what one has to know of it. */
void process_write(const struct report *r, FILE *f);
void process_write_brief(const struct report *r, FILE *f);

#endif
