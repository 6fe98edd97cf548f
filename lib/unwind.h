/* unwind.h -- the current stack as a site.
 *
 * In:   the caller of an allocation function.
 * Out:  the site_id of its whole stack.
 * Not here: how one frame leads to the next (cfi.h), what a site is (sites.h).
 *
 * How it is fast.  Three things are remembered:
 *
 *   Rules.  For a code address, where the caller's frame begins (stack pointer
 *   plus a constant, frame pointer plus a constant, ...), where it keeps its
 *   frame pointer, and the module.  Learned once from .eh_frame, kept in 8
 *   bytes, shared by all threads; each has those at hand that it used last.
 *
 *   The last stack of the thread that was walked, with the node of each frame.  A
 *   new walk goes outwards to a frame of it with the same code address, stack pointer
 *   and, if the way further out depends on it, frame pointer.  From there on all
 *   follows from words of memory that are known by address; if these are what they
 *   were, the rest of the stack is the same, by induction, and its nodes are known.
 *   The node of what is inside is looked up as one path (sites.h).
 *
 *   Some hundred stacks that are met often, as lists of such words, by the frame they
 *   begin with: none of their frames needs to be walked.
 *
 * Stacks of more than 384 frames are cut to the innermost 257 to 384, behind a
 * multiple of 128 frames.  So a recursion that goes in and out by a frame keeps its
 * path in the tree, and equal stacks are cut at equal places (but see struct unwind).
 * A walk ends after 1,024 frames; what is deeper is numbered from where it ended.
 * Where random recursion has made two million sites, 33 to 48 frames have to do.
 *
 * Frames without call frame information (code made at run time) are followed
 * by their frame pointer, if it leads to code.
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

#include "base.h"

struct unwind; /* one for each thread */

size_t unwind_bytes(void);
/* Forget the last stack and where stacks are: the thread is a new one. */
void unwind_reset(struct unwind *u);

/* The site of a stack. Returns SITE_FULL if it could not be kept. */
site_id unwind_site(struct unwind *u, const struct caller *c);

/* From where on the program's own frames begin, and what it has in registers
 * there: ret_registers gets rbx, rbp, r12 to r15.  The library's frames are
 * passed over, and if is_exit those of libc and the loader, which call us at
 * the end of the process: what lies in them is no longer the program's.
 * Returns the stack pointer of the first frame that counts. */
enum { UNWIND_REGISTERS = 6 };
uintptr_t unwind_origin(struct unwind *u, bool is_exit, uintptr_t ret_registers[UNWIND_REGISTERS]);

/* Modules were unloaded: rules learned so far are void. */
void unwind_forget_rules(void);

#endif
