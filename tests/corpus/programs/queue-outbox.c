/* queue-outbox.c -- a chat server; what is to be sent waits in a list of each connection.
 *
 * Planted: one of the connections takes a third of what is written for it, and
 * nobody looks at the length of its list.  The others take all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_CONNECTIONS = 8 };

struct chunk {
	struct chunk *next;
	size_t length;
	char text[];
};

struct connection {
	struct chunk *first, **end;
	size_t n_chunks;
};

static struct connection connections[N_CONNECTIONS];

static NOINLINE void
chunk_append(struct connection *c, const char *text, size_t length)
{
	struct chunk *k = malloc(sizeof *k + length);

	k->next = NULL;
	k->length = length;
	memcpy(k->text, text, length);
	*c->end = k;
	c->end = &k->next;
	c->n_chunks++;
}

static void
chunk_send(struct connection *c)
{
	struct chunk *k = c->first;

	if (!k)
		return;
	c->first = k->next;
	if (!c->first)
		c->end = &c->first;
	c->n_chunks--;
	result_sink += k->length;
	free(k);
}

int
main(void)
{
	struct numbers n = {46};
	char text[400];
	int i, k;

	memset(text, 'm', sizeof text);
	settings_load(300);
	for (k = 0; k < N_CONNECTIONS; k++)
		connections[k].end = &connections[k].first;
	for (i = 0; i < 30000; i++) {
		size_t length = 40 + below(&n, 200);

		request_noise(&n, 800);
		for (k = 0; k < N_CONNECTIONS; k++) {
			chunk_append(&connections[k], text, length);
			if (k != 3 || i % 3 == 0)
				chunk_send(&connections[k]);
		}
	}
	printf("%zu chunks wait\n", connections[3].n_chunks);
	return 0;
}
