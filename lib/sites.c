/* sites.c -- see sites.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sites.h"
#include "mem.h"

enum {
	CHUNK_BITS = 16,
	CHUNK_SITES = 1 << CHUNK_BITS,
	N_CHUNKS = SITES_MAX >> CHUNK_BITS,
	FIRST_SLOTS = 1 << 14
};

/* What a lookup reads, and beside it in the same cache line what is counted then. */
struct node {
	uint64_t step; /* these are written once, before the number is handed out */
	site_id parent;
	uint32_t path;	      /* hash of the path to here */
	uint64_t allocations; /* added to by all threads */
	uint64_t bytes;       /* requested */
};

/* What sampled blocks stand for. */
struct tally {
	uint64_t allocations, bytes; /* in parts */
};

struct chunk {
	struct node nodes[CHUNK_SITES];
	struct tally weights[CHUNK_SITES]; /* untouched unless stacks are sampled */
	uint32_t books[CHUNK_SITES]; /* of books.c, which alone reads them */
};
static struct chunk *chunks[N_CHUNKS];
site_id sites_n = SITE_FIRST;

/* Open addressing; a slot goes from 0 to a site number once.
 *
 * INVARIANT  found-or-made: while `next` is set, whoever fills a slot of a
 * table fills one in `next` as well, and a grower copies each slot that was
 * filled before `next` was set; so nothing is missing from `next` when it
 * takes over.  The stores to a slot and to `next` are sequentially consistent:
 * of a filler and a grower at least one sees the other.
 *
 * INVARIANT  an-end: some slots are empty, at which a search ends: nobody fills one of a
 * table that is_full, but the few threads that asked at once.
 *
 * BOUND  Two threads that make the same node at the same moment, one in the
 * old table and one in the new, may make it twice.  Readers of the file treat
 * equal nodes as one.  Outgrown tables are kept (readers may be inside): they
 * add up to less than the current one. */
struct table {
	uint32_t mask;
	uint32_t used; /* atomic; approximate */
	struct table *next;
	site_id slots[];
};
static struct table *table_now;
static int is_growing;

static ALWAYS_INLINE struct chunk *
chunk_of(site_id id)
{
	return acquire_load(&chunks[id >> CHUNK_BITS]);
}

/* id: of a node that was made. */
static ALWAYS_INLINE const struct node *
node_at(site_id id)
{
	return &chunk_of(id)->nodes[id % CHUNK_SITES];
}

/* The chunk that holds id, made if need be. */
static struct chunk *
chunk_make(site_id id)
{
	struct chunk **slot = &chunks[id >> CHUNK_BITS], *none = NULL, *fresh;

	if (!acquire_load(slot)) {
		fresh = mem_map(sizeof *fresh);
		if (!fresh)
			return NULL;
		/* A loser's chunk is address space nobody touched: let it be. */
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	}
	return chunk_of(id);
}

static struct table *
table_new(uint32_t n_slots)
{
	struct table *t = mem_map(sizeof *t + n_slots * sizeof t->slots[0]);

	if (t)
		t->mask = n_slots - 1;
	return t;
}

static struct table *
table_first(void)
{
	struct table *t = acquire_load(&table_now), *none = NULL;

	if (likely(t != NULL))
		return t;
	t = table_new(FIRST_SLOTS);
	if (t && !__atomic_compare_exchange_n(&table_now, &none, t, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE))
		t = none;
	return t;
}

/* Put id where it belongs.  Returns the number that stands there then: id, or
 * one of an equal node that was there before; 0 if the table is full. */
static site_id
table_put(struct table *t, site_id id)
{
	const struct node *node = node_at(id), *s;
	uint32_t i = node->path, tries;

	for (tries = 0; tries <= t->mask; tries++, i++) {
		site_id *slot = &t->slots[i & t->mask], there = acquire_load(slot);

		if (!there) {
			if (__atomic_compare_exchange_n(slot, &there, id, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
				(void)atomic_add(&t->used, 1);
				return id;
			}
		}
		s = node_at(there);
		if (s->parent == node->parent && s->step == node->step)
			return there;
	}
	return 0;
}

static bool
is_full(struct table *t)
{
	return relaxed_load(&t->used) >= t->mask / 8 * 7;
}

/* Let a table twice as large take the place of t.  Several threads may do so at a time,
 * each all of it: nobody waits for one that does not run.  Returns false if there is no
 * memory. */
static bool
grow(struct table *t)
{
	struct table *next = __atomic_load_n(&t->next, __ATOMIC_SEQ_CST), *fresh;
	uint32_t i;

	if (!next) {
		fresh = table_new(2 * (t->mask + 1));
		if (!fresh)
			return false;
		/* A loser's table is address space nobody touched: let it be. */
		if (__atomic_compare_exchange_n(&t->next, &next, fresh, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			next = fresh;
	}
	for (i = 0; i <= t->mask; i++) {
		site_id id = __atomic_load_n(&t->slots[i], __ATOMIC_SEQ_CST);

		if (id)
			(void)table_put(next, id);
	}
	(void)__atomic_compare_exchange_n(&table_now, &t, next, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_RELAXED);
	return true;
}

/* In good time, by one thread. */
static void
grow_early(struct table *t)
{
	int idle = 0;

	if (!__atomic_compare_exchange_n(&is_growing, &idle, 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	if (t == acquire_load(&table_now))
		(void)grow(t);
	release_store(&is_growing, 0);
}

static NOINLINE site_id
add(struct table *t, site_id parent, const struct site_step *step)
{
	struct table *next;
	struct chunk *c;
	struct node *node;
	site_id id, there;

	if (relaxed_load(&sites_n) >= SITES_MAX)
		goto full;
	/* Who grows it in good time may have been held up. */
	for (; unlikely(is_full(t)); t = __atomic_load_n(&t->next, __ATOMIC_SEQ_CST))
		if (t == acquire_load(&table_now) && !grow(t))
			goto full;
	id = atomic_add(&sites_n, 1);
	c = id < SITES_MAX ? chunk_make(id) : NULL;
	if (!c)
		goto full;
	node = &c->nodes[id % CHUNK_SITES];
	node->step = step->step;
	node->parent = parent;
	node->path = step->path;
	/* A number that lost the race stays unused; its node has no counts. */
	there = table_put(t, id);
	if (!there)
		goto full;
	next = __atomic_load_n(&t->next, __ATOMIC_SEQ_CST);
	if (next)
		there = table_put(next, there);
	else if (relaxed_load(&t->used) > t->mask / 2)
		grow_early(t);
	return there ? there : id;
full:
	lose(LOSS_SITES);
	return SITE_FULL;
}

/* The child of parent for a step, made if need be. */
static site_id
intern(struct table *t, site_id parent, const struct site_step *step)
{
	uint32_t i;

	for (i = step->path;; i++) {
		site_id there = acquire_load(&t->slots[i & t->mask]);
		const struct node *s;

		if (!there)
			return add(t, parent, step);
		s = node_at(there);
		if (s->step == step->step && s->parent == parent)
			return there;
	}
}

/* sites_path for a path that is not there as a whole. */
static NOINLINE site_id
make_path(struct site_step *steps, uint32_t n)
{
	site_id node = steps[0].node;
	uint32_t i;

	for (i = 1; i <= n; i++) {
		/* Each may let the table grow. */
		struct table *t = table_first();

		if (unlikely(!t) && node != SITE_FULL) {
			lose(LOSS_SITES);
			node = SITE_FULL;
		}
		steps[i].node = node = node == SITE_FULL ? node : intern(t, node, &steps[i]);
	}
	return node;
}

/* Whether id is the node of steps[n]; gives all of them their nodes if so. */
static ALWAYS_INLINE bool
confirm(struct site_step *steps, uint32_t n, site_id id)
{
	uint32_t at = id >> CHUNK_BITS;
	const struct chunk *c = chunk_of(id);

	for (; n > 0; n--) {
		const struct node *node;

		/* Nearly always it is the chunk of the last one: to know it by a branch
		 * makes a chain of one load a node, not two. */
		if (unlikely(id >> CHUNK_BITS != at)) {
			at = id >> CHUNK_BITS;
			c = chunk_of(id);
		}
		node = &c->nodes[id % CHUNK_SITES];
		/* The nodes without an address, where a path begins, have none. */
		if (unlikely(node->step != steps[n].step))
			return false;
		steps[n].node = id;
		id = node->parent;
	}
	return id == steps[0].node;
}

site_id
sites_path(struct site_step *steps, uint32_t n)
{
	const struct table *t = acquire_load(&table_now);
	uint32_t i;

	for (i = steps[n].path; likely(t != NULL); i++) {
		site_id there = acquire_load(&t->slots[i & t->mask]);

		if (unlikely(!there))
			break;
		if (likely(confirm(steps, n, there)))
			return there;
	}
	return make_path(steps, n);
}

/* Add to what a signal handler may add to as well: one instruction, it comes before
 * or after. */
static ALWAYS_INLINE void
add_alone(uint64_t *sum, uint64_t more)
{
	__asm__ volatile("addq %1, %0" : "+m"(*sum) : "r"(more));
}

void
sites_count(site_id id, uint64_t allocations, uint64_t bytes)
{
	struct chunk *c = acquire_load(&chunks[id >> CHUNK_BITS]);
	struct node *node;

	if (unlikely(!c) && (c = chunk_make(id)) == NULL)
		return;
	node = &c->nodes[id % CHUNK_SITES];
	if (sites_is_alone()) {
		add_alone(&node->allocations, allocations);
		add_alone(&node->bytes, bytes);
	} else {
		(void)atomic_add(&node->allocations, allocations);
		(void)atomic_add(&node->bytes, bytes);
	}
}

void
sites_weigh(site_id id, uint64_t allocations, uint64_t bytes)
{
	struct chunk *c = chunk_make(id);

	if (c) {
		(void)atomic_add(&c->weights[id % CHUNK_SITES].allocations, allocations);
		(void)atomic_add(&c->weights[id % CHUNK_SITES].bytes, bytes);
	}
}

static struct chunk *
chunk_there(site_id id)
{
	return id && id < sites_end() ? chunk_of(id) : NULL;
}

uint32_t *
sites_book(site_id id)
{
	struct chunk *c = chunk_there(id);

	return c ? &c->books[id % CHUNK_SITES] : NULL;
}

bool
sites_get(site_id id, struct site *ret)
{
	struct chunk *c = chunk_there(id);
	uint32_t i = id % CHUNK_SITES;

	if (!c)
		return false;
	*ret = (struct site){.step = c->nodes[i].step,
			     .parent = c->nodes[i].parent,
			     .allocations = relaxed_load(&c->nodes[i].allocations),
			     .allocated_bytes = relaxed_load(&c->nodes[i].bytes)};
	return true;
}

bool
sites_weight(site_id id, uint64_t *ret_allocations, uint64_t *ret_bytes)
{
	struct chunk *c = chunk_there(id);
	const struct tally *weight = c ? &c->weights[id % CHUNK_SITES] : NULL;

	if (!weight || !relaxed_load(&weight->allocations))
		return false;
	*ret_allocations = relaxed_load(&weight->allocations);
	*ret_bytes = relaxed_load(&weight->bytes);
	return true;
}

void
sites_after_fork(void)
{
	struct table *t = table_now;

	/* The grower is not in this process: its copy is begun anew. */
	if (is_growing && t)
		t->next = NULL;
	is_growing = 0;
}
