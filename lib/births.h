/* births.h -- births that nobody has any more are given out again.
 *
 * In:   who has which birth: live blocks, mappings, threads.
 * Out:  numbers that epochs_birth_new may use anew, so that a run of days has no
 *       more births than it has had at a time.
 * Not here: the births themselves (epochs.h).
 *
 * Nobody counts who has a birth: that would be one more access with each free.
 * Instead, when as many births have been made as the last sweep has found, one walk
 * over all live blocks tells which are had.
 *
 * Other threads run meanwhile, and so a birth is only free if two sweeps, one after
 * the other, have not found it, and it was made before the first of them:
 *
 *     A block appears behind the walk: under its thread's present birth, which the
 *     sweep finds with the thread, or which was made after the sweep began.
 *     A block is out of the shadow for a moment, while realloc works: it would have to
 *     be so at both sweeps, many thousand births apart, as the only one of its birth.
 *     A birth is made and not yet used: as long as two sweeps take to come.
 *
 * BOUND  If the second or third happens all the same, that block is shown with the
 * epoch and thread of a later birth.  Nothing else depends on births.
 *
 * Cost     a walk over the live blocks, once for as many births as there were before.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BIRTHS_H
#define GCPROF_BIRTHS_H

#include "base.h"

/* At the end of an epoch: sweep, if it is time to.  Context: inside the guard. */
void births_tidy(void);

#endif
