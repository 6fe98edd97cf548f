/* consumption.h -- what lived when, by the sites that held most.
 *
 * In:   struct report; books of the dead (gcprof-heap(5), BOOKS).
 * Out:  live bytes of some sites at the end of each period, and of all others.
 * Not here: what is live now by birth (report.h, demography); what grows (detect/growth.h).
 *
 * Periods are of equal volume, so the axis is the program's work; each has its time as well.
 * What was born and died in one period is in none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CONSUMPTION_H
#define GCPROF_CONSUMPTION_H

#include "report/report.h"

enum { CONSUMPTION_SITES = 6 };

struct consumption {
	uint32_t sites[CONSUMPTION_SITES]; /* nodes, by falling sum over all periods */
	size_t n_sites;
	uint32_t n_periods;
	double *bytes; /* of period p and the i-th site: p * (n_sites + 1) + i; the last of each
			  row is that of all others */
};

/* Returns a sum for consumption_free(); NULL: it is not known, as there are no periods or stacks
 * were sampled, or no memory.  Cost: two sweeps over the blocks. */
struct consumption *consumption_new(const struct report *r);
void consumption_free(struct consumption *c);

#endif
