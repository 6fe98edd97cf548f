/* mappings.h -- memory that the program mapped itself ("external").
 *
 * In:   mmap, munmap, mremap and mprotect of the program, from interpose.c.
 * Out:  bytes that are mapped and accessible; a walk over the mappings;
 *       whether an address is code the program made.
 * Not here: the allocator's own mappings (backend.h), thread stacks and loaded
 *       objects, which libc maps without asking us.
 *
 * INVARIANT  mappings do not overlap and are sorted by address.
 *
 * LOCKS  one spin lock, held for a search and a move of memory, never across a
 * kernel call, an allocation or an unwind.  Who cannot get it in a bounded
 * number of tries gives up and counts a loss.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MAPPINGS_H
#define GCPROF_MAPPINGS_H

#include "base.h"

struct mapping {
	uintptr_t start, end;
	site_id site;
	birth_id birth;
	uint32_t flags; /* HEAPFILE_MAPPING_* */
};

/* Replaces whatever was mapped there. */
void mappings_insert(const struct mapping *m);
/* Cuts the range out of what is mapped; before the kernel does. */
void mappings_remove(uintptr_t start, uintptr_t end);
/* Sets the access flags of what is known in the range. */
void mappings_protect(uintptr_t start, uintptr_t end, uint32_t access);
/* The mapping that holds an address. */
bool mappings_find(uintptr_t addr, struct mapping *ret);

bool mappings_is_code(uintptr_t addr);

/* Bytes mapped and accessible in some way. */
uint64_t mappings_bytes(void);

/* By rising address; stops on non-zero and returns it. Context: takes no lock;
 * only while nobody changes the table. */
int mappings_walk(int (*f)(const struct mapping *m, void *with), void *with);

/* The same at any time.  Returns false, and calls nothing, if somebody changes the
 * table just now. */
bool mappings_try_walk(int (*f)(const struct mapping *m, void *with), void *with);

/* Take the lock; what the first returns is for the second, in both processes. */
bool mappings_before_fork(void);
void mappings_after_fork(bool has_lock);

#endif
