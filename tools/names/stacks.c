/* stacks.c -- the stack of a site, frame by frame.
 *
 * In:   a node of the calling-context tree, names if there are any.
 * Out:  frames, innermost first, one more for each inlined call.
 * Not here: how a frame is written (report/frames.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "names/runtime.h"
#include "util/text.h"
#include "util/vec.h"

static const char *
special_name(uint64_t special)
{
	switch (special) {
	case HEAPFILE_SPECIAL_UNSAMPLED:
		return "(its stack was not taken: sampling)";
	case HEAPFILE_SPECIAL_NESTED:
		return "(stack not taken: gcprof was at work in the thread)";
	case HEAPFILE_SPECIAL_CUT:
		return "(stack cut: too many frames)";
	case HEAPFILE_SPECIAL_BROKEN:
		return "(stack could not be followed further)";
	case HEAPFILE_SPECIAL_FULL:
		return "(stack not kept: no memory for another site)";
	case HEAPFILE_SPECIAL_EARLY:
		return "(stack not taken: process not ready)";
	default:
		return "(special place of a later version)";
	}
}

static int
stack_push(struct stack *s, size_t *size, const struct stack_frame *f)
{
	return VEC_PUSH(s->frames, s->n, *size, *f);
}

/* All frames of one node: its inlined calls, then the function itself. */
static int
stack_push_node(struct symbols *symbols, const struct heap_node *node, struct stack *s,
		size_t *size)
{
	struct stack_frame f = {.offset = node->offset};
	const struct symbols_frame *names = NULL;
	size_t n = 0;

	if (node->flags & HEAPFILE_SITE_SPECIAL) {
		f.special = special_name(node->offset);
		return stack_push(s, size, &f);
	}
	f.module = node->module;
	f.is_exact = node->flags & HEAPFILE_SITE_EXACT;
	if (symbols)
		names = symbols_find(symbols, node->module, node->offset, f.is_exact, &n);
	if (n == 0)
		return stack_push(s, size, &f);
	for (size_t i = 0; i < n; i++) {
		f.function = names[i].function;
		f.symbol = names[i].symbol;
		f.file = names[i].file;
		f.line = names[i].line;
		f.is_inlined = names[i].is_inlined;
		f.is_wrapper = names[i].is_wrapper;
		f.returns = names[i].returns;
		if (stack_push(s, size, &f))
			return -1;
	}
	return 0;
}

static bool
is_own(const struct heap *h, const struct heap_node *node)
{
	return node->module && strncmp(text_basename(h->modules[node->module].path.bytes),
				       "libgcprof.so", 12) == 0;
}

uint32_t
stack_top(const struct heap *heap, uint32_t node)
{
	const struct heap_node *nodes = heap->nodes;

	while (node && is_own(heap, &nodes[node]) && nodes[node].parent)
		node = nodes[node].parent;
	return node;
}

int
stack_node_get(const struct heap *heap, struct symbols *symbols, uint32_t node,
	       struct stack *ret)
{
	struct stack s = {NULL, 0};
	size_t size = 0;

	if (stack_push_node(symbols, &heap->nodes[node], &s, &size)) {
		stack_free(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

int
stack_get(const struct heap *heap, struct symbols *symbols, uint32_t node, struct stack *ret)
{
	return stack_get_few(heap, symbols, node, UINT32_MAX, ret);
}

int
stack_get_few(const struct heap *heap, struct symbols *symbols, uint32_t node,
	      uint32_t most, struct stack *ret)
{
	static const struct stack_frame unknown = {.special = "(unknown place)"};
	const struct heap_node *nodes = heap->nodes;
	struct stack s = {NULL, 0};
	size_t size = 0;
	int failed = 0;

	node = stack_top(heap, node);
	for (uint32_t i = 0; node && i < most && !failed; i++, node = nodes[node].parent)
		failed = stack_push_node(symbols, &nodes[node], &s, &size);
	if (!failed && s.n == 0)
		failed = stack_push(&s, &size, &unknown);
	if (failed) {
		stack_free(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

/* What stands for frames that have no function. */
static int
stack_push_special(struct stack *s, size_t *size, const char *special)
{
	return stack_push(s, size, &(struct stack_frame){.special = special});
}

int
stack_of_thread(const struct heap_stack *thread, struct symbols *symbols, struct stack *ret)
{
	struct stack s = {NULL, 0};
	size_t size = 0;
	int failed = 0;

	for (uint32_t i = 0; i < thread->n_frames && !failed; i++) {
		const struct heap_frame *f = &thread->frames[i];
		const struct heap_node node = {
			.module = f->module,
			.offset = f->offset,
			.flags = f->flags & HEAPFILE_FRAME_EXACT ? HEAPFILE_SITE_EXACT : 0,
		};

		if (f->flags & HEAPFILE_FRAME_GAP)
			failed = stack_push_special(&s, &size, "(frames left out)");
		if (!failed && f->flags & HEAPFILE_FRAME_SIGNAL)
			failed = stack_push_special(&s, &size, "(signal)");
		else if (!failed)
			failed = stack_push_node(symbols, &node, &s, &size);
	}
	if (!failed && !thread->is_complete)
		failed = stack_push_special(&s, &size,
					    special_name(HEAPFILE_SPECIAL_BROKEN));
	if (failed) {
		stack_free(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

bool
stack_is_runtime(const struct heap *h, const struct stack_frame *f)
{
	return runtime_is_library(h->modules[f->module].path.bytes);
}

void
stack_free(struct stack *s)
{
	free(s->frames);
	s->frames = NULL;
	s->n = 0;
}
