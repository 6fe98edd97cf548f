/* queue-offline.c -- a broker with 300 clients, a third of which are offline.
 *
 * Planted: what is published is stored once, with its topic and payload, and each
 * client's list has an entry for it; those of the clients that are offline are never cut.
 * Some messages have properties besides.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_CLIENTS = 300, N_MESSAGES = 25000, KEPT_ALIVE = 20 };

struct stored {
	char *topic;
	unsigned char *payload;
	struct property *properties;
	size_t n_references;
};

struct property {
	struct property *next;
	char name[24], value[24];
};

struct entry {
	struct entry *next;
	struct stored *message;
};

struct client {
	int is_online;
	size_t n_entries;
	struct entry *first, **end;
};

static struct client *clients[N_CLIENTS];

static void
client_new(size_t number)
{
	struct client *c = calloc(1, sizeof *c);

	c->is_online = number % 3 != 0;
	c->end = &c->first;
	clients[number] = c;
}

static NOINLINE struct property *
property_read(size_t number)
{
	struct property *p = calloc(1, sizeof *p);

	snprintf(p->name, sizeof p->name, "property-%zu", number % 7);
	return p;
}

static NOINLINE struct stored *
message_store(struct numbers *n)
{
	struct stored *s = calloc(1, sizeof *s);
	size_t bytes = 30 + below(n, 300), i;
	char topic[40];

	snprintf(topic, sizeof topic, "house/room-%zu/light", below(n, 90));
	s->topic = strdup(topic);
	s->payload = malloc(bytes);
	memset(s->payload, 7, bytes);
	for (i = below(n, 3); i > 0; i--) {
		struct property *p = property_read(i);

		p->next = s->properties;
		s->properties = p;
	}
	return s;
}

static void
message_release(struct stored *s)
{
	struct property *p, *next;

	if (--s->n_references)
		return;
	for (p = s->properties; p; p = next) {
		next = p->next;
		free(p);
	}
	free(s->topic);
	free(s->payload);
	free(s);
}

static NOINLINE void
entry_add(struct client *c, struct stored *s)
{
	struct entry *e = malloc(sizeof *e);

	e->next = NULL;
	e->message = s;
	s->n_references++;
	*c->end = e;
	c->end = &e->next;
	c->n_entries++;
}

static void
entry_deliver(struct client *c)
{
	struct entry *e = c->first;

	c->first = e->next;
	if (!c->first)
		c->end = &c->first;
	c->n_entries--;
	message_release(e->message);
	free(e);
}

int
main(void)
{
	struct numbers n = {304};
	size_t i, k;

	for (i = 0; i < N_CLIENTS; i++)
		client_new(i);
	for (i = 0; i < N_MESSAGES; i++) {
		struct stored *s = message_store(&n);

		s->n_references++;
		for (k = 0; k < 3; k++) {
			struct client *c = clients[below(&n, N_CLIENTS)];

			entry_add(c, s);
			while (c->is_online && c->n_entries > KEPT_ALIVE)
				entry_deliver(c);
		}
		message_release(s);
		request_noise(&n, 800);
	}
	printf("done\n");
	return 0;
}
