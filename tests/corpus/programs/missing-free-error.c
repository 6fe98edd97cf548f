/* missing-free-error.c -- a server that tracks requests in a list while they run.
 *
 * Planted: each of five ways out frees the request, but the one for a bad
 * checksum, one in a hundred; it stays in the list, reachable.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct request {
	struct request *next, *previous;
	size_t length;
	char body[600];
};

static struct request active = {&active, &active, 0, ""};

static NOINLINE struct request *
request_new(struct numbers *n)
{
	struct request *r = malloc(sizeof *r);

	r->length = below(n, 600);
	memset(r->body, 'b', sizeof r->body);
	r->next = &active;
	r->previous = active.previous;
	active.previous->next = r;
	active.previous = r;
	return r;
}

static void
request_done(struct request *r)
{
	r->next->previous = r->previous;
	r->previous->next = r->next;
	free(r);
}

static int
request_serve(struct numbers *n)
{
	struct request *r = request_new(n);
	size_t what = below(n, 100);

	request_noise(n, 800);
	if (what < 5) { /* too long */
		request_done(r);
		return 413;
	}
	if (what < 10) { /* not found */
		request_done(r);
		return 404;
	}
	if (what < 15) { /* not allowed */
		request_done(r);
		return 403;
	}
	if (what == 50) /* bad checksum */
		return 400;
	result_sink += r->length;
	request_done(r);
	return 200;
}

int
main(void)
{
	struct numbers n = {12};
	size_t i, good = 0;

	settings_load(100);
	for (i = 0; i < 300000; i++)
		good += request_serve(&n) == 200;
	printf("%zu good requests\n", good);
	return 0;
}
