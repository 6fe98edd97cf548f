/* calm-short.c -- a small tool: reads its settings, handles a few thousand lines, ends.
 *
 * Innocent: the settings stay, lines come and go.  Short: about 15 thousand
 * allocations.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct counter {
	struct counter *next;
	char name[24];
	size_t count;
};

static struct counter *counters;

static NOINLINE struct counter *
counter_get(const char *name)
{
	struct counter *c;

	for (c = counters; c; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c;
	c = calloc(1, sizeof *c);
	snprintf(c->name, sizeof c->name, "%s", name);
	c->next = counters;
	counters = c;
	return c;
}

int
main(void)
{
	struct numbers n = {98};
	size_t i;

	settings_load(1000);
	for (i = 0; i < 3000; i++) {
		char name[24];

		snprintf(name, sizeof name, "kind %zu", below(&n, 60));
		counter_get(name)->count++;
		request_noise(&n, 120);
		result_sink += (uint64_t)setting(i)[0];
	}
	printf("%s: %zu\n", counters->name, counters->count);
	return 0;
}
