/* closure-local.c -- handlers of an object that a variable of main() holds.
 *
 * Planted: they are connected and never disconnected.  When main() has returned,
 * nothing leads to the object any more: it is lost, too, with all its handlers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct handler {
	struct handler *next;
	void (*call)(void *data);
	void *data;
};

struct object {
	struct handler *handlers;
};

static NOINLINE void
signal_connect(struct object *o, void (*call)(void *data), void *data)
{
	struct handler *h = malloc(sizeof *h);

	h->call = call;
	h->data = data;
	h->next = o->handlers;
	o->handlers = h;
}

static void
signal_emit(const struct object *o)
{
	for (const struct handler *h = o->handlers; h; h = h->next)
		h->call(h->data);
}

static void
clicked(void *data)
{
	++*(int *)data;
}

static NOINLINE void *
counter_new(void)
{
	return calloc(1, 64);
}

int
main(void)
{
	struct numbers n = {11};
	struct object *button = calloc(1, sizeof *button);

	for (int i = 0; i < 7000; i++) {
		signal_connect(button, clicked, counter_new());
		if (i % 1000 == 0)
			signal_emit(button);
		request_noise(&n, 200);
	}
	signal_emit(button);
	button = NULL;
	printf("done\n");
	return 0;
}
