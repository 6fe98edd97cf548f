/* libc_inside.h -- what the C library keeps for itself, and we have to know of.
 *
 * In:   a thread pointer.
 * Out:  where the C library has a thread's storage, stack, keys and number; which threads
 *       and loaded objects it knows; where the kernel has put the program's arguments.
 * Not here: its functions (libc.h), its malloc (foreign.h).
 *
 * One file implements it for one C library: libc_glibc.c.  The few words here that are no functions are for files that know
 * no others (sys.c), and are glibc's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LIBC_INSIDE_H
#define GCPROF_LIBC_INSIDE_H

#include "base.h"

#ifndef __GLIBC__
#error "lib/libc_glibc.c is for the GNU C library: lib/arch/README lists what another has to give"
#endif

/* Of the loader's: the stack pointer of the main thread's first frame. */
extern void *__libc_stack_end;

/* argc, argv, NULL, environment, NULL, auxiliary vector; NULL if that is not known.  The
 * main thread's stack grows down from here. */
static inline uintptr_t *
libc_start(void)
{
	return __libc_stack_end;
}

/* Whether [start, end) is the loader. */
static inline bool
libc_is_loader(uintptr_t start, uintptr_t end)
{
	uintptr_t variable = (uintptr_t)&__libc_stack_end;

	return variable >= start && variable < end;
}

/* Signals that it sends its threads: bit n-1 is signal n.  32 and 33: nptl(7). */
#define LIBC_SIGNALS (3ull << 31)
/* The numbers of the others, as programs see them. */
enum { LIBC_SIGRTMIN = 34, LIBC_SIGRTMAX = 64 };

/* Where in a descriptor a thread's number may be: mostly, and at all. */
enum { LIBC_TID_USUAL = 0x2d0, LIBC_TID_FROM = 0x200, LIBC_TID_TO = 0x400 };

/* Of each thread.  Not known: keys 0. */
struct libc_layout {
	size_t tls_bytes;        /* static TLS, below the thread pointer */
	size_t descriptor_bytes; /* what it keeps of a thread, at the thread pointer */
	size_t keys, keys_end;   /* values of pthread_setspecific in that */
};
extern struct libc_layout libc_layout HIDDEN;

/* Once, before the others but the next two. */
void libc_inside_init(void);

/* The stack that a thread was made with, if the C library can be seen to have made it.
 * Returns false if not. */
bool libc_thread_stack(uintptr_t tp, uintptr_t *ret_low, uintptr_t *ret_end);
/* Whether that has at most so many bytes, and sp is on it. */
bool libc_has_small_stack(uintptr_t tp, uintptr_t sp, size_t most);

/* The vector of a thread's TLS blocks of libraries that were loaded later.  Returns false if
 * that is not what it should be. */
bool libc_dynamic_tls(uintptr_t tp, uintptr_t *ret_start, uintptr_t *ret_end);

/* Call f with the thread pointer of each thread that the C library has a descriptor of: those
 * that wait for pthread_join, and those that have not begun, too.
 * BOUND: a list in the middle of a change is followed as it stands. */
void libc_walk_threads(void (*f)(uintptr_t tp));

/* Call f for each object that the loader knows, of all its namespaces: bias and dynamic
 * section.  BOUND: as above. */
void libc_walk_objects(void (*f)(uintptr_t bias, uintptr_t dynamic));

#endif
