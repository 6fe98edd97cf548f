/* calm-reload.c -- a table of routes that is read anew ten times, the old one freed after
 * it.
 *
 * Innocent: the table is as large as the one before, give or take a tenth.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct route {
	char *prefix, *target;
};

struct routes {
	struct route **by_number;
	size_t count;
};

static struct routes *routes;

static NOINLINE struct routes *
routes_read(struct numbers *n)
{
	struct routes *r = malloc(sizeof *r);
	size_t i;

	r->count = 9000 + below(n, 1000);
	r->by_number = malloc(r->count * sizeof *r->by_number);
	for (i = 0; i < r->count; i++) {
		char text[64];

		r->by_number[i] = malloc(sizeof **r->by_number);
		snprintf(text, sizeof text, "10.%zu.%zu.0/24", below(n, 256),
			 below(n, 256));
		r->by_number[i]->prefix = strdup(text);
		snprintf(text, sizeof text, "gateway-%zu.example.org", below(n, 100));
		r->by_number[i]->target = strdup(text);
	}
	return r;
}

static void
routes_free(struct routes *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		free(r->by_number[i]->prefix);
		free(r->by_number[i]->target);
		free(r->by_number[i]);
	}
	free(r->by_number);
	free(r);
}

int
main(void)
{
	struct numbers n = {99};
	size_t i;

	settings_load(100);
	for (i = 0; i < 200000; i++) {
		if (i % 20000 == 0) {
			struct routes *old = routes;

			routes = routes_read(&n);
			if (old)
				routes_free(old);
		}
		result_sink +=
			(uint64_t)routes->by_number[below(&n, routes->count)]->target[8];
		request_noise(&n, 1300);
	}
	return 0;
}
