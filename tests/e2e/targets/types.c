/* types.c -- structures of a C program, all held by globals.
 *
 * On descriptor 3, a line for each type: "type BLOCKS BYTES NAME", counted by the
 * program itself as it allocates.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "truth.h"

/* What each function has allocated of each kind. */
struct tally {
	long blocks, bytes;
};

static void *
counted(struct tally *t, void *p, size_t bytes)
{
	if (!p)
		_exit(98);
	t->blocks++;
	t->bytes += (long)bytes;
	return p;
}

static void
tell(const struct tally *t, const char *name)
{
	say("type %ld %ld %s", t->blocks, t->bytes, name);
}

static uint32_t state = 1;

/* ---- a hash table with chains, whose entries are in a list by age as well ---- */

struct entry {
	struct entry *chain, *newer, *older;
	char *key;
	long value;
};

struct table {
	struct entry **buckets;
	size_t n_buckets, n;
	struct entry *newest;
};

struct table *chained;
static struct tally of_table, of_buckets, of_entries, of_keys;

/* Both are allocated by one function. */
NOINLINE static struct table *
table_new(size_t n_buckets)
{
	struct table *t = counted(&of_table, malloc(sizeof(*t)), sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->buckets = counted(&of_buckets, calloc(n_buckets, sizeof(*t->buckets)),
			     n_buckets * sizeof(*t->buckets));
	t->n_buckets = n_buckets;
	return t;
}

NOINLINE static char *
make_key(long n)
{
	char *key = counted(&of_keys, malloc(21), 21);

	snprintf(key, 21, "%020ld", n);
	return key;
}

NOINLINE static void
table_put(struct table *t, long n)
{
	struct entry *e = counted(&of_entries, malloc(sizeof(*e)), sizeof(*e));
	size_t slot = rnd(&state) % t->n_buckets;

	*e = (struct entry){.chain = t->buckets[slot], .older = t->newest, .value = n};
	if (t->newest)
		t->newest->newer = e;
	t->newest = e;
	t->buckets[slot] = e;
	e->key = make_key(n);
}

/* ---- open addressing: pairs of a key and a number ---- */

struct slot {
	char *key;
	long value;
};

struct slot *open_slots;
static struct tally of_slots, of_words;

NOINLINE static struct slot *
slots_new(size_t n)
{
	return counted(&of_slots, calloc(n, sizeof(struct slot)), n * sizeof(struct slot));
}

NOINLINE static char *
make_word(void)
{
	return counted(&of_words, calloc(1, 13), 13);
}

static void
slots_fill(size_t size, size_t n)
{
	open_slots = slots_new(size);
	while (n-- > 0) {
		size_t at = rnd(&state) % size;

		while (open_slots[at].key)
			at = (at + 1) % size;
		open_slots[at] = (struct slot){make_word(), 1};
	}
}

/* ---- lists ---- */

struct single {
	struct single *next;
	long value[3];
};
struct both {
	long value[5];
	struct both *next, *previous;
};

struct single *singles;
struct both *boths;
static struct tally of_singles, of_boths;

NOINLINE static void
push_single(void)
{
	struct single *s = counted(&of_singles, calloc(1, sizeof(*s)), sizeof(*s));

	s->next = singles;
	singles = s;
}

NOINLINE static void
push_both(void)
{
	struct both *b = counted(&of_boths, calloc(1, sizeof(*b)), sizeof(*b));

	b->next = boths;
	if (boths)
		boths->previous = b;
	boths = b;
}

/* ---- trees ---- */

struct node {
	struct node *left, *right;
	uint32_t key;
};
struct climbing {
	struct climbing *left, *right, *parent;
	uint32_t key;
};

struct node *tree;
struct climbing *climbing_tree;
static struct tally of_nodes, of_climbing;

/* Each level of the recursion is a site of its own. */
NOINLINE static void
insert(struct node **at, uint32_t key)
{
	if (*at) {
		insert(key < (*at)->key ? &(*at)->left : &(*at)->right, key);
		return;
	}
	*at = counted(&of_nodes, calloc(1, sizeof(**at)), sizeof(**at));
	(*at)->key = key;
}

NOINLINE static void
insert_climbing(uint32_t key)
{
	struct climbing **at = &climbing_tree, *parent = NULL;

	while (*at) {
		parent = *at;
		at = key < parent->key ? &parent->left : &parent->right;
	}
	*at = counted(&of_climbing, calloc(1, sizeof(**at)), sizeof(**at));
	(*at)->key = key;
	(*at)->parent = parent;
}

/* ---- an array, and what nothing is known of ---- */

struct item {
	long filler[6];
};

struct item **items;
static struct tally of_array, of_items;

NOINLINE static struct item *
make_item(void)
{
	return counted(&of_items, calloc(1, sizeof(struct item)), sizeof(struct item));
}

NOINLINE static void
make_items(size_t size, size_t n)
{
	items = counted(&of_array, calloc(size, sizeof(*items)), size * sizeof(*items));
	for (size_t i = 0; i < n; i++)
		items[i] = make_item();
}

int
main(void)
{
	chained = table_new(256);
	for (long i = 0; i < 300; i++)
		table_put(chained, i);
	slots_fill(512, 300);
	for (int i = 0; i < 200; i++) {
		push_single();
		push_both();
		insert(&tree, rnd(&state));
		insert_climbing(rnd(&state));
	}
	make_items(512, 333);

	tell(&of_table, "unknown type, allocated in table_new");
	tell(&of_buckets, "hash table with chains, allocated in table_new");
	tell(&of_entries, "hash table entry, allocated in table_put");
	tell(&of_keys, "unknown type, allocated in make_key");
	tell(&of_slots, "hash table with open addressing, allocated in slots_new");
	tell(&of_words, "unknown type, allocated in make_word");
	tell(&of_singles, "linked list node, allocated in push_single");
	tell(&of_boths, "linked list node, allocated in push_both");
	tell(&of_nodes, "tree node, allocated in insert");
	tell(&of_climbing, "tree node, allocated in insert_climbing");
	tell(&of_array, "array of pointers, allocated in make_items");
	tell(&of_items, "unknown type, allocated in make_item");
	return 0;
}
