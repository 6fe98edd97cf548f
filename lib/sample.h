/* sample.h -- what a sampled block stands for.
 *
 * In:   a block whose stack was taken, under GCPROF_SAMPLE, from record.c.
 * Out:  its weight, added to its site (sites_weigh).
 * Not here: which blocks are sampled (record.c), what the live ones stand for:
 *       a reader of the file computes that from the blocks.
 *
 * A block of s bytes is sampled with p = 1 - exp(-s / sample_bytes), and so
 * stands for 1/p allocations and s/p bytes.  Each is weighted by itself, then
 * summed: a mean size's weight would be another.
 *
 * Context  any thread, any signal handler; no libm.
 * Cost     some 50 floating point operations, for what is sampled only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SAMPLE_H
#define GCPROF_SAMPLE_H

#include "base.h"

/* The probability with which a block of so many bytes is sampled; one of none
 * counts as of one byte. */
double sample_chance(uint64_t bytes, uint64_t sample_bytes);

/* Weights are in these parts of an allocation or byte. */
enum { SAMPLE_PARTS = 256 };

/* What a block stands for, in parts; rounded to the nearest. */
struct sample_weight {
	uint64_t allocations, bytes;
};
struct sample_weight sample_weigh(uint64_t bytes, uint64_t sample_bytes);

#endif
