/* function_names.h -- what the names of functions say: whose code it is, what it allocates.
 *
 * In:   a stack with names.
 * Out:  short names, containers, the function of the program that allocates.
 * Not here: what the memory of a container is called (containers.h); the C library, and
 *           where threads begin (runtime.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FUNCTION_NAMES_H
#define GCPROF_FUNCTION_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/heap.h"
#include "names/stacks.h"

/* The container whose memory a stack allocates, "std::map"; NULL if it is none
 * that is known. */
const char *names_container(const struct stack *stack);

/* Is a frame inside a library that allocates for others, a container or an allocator?
 * Of a library without a symbol table the unnamed frames before an exported function
 * of it are. */
bool names_is_inside(const struct stack *stack, size_t frame);

/* Is a frame of GLib, by the next name of its module? */
bool names_is_library(const struct stack *stack, size_t frame);

/* Is it malloc under another name, or what stands for it? */
bool names_is_allocator(const struct stack_frame *frame);

/* Does a function of the program stand for malloc, by what it does or by its name? */
bool names_is_wrapper(const struct stack_frame *frame);

/* A function's name without what it returns, its arguments and those of templates,
 * "std::vector::push_back" for "void std::vector<int>::push_back(int&&)".  Returns
 * buf. */
char *names_plain(const char *function, char *buf, size_t n);

/* The same of code that a word leads to; of what calls a function object for std::function
 * the object: "main::{lambda()#1}". */
char *names_callable(const char *function, char *buf, size_t n);

/* The first function of a stack that is not inside a library or a container, nor one
 * that stands for malloc by its name; NULL if there is none.  Lives as long as the symbols. */
const char *names_function(const struct heap *heap, const struct stack *stack);

/* Which frame that is; stack->n if there is none. */
size_t names_frame(const struct heap *heap, const struct stack *stack);

/* The same, and whether that function is code of the program.  If not, the stack has none,
 * as far as it goes: then it is the first that stands for malloc, or the innermost of all. */
size_t names_find_own(const struct heap *heap, const struct stack *stack, bool *ret_is_own);

/* How long a function's name is without what a compiler adds when it makes variants
 * of it: ".constprop.0", ".isra.3", ".part.1", ".cold", ".lto_priv.2", or the same in
 * brackets as demanglers write it. */
size_t names_length_of_source(const char *name);

#endif
