/* queue-list.c -- a mail relay: messages wait in a linked list to be sent.
 *
 * Planted: for three messages that come in one is sent, oldest first; the
 * list grows.  Single thread.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct message {
	struct message *next;
	char to[32];
	size_t length;
	char *text;
};

static struct message *head, **tail = &head;
static size_t waiting;

static NOINLINE struct message *
message_new(struct numbers *n)
{
	struct message *m = malloc(sizeof *m);

	m->length = 200 + below(n, 300);
	m->text = malloc(m->length);
	memset(m->text, 'm', m->length);
	snprintf(m->to, sizeof m->to, "user%zu@example.org", below(n, 10000));
	m->next = NULL;
	return m;
}

static void
enqueue(struct message *m)
{
	*tail = m;
	tail = &m->next;
	waiting++;
}

static void
send_oldest(void)
{
	struct message *m = head;

	if (!m)
		return;
	head = m->next;
	if (!head)
		tail = &head;
	result_sink += m->length;
	free(m->text);
	free(m);
	waiting--;
}

int
main(void)
{
	struct numbers n = {5};
	size_t i;

	settings_load(100);
	for (i = 0; i < 120000; i++) {
		enqueue(message_new(&n));
		if (i % 3 == 2)
			send_oldest();
		request_noise(&n, 1800);
	}
	printf("%zu messages wait\n", waiting);
	return 0;
}
