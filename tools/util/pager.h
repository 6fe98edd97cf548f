/* pager.h -- a report that is longer than the screen goes through a pager.
 *
 * In:   text, in a stream.
 * Out:  the same on the terminal: at once if it fits, else page by page.
 * Not here: colours and columns (terminal.c).
 *
 * The text is held back until it is longer than the screen or complete; only then is it
 * known whether there is a pager.  This is $GCPROF_PAGER, else $PAGER, else less; an
 * empty one and "cat" are none.  From then on standard output and, if it is a terminal,
 * standard error lead into it.  Ctrl-C is the pager's: we end after it, of that signal.
 *
 * BOUND  The whole text stays in memory until its end, for the case that a shell cannot
 * run the pager, which is known late; it is small beside what it was made of.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PAGER_H
#define GCPROF_PAGER_H

#include <stdbool.h>
#include <stdio.h>

enum pager_when {
	PAGER_NEVER,
	PAGER_AUTO,   /* for what is longer than the screen */
	PAGER_ALWAYS, /* on any terminal, however short the text is */
};

/* A stream that leads to standard output, for fclose(); stdout itself where there will be
 * no pager, or is no memory.
 *
 * before_showing  called before anything is shown; NULL = nothing to do.
 */
FILE *pager_open(enum pager_when when, void (*before_showing)(void));

/* Has the pager got the terminal? */
bool pager_is_on(void);

/* Did somebody leave the pager before the end?  The errors of the stream are no errors
 * then. */
bool pager_was_left(void);

#endif
