/* containers.h -- what the memory of a container is called.
 *
 * In:   the stack that allocated it, with names.
 * Out:  "std::map<int, Session> node", "GHashTable storage"; class names as people
 *       write them.
 * Not here: which container it is (function_names.h); memory of structures that no library
 *           knows (shapes.h).
 *
 * Roles are node, buckets, storage, buffer, chunk and map (of std::deque), control
 * block, closure, and header for the struct that the library itself allocates.
 * Template arguments are those that matter: allocators, comparisons and hashes are
 * left out, so that two containers that differ in these only are one type.
 *
 * BOUND  what was inlined is seen only if debug information has it; then a block
 * has the innermost container that is left, or none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CONTAINERS_H
#define GCPROF_CONTAINERS_H

#include <stdbool.h>

#include "names/stacks.h"

/* What a block from this stack is to the container that asked for it.
 *
 * is_aligned  it was asked for with an alignment, as GLib's slabs are.
 * Returns     a text for free(3); NULL if no container is known there, or there is no
 *             memory.
 */
char *containers_role(const struct stack *stack, bool is_aligned);

/* The type that a template or a class-specific operator new names: "Session" of
 * std::make_unique<Session>(), Session::operator new().  For free(3), or NULL. */
char *containers_made(const struct stack *stack);

/* A class as people write it, "std::vector<std::string>"; of a shared_ptr's own control
 * blocks, what containers_role() calls them (*ret_is_container, untouched otherwise).
 * For free(3); NULL: no memory. */
char *containers_class(const char *name, bool *ret_is_container);

#endif
