/* calm-ring.c -- the last 20000 lines of a log in a ring.
 *
 * Innocent: the ring fills over the first third of the run; then each line
 * takes the place of one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_LINES = 20000 };

static char *lines[N_LINES];

static NOINLINE void
log_line(size_t number, struct numbers *n)
{
	char text[160];
	char **slot = &lines[number % N_LINES];

	snprintf(text, sizeof text, "%08zu worker %zu: request for %016llx took %zu us",
		 number, below(n, 16), (unsigned long long)next_number(n),
		 below(n, 100000));
	free(*slot);
	*slot = strdup(text);
}

int
main(void)
{
	struct numbers n = {16};
	size_t i;

	for (i = 0; i < 3 * N_LINES; i++) {
		request_noise(&n, 4000);
		log_line(i, &n);
	}
	printf("%s\n", lines[17]);
	return 0;
}
