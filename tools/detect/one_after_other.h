/* one_after_other.h -- what grows is one of several things, each of which ends as a whole.
 *
 * In:   a site: when those were born that live, when the others died, who allocated and who
 *       freed them.
 * Out:  whether it is such a one.
 * Not here: whether it grows (growth_course.c, series_trend.c).
 *
 * A pool is made for each document, and goes with it.  While the last and largest of them is
 * parsed, its pool grows steadily, and the chunks of the others have been freed, in order of
 * birth: a queue without limit looks so, from which nothing is taken any more.  Two things tell
 * them apart.  Since the oldest chunk that lives was born none has died; and who frees them is
 * their owner at its end: the destructor of the class that allocates them, or clear() or reset()
 * of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ONE_AFTER_OTHER_H
#define GCPROF_ONE_AFTER_OTHER_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/detect.h"

/* leader        of the site, of detector_joins().
 * born          by period: of the live; NULL: to be counted here, in a sweep over the blocks.
 * is_torn_down  those that died in the last period were freed at the end of the program, and
 *               count as living. */
bool one_after_other(const struct detector *d, uint32_t leader,
		     const struct heap_count *born, bool is_torn_down);

#endif
