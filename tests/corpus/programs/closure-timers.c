/* closure-timers.c -- an idle timer for each client, in an array of timer pointers.
 *
 * Planted: each request arms the client's timer anew and does not cancel the
 * one before; they are due long after the end of the run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_CLIENTS = 200, N_WHEEL = 512 };

struct client {
	unsigned id;
	uint64_t last_seen;
};

struct timer {
	struct timer *next;
	uint64_t due;
	void (*fire)(void *argument);
	void *argument;
	char why[40];
};

static struct client *clients[N_CLIENTS];
static struct timer *wheel[N_WHEEL];
static size_t n_armed, n_fired;

static void
on_idle(void *argument)
{
	struct client *c = argument;

	c->last_seen = 0;
	n_fired++;
}

static NOINLINE void
timer_arm(uint64_t due, void (*fire)(void *), void *argument)
{
	struct timer *t = malloc(sizeof *t);

	t->due = due;
	t->fire = fire;
	t->argument = argument;
	snprintf(t->why, sizeof t->why, "idle since %llu", (unsigned long long)due);
	t->next = wheel[due % N_WHEEL];
	wheel[due % N_WHEEL] = t;
	n_armed++;
}

static void
wheel_turn(uint64_t now)
{
	struct timer **p = &wheel[now % N_WHEEL];
	size_t looked_at;

	for (looked_at = 0; *p && looked_at < 20; looked_at++) {
		struct timer *t = *p;

		if (t->due > now) {
			p = &t->next;
			continue;
		}
		*p = t->next;
		t->fire(t->argument);
		free(t);
	}
}

int
main(void)
{
	struct numbers n = {42};
	uint64_t now;
	size_t i;

	for (i = 0; i < N_CLIENTS; i++) {
		clients[i] = calloc(1, sizeof **clients);
		clients[i]->id = (unsigned)i;
	}
	for (now = 0; now < 150000; now++) {
		struct client *c = clients[below(&n, N_CLIENTS)];

		c->last_seen = now;
		timer_arm(now + 3600000, on_idle, c);
		wheel_turn(now);
		request_noise(&n, 1500);
	}
	printf("%zu armed, %zu fired\n", n_armed, n_fired);
	return 0;
}
