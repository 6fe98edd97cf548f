/* suppress.h -- what the user does not want to hear of.
 *
 * In:   texts in LeakSanitizer's and in Valgrind's syntax, also mixed.
 * Out:  the first suppression that a stack and a leak's kind match.
 * Not here: what becomes of a leak that is suppressed (detect_leak.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SUPPRESS_H
#define GCPROF_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "graph/graph.h"
#include "model/heap.h"
#include "names/stacks.h"

/* One line of a Valgrind block. */
struct suppress_frame {
	enum { SUPPRESS_FUN, SUPPRESS_OBJ, SUPPRESS_SRC, SUPPRESS_ELLIPSIS } what;
	char *glob; /* `*` and `?`; NULL for the ellipsis */
};

struct suppression {
	char *name; /* Valgrind's name, or the line as it stands */
	char *file; /* where it stands */
	unsigned line;
	const char *kind; /* of the findings that it applies to; NULL = leaks */
	unsigned states;  /* a bit for each enum graph_state that it applies to */
	bool is_builtin;
	char *glob;                    /* LeakSanitizer's: `*` only, whole string */
	struct suppress_frame *frames; /* Valgrind's, from the allocating call */
	size_t n_frames;
	struct heap_count matched; /* for the user's interest; suppress_note() */
};

struct suppressions {
	struct suppression *list;
	size_t n, size;
	/* Of the last failure: "FILE:LINE: what is wrong". */
	char message[512];
};

struct suppressions *suppressions_new(void);
void suppressions_free(struct suppressions *s);

/* Add what a text says.
 *
 * file     its name in messages.
 * Returns  0, or -1 with s->message; what stands before the error is in force.
 */
int suppressions_add_text(struct suppressions *s, const char *file, const char *text,
			  size_t n, bool is_builtin);

/* The same from a file. */
int suppressions_add_file(struct suppressions *s, const char *path);

/* What libc and its like keep on purpose. */
int suppressions_add_builtin(struct suppressions *s);

/* Are there no others? */
bool suppressions_are_builtin(const struct suppressions *s);

/* The first that matches, or NULL.
 *
 * kinds  a bit for each enum heapfile_kind: how the blocks were allocated, which
 *        is the innermost frame for Valgrind.
 */
struct suppression *suppressions_find(struct suppressions *s, const struct heap *heap,
				      const struct stack *stack, uint32_t kinds,
				      enum graph_state state);

/* The first that matches a finding of a kind that is no leak, or NULL. */
struct suppression *suppressions_find_kind(struct suppressions *s, const struct heap *heap,
					   const struct stack *stack, const char *kind);

/* Does the whole of `text` match?  `*` is any bytes; `?` any byte, if it is
 * wanted. */
bool suppress_glob(const char *glob, const char *text, bool has_question);

/* Both syntaxes for a stack, ready for a file. */
void suppress_generate(FILE *f, const struct heap *heap, const struct stack *stack,
		       uint32_t kinds, enum graph_state state, const char *name);

#endif
