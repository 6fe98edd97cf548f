/* own_code.h -- which frames of a stack are the program's own code, and which a library's.
 *
 * In:   a stack with names.
 * Out:  whose a frame is; runs of library frames; the frames that say where.
 * Not here: what a name says by itself (function_names.h); how a stack is written
 *           (report/frames.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OWN_CODE_H
#define GCPROF_OWN_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/heap.h"
#include "names/stacks.h"

/* Is a frame code that the program's people write?  Not what allocates for others, by its
 * name; not what comes from a header of a compiler or a system; not a function of a library
 * that the system has installed, unless the program is the system's as well: then only the
 * language's libraries are none of its own. */
bool own_code_is(const struct heap *heap, const struct stack *s, size_t frame);

/* Has it a file of the program's sources, its own names for malloc among them?  Not one of a
 * header of a compiler or a system, nor of a library that the system has installed. */
bool own_code_has_source(const struct heap *heap, const struct stack_frame *frame);

/* Is a file one that the system installs: a library, or a program? */
bool own_code_is_systems(const char *path);

/* Frames from `frame` on that are a library's, before `end`; 0 = it is the program's own. */
size_t own_code_library_run(const struct heap *heap, const struct stack *s, size_t frame,
			    size_t end);

/* The innermost frame of the program's own that is more than another name for malloc; else
 * the one by which the stack is called (names_frame()), or 0. */
size_t own_code_first(const struct heap *heap, const struct stack *s);

#endif
