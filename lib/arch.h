/* arch.h -- the machine that this is built for.
 *
 * In:   the compiler's name of it.
 * Out:  what lib/arch/README lists: registers, calls of the kernel, pages, numbers of
 *       DWARF's, words that a thread changes under its own signal handlers.
 * Not here: what the C library adds to that (libc_inside.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ARCH_H
#define GCPROF_ARCH_H

#if defined(__x86_64__) && defined(__LP64__)
#include "arch/x86_64.h"
#else
#error "lib/arch/ has no header for this machine: lib/arch/README lists what it has to give"
#endif

#ifndef ARCH_NAME
#error "lib/arch/: ARCH_NAME, the machine's name in files, is missing"
#endif
#ifndef ARCH_DWARF_OF_SAVED
#error "lib/arch/: ARCH_DWARF_OF_SAVED, numbers of the registers that calls keep, is missing"
#endif
#ifndef ARCH_DWARF_OF_CONTEXT
#error "lib/arch/: ARCH_DWARF_OF_CONTEXT, numbers of the registers of a signal frame, is missing"
#endif
#ifndef ARCH_RESTORER
#error "lib/arch/: ARCH_RESTORER, where a signal handler returns to, is missing"
#endif
#ifndef ARCH_SWITCH_STACK
#error "lib/arch/: ARCH_SWITCH_STACK, a call on another stack, is missing"
#endif
#ifndef ARCH_INDIRECT_FUNCTION
#error "lib/arch/: ARCH_INDIRECT_FUNCTION, a function that the loader asks for its address, is missing"
#endif
#ifndef ARCH_GLIBC_LOADER
#error "lib/arch/: ARCH_GLIBC_LOADER, the loader's DT_SONAME, is missing"
#endif

_Static_assert(ARCH_PAGE == 1 << ARCH_PAGE_BITS, "a page has 2^ARCH_PAGE_BITS bytes");

/* The start of the page that an address is on, and the next one at or behind it. */
static ALWAYS_INLINE uintptr_t
arch_page_of(uintptr_t addr)
{
	return addr & ~(uintptr_t)(ARCH_PAGE - 1);
}

static ALWAYS_INLINE uintptr_t
arch_page_up(uintptr_t addr)
{
	return arch_page_of(addr + ARCH_PAGE - 1);
}

#endif
