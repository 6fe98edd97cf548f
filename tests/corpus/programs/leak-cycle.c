/* leak-cycle.c -- documents as trees whose nodes point to their parents.
 *
 * Planted: a document is dropped by forgetting it; parent and children hold
 * each other, nothing holds them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct node {
	struct node *parent, *first, *next;
	char name[24];
};

static struct node *current;

static NOINLINE struct node *
node_new(struct node *parent, size_t number)
{
	struct node *node = calloc(1, sizeof *node);

	snprintf(node->name, sizeof node->name, "node%zu", number);
	node->parent = parent ? parent : node;
	if (parent) {
		node->next = parent->first ? parent->first : parent;
		parent->first = node;
	}
	return node;
}

static void
document_open(struct numbers *n)
{
	size_t i, count = 5 + below(n, 10);

	current = node_new(NULL, 0);
	for (i = 1; i <= count; i++) {
		struct node *child = node_new(current, i);

		node_new(child, 100 + i);
	}
}

int
main(void)
{
	struct numbers n = {52};
	size_t i;

	for (i = 0; i < 8000; i++) {
		document_open(&n);
		result_sink += (uint64_t)current->first->name[4];
		request_noise(&n, 3000);
		request_noise(&n, 2000);
	}
	return 0;
}
