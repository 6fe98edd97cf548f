/* roots.h -- where a program's own variables are.
 *
 * In:   the stopped threads (cut.h), the loader's list of objects, the
 *       program's mappings, the kernel's map of the address space.
 * Out:  the section ROOTS, through scan.h.
 * Not here: pointers from block to block (scan.h).
 *
 * Sources  glibc, nptl_db/structs.def (descriptors of struct pthread for
 *          debuggers: _thread_db_*); x86-64 psABI and "ELF Handling For
 *          Thread-Local Storage", 3.4.6 (static TLS lies below the thread
 *          pointer).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ROOTS_H
#define GCPROF_ROOTS_H

#include "base.h"

/* Look up what libc tells debuggers about its threads.  Once, at the start, by
 * the main thread. */
void roots_init(void);
/* In a child of fork whose parent had other threads, or memory that the child does not
 * have, in this epoch and before. */
void roots_left_behind(epoch_no epoch);
/* That epoch; 0 = none was left. */
epoch_no roots_left_behind_epoch(void);

/* Write ROOTS.  The index is complete; maps.h is loaded.
 * Context  the child of a cut, or the only thread that runs. */
void roots_write(void);

/* __lsan_register_root_region and its opposite. Any thread; lock-free. */
void roots_register(uintptr_t start, size_t bytes);
void roots_unregister(uintptr_t start, size_t bytes);

#endif
