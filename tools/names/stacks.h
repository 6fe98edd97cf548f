/* stacks.h -- the stack of a site, frame by frame.
 *
 * In:   a node of the calling-context tree, names if there are any.
 * Out:  frames, innermost first, one more for each inlined call.
 * Not here: how a frame is written (report/frames.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_STACKS_H
#define GCPROF_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/heap.h"
#include "names/symbolize.h"

/* One line of a stack.  Strings belong to the heap or the symbols. */
struct stack_frame {
	const char *function; /* NULL = unknown */
	const char *symbol;   /* the same as the linker has it; NULL = unknown */
	const char *file;     /* NULL = unknown */
	const char *special;  /* words for a place without an address, or NULL */
	unsigned line;
	bool is_inlined;
	bool is_exact;
	bool is_wrapper; /* of malloc: symbolize.h */
	enum name_returns returns;
	uint32_t module;
	uint64_t offset;
};

struct stack {
	struct stack_frame *frames; /* innermost first, without gcprof's own */
	size_t n;
};

/* The stack of a node, 0 for "unknown".
 *
 * symbols  NULL = no names.
 * Returns  0 and a stack for stack_free(), or -1: no memory.
 */
int stack_get(const struct heap *heap, struct symbols *symbols, uint32_t node,
	      struct stack *ret);

/* The same of the innermost nodes only, `most` of them. */
int stack_get_few(const struct heap *heap, struct symbols *symbols, uint32_t node,
		  uint32_t most, struct stack *ret);

void stack_free(struct stack *s);

/* runtime_is_library() of its module. */
bool stack_is_runtime(const struct heap *heap, const struct stack_frame *f);

/* A thread as it was stopped; the same in all else. */
int stack_of_thread(const struct heap_stack *thread, struct symbols *symbols,
		    struct stack *ret);

/* The same in pieces, for who shows many stacks that share their callers:
 * the innermost node that is not gcprof's own, and one node's frames (0 and
 * a piece for stack_free(), or -1); then go on with the node's parent. */
uint32_t stack_top(const struct heap *heap, uint32_t node);
int stack_node_get(const struct heap *heap, struct symbols *symbols, uint32_t node,
		   struct stack *ret);

#endif
