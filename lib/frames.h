/* frames.h -- the stacks of the stopped threads, frame by frame.
 *
 * In:   where each thread was stopped (cut.h).
 * Out:  the FRAMES section of the snapshot.
 * Not here: what lies on stacks (roots.h), the stacks of allocations
 *       (unwind.h).
 *
 * A root on a stack is named by the function in whose frame it lies.  Each step
 * is made by the whole row of call frame information, with all registers that
 * are known: rows are kept for the code that many threads wait in, nothing else
 * has to be fast here.
 *
 * Nothing of what is found in registers and on stacks is believed: memory is
 * looked at only where it can be read, stack pointers rise but at signal
 * handlers, and a walk ends.
 *
 * Context  the function that writes a snapshot, maps_load() done; no lock, no
 *          memory but its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FRAMES_H
#define GCPROF_FRAMES_H

/* Of all threads of cut_now that were stopped, but that have no frame. */
void frames_write(void);

#endif
