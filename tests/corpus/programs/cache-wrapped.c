/* cache-wrapped.c -- a key-value server; each allocation goes through a function of its own.
 *
 * Planted: keys are only added.  An entry leads to its key, its value and the
 * next one, and malloc's caller is the same for all of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 1 << 15 };

struct value {
	int kind;
	char *text;
};

struct entry {
	char *key;
	struct value *value;
	struct entry *next;
};

static struct database {
	struct entry **buckets;
	size_t n;
} database;

static NOINLINE void *
xmalloc(size_t n)
{
	void *p = malloc(n);

	if (!p)
		abort();
	return p;
}

static NOINLINE char *
text_keep(const char *s)
{
	char *p = xmalloc(strlen(s) + 1);

	return strcpy(p, s);
}

static NOINLINE struct value *
value_new(char *text)
{
	struct value *v = xmalloc(sizeof *v);

	v->kind = 1;
	v->text = text;
	return v;
}

static NOINLINE void
entry_add(const char *key, struct value *value)
{
	struct entry **b = &database.buckets[hash_of(key) % N_BUCKETS], *e;

	for (e = *b; e; e = e->next)
		if (strcmp(e->key, key) == 0)
			return;
	e = xmalloc(sizeof *e);
	e->key = text_keep(key);
	e->value = value;
	e->next = *b;
	*b = e;
	database.n++;
}

int
main(void)
{
	struct numbers n = {53};
	int i;

	settings_load(300);
	database.buckets = calloc(N_BUCKETS, sizeof *database.buckets);
	for (i = 0; i < 70000; i++) {
		char key[64], text[96];

		snprintf(key, sizeof key, "session:%d", i);
		snprintf(text, sizeof text, "what the server knows of user %d", (int)below(&n, 100000));
		entry_add(key, value_new(text_keep(text)));
		request_noise(&n, 900);
	}
	printf("%zu entries\n", database.n);
	return 0;
}
