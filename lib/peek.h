/* peek.h -- the program's memory, read by a writer that does not know that it can.
 *
 * In:   addresses that were found somewhere: in words, in the loader's lists, in
 *       the kernel's map, which may be old by now.
 * Out:  what stands there, as far as it can be read.
 * Not here: what is looked for (scan.h), which areas there are (maps.h).
 *
 * The kernel's map says what could be read when it was asked.  It does not know of
 * files that have become shorter (SIGBUS), protection keys, broken memory; and in
 * place, where a thread could not be stopped, anything may change at any time.  So
 * nothing of the program's is read but by the functions below.  They read in one of
 * two ways:
 *
 *     By trying.  Loads of two instructions are allowed to fail: for SIGSEGV and
 *     SIGBUS there is a handler while a writer works, which goes on behind them.
 *     That is for a child, which has its signals for itself, and for a process whose
 *     other threads are all stopped: it finds its actions, its alternate stack and
 *     its mask as they were, and a signal that somebody sent meanwhile is sent again.
 *     By asking the kernel to copy, through a pipe, where others run: they would meet
 *     the handler.  Two calls for each page.  Calls that look into processes
 *     (process_vm_readv, /proc/self/mem) are what sandboxes kill for.
 *
 * Whatever else touches memory that it must not ends the work, not the program: the
 * snapshot fails with EFAULT.
 *
 * Context  one writer at a time; no memory, no lock.
 * Cost     by trying: a copy in the cache, some 5 ns for a few words, 60 for a page.
 *
 * Source  x86-64 SDM 2, REP: a string instruction that faults leaves its counter and
 *         pointers at the element that could not be moved.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PEEK_H
#define GCPROF_PEEK_H

#include "base.h"

/* Run f(with) so that it may peek.
 *
 * is_alone  nobody else runs in this process.
 * Returns   f's result, or -EFAULT if it touched what cannot be. */
int peek_run(bool is_alone, int (*f)(void *with), void *with);

/* Copy words; `from` need not be a multiple of 8.  Returns how many could be read
 * before the first that could not. */
size_t peek_words(uintptr_t *to, uintptr_t from, size_t n);

static ALWAYS_INLINE bool
peek_word(uintptr_t from, uintptr_t *ret)
{
	return peek_words(ret, from, 1) == 1;
}

/* Run code that reads what it likes, and may be left in the middle.  Returns false if it
 * touched what cannot be read; that is not caught unless peek_can_try(). */
bool peek_try(int (*f)(void *with), void *with);
bool peek_can_try(void);

#endif
