/* queue-broker.c -- a message server whose only subscriber is gone: messages wait for it.
 *
 * Planted: the subscriber's list has no limit.  A message is made by three functions:
 * its header, its topic and its payload.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct message {
	struct message *next;
	char *topic, *payload;
	size_t bytes;
};

static struct subscriber {
	const char *name;
	struct message *first, *last;
	size_t n_messages;
} subscriber = {"plant", NULL, NULL, 0};

static NOINLINE char *
topic_read(const char *packet)
{
	char topic[40];

	snprintf(topic, sizeof topic, "plant/%d/temperature", packet[0] % 50);
	return strdup(topic);
}

static NOINLINE char *
payload_read(const char *packet, size_t bytes)
{
	char *payload = malloc(bytes + 1);

	memcpy(payload, packet, bytes);
	payload[bytes] = 0;
	return payload;
}

static NOINLINE void
message_insert(const char *packet, size_t bytes)
{
	struct message *m = calloc(1, sizeof *m);

	m->topic = topic_read(packet);
	m->payload = payload_read(packet, bytes);
	m->bytes = bytes;
	if (subscriber.last)
		subscriber.last->next = m;
	else
		subscriber.first = m;
	subscriber.last = m;
	subscriber.n_messages++;
}

int
main(void)
{
	struct numbers n = {303};
	size_t i;

	settings_load(100);
	for (i = 0; i < 60000; i++) {
		char *packet = malloc(1000);

		memset(packet, (int)(i % 64), 1000);
		message_insert(packet, 40 + below(&n, 200));
		free(packet);
		request_noise(&n, 300);
	}
	printf("%zu messages\n", subscriber.n_messages);
	return 0;
}
