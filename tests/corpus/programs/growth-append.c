/* growth-append.c -- a monitor that appends each sample's record to an array.
 *
 * Planted: nothing ever looks at the array again or cuts it: it grows with
 * the run, by realloc, with a block for each record.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct sample {
	uint64_t time;
	double load[6];
	char *label;
};

static struct sample **samples;
static size_t n_samples, n_room;

static NOINLINE void
sample_append(uint64_t now, struct numbers *n)
{
	struct sample *s = malloc(sizeof *s);
	size_t i;

	if (n_samples == n_room) {
		n_room = n_room ? n_room * 2 : 64;
		samples = realloc(samples, n_room * sizeof *samples);
	}
	s->time = now;
	for (i = 0; i < 6; i++)
		s->load[i] = (double)below(n, 1000) / 1000;
	s->label = strdup("cpu0 cpu1 cpu2 cpu3 all idle");
	samples[n_samples++] = s;
}

int
main(void)
{
	struct numbers n = {13};
	uint64_t now;

	settings_load(100);
	for (now = 0; now < 150000; now++) {
		request_noise(&n, 1400);
		sample_append(now, &n);
	}
	printf("%zu samples\n", n_samples);
	return 0;
}
