/* wrappers.h -- functions of the program that stand for malloc.
 *
 * In:   call stacks that allocate, with names.
 * Out:  their functions, marked in the symbols (symbols_frame.is_wrapper).
 * Not here: functions that are known by their name (function_names.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WRAPPERS_H
#define GCPROF_WRAPPERS_H

#include "model/heap.h"
#include "names/symbolize.h"

/* Find them and mark them; before stacks are read that are to have the marks.
 *
 * symbols  NULL: nothing is done.
 * Returns  0, or -1: no memory.
 * Cost     names for the heaviest call stacks, some thousand at most.
 */
int wrappers_find(const struct heap *heap, struct symbols *symbols);

#endif
