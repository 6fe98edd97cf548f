/* calm-wheel.c -- a timer wheel: a timeout for each request, taken out when its answer is there.
 *
 * Innocent: nine of ten are cancelled, and unlinked; the others expire.  About as
 * many requests wait all the time, from the first second on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_SLOTS = 512, PER_TURN = 20, WAIT = 300 };

struct timeout {
	struct timeout *next, **link;
	void (*expire)(struct timeout *t);
	int number;
	char path[48];
};

static struct timeout *wheel[N_SLOTS], *waiting[N_SLOTS][PER_TURN];
static size_t n_timeouts;

static void
timeout_unlink(struct timeout *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	n_timeouts--;
}

static void
request_expire(struct timeout *t)
{
	result_sink += (uint64_t)t->number;
}

static NOINLINE struct timeout *
timeout_arm(int number, size_t slot)
{
	struct timeout *t = malloc(sizeof *t);

	t->expire = request_expire;
	t->number = number;
	snprintf(t->path, sizeof t->path, "/item/%d", number);
	t->link = &wheel[slot];
	t->next = wheel[slot];
	if (t->next)
		t->next->link = &t->next;
	wheel[slot] = t;
	n_timeouts++;
	return t;
}

int
main(void)
{
	struct numbers n = {52};
	size_t now, k;

	settings_load(300);
	for (now = 0; now < 3000; now++) {
		struct timeout **row = waiting[now % N_SLOTS];

		for (k = 0; k < PER_TURN; k++) {
			row[k] = timeout_arm((int)(now * PER_TURN + k), (now + WAIT) % N_SLOTS);
			request_noise(&n, 900);
		}
		/* Answers to what was asked half of the time ago. */
		row = waiting[(now + N_SLOTS - WAIT / 2) % N_SLOTS];
		for (k = 0; k < PER_TURN; k++)
			if (row[k] && below(&n, 10) != 0) {
				timeout_unlink(row[k]);
				free(row[k]);
				row[k] = NULL;
			}
		while (wheel[now % N_SLOTS]) {
			struct timeout *t = wheel[now % N_SLOTS];

			timeout_unlink(t);
			t->expire(t);
			free(t);
		}
	}
	printf("%zu timeouts\n", n_timeouts);
	return 0;
}
