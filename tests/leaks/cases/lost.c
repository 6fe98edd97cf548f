/* lost.c -- blocks that nothing leads to any more, and what hangs on them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "case.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

static void *volatile global, *volatile other;

static NOINLINE void *
leave(size_t bytes)
{
	return malloc(bytes);
}

static void
lost_overwritten(void *volatile *frame)
{
	(void)frame;
	global = leave(100);
	global = leave(200);
}

static void
lost_never_kept(void *volatile *frame)
{
	int i;

	(void)frame;
	for (i = 0; i < 10; i++)
		(void)leave(100);
	wipe();
}

/* ---- dead frames ---- */

static NOINLINE void *
deep(int levels)
{
	void *volatile p[32];

	p[16] = levels ? deep(levels - 1) : leave(777);
	if (levels == 5)
		return NULL;
	return p[16];
}

static void
lost_dead_frame(void *volatile *frame)
{
	(void)frame;
	(void)deep(10);
}

static void
lost_dead_frame_while_running(void *volatile *frame)
{
	(void)frame;
	(void)deep(10);
	cut();
	_exit(0);
}

/* Alive while main runs; main has returned when the program ends. */
static void
lost_frame_of_main(void *volatile *frame)
{
	int i;

	for (i = 0; i < 64; i++)
		frame[i] = leave(50);
}

/* ---- threads ---- */

static __thread void *volatile of_thread;
static pthread_key_t key;

static void *
thread_with_tls(void *with)
{
	(void)with;
	of_thread = leave(300);
	return NULL;
}

static void *
thread_with_key(void *with)
{
	(void)with;
	pthread_setspecific(key, leave(310));
	return NULL;
}

static void *
thread_with_frame(void *with)
{
	void *volatile p[64];
	int i;

	(void)with;
	for (i = 0; i < 64; i++)
		p[i] = leave(5);
	return p[0] ? NULL : p[1];
}

static void
join(void *(*f)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, f, NULL);
	pthread_join(thread, NULL);
}

static void
lost_tls_of_thread(void *volatile *frame)
{
	(void)frame;
	join(thread_with_tls);
}

static void
lost_key_of_thread(void *volatile *frame)
{
	(void)frame;
	pthread_key_create(&key, NULL);
	join(thread_with_key);
}

static void
lost_frame_of_thread(void *volatile *frame)
{
	(void)frame;
	join(thread_with_frame);
}

static void *
thread_of_nothing(void *with)
{
	return with;
}

/* The next thread gets the same stack. */
static void
lost_frame_of_thread_before(void *volatile *frame)
{
	(void)frame;
	join(thread_with_frame);
	join(thread_of_nothing);
	cut();
	_exit(0);
}

/* ---- on a stack of the program's own, which is scanned as what it is ---- */

enum { STACK_BYTES = 256 << 10 };

static ucontext_t outside, inside;

static NOINLINE void
lose_here(void)
{
	void *volatile p = leave(130);

	p = NULL;
	(void)p;
}

static void
loses_and_looks(void)
{
	lose_here();
	wipe();
	cut();
	_exit(0);
}

/* Of the stack that is left, nobody knows how much is alive: all of it counts. */
static NOINLINE void
enter(void *stack)
{
	wipe();
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = STACK_BYTES;
	inside.uc_link = &outside;
	makecontext(&inside, loses_and_looks, 0);
	swapcontext(&outside, &inside);
}

static void
lost_on_context_malloc(void *volatile *frame)
{
	(void)frame;
	global = malloc(STACK_BYTES);
	enter(global);
}

static void
lost_on_context_mmap(void *volatile *frame)
{
	(void)frame;
	enter(mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* ---- libraries ---- */

static void
lost_with_library(void *volatile *frame)
{
	char name[4096];
	ssize_t n = readlink("/proc/self/exe", name, sizeof name - 64);
	void *volatile *(*f)(void);
	void *library;

	(void)frame;
	name[n > 0 ? n : 0] = 0;
	*strrchr(name, '/') = 0;
	strcat(name, "/.libs/plugin.so");
	library = dlopen(name, RTLD_NOW);
	if (!library)
		exit(3);
	*(void **)&f = dlsym(library, "plugin_global");
	*f() = leave(400);
	dlclose(library);
	wipe();
}

/* ---- sizes ---- */

static void
lost_large(void *volatile *frame)
{
	/* So large a block may be placed where something else was mapped before,
	 * whose old address still stands somewhere (the loader's cache file, say):
	 * that place is taken first, for good.  And it holds the start of a GiB, which
	 * jemalloc remembers in thread-local storage when it looks up the block's end. */
	char *volatile p;
	int i;

	for (i = 0; i < 4; i++)
		(void)mmap(NULL, (size_t)1200 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = leave(((size_t)1 << 30) + 4096);
	(void)frame;
	p[0] = 1;
	p = NULL;
	wipe();
}

static void
lost_empty(void *volatile *frame)
{
	(void)frame;
	(void)leave(0);
	wipe();
}

/* ---- realloc ---- */

/* The block moves; the only pointer is to where it was. */
static void
lost_moved(void *volatile *frame)
{
	char *p;

	(void)frame;
	global = leave(100);
	other = leave(100);
	p = realloc(global, 100000);
	global = p == global ? NULL : global;
	p = NULL;
	wipe();
}

static void
lost_shrunk(void *volatile *frame)
{
	(void)frame;
	global = leave(100000);
	global = realloc(global, 40);
	global = NULL;
	wipe();
}

/* ---- shapes ---- */

struct node {
	struct node *a, *b;
};

static NOINLINE struct node *
node(struct node *a, struct node *b)
{
	struct node *n = malloc(sizeof *n);

	n->a = a;
	n->b = b;
	return n;
}

static NOINLINE struct node *
list(int n)
{
	struct node *head = NULL;

	while (n--)
		head = node(head, NULL);
	return head;
}

static NOINLINE struct node *
tree(int levels)
{
	return levels ? node(tree(levels - 1), tree(levels - 1)) : NULL;
}

static NOINLINE struct node *
ring(int n)
{
	struct node *first = list(n), *last = first;

	while (last->a)
		last = last->a;
	last->a = first;
	return first;
}

#define SHAPE(name, ...)                                                                 \
	static NOINLINE void make_##name(void)                                           \
	{                                                                                \
		__VA_ARGS__;                                                             \
	}                                                                                \
	static void lost_##name(void *volatile *frame)                                   \
	{                                                                                \
		(void)frame;                                                             \
		make_##name();                                                           \
		wipe();                                                                  \
	}

SHAPE(list, struct node *volatile n = list(5); (void)n)
SHAPE(tree, struct node *volatile n = tree(4); (void)n)
SHAPE(self, struct node *n = node(NULL, NULL); n->b = n)
SHAPE(ring, struct node *volatile n = ring(4); (void)n)
SHAPE(two_rings, (void)ring(3); (void)ring(2))
SHAPE(head_of_ring, (void)node(ring(4), NULL))
SHAPE(ring_with_tail, ring(3)->b = list(2))
SHAPE(ring_on_ring, ring(3)->b = ring(2))
SHAPE(shared_tail, struct node *tail = list(3); node(tail, NULL); node(tail, NULL))
SHAPE(diamond, struct node *end = node(NULL, NULL);
      node(node(end, NULL), node(end, NULL)))
SHAPE(both_ways, struct node *n = list(6); for (; n->a; n = n->a) n->a->b = n)
SHAPE(list_with_kept_item, struct node *n = list(4); global = n->a->a)
SHAPE(inside_of_lost, (void)node((struct node *)((char *)node(NULL, NULL) + 8), NULL))
SHAPE(ring_by_insides, struct node *n = node(NULL, NULL);
      n->a = (struct node *)((char *)node((struct node *)((char *)n + 8), NULL) + 8))
SHAPE(list_held_inside, struct node *n = list(4); global = (char *)n + 8)
SHAPE(held_inside_and_lost, struct node *n = list(3); global = (char *)n + 8;
      (void)node(n, NULL))

/* One past the end is no pointer to it, nor is one before the start. */
static void
lost_one_past(void *volatile *frame)
{
	(void)frame;
	global = (char *)leave(48) + 48;
}

static void
lost_one_before(void *volatile *frame)
{
	(void)frame;
	global = (char *)leave(48) - 1;
}

/* The top byte is the program's own. */
static void
lost_in_disguise(void *volatile *frame)
{
	(void)frame;
	global = (void *)((uintptr_t)leave(60) | (uintptr_t)0xa5 << 56);
	wipe();
}

/* Words that are not aligned do not count. */
static void
lost_unaligned(void *volatile *frame)
{
	static char packed[64];
	void *p = leave(70);

	(void)frame;
	memcpy(packed + 13, &p, sizeof p);
	p = NULL;
	wipe();
}

/* What was freed holds nothing. */
static void
lost_with_freed(void *volatile *frame)
{
	void *volatile *holder = leave(1000);

	(void)frame;
	global = (void *)holder;
	holder[60] = leave(80);
	holder = NULL;
	free(global);
	wipe();
}

static const struct leak_case cases[] = {
	{"overwritten", lost_overwritten, "1/100 0/0 0/0", "-"},
	{"never-kept", lost_never_kept, "10/1000 0/0 0/0", "-"},
	{"dead-frame", lost_dead_frame, "1/777 0/0 0/0", "-"},
	{"dead-frame-while-running", lost_dead_frame_while_running, "1/777 0/0 0/0", "-"},
	{"frame-of-main", lost_frame_of_main, "64/3200 0/0 0/0", "-"},
	{"tls-of-thread", lost_tls_of_thread, "1/300 0/0 0/0", "-"},
	{"key-of-thread", lost_key_of_thread, "1/310 0/0 0/0", "-"},
	{"frame-of-thread", lost_frame_of_thread, "64/320 0/0 0/0", "-"},
	{"frame-of-thread-before", lost_frame_of_thread_before, "64/320 0/0 0/0", "-"},
	{"on-context-malloc", lost_on_context_malloc, "1/130 0/0 0/0", "-"},
	{"on-context-mmap", lost_on_context_mmap, "1/130 0/0 0/0", "-"},
	{"with-library", lost_with_library, "1/400 0/0 0/0", "-"},
	{"large", lost_large, "1/1073745920 0/0 0/0", "-"},
	{"empty", lost_empty, "1/0 0/0 0/0", "-"},
	{"moved", lost_moved, "1/100000 0/0 0/0", "-"},
	{"shrunk", lost_shrunk, "1/40 0/0 0/0", "-"},
	{"chain", lost_list, "1/16 4/64 0/0", "-"},
	{"tree", lost_tree, "1/16 14/224 0/0", "-"},
	{"self", lost_self, "1/16 0/0 0/0", "-"},
	{"ring", lost_ring, "1/16 3/48 0/0", "-"},
	{"two-rings", lost_two_rings, "2/32 3/48 0/0", "-"},
	{"head-of-ring", lost_head_of_ring, "1/16 4/64 0/0", "-"},
	{"ring-with-tail", lost_ring_with_tail, "1/16 4/64 0/0", "-"},
	{"ring-on-ring", lost_ring_on_ring, "1/16 4/64 0/0", "-"},
	{"shared-tail", lost_shared_tail, "2/32 3/48 0/0", "-"},
	{"diamond", lost_diamond, "1/16 3/48 0/0", "-"},
	{"both-ways", lost_both_ways, "1/16 5/80 0/0", "-"},
	{"list-with-kept-item", lost_list_with_kept_item, "1/16 1/16 0/0", "-"},
	{"inside-of-lost", lost_inside_of_lost, "1/16 1/16 0/0", "-"},
	{"ring-by-insides", lost_ring_by_insides, "1/16 1/16 0/0", "-"},
	{"list-held-inside", lost_list_held_inside, "0/0 0/0 4/64", "-"},
	{"held-inside-and-lost", lost_held_inside_and_lost, "1/16 0/0 3/48", "-"},
	{"one-past", lost_one_past, "1/48 0/0 0/0", "-"},
	{"one-before", lost_one_before, "1/48 0/0 0/0", "-"},
	{"in-disguise", lost_in_disguise, "1/60 0/0 0/0", "-"},
	{"unaligned", lost_unaligned, "1/70 0/0 0/0", "-"},
	{"with-freed", lost_with_freed, "1/80 0/0 0/0", "-"},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	void *volatile frame[64] = {0};

	return run_case(cases, argc, argv, frame);
}
