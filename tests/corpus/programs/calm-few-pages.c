/* calm-few-pages.c -- small documents are imported, and what is kept of each element lies
 * between nodes that are freed.
 *
 * Innocent: a quarter of the heap could be given back, and the allocator holds most of rss,
 * but that is few mebibytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_TITLES = 700, N_NODES = 40 };

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

int
main(void)
{
	struct numbers n = {223};
	struct node *nodes = NULL;
	size_t i, k;

	settings_load(100);
	for (i = 0; i < N_TITLES; i++) {
		for (k = 0; k < N_NODES; k++)
			nodes = node_new(nodes, k);
		titles[i] = title_keep(i);
	}
	while (nodes) {
		struct node *gone = nodes;

		nodes = gone->next;
		result_sink += gone->kind;
		free(gone);
	}
	for (i = 0; i < 100000; i++) {
		request_noise(&n, 2000);
		result_sink += (size_t)titles[below(&n, N_TITLES)][0];
	}
	printf("%d titles\n", N_TITLES);
	return 0;
}
