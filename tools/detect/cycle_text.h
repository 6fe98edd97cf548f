/* cycle_text.h -- which blocks a cycle of lost blocks is made of, in words.
 *
 * In:   a block that leads a cycle (graph/cycles.h), names.
 * Out:  sentences of evidence: both ends of each pointer of the shortest cycle.
 * Not here: which blocks are lost (graph.h); the rest of the finding (leak.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CYCLE_TEXT_H
#define GCPROF_CYCLE_TEXT_H

#include <stdint.h>

#include "detect/detect.h"

/* leader    one of the cycles' leaders, as an example.
 * n_cycles  that a finding has, of n_blocks in all. */
void cycle_add_evidence(const struct detector *d, struct finding *f, uint32_t leader,
			uint64_t n_cycles, uint64_t n_blocks);

#endif
