/* queue-pipeline.c -- three stages, each a thread: read, decode, store.
 *
 * Planted: the queue before the decoder keeps empty, the one before the store
 * grows; the store takes two of five.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

enum { N_RECORDS = 100000 };

struct node {
	struct node *next;
	void *item;
};

struct channel {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct node *first, *last;
	size_t n_put, n_waiting, most;
};

#define CHANNEL(limit)                                                                   \
	{                                                                                \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL, 0, 0,   \
			limit                                                            \
	}

static struct channel to_decode = CHANNEL(256), to_store = CHANNEL(0);

struct raw {
	unsigned char bytes[256];
};

struct decoded {
	uint64_t key;
	char text[180];
};

static NOINLINE void
channel_put(struct channel *c, void *item)
{
	struct node *node = malloc(sizeof *node);

	node->next = NULL;
	node->item = item;
	pthread_mutex_lock(&c->lock);
	while (c->most && c->n_waiting >= c->most)
		pthread_cond_wait(&c->changed, &c->lock);
	if (c->first)
		c->last->next = node;
	else
		c->first = node;
	c->last = node;
	c->n_put++;
	c->n_waiting++;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static void *
channel_take(struct channel *c, size_t put_before)
{
	struct node *node;
	void *item;

	pthread_mutex_lock(&c->lock);
	while (!c->first || c->n_put < put_before)
		pthread_cond_wait(&c->changed, &c->lock);
	node = c->first;
	c->first = node->next;
	c->n_waiting--;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	item = node->item;
	free(node);
	return item;
}

static NOINLINE struct decoded *
record_decode(const struct raw *raw)
{
	struct decoded *d = malloc(sizeof *d);

	d->key = raw->bytes[0];
	memset(d->text, raw->bytes[1], sizeof d->text);
	return d;
}

static void *
decode_all(void *argument)
{
	struct numbers n = {40};
	size_t i;

	(void)argument;
	for (i = 0; i < N_RECORDS; i++) {
		struct raw *raw = channel_take(&to_decode, 0);

		channel_put(&to_store, record_decode(raw));
		free(raw);
		request_noise(&n, 700);
	}
	return NULL;
}

static void *
store_all(void *argument)
{
	size_t i;

	(void)argument;
	for (i = 0; i < N_RECORDS / 5 * 2; i++) {
		struct decoded *d = channel_take(&to_store, (i + 1) * 5 / 2);

		result_sink += d->key;
		free(d);
	}
	return NULL;
}

int
main(void)
{
	pthread_t decoder, store;
	struct numbers n = {41};
	size_t i;

	settings_load(100);
	pthread_create(&decoder, NULL, decode_all, NULL);
	pthread_create(&store, NULL, store_all, NULL);
	for (i = 0; i < N_RECORDS; i++) {
		struct raw *raw = malloc(sizeof *raw);

		memset(raw, (int)below(&n, 256), sizeof *raw);
		channel_put(&to_decode, raw);
	}
	pthread_join(decoder, NULL);
	pthread_join(store, NULL);
	printf("%zu to decode, %zu to store\n", to_decode.n_waiting, to_store.n_waiting);
	return 0;
}
