/* inspect.h -- single blocks of a snapshot, as somebody with a debugger wants them.
 *
 * In:   an address; a heap, names if there are any.
 * Out:  text: what the block is, who points at it, how a root leads to it.
 * Not here: the report of all (report.h), the prompt (shell.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_INSPECT_H
#define GCPROF_INSPECT_H

#include <stdint.h>
#include <stdio.h>

#include "graph/graph.h"
#include "model/heap.h"
#include "names/symbolize.h"
#include "report/report.h"

struct inspect;

/* heap, symbols and report must live as long as it; symbols may be NULL.
 *
 * report   rows of lists (top; 0 = all) and frames of stacks.
 * Returns  what to ask, for inspect_free(); NULL: no memory.
 * Cost     what an answer takes is found out when it is first asked for, and kept.
 */
struct inspect *inspect_new(const struct heap *heap, struct symbols *symbols,
			    const struct graph_options *graph,
			    const struct report_options *report, heap_progress *progress,
			    void *progress_arg);

void inspect_free(struct inspect *x);

/* Ways to ask.  An address may lie anywhere inside a block.
 *
 * Returns  0; 1 if the address is in no live block, which the answer says; -1: no
 *          memory.
 */
typedef int inspect_answer(struct inspect *x, uint64_t address, FILE *f);
inspect_answer inspect_block, inspect_who, inspect_path;

/* The live blocks of a site, the largest first.  Returns the same; 1: there is no
 * such site. */
int inspect_site(struct inspect *x, uint32_t site, FILE *f);

/* Read an address, "0x" and hexadecimal digits, or decimal.  Returns 0, or -1. */
int inspect_parse(const char *text, uint64_t *ret);

#endif
