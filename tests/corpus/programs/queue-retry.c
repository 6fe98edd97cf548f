/* queue-retry.c -- deliveries that failed wait in a doubly linked list for another try.
 *
 * Planted: each turn more deliveries fail than are tried again, oldest first.
 * Short: about 25 thousand allocations.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <sys/queue.h>

struct delivery {
	TAILQ_ENTRY(delivery) link;
	unsigned tries;
	char address[64];
	char body[300];
};

static TAILQ_HEAD(deliveries, delivery) retry = TAILQ_HEAD_INITIALIZER(retry);
static size_t n_waiting;

static NOINLINE struct delivery *
delivery_new(struct numbers *n)
{
	struct delivery *d = calloc(1, sizeof *d);

	snprintf(d->address, sizeof d->address, "subscriber%zu@example.net",
		 below(n, 100000));
	memset(d->body, 'd', sizeof d->body);
	return d;
}

static int
deliver(struct delivery *d, struct numbers *n)
{
	result_sink += hash_of(d->address);
	return below(n, 10) < 3 + d->tries++;
}

int
main(void)
{
	struct numbers n = {39};
	size_t turn, i;

	for (turn = 0; turn < 1500; turn++) {
		for (i = 0; i < 6; i++) {
			struct delivery *d = delivery_new(&n);

			if (deliver(d, &n)) {
				free(d);
			} else {
				TAILQ_INSERT_TAIL(&retry, d, link);
				n_waiting++;
			}
		}
		for (i = 0; i < 2 && !TAILQ_EMPTY(&retry); i++) {
			struct delivery *d = TAILQ_FIRST(&retry);

			TAILQ_REMOVE(&retry, d, link);
			if (deliver(d, &n)) {
				free(d);
				n_waiting--;
			} else {
				TAILQ_INSERT_TAIL(&retry, d, link);
			}
		}
		request_noise(&n, 400);
		request_noise(&n, 300);
	}
	printf("%zu deliveries wait\n", n_waiting);
	return 0;
}
