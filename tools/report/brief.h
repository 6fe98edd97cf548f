/* brief.h -- which findings a reader sees first.
 *
 * In:   struct report.
 * Out:  the choice.
 * Not here: the report on one screen (writers.h); the page (html.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_BRIEF_H
#define GCPROF_REPORT_BRIEF_H

#include "report/report.h"

enum { BRIEF_SUSPECTS = 7 };

/* The findings that matter most: the largest of each kind, then as many others as there is
 * room for; of both first what gives back most.  What comes and goes as it should is not
 * among them, nor what costs time only, or where less memory would do.
 *
 * list     for BRIEF_SUSPECTS indices in r->findings->list.
 * Returns  how many there are. */
size_t brief_suspects(const struct report *r, size_t *list);

#endif
