/* calm-packed.c -- documents are imported, each with thousands of short-lived nodes;
 * what is kept of each element is a title, allocated when the nodes are gone.
 *
 * Innocent: the same blocks as in frag-pinned.c, but the titles lie side by side,
 * and the pages of the nodes are free.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_TITLES = 9000, N_NODES = 40 };

struct node {
	struct node *next;
	size_t kind;
	char text[80];
};

static char *titles[N_TITLES];

static NOINLINE char *
title_keep(size_t number)
{
	char *title = malloc(90);

	snprintf(title, 90, "title of element %zu", number);
	return title;
}

static NOINLINE struct node *
node_new(struct node *next, size_t kind)
{
	struct node *n = malloc(sizeof *n);

	n->next = next;
	n->kind = kind;
	memset(n->text, 'x', sizeof n->text);
	return n;
}

static void
import(void)
{
	struct node *nodes = NULL;
	size_t i, k, sum = 0;

	for (i = 0; i < N_TITLES; i++)
		for (k = 0; k < N_NODES; k++)
			nodes = node_new(nodes, k);
	while (nodes) {
		struct node *n = nodes;

		nodes = n->next;
		sum += n->kind;
		free(n);
	}
	for (i = 0; i < N_TITLES; i++)
		titles[i] = title_keep(i);
	result_sink += sum;
}

int
main(void)
{
	struct numbers n = {211};
	size_t i;

	settings_load(100);
	import();
	for (i = 0; i < 100000; i++) {
		request_noise(&n, 2000);
		result_sink += (size_t)titles[below(&n, N_TITLES)][0];
	}
	printf("%d titles\n", N_TITLES);
	return 0;
}
