/* mem.h -- the library's own bytes.
 *
 * In:   requests of the library's files for memory that is never the program's.
 * Out:  zeroed pages straight from the kernel, a count of what we hold.
 * Not here: the program's heap (backend.h).
 *
 * Context  any; no lock; safe in signal handlers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MEM_H
#define GCPROF_MEM_H

#include "arch.h"
#include "base.h"

enum { MEM_PAGE = ARCH_PAGE };

/* Address space of `bytes` (rounded up to pages), zeroed, resident only where
 * touched.  Returns NULL if the kernel refuses. */
void *mem_map(size_t bytes);

/* The same for memory that is touched nearly everywhere: in huge pages, if
 * mem_use_huge_pages was called, so that a fork has little to copy. */
void *mem_map_dense(size_t bytes);
void mem_use_huge_pages(void);
/* Bytes of the pages of mem_map_dense, to which it aligns. */
size_t mem_dense_page(void);

/* Give whole pages back; they are zero when touched again. */
void mem_drop(void *start, size_t bytes);

/* A page of zeros that a child, made behind libc's back, shares with us; or, at the
 * place of one that we share with our parent, one of our own.  Returns NULL if the
 * kernel refuses. */
void *mem_map_shared(void *old);

/* The first bytes of a file, shared with all who map it; at the place of `old` if that
 * is not NULL.  Returns NULL if the kernel refuses. */
void *mem_map_file(void *old, size_t bytes, int fd);

/* A few bytes that are never given back, aligned to a cache line.
 * Returns NULL if the kernel refuses. */
void *mem_keep(size_t bytes);

/* In the child. */
void mem_after_fork(void);
/* Call f for each region of ours. */
void mem_regions(void (*f)(uintptr_t start, uintptr_t end, void *with), void *with);

/* Bytes of ours that are resident now.
 * Cost  a kernel call for each 2 MiB of address space that we hold. */
uint64_t mem_resident_bytes(void);

#endif
