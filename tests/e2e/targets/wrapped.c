/* wrapped.c -- what is allocated through functions that stand for malloc, and through others
 * that only look like them.
 *
 *     wrapped
 *
 * owners.sh has the truth.  All of it is done three times, so that sizes can be seen to be the
 * same.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEEP(p) __asm__ volatile("" : "+r"(p) : : "memory")
#define ALONE __attribute__((noinline, noclone))

void *kept[128];
size_t n_kept;

/* ---- wrappers, one of the other ---- */

ALONE static void *
mem_get(size_t bytes)
{
	void *p = malloc(bytes);

	KEEP(p);
	return p;
}

ALONE static void *
mem_get_cleared(size_t n, size_t bytes)
{
	void *p = mem_get(n * bytes);

	memset(p, 0, n * bytes);
	KEEP(p);
	return p;
}

/* The compiler puts this one into its callers. */
static inline __attribute__((always_inline)) void *
mem_get_inline(size_t bytes)
{
	void *p = malloc(bytes);

	KEEP(p);
	return p;
}

#define MAKES(name, how)                                                                 \
	ALONE static void name(void)                                                     \
	{                                                                                \
		void *p = how;                                                           \
                                                                                         \
		kept[n_kept++] = p;                                                      \
	}

MAKES(session_new, mem_get(701))
MAKES(message_new, mem_get(702))
MAKES(peer_new, mem_get(703))
MAKES(queue_new, mem_get(704))
MAKES(cursor_new, mem_get(705))
MAKES(window_new, mem_get(706))
MAKES(cluster_new, mem_get(707))
MAKES(region_new, mem_get(708))
MAKES(table_new, mem_get_cleared(8, 101))
MAKES(stream_new, mem_get_cleared(8, 102))
MAKES(filter_new, mem_get_cleared(8, 103))
MAKES(timer_new, mem_get_inline(901))
MAKES(signal_new, mem_get_inline(902))
MAKES(worker_new, mem_get_inline(903))

/* ---- no wrappers ---- */

struct node {
	struct node *left, *right;
	char name[40];
};

/* A constructor: it always makes the same. */
ALONE static void *
node_new(void)
{
	void *p = malloc(sizeof(struct node));

	KEEP(p);
	return p;
}

/* One that makes records of different sizes, and says what they are. */
ALONE static struct node *
record_new(size_t n)
{
	struct node *p = malloc(sizeof(*p) + n);

	KEEP(p);
	return p;
}

/* One that does more than hand on. */
ALONE static void *
buffer_new(size_t n)
{
	void **p = malloc(8 + n);

	*p = record_new(n + 1);
	KEEP(p);
	return p;
}

MAKES(node_in_a, node_new())
MAKES(node_in_b, node_new())
MAKES(node_in_c, node_new())
MAKES(record_in_a, record_new(1000))
MAKES(record_in_b, record_new(2000))
MAKES(record_in_c, record_new(3000))
MAKES(record_in_d, record_new(4000))
MAKES(buffer_in_a, buffer_new(5000))
MAKES(buffer_in_b, buffer_new(6000))
MAKES(buffer_in_c, buffer_new(7000))

/* A tree that is built by a function that calls itself, with a size for each level. */
ALONE static void *
tree_build(unsigned depth)
{
	void **p = malloc(16 + depth * 16);

	p[0] = depth ? tree_build(depth - 1) : NULL;
	p[1] = depth ? tree_build(depth - 1) : NULL;
	KEEP(p);
	return p;
}

MAKES(tree_in_a, tree_build(2))
MAKES(tree_in_b, tree_build(3))
MAKES(tree_in_c, tree_build(4))

int
main(void)
{
	static void (*const all[])(void) = {
		session_new, message_new, cluster_new, region_new,  peer_new,
		queue_new,   cursor_new,  window_new,  table_new,   stream_new,
		filter_new,  timer_new,   signal_new,  worker_new,  node_in_a,
		node_in_b,   node_in_c,   record_in_a, record_in_b, record_in_c,
		record_in_d, buffer_in_a, buffer_in_b, buffer_in_c, tree_in_a,
		tree_in_b,   tree_in_c,
	};

	for (size_t i = 0; i < 3 * (sizeof(all) / sizeof(*all)); i++)
		all[i % (sizeof(all) / sizeof(*all))]();
	return 0;
}
