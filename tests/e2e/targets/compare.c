/* compare.c -- a program of which snapshots are compared.
 *
 *     compare steps [ROUNDS]   a snapshot, then changes, then another; with more rounds
 *                              only what grows goes on.  lose_some() loses 20 blocks
 *                              before the second, of which it does not tell.
 *     compare worker EXTRA     one of a fleet; EXTRA blocks more at one site
 *
 * Tells "has SNAPSHOT FUNCTION BLOCKS BYTES" of all that it holds at each snapshot, and
 * "stays FUNCTION BLOCKS" of what is held since the first.
 *
 * Built twice: with other lines, another order of functions and other optimization the
 * names are the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"

enum { MOST = 20000 };

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

/* What one function has allocated. */
struct held {
	const char *name;
	size_t bytes;
	void *blocks[MOST];
	int n, n_stay;
};

static struct held grown = {.name = "grow_table", .bytes = 112};
static struct held kept = {.name = "keep_rest", .bytes = 208};
static struct held shrunk = {.name = "shrink_pool", .bytes = 304};
static struct held dropped = {.name = "drop_all", .bytes = 400};
static struct held born = {.name = "born_later", .bytes = 496};
static struct held *const all[] = {&grown, &kept, &shrunk, &dropped, &born};
static int n_snapshots;

#ifdef OTHER_BUILD
/* Code that moves all that follows, and lines. */
NOINLINE static int
unused_before(int x)
{
	for (int i = 0; i < x; i++)
		OPAQUE(x);
	return x + 1;
}
#line 5000
#endif

/* At -O2 it is part of its callers, at -O0 a function. */
static inline void
put(struct held *h, void *p)
{
	OPAQUE(p);
	h->blocks[h->n++] = p;
}

/* Allocates itself, so that it is in the stack, inlined or not. */
static inline void *
allocate(const struct held *h)
{
	void *p = v_malloc(h->bytes);

	OPAQUE(p);
	return p;
}

#define ALLOCATOR(function, held)                                                            \
	NOINLINE static void function(int n)                                                 \
	{                                                                                    \
		for (int i = 0; i < n; i++)                                                  \
			put(&(held), allocate(&(held)));                                     \
		OPAQUE(n);                                                                   \
	}

ALLOCATOR(grow_table, grown)
ALLOCATOR(keep_rest, kept)
ALLOCATOR(shrink_pool, shrunk)
ALLOCATOR(drop_all, dropped)
ALLOCATOR(born_later, born)

NOINLINE static void
release(struct held *h, int n)
{
	while (n-- > 0) {
		v_free(h->blocks[--h->n]);
		h->blocks[h->n] = NULL; /* it could point into another block later */
	}
	if (h->n < h->n_stay)
		h->n_stay = h->n;
}

NOINLINE static void
snapshot(void)
{
	if (gcprof_snapshot() != 0)
		_exit(96);
	n_snapshots++;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (n_snapshots == 1)
			all[i]->n_stay = all[i]->n;
		say("has %d %s %d %zu", n_snapshots, all[i]->name, all[i]->n,
		    all[i]->n * all[i]->bytes);
	}
}

/* Nobody keeps a pointer to these. */
NOINLINE static void
lose_some(int n)
{
	while (n-- > 0) {
		void *p = v_malloc(592);

		OPAQUE(p);
	}
}

static void
change(void)
{
	release(&shrunk, 400);
	release(&dropped, 100);
	born_later(50);
	lose_some(20);
}

static void
steps(int rounds)
{
	keep_rest(200);
	shrink_pool(500);
	drop_all(100);
	for (int i = 0; i < rounds; i++) {
		if (i == 1)
			change();
		/* At one place: there is one site of it. */
		grow_table(i == 0 ? 300 : 700);
		snapshot();
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		say("stays %s %d", all[i]->name, all[i]->n_stay);
}

static void
work(int extra)
{
	keep_rest(100);
	grow_table(1000 + extra);
	shrink_pool(10);
	snapshot();
}

int
main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 2;

	if (argc > 1 && strcmp(argv[1], "steps") == 0)
		steps(n);
	else if (argc > 2 && strcmp(argv[1], "worker") == 0)
		work(n);
	else
		return 2;
#ifdef OTHER_BUILD
	n = unused_before(n);
#endif
	OPAQUE(n);
	return 0;
}
