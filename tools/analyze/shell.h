/* shell.h -- a prompt at which a snapshot is asked one thing after the other.
 *
 * In:   lines of standard input, with editing and completion on a terminal.
 * Out:  answers on standard output.
 * Not here: the answers (inspect.h, report.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SHELL_H
#define GCPROF_SHELL_H

#include "detect/detect.h"
#include "model/heap.h"
#include "names/symbolize.h"
#include "report/report.h"

/* Answer until the input ends or somebody says quit.
 *
 * report, detect  as for a report; findings are looked for when they are asked for.
 * Returns  0, or -1: no memory.
 */
int shell_run(const struct heap *heap, struct symbols *symbols,
	      const struct report_options *report, const struct detect_options *detect);

#endif
