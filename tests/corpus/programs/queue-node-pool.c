/* queue-node-pool.c -- messages in a list whose nodes are of a pool; three come where two
 * are sent.
 *
 * Planted: the queue has no limit.  The pool's pages are never freed, and hold the messages: a
 * growing array of nodes, if one looks at them alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { NODES_OF_PAGE = 42, N_MESSAGES = 60000 };

struct message {
	size_t number;
	char *text, *host;
};

struct node {
	struct message *message;
	struct node *next;
};

static struct node *unused;

static struct {
	struct node *first, *last;
	size_t n;
} outbox;

static NOINLINE struct node *
node_get(void)
{
	struct node *n;

	if (!unused) {
		struct node *page = malloc(NODES_OF_PAGE * sizeof *page);

		for (size_t i = 0; i < NODES_OF_PAGE; i++) {
			page[i].message = NULL;
			page[i].next = unused;
			unused = &page[i];
		}
	}
	n = unused;
	unused = n->next;
	return n;
}

static NOINLINE struct message *
message_new(size_t number)
{
	struct message *m = malloc(sizeof *m);
	char text[80];

	snprintf(text, sizeof text, "service restarted after %zu seconds", number);
	m->number = number;
	m->text = strdup(text);
	m->host = strdup("host-17.example");
	return m;
}

static void
put(struct message *m)
{
	struct node *n = node_get();

	n->message = m;
	n->next = NULL;
	*(outbox.last ? &outbox.last->next : &outbox.first) = n;
	outbox.last = n;
	outbox.n++;
}

static void
send_one(void)
{
	struct node *n = outbox.first;
	struct message *m = n->message;

	outbox.first = n->next;
	if (!outbox.first)
		outbox.last = NULL;
	outbox.n--;
	n->message = NULL;
	n->next = unused;
	unused = n;
	free(m->text);
	free(m->host);
	free(m);
}

int
main(void)
{
	struct numbers n = {515};

	settings_load(100);
	for (size_t i = 0; i < N_MESSAGES; i++) {
		put(message_new(i));
		if (i % 3)
			send_one();
		request_noise(&n, 600);
	}
	printf("%zu messages wait\n", outbox.n);
	return 0;
}
