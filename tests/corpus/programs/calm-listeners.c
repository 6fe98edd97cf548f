/* calm-listeners.c -- each connection registers a listener, and unregisters it when it
 * closes.
 *
 * Innocent: about 800 connections are open at any time, some for long.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_OPEN = 800 };

struct listener {
	struct listener *next, *previous;
	void (*notify)(void *context, int event);
	void *context;
};

struct connection {
	struct listener *listener;
	size_t n_events;
	char peer[200];
};

static struct listener listeners = {&listeners, &listeners, NULL, NULL};
static struct connection *connections[N_OPEN];

static void
on_event(void *context, int event)
{
	struct connection *c = context;

	c->n_events += (size_t)event;
}

static NOINLINE struct listener *
listener_add(void (*notify)(void *, int), void *context)
{
	struct listener *l = malloc(sizeof *l);

	l->notify = notify;
	l->context = context;
	l->next = &listeners;
	l->previous = listeners.previous;
	l->previous->next = l;
	listeners.previous = l;
	return l;
}

static void
listener_remove(struct listener *l)
{
	l->next->previous = l->previous;
	l->previous->next = l->next;
	free(l);
}

static NOINLINE struct connection *
connection_open(size_t number)
{
	struct connection *c = calloc(1, sizeof *c);

	snprintf(c->peer, sizeof c->peer, "peer %zu", number);
	c->listener = listener_add(on_event, c);
	return c;
}

static void
connection_close(struct connection *c)
{
	if (!c)
		return;
	listener_remove(c->listener);
	free(c);
}

int
main(void)
{
	struct numbers n = {90};
	struct listener *l;
	size_t i;

	settings_load(100);
	for (i = 0; i < 150000; i++) {
		/* The lower numbers are taken more seldom. */
		size_t slot = below(&n, N_OPEN);

		if (slot < N_OPEN / 4)
			slot = below(&n, N_OPEN);
		connection_close(connections[slot]);
		connections[slot] = connection_open(i);
		if (i % 5000 == 0)
			for (l = listeners.next; l != &listeners; l = l->next)
				l->notify(l->context, 1);
		request_noise(&n, 1500);
	}
	return 0;
}
