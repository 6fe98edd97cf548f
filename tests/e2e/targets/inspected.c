/* inspected.c -- a few blocks that point at one another, and what is known of them.
 *
 * On fd 3: NAME ADDRESS REQUESTED USABLE for each block, and the address of a
 * variable and of no block.
 *
 * SPDX-License-Identifier: MIT
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct node *next;
	void *payload;
};

struct node *list;   /* global -> first -> second, each with a payload */
void *inside;	     /* points into the middle of the first payload */
static int variable; /* no block */

static __attribute__((noinline)) struct node *
make_node(void)
{
	struct node *n = calloc(1, sizeof(*n));

	__asm__ volatile("" ::: "memory"); /* no tail call: this function stays on the stack */
	return n;
}

static __attribute__((noinline)) void *
make_payload(size_t bytes)
{
	void *p = malloc(bytes);

	__asm__ volatile("" ::: "memory");
	return p;
}

int
main(void)
{
	FILE *truth = fdopen(3, "w");
	void *freed = malloc(5000);

	list = make_node();
	list->next = make_node();
	list->payload = make_payload(1001);
	list->next->payload = make_payload(2003);
	inside = (char *)list->payload + 100;
	memset(list->payload, 'x', 1001);
	if (!truth)
		return 1;
	fprintf(truth, "first %p %zu %zu\n", (void *)list, sizeof(*list), malloc_usable_size(list));
	fprintf(truth, "second %p %zu %zu\n", (void *)list->next, sizeof(*list),
		malloc_usable_size(list->next));
	fprintf(truth, "small %p 1001 %zu\n", list->payload, malloc_usable_size(list->payload));
	fprintf(truth, "large %p 2003 %zu\n", list->next->payload,
		malloc_usable_size(list->next->payload));
	fprintf(truth, "variable %p\n", (void *)&variable);
	fprintf(truth, "freed %p\n", freed);
	fclose(truth);
	free(freed);
	return 0;
}
