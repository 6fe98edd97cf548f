/* holds.c -- blocks held in known ways: by variables, threads and containers.
 *
 *     holds [PLUGIN]
 *
 * Most pointers are to the middle of blocks, which makes these possible leaks, so that
 * reports tell the path; tests/e2e/held asks for any.  holds.sh has the truth.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")
#define ALONE   __attribute__((noinline, noclone))

enum { N = 400, BUCKETS = 64 };

/* A pointer to the middle: what it leads to is a possible leak, and so a finding with
 * a path.  What hangs on it hangs on by its start. */
static void *
inside(void *p)
{
	return (char *)p + 8;
}

/* ---- variables ---- */

void *held_global;
static void *held_array[20];
static __thread void *held_thread_local[10];

ALONE void *
make_global(void)
{
	return calloc(1, 1001);
}

ALONE void *
make_static(void)
{
	return calloc(1, 1002);
}

ALONE static void
hold_in_static(void)
{
	static void *held_static;

	held_static = inside(make_static());
	KEEP(&held_static);
}

ALONE void *
make_array(void)
{
	return calloc(1, 1003);
}

ALONE void *
make_thread_local(void)
{
	return calloc(1, 1004);
}

ALONE void *
make_plugin(void)
{
	return calloc(1, 1005);
}

ALONE void *
make_key(void)
{
	return calloc(1, 1006);
}

ALONE void *
make_main_stack(void)
{
	return calloc(1, 1007);
}

ALONE void *
make_thread_stack(void)
{
	return calloc(1, 1008);
}

/* ---- three structs, one in the other ---- */

struct three {
	void *name;
	struct three *next;
	char rest[];
};

static struct three *outer;

ALONE struct three *
make_three(size_t bytes)
{
	return calloc(1, bytes);
}

ALONE void *
make_chained(void)
{
	return calloc(1, 1009);
}

/* ---- a list ---- */

struct item {
	struct item *next;
	void *payload;
};
struct list {
	size_t n;
	struct item *head, *tail;
};
static struct list *queue;

ALONE struct list *
list_new(void)
{
	return calloc(1, sizeof(struct list));
}

ALONE void *
make_item(void)
{
	return calloc(1, sizeof(struct item));
}

ALONE void *
make_payload(void)
{
	return calloc(1, 2011);
}

ALONE static void
fill_list(void)
{
	queue = list_new();
	for (int i = 0; i < N; i++) {
		struct item *x = make_item();

		x->payload = inside(make_payload());
		if (queue->tail)
			queue->tail->next = x;
		else
			queue->head = x;
		queue->tail = x;
		queue->n++;
	}
}

/* ---- a table ---- */

struct entry {
	struct entry *next;
	uint64_t key;
	void *value;
};
struct table {
	uint64_t n;
	struct entry **buckets;
};
static struct table *table;

ALONE struct table *
table_new(void)
{
	struct table *t = calloc(1, sizeof(*t));

	t->buckets = calloc(BUCKETS, sizeof(*t->buckets));
	return t;
}

ALONE void *
make_entry(void)
{
	return calloc(1, sizeof(struct entry));
}

ALONE void *
make_value(void)
{
	return calloc(1, 3011);
}

ALONE static void
fill_table(void)
{
	table = table_new();
	for (unsigned i = 0; i < N; i++) {
		struct entry *x = make_entry();

		x->key = i * 3;
		x->value = inside(make_value());
		x->next = table->buckets[i % BUCKETS];
		table->buckets[i % BUCKETS] = x;
		table->n++;
	}
}

/* ---- threads ---- */

static pthread_barrier_t ready;

static void *
stays(void *arg)
{
	void *volatile on_stack = inside(make_thread_stack());

	pthread_setname_np(pthread_self(), "holder");
	KEEP(&on_stack);
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
	return arg;
}

/* What main leaves in its registers and frames is not to count. */
ALONE static void
scrub(void)
{
	volatile char nothing[16384];

	memset((char *)nothing, 0, sizeof(nothing));
	KEEP(nothing);
}

ALONE static void
fill(const char *plugin)
{
	pthread_key_t keys[3];

	held_global = inside(make_global());
	hold_in_static();
	held_array[13] = inside(make_array());
	held_thread_local[4] = inside(make_thread_local());
	KEEP(held_array);
	KEEP(held_thread_local);
	for (int i = 0; i < 3; i++)
		pthread_key_create(&keys[i], NULL);
	pthread_setspecific(keys[2], inside(make_key()));
	dprintf(3, "key %u\n", keys[2]);
	outer = make_three(96);
	outer->next = make_three(48);
	outer->next->next = make_three(24);
	outer->next->next->name = inside(make_chained());
	fill_list();
	fill_table();
	if (plugin) {
		void *library = dlopen(plugin, RTLD_NOW);
		void *volatile *(*tls)(void) = (void *volatile *(*)(void))(
			uintptr_t)dlsym(library, "plugin_tls");

		*tls() = inside(make_plugin());
	}
}

int
main(int argc, char **argv)
{
	void *volatile on_stack;
	pthread_t thread;

	fill(argc > 1 ? argv[1] : NULL);
	on_stack = inside(make_main_stack());
	KEEP(&on_stack);
	pthread_barrier_init(&ready, NULL, 2);
	pthread_create(&thread, NULL, stays, NULL);
	pthread_barrier_wait(&ready);
	scrub();
	KEEP(&on_stack);
	/* From here, as a frame that has returned holds nothing. */
	exit(0);
}
