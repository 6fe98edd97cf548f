/* root_names.h -- what people call a root, and what a word in memory leads to.
 *
 * In:   roots, words of blocks; symbols if there are any.
 * Out:  variables, threads, C++ types.
 * Not here: what holds what (explain/holders.h), functions of stacks (function_names.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ROOT_NAMES_H
#define GCPROF_ROOT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/heap.h"
#include "names/symbolize.h"
#include "names/variables.h"

struct names;

/* heap and symbols must live as long as the names; symbols may be NULL.  Returns
 * NULL if there is no memory. */
struct names *names_new(const struct heap *heap, struct symbols *symbols);

void names_free(struct names *n);

/* What names_new() was given. */
struct symbols *names_symbols(const struct names *n);

/* The variable at a word of a root, if that is known. */
bool names_variable(struct names *n, const struct heap_root *root, uint64_t word,
		    struct variable *ret);

/* The local variable that has a word of a stack, or several.  last_word as in names_root(). */
bool names_local(struct names *n, const struct heap_root *root, uint64_t word,
		 uint64_t last_word, struct name_local *ret);

/* Is the word of a local variable that owns what it leads to, and is not on its way through
 * that: an object, as a container is; or a pointer of the outermost function, main() or what
 * a thread began with, while that has called another one of the program? */
bool names_is_local_owner(struct names *n, const struct heap_root *root, uint64_t word);

/* Name a word of a root: "sessions in server", "server.clients.head in server", "cache (in
 * lookup()) in server", "jobs in serve() server.c:120, on the stack of thread 12 (worker)",
 * "the stack of thread 12 (worker), in serve() server.c:120".
 *
 * last_word  the same word, or the last one of several of one variable: then the member that
 *            has them all is named; NAMES_WHOLE: none.
 * Returns    a text for free(3); NULL: no memory.
 */
#define NAMES_WHOLE UINT64_MAX
char *names_root(struct names *n, const struct heap_root *root, uint64_t word,
		 uint64_t last_word);

/* The frame of a stopped thread that a word of a root lies in, or NULL; of a register,
 * the innermost. */
const struct heap_frame *names_stack_frame(const struct heap *h,
					   const struct heap_root *r, uint64_t word);

/* Its function's name, or NULL; lives as long as the symbols. */
const char *names_stack_function(struct names *n, const struct heap_frame *f);

/* Name and *ret_tid of the thread whose root it is; NULL if it is no thread's, or that
 * is not known. */
const struct heap_text *names_owner(const struct heap *h, const struct heap_root *r,
				    uint64_t word, uint64_t *ret_tid);

/* "thread 12 (worker)", for free(3). */
char *names_thread(const struct heap *h, uint32_t thread);

/* The dynamic type of a C++ object ("Session"), or the function that a word of the
 * block leads to ("handler()"); for free(3), NULL if neither is there. */
char *names_type(struct names *n, uint32_t block);

/* The class whose vtable a word leads to, "Session"; for free(3), NULL if it is none. */
char *names_class(struct names *n, const struct heap_object *o);

/* A variable in thread-local storage of a library that was loaded later: a block
 * that the loader allocated, and a word in it.  For free(3), or NULL. */
char *names_dynamic_tls(struct names *n, uint32_t block, uint64_t word);

#endif
