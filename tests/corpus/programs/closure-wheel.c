/* closure-wheel.c -- a timer wheel: a timeout for each request, in the slot of its second.
 *
 * Planted: an answered request marks its timeout as cancelled.  The wheel takes
 * out what is due in this turn only, and a cancelled one is never due again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_SLOTS = 512 };

struct timeout {
	struct timeout *next;
	void (*expire)(void *request);
	void *request;
	uint64_t due;
};

struct request {
	int number;
	char path[48];
};

static struct timeout *wheel[N_SLOTS];
static size_t n_timeouts;

static void
request_expire(void *request)
{
	result_sink += (uint64_t)((struct request *)request)->number;
}

static NOINLINE struct request *
request_new(int number)
{
	struct request *r = malloc(sizeof *r);

	r->number = number;
	snprintf(r->path, sizeof r->path, "/item/%d", number);
	return r;
}

static NOINLINE struct timeout *
timeout_arm(struct request *r, uint64_t due)
{
	struct timeout *t = malloc(sizeof *t);

	t->expire = request_expire;
	t->request = r;
	t->due = due;
	t->next = wheel[due % N_SLOTS];
	wheel[due % N_SLOTS] = t;
	n_timeouts++;
	return t;
}

static void
wheel_turn(uint64_t now)
{
	struct timeout **p = &wheel[now % N_SLOTS];

	while (*p) {
		struct timeout *t = *p;

		if (t->due != now) {
			p = &t->next;
			continue;
		}
		*p = t->next;
		t->expire(t->request);
		free(t->request);
		free(t);
		n_timeouts--;
	}
}

int
main(void)
{
	struct numbers n = {43};
	uint64_t now;
	int i = 0;

	settings_load(300);
	for (now = 1; now < 3000; now++) {
		int end = i + 20;

		for (; i < end; i++) {
			struct timeout *t = timeout_arm(request_new(i), now + 30);

			request_noise(&n, 900);
			if (below(&n, 10) != 0)
				t->due = 0;
		}
		wheel_turn(now);
	}
	printf("%zu timeouts\n", n_timeouts);
	return 0;
}
