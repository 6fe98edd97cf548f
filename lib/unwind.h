/* unwind.h -- the current stack as a site.
 *
 * In:   the caller of an allocation function.
 * Out:  the site_id of its whole stack.
 * Not here: how one frame leads to the next (unwind_step.h, cfi.h), what a site is (sites.h).
 *
 * How it is fast.  Three things are remembered:
 *
 *   Rules (unwind_rules.h).  For a code address, where the caller's frame begins (stack
 *   pointer plus a constant, ...), where it keeps its frame pointer, and the module.
 *   Learned once from .eh_frame, kept in 8 bytes.
 *
 *   The last stack of the thread that was walked (unwind_last.h), with the node of each
 *   frame.  Where a new walk meets a frame of it, all further frames follow from memory
 *   words that are known by address: the return address and, where it was saved, the frame
 *   pointer of each.  If those words are what they were, the rest of the stack is the same,
 *   by induction; the frame pointer counts only where the way further out depends on it.
 *
 *   Some hundred stacks that are met often (unwind_memo.h), as such lists of words, by the
 *   frame that they begin with: none of their frames needs to be walked.
 *
 * Stacks of more than 384 frames are cut to the innermost 257 to 384; unwind_last.h says where.
 * Code without call frame information (made at run time, or compiled so) is followed by
 * its frame pointer, if that leads to code; from where Go calls C to the goroutine's stack;
 * and to the start of its thread, if that is near.
 *
 * Context  lock-free; no memory but the thread's own; reads the stack, and
 *          .eh_frame for new code.  In a signal handler only if the thread's
 *          guard says that no other unwind is under way in this thread.
 * Cost     about a nanosecond for a frame that did not change, or of a stack that is
 *          met often, five for another, a microsecond for code never seen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_UNWIND_H
#define GCPROF_UNWIND_H

#include "arch.h"
#include "base.h"

struct unwind; /* one for each thread */

size_t unwind_bytes(void);
/* Forget the last stack and where stacks are: the thread is a new one. */
void unwind_reset(struct unwind *u);

/* The site of a stack. Returns SITE_FULL if it could not be kept. */
site_id unwind_site(struct unwind *u, const struct caller *c);

/* From where on the program's own frames begin, and what it has in registers
 * there: ret_registers gets those that calls keep (arch_capture).  The library's frames are
 * passed over, and if is_exit those of libc and the loader, which call us at
 * the end of the process: what lies in them is no longer the program's.
 * Returns the stack pointer of the first frame that counts. */
enum { UNWIND_REGISTERS = ARCH_N_SAVED };
uintptr_t unwind_origin(struct unwind *u, bool is_exit,
			uintptr_t ret_registers[UNWIND_REGISTERS]);

/* Modules were unloaded: rules learned so far are void. */
void unwind_forget_rules(void);

#endif
