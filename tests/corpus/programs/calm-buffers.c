/* calm-buffers.c -- a server with 100 clients, each of which has a buffer for what is to be
 * sent.
 *
 * Innocent: they read; a buffer is as large as it once had to be, and that is decided
 * early.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

static struct client {
	char *out;
	size_t n, room;
} clients[100];

static NOINLINE void
client_write(struct client *c, const char *text)
{
	size_t bytes = strlen(text);

	if (c->n + bytes > c->room) {
		c->room = c->room ? c->room * 2 : 256;
		c->out = realloc(c->out, c->room);
	}
	memcpy(c->out + c->n, text, bytes);
	c->n += bytes;
}

int
main(void)
{
	struct numbers n = {325};
	size_t i;

	settings_load(100);
	for (i = 0; i < 200000; i++) {
		struct client *c = &clients[below(&n, 100)];

		client_write(c, "some text for a client that reads it at last\n");
		if (c->n > 18000)
			c->n = 0;
		request_noise(&n, 300);
	}
	printf("%zu bytes for the first\n", clients[0].n);
	return 0;
}
