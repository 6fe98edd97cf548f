/* cache-keyspace.c -- a server of keys and values, in a hash table that is enlarged.
 *
 * Planted: keys never expire.  Three functions make an entry: the key, the value, and
 * the entry itself.  A variable of main() leads to all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct value {
	int references;
	char text[28];
};

struct entry {
	char *key;
	struct value *value;
	struct entry *next;
};

struct keyspace {
	size_t n, size;
	struct entry **buckets;
};

static NOINLINE struct value *
value_new(const char *text)
{
	struct value *v = malloc(sizeof *v);

	v->references = 1;
	snprintf(v->text, sizeof v->text, "%s", text);
	return v;
}

static NOINLINE char *
key_copy(const char *key)
{
	return strcpy(malloc(strlen(key) + 1), key);
}

static void
keyspace_enlarge(struct keyspace *k)
{
	size_t size = k->size ? k->size * 2 : 16, i;
	struct entry **buckets = calloc(size, sizeof(struct entry *)), *e;

	for (i = 0; i < k->size; i++)
		while ((e = k->buckets[i])) {
			k->buckets[i] = e->next;
			e->next = buckets[hash_of(e->key) % size];
			buckets[hash_of(e->key) % size] = e;
		}
	free(k->buckets);
	k->buckets = buckets;
	k->size = size;
}

static NOINLINE void
entry_add(struct keyspace *k, const char *key, struct value *value)
{
	struct entry *e;

	if (k->n >= k->size)
		keyspace_enlarge(k);
	e = malloc(sizeof *e);
	e->key = key_copy(key);
	e->value = value;
	e->next = k->buckets[hash_of(key) % k->size];
	k->buckets[hash_of(key) % k->size] = e;
	k->n++;
}

int
main(void)
{
	struct keyspace *keyspace = calloc(1, sizeof *keyspace);
	struct numbers n = {326};
	char key[40];
	size_t i;

	settings_load(100);
	for (i = 0; i < 60000; i++) {
		snprintf(key, sizeof key, "user:%zu:name", i);
		entry_add(keyspace, key, value_new("somebody"));
		request_noise(&n, 700);
	}
	printf("%zu keys\n", keyspace->n);
	exit(keyspace->n == 0);
}
