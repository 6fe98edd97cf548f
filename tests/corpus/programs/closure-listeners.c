/* closure-listeners.c -- an event source with a list of listeners (function, context).
 *
 * Planted: each connection registers a listener and none unregisters when the
 * connection closes; its context stays with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct listener {
	struct listener *next;
	void (*notify)(void *context, int event);
	void *context;
};

struct connection_context {
	uint64_t peer;
	char name[48];
	unsigned char buffer[512];
};

static struct listener *listeners;
static size_t n_listeners;

static void
on_reload(void *context, int event)
{
	struct connection_context *c = context;

	c->buffer[event % 512]++;
}

static NOINLINE void
listener_add(void (*notify)(void *, int), void *context)
{
	struct listener *l = malloc(sizeof *l);

	l->notify = notify;
	l->context = context;
	l->next = listeners;
	listeners = l;
	n_listeners++;
}

static NOINLINE struct connection_context *
context_new(uint64_t peer)
{
	struct connection_context *c = calloc(1, sizeof *c);

	c->peer = peer;
	snprintf(c->name, sizeof c->name, "peer-%llu", (unsigned long long)peer);
	return c;
}

static void
notify_all(int event)
{
	struct listener *l;

	for (l = listeners; l; l = l->next)
		l->notify(l->context, event);
}

int
main(void)
{
	struct numbers n = {8};
	size_t i;

	settings_load(200);
	for (i = 0; i < 60000; i++) {
		char *socket_buffer =
			malloc(4096); /* of the connection, released with it */

		memset(socket_buffer, 0, 4096);
		listener_add(on_reload, context_new(next_number(&n)));
		request_noise(&n, 2500);
		free(socket_buffer);
		if (i % 20000 == 19999)
			notify_all((int)i);
	}
	printf("%zu listeners\n", n_listeners);
	return 0;
}
