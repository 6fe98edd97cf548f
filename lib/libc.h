/* libc.h -- the C library's own functions, whatever else is preloaded.
 *
 * In:   names, from libc.def.
 * Out:  hidden definitions of them, each of which leads to what libc.so.6 (or the
 *       loader) itself defines under that name.
 * Not here: what may be called where (libc.def), system calls (sys.h).
 *
 * A library's undefined symbols are looked up in the scope of the program: the
 * program's own definitions come first, then those of what is preloaded.  libfaketime
 * stands there for clock_gettime, others for pthread_create, memcpy, dlsym; such a
 * function may allocate, and then waits for us as we wait for it.  So nothing that this
 * library or its jemalloc calls is left undefined.  For each name of libc.def there is
 * an indirect function (STT_GNU_IFUNC) that cannot be seen from outside: the linker
 * binds all calls within the library to it, and the loader, when it relocates the
 * library, asks it for the address to use.  It finds that in the symbol table of the
 * C library, which the loader has relocated before us, as we need it.  A call then
 * costs what any call of another library does, and its target is read-only.
 *
 * Sources  System V gABI (symbol tables, GNU hash as in glibc's elf/dl-lookup.c);
 *          x86-64 psABI, 4.4.1 (R_X86_64_IRELATIVE); glibc's <link.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LIBC_H
#define GCPROF_LIBC_H

#include "base.h"

/* A function of libc.so.6, or of the loader, in the version that a program linked today
 * gets; NULL if there is none.
 * Context  any, from the relocation of this library on: no lock, no call. */
void *libc_find(const char *name) HIDDEN;

/* Whether any object that is loaded defines a symbol.  Context: as above, and before
 * objects come and go. */
bool libc_is_defined_in_any(const char *name) HIDDEN;

/* As in <dlfcn.h>; a caller of ours counts as this library. */
void *libc_dlsym(void *handle, const char *name) HIDDEN;
void *libc_dlopen(const char *name, int flags) HIDDEN;
int libc_register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
			 void *object) HIDDEN;

#endif
