/* inspect.h -- single blocks of a snapshot, as somebody with a debugger wants them.
 *
 * In:   an address; a heap, names if there are any.
 * Out:  text: what the block is, who points at it, how a root leads to it; the same for
 *       who writes it otherwise.
 * Not here: the report of all (report.h), the prompt (shell.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_INSPECT_H
#define GCPROF_INSPECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "explain/holders.h"
#include "graph/dominators.h"
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

/* ---- for who writes it otherwise ---- */

/* The block around an address; n_blocks if there is none. */
uint32_t inspect_find_block(const struct heap *heap, uint64_t address);

/* The retaining path of a block, for holder_free().  Returns 0; 1: no root leads to it, or the
 * snapshot has no pointers; -1: no memory. */
int inspect_find_path(struct inspect *x, uint32_t block, struct holder *ret);

/* What blocks are to the leak check, and what they retain.  NULL: the snapshot has no
 * pointers, or no memory. */
struct graph *inspect_graph(struct inspect *x);
struct dominators *inspect_dominators(struct inspect *x);

typedef bool inspect_test(const void *with, uint32_t block);

enum inspect_order {
	INSPECT_LARGEST,
	INSPECT_OLDEST,
	INSPECT_YOUNGEST,
	INSPECT_BY_ADDRESS
};
extern const char *const inspect_order_names[]; /* ends with NULL */

/* The blocks for which a test holds, of equal ones the one with the lower address first.
 *
 * ret      their number and sum.
 * Returns  the blocks, for free(3); NULL: no memory. */
uint32_t *inspect_list(const struct heap *heap, inspect_test *test, const void *with,
		       enum inspect_order order, struct heap_count *ret);

/* Read an address, "0x" and hexadecimal digits, or decimal.  Returns 0, or -1. */
int inspect_parse(const char *text, uint64_t *ret);

#endif
