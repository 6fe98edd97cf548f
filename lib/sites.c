/* sites.c -- see sites.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sites.h"
#include "arch.h"
#include "forking.h"
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
	uint32_t path;        /* hash of the path to here */
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
	uint32_t books[CHUNK_SITES];       /* of books.c, which alone reads them */
};
static struct chunk *chunks[N_CHUNKS];
site_id sites_n = SITE_FIRST;

/* Open addressing; a slot goes from 0 to an entry once: a site number and, above it,
 * the high bits of the path's hash, so that nearly no other node is ever looked at.
 *
 * INVARIANT  found-or-made: while `next` is set, nodes are looked for there first,
 * then here, and are put there; whoever put one here and had not seen `next` puts
 * it there as well, and the grower copies each slot that was filled before.  So
 * nothing is missing from `next` when it takes over, and of two equal nodes all
 * find the one that was there first.  The stores to a slot and to `next` are
 * sequentially consistent: of a filler and the grower at least one sees the other.
 *
 * BOUND  Two threads that make the same node at the same moment, one in the
 * old table and one in the new, may make it twice.  Readers of the file treat
 * equal nodes as one.  Outgrown tables stay mapped (readers may be inside), empty
 * but for their first page: who misses a node there finds it in `next`. */
struct table {
	uint32_t mask;
	uint32_t used; /* atomic; approximate */
	struct table *next;
	uint32_t slots[];
};
enum { ENTRY_BITS = 24 };
_Static_assert(SITES_MAX <= 1 << ENTRY_BITS, "a site number fits in an entry");

/* Whether one more may be put into t, or into the next if there is one, which is to
 * hold all of t as well: some slots stay empty, where searches end. */
static ALWAYS_INLINE bool
has_room(const struct table *t, const struct table *next)
{
	uint32_t used = relaxed_load(&t->used);

	return next ? relaxed_load(&next->used) + used < next->mask / 16 * 15
		    : used < t->mask / 16 * 15;
}

static ALWAYS_INLINE uint32_t
entry_of(site_id id, uint32_t path)
{
	return id | path >> ENTRY_BITS << ENTRY_BITS;
}

static ALWAYS_INLINE site_id
entry_id(uint32_t entry)
{
	return entry & ((1u << ENTRY_BITS) - 1);
}

/* Whether an entry may be of a path. */
static ALWAYS_INLINE bool
entry_is(uint32_t entry, uint32_t path)
{
	return (entry ^ path) >> ENTRY_BITS == 0;
}

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
	GCP_ASSERT(id >= SITE_FIRST && id < sites_end());
	GCP_ASSERT(chunk_of(id));
	return &chunk_of(id)->nodes[id % CHUNK_SITES];
}

/* The chunk that holds id, made if need be. */
static struct chunk *
chunk_make(site_id id)
{
	struct chunk **slot = &chunks[id >> CHUNK_BITS], *none = NULL, *fresh;

	GCP_ASSERT(id < SITES_MAX);
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

	GCP_ASSERT(n_slots >= FIRST_SLOTS && !(n_slots & (n_slots - 1)));
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
	if (t && !__atomic_compare_exchange_n(&table_now, &none, t, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
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

	GCP_ASSERT(node->step); /* written before its number is handed out */
	GCP_ASSERT(node->parent < SITES_MAX);
	for (tries = 0; tries <= t->mask; tries++, i++) {
		uint32_t *slot = &t->slots[i & t->mask], there = acquire_load(slot);

		if (!there) {
			if (__atomic_compare_exchange_n(
				    slot, &there, entry_of(id, node->path), false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
				(void)atomic_add(&t->used, 1);
				return id;
			}
		}
		if (!entry_is(there, node->path))
			continue;
		s = node_at(entry_id(there));
		if (s->parent == node->parent && s->step == node->step)
			return entry_id(there);
	}
	return 0;
}

/* Empty an outgrown table. */
static void
table_drop(struct table *t)
{
	size_t bytes = sizeof *t + (t->mask + 1) * sizeof t->slots[0];

	mem_drop((char *)t + MEM_PAGE, (bytes - 1) / MEM_PAGE * MEM_PAGE);
}

/* Whether each node of t, or an equal one, is in next. */
static CHECK_ONLY bool
has_all_of(const struct table *next, const struct table *t)
{
	uint32_t i;

	for (i = 0; i <= t->mask; i++) {
		uint32_t there = acquire_load(&t->slots[i]), k;
		const struct node *node = there ? node_at(entry_id(there)) : NULL;
		bool is_there = !node;

		for (k = 0; !is_there && k <= next->mask; k++) {
			uint32_t slot = (node->path + k) & next->mask;
			uint32_t other = acquire_load(&next->slots[slot]);

			if (!other)
				break;
			is_there = node_at(entry_id(other))->step == node->step &&
				   node_at(entry_id(other))->parent == node->parent;
		}
		if (!is_there)
			return false;
	}
	return true;
}

/* Make the next table of t, and let it take over.  Any number of threads may do so at
 * once: each copies all. */
static NOINLINE void
grow(struct table *t)
{
	struct table *next = acquire_load(&t->next), *none = NULL, *now = t;
	uint32_t i;

	if (!next) {
		next = table_new(2 * (t->mask + 1));
		if (!next)
			return;
		/* A loser's table is address space nobody touched: let it be. */
		if (!__atomic_compare_exchange_n(&t->next, &none, next, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			next = none;
	}
	GCP_ASSERT(next != t && next->mask == 2 * t->mask + 1);
	for (i = 0; i <= t->mask && acquire_load(&table_now) == t; i++) {
		uint32_t there = __atomic_load_n(&t->slots[i], __ATOMIC_SEQ_CST);

		if (there)
			(void)table_put(next, entry_id(there));
	}
	if (__atomic_compare_exchange_n(&table_now, &now, next, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		/* found-or-made; another thread may be between its two puts */
		GCP_ASSERT_SLOW(!sites_is_alone() || has_all_of(next, t));
		table_drop(t);
	}
}

/* The table to work with: at five eighths one thread goes to make room; the others wait
 * for it only when there is none left. */
static struct table *
table_with_room(void)
{
	struct table *t = table_first();
	int idle = 0;

	if (unlikely(!t) || likely(relaxed_load(&t->used) <= t->mask / 8 * 5))
		return t;
	if (__atomic_compare_exchange_n(&is_growing, &idle, 1, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED)) {
		if (t == acquire_load(&table_now))
			grow(t);
		release_store(&is_growing, 0);
	} else if (!has_room(t, acquire_load(&t->next))) {
		grow(t);
	}
	return acquire_load(&table_now);
}

/* Put id into the tables that come after t, which may be several if this thread was
 * held up: whatever is found there came before it.  Returns as table_put. */
static site_id
put_after(struct table *t, site_id id)
{
	while (id && unlikely((t = __atomic_load_n(&t->next, __ATOMIC_SEQ_CST)) != NULL))
		id = table_put(t, id);
	return id;
}

/* The child of parent for a step, if it is in the table; 0 if not. */
static site_id
find_child(const struct table *t, site_id parent, const struct site_step *step)
{
	uint32_t i;

	for (i = step->path;; i++) {
		uint32_t there = acquire_load(&t->slots[i & t->mask]);
		const struct node *s;

		if (!there)
			return 0;
		if (!entry_is(there, step->path))
			continue;
		s = node_at(entry_id(there));
		if (s->step == step->step && s->parent == parent)
			return entry_id(there);
	}
}

/* A node for a step that was not found: its own number, or that of an equal one which
 * came first; 0 if there is no room for it.  next: as it was before the search. */
static site_id
add(struct table *t, struct table *next, site_id parent, const struct site_step *step)
{
	struct chunk *c;
	struct node *node;
	site_id id, there;

	if (relaxed_load(&sites_n) >= SITES_MAX || !has_room(t, next))
		return 0;
	id = atomic_add(&sites_n, 1);
	c = id < SITES_MAX ? chunk_make(id) : NULL;
	if (!c)
		return 0;
	node = &c->nodes[id % CHUNK_SITES];
	GCP_ASSERT(!node->step); /* a number is given once */
	node->step = step->step;
	node->parent = parent;
	node->path = step->path;
	/* A number that lost the race stays unused; its node has no counts. */
	there = next ? id : table_put(t, id);
	/* It may have come too late to be copied. */
	return there ? put_after(t, there) : 0;
}

/* The child of parent for a step, made if need be; 0 if that cannot be. */
static site_id
intern(site_id parent, const struct site_step *step)
{
	int tries;

	GCP_ASSERT(step->step && parent < SITES_MAX);
	GCP_ASSERT(parent < SITE_FIRST || node_at(parent)->step);
	/* A thread that is held up may find its table full; it tries the one after. */
	for (tries = 0; tries < 8; tries++) {
		struct table *t = table_with_room(), *next;
		site_id there;

		if (unlikely(!t))
			return 0;
		next = __atomic_load_n(&t->next, __ATOMIC_SEQ_CST);
		if (unlikely(next != NULL) && (there = find_child(next, parent, step)) != 0)
			return put_after(next, there);
		there = find_child(t, parent, step);
		if (there)
			return put_after(t, there);
		there = add(t, next, parent, step);
		if (likely(there != 0))
			return there;
	}
	return 0;
}

/* sites_path for a path that is not there as a whole. */
static NOINLINE site_id
make_path(struct site_step *steps, uint32_t n)
{
	site_id node = steps[0].node;
	uint32_t i;

	GCP_ASSERT(node < SITES_MAX);
	forking_change_begin();
	for (i = 1; i <= n; i++) {
		if (likely(node != SITE_FULL) && !(node = intern(node, &steps[i]))) {
			lose(LOSS_SITES);
			node = SITE_FULL;
		}
		steps[i].node = node;
	}
	forking_change_end();
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

	/* While there are two tables it takes more thought. */
	if (unlikely(!t) || unlikely(acquire_load(&t->next) != NULL))
		return make_path(steps, n);
	for (i = steps[n].path;; i++) {
		uint32_t there = acquire_load(&t->slots[i & t->mask]);

		if (unlikely(!there))
			break;
		if (likely(entry_is(there, steps[n].path)) &&
		    likely(confirm(steps, n, entry_id(there))))
			return entry_id(there);
	}
	return make_path(steps, n);
}

void
sites_count(site_id id, uint64_t allocations, uint64_t bytes)
{
	struct chunk *c = acquire_load(&chunks[id >> CHUNK_BITS]);
	struct node *node;

	GCP_ASSERT(id < sites_end());
	if (unlikely(!c) && (c = chunk_make(id)) == NULL)
		return;
	node = &c->nodes[id % CHUNK_SITES];
	if (sites_is_alone()) {
		arch_add_own64(&node->allocations, allocations);
		arch_add_own64(&node->bytes, bytes);
	} else {
		(void)atomic_add(&node->allocations, allocations);
		(void)atomic_add(&node->bytes, bytes);
	}
}

void
sites_weigh(site_id id, uint64_t allocations, uint64_t bytes)
{
	struct chunk *c;

	GCP_ASSERT(id < sites_end());
	c = chunk_make(id);
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
	/* The grower is not in this process: the next one who needs room goes on. */
	is_growing = 0;
}
