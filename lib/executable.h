/* executable.h -- functions of the program that its dynamic symbols do not show.
 *
 * In:   the executable's own file, with its table of all symbols, if it is not stripped.
 * Out:  the address of a function of a name.
 * Not here: what other objects export (dlsym, weak references); names of stacks, which the
 *           analyzer looks up.
 *
 * A linker puts a function of an executable into the dynamic table only if a library that
 * it links with refers to it.  What programs define for LeakSanitizer is not there when
 * they are built without it, and a weak reference of a preloaded library finds nothing.
 *
 * BOUND  A table of more than 32 MiB is not read: it would take longer than the start of
 *        the program.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_EXECUTABLE_H
#define GCPROF_EXECUTABLE_H

#include "base.h"

/* Look for several functions at once: ret[i] gets the address of names[i], or stays as it
 * is.
 *
 * Context  reads a file and maps it for that long; no allocation.
 * Cost     a look at each symbol that other files may refer to.
 */
void executable_find(const char *const *names, size_t n, uintptr_t *ret);

#endif
