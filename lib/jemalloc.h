/* jemalloc.h -- the private jemalloc, by the names that jemalloc.syms gives to it.
 *
 * In:   who may call it: backend.[ch]; tsd.c, which makes a thread ready for it.
 * Out:  as jemalloc(3).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_JEMALLOC_H
#define GCPROF_JEMALLOC_H

#include <stddef.h>

void *gcprof_je_malloc(size_t bytes);
void *gcprof_je_calloc(size_t n, size_t bytes);
void *gcprof_je_realloc(void *p, size_t bytes);
void *gcprof_je_mallocx(size_t bytes, int flags);
void *gcprof_je_rallocx(void *p, size_t bytes, int flags);
size_t gcprof_je_xallocx(void *p, size_t bytes, size_t extra, int flags);
size_t gcprof_je_sallocx(const void *p, int flags);
void gcprof_je_dallocx(void *p, int flags);
size_t gcprof_je_nallocx(size_t bytes, int flags);
void gcprof_je_free(void *p);

/* Bytes that it is asked for at least. */
enum { JEMALLOC_MIN = 32 };

#endif
