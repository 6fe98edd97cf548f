/* runtime.h -- names of what stands around every program: runtime libraries, and the
 * functions in which programs and threads begin.
 *
 * In:   a module's path, a function's name.
 * Out:  whether it is one of these.
 * Not here: containers and allocators (function_names.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RUNTIME_H
#define GCPROF_RUNTIME_H

#include <stdbool.h>

/* Is it the C or C++ library, the loader, or what belongs to them? */
bool runtime_is_library(const char *path);

/* Is it where a program or a thread begins, before code of its own?  Such a function is
 * named only if nothing else of the stack is. */
bool runtime_is_start(const char *function);

/* Is it the C library's caller of main() or of a thread's function?  It and what is
 * outside of it are the same in every stack. */
bool runtime_is_outside(const char *function);

/* Is it the function in which the program itself begins? */
bool runtime_is_main(const char *function);

#endif
