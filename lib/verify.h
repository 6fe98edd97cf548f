/* verify.h -- every stack a second time, by libunwind, and whether both agree.
 *
 * In:   a site that unwind.c has just found, and where it was found.
 * Out:  counts; a line for the user at the end; the first stacks that differ.
 * Not here: the stack itself (unwind.h), names of functions (the tools).
 *
 * For GCPROF_VERIFY only.  libunwind is loaded then, privately (RTLD_LOCAL), so
 * that neither it nor its _Unwind_ functions come into the program's scope; it
 * is never linked.  It is the judge: whether it knew how to go on is asked of
 * it, not of our own reading of the same tables.
 *
 * What is compared is every code address from the caller of the allocation
 * function outwards, to the end, or to the frame at which our stack was cut.
 * Frames for which libunwind has no unwind information (code made at run time)
 * are stepped here, by their frame pointer, and libunwind goes on behind them.
 * Not compared is what cannot be, each for its reason: see enum verify_result.
 *
 * Context  libunwind takes a lock of its own and one of the loader's, and some
 *          kilobytes of the program's stack: a mode for tests, not for use.  In
 *          a child of a threaded process it is off, as a lock may be held there
 *          by a thread that is gone.
 * Cost     about a tenth of a microsecond a frame.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_VERIFY_H
#define GCPROF_VERIFY_H

#include "base.h"

enum verify_result {
	VERIFY_EQUAL,
	VERIFY_DIFFERS,
	/* Equal so far, then: */
	VERIFY_NO_TABLES, /* libunwind has no unwind information for a frame, and either
			   * its frame pointer leads nowhere, whatever we have found
			   * beyond, or it does and we, who know better, have ended there */
	VERIFY_FAILED,    /* libunwind gave up with an error at a frame that has it */
	VERIFY_NO_SITE,   /* we kept no stack: no memory for another site */
	N_VERIFY_RESULTS
};
extern const char *const verify_names[N_VERIFY_RESULTS]; /* of INFO, after "verify." */

struct verify; /* room of one thread */

/* Load libunwind, and say so if that cannot be.  Context: at the start, inside
 * the guard. */
void verify_init(void);

/* Whether this allocation's stack is to be compared. */
extern bool verify_is_on;
static ALWAYS_INLINE bool
verify_is_wanted(void)
{
	return unlikely(relaxed_load(&verify_is_on));
}

/* Unwind again from here to the caller and beyond, and compare.  v: where this
 * thread's room is kept.  Context: inside the guard, in a function that the
 * exported one calls. */
void verify_site(struct verify **v, site_id site, const struct caller *c);

/* Modules were unloaded: what libunwind remembers of them is void. */
void verify_forget(void);
/* In the child: off if there were other threads. */
void verify_after_fork(bool had_others);

/* Number of comparisons that came out so; all 0 if nothing was compared. */
uint64_t verify_count(enum verify_result result);
/* One line on standard error, if anything was compared. */
void verify_report(void);

#endif
