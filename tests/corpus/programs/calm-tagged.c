/* calm-tagged.c -- a tree whose pointers carry their node's colour in the lowest bit, and
 * buffers of which only an address sixteen bytes into them is kept.
 *
 * Innocent: built once, all of it is in use until the end; nothing is lost.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_NODES = 30000 };

struct node {
	uintptr_t child[2]; /* lowest bit: red */
	uint64_t key;
	char *text; /* after its header */
};

struct text_header {
	size_t length, references;
};

static uintptr_t root;

static NOINLINE char *
text_new(const char *from)
{
	size_t length = strlen(from);
	struct text_header *h = malloc(sizeof *h + length + 1);

	h->length = length;
	h->references = 1;
	return memcpy(h + 1, from, length + 1);
}

static struct node *
node_of(uintptr_t tagged)
{
	return (struct node *)(tagged & ~(uintptr_t)1);
}

static NOINLINE void
node_insert(uint64_t key)
{
	uintptr_t *at = &root;
	struct node *node = calloc(1, sizeof *node);
	char text[40];

	while (*at)
		at = &node_of(*at)->child[key > node_of(*at)->key];
	snprintf(text, sizeof text, "the text of %llx", (unsigned long long)key);
	node->key = key;
	node->text = text_new(text);
	*at = (uintptr_t)node | (key & 1);
}

static const char *
lookup(uint64_t key)
{
	uintptr_t at = root;

	while (at && node_of(at)->key != key)
		at = node_of(at)->child[key > node_of(at)->key];
	return at ? node_of(at)->text : "";
}

int
main(void)
{
	struct numbers n = {81}, again = {81};
	size_t i;

	for (i = 0; i < N_NODES; i++)
		node_insert(next_number(&n));
	for (i = 0; i < 8 * N_NODES; i++) {
		if (i % N_NODES == 0)
			again.state = 81;
		result_sink += (uint64_t)lookup(next_number(&again))[3];
		request_noise(&n, 900);
	}
	return 0;
}
