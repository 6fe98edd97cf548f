/* growth-buffers.c -- a server with 100 clients, each of which has a buffer for what is to be
 * sent.
 *
 * Planted: they do not read, and nobody stops writing: each buffer is enlarged again and
 * again.  There are as many as before.
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
	struct numbers n = {324};
	size_t i;

	settings_load(100);
	for (i = 0; i < 150000; i++) {
		client_write(&clients[below(&n, 100)],
			     "some text for a client that does not read it\n");
		request_noise(&n, 300);
	}
	printf("%zu bytes for the first\n", clients[0].n);
	return 0;
}
