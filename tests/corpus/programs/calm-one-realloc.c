/* calm-one-realloc.c -- a program of 16 MiB whose one table is made larger once, when it turns
 * out how many connections there may be.
 *
 * Innocent: it has the size that it needs then.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct event {
	int fd;
	unsigned mask;
	void *data[6];
};

static struct event *events;

static NOINLINE void
events_resize(size_t n)
{
	events = realloc(events, n * sizeof *events);
	memset(events, 0, n * sizeof *events);
}

int
main(void)
{
	struct numbers n = {315};
	int i;

	events_resize(1 << 14);
	settings_load(2000);
	for (i = 0; i < 12000; i++) {
		if (i == 5000)
			events_resize(1 << 18);
		events[below(&n, 1 << 14)].fd = i;
		request_noise(&n, 1000);
	}
	printf("done\n");
	return 0;
}
