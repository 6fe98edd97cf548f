/* browser.h -- a page in the browser of whoever is here.
 *
 * In:   a file's name or an address; $BROWSER, or xdg-open where there is a display.
 * Out:  a browser that is not waited for.
 * Not here: what the page is (run_report.c, view/main.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BROWSER_H
#define GCPROF_BROWSER_H

#include <stdbool.h>

/* The browsers to try, as $BROWSER has them; NULL: none is known. */
const char *browser_list(void);

/* Start the first of them that can be run.  It outlives us, and is no business of this
 * terminal's.
 *
 * prepare  called in the new process, before it becomes the browser.
 * Returns  whether one was started. */
bool browser_start(const char *list, const char *page, void (*prepare)(const void *with),
		   const void *with);

#endif
