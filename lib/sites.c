/* sites.c -- see sites.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sites.h"
#include "mem.h"

enum {
	CHUNK_BITS = 14,
	CHUNK_SITES = 1 << CHUNK_BITS,
	N_CHUNKS = SITES_MAX >> CHUNK_BITS,
	FIRST_SLOTS = 1 << 14
};

static struct site *chunks[N_CHUNKS];
site_id sites_n = SITE_FIRST;

/* Open addressing; a slot goes from 0 to a site number once.
 *
 * INVARIANT  found-or-made: while `next` is set, whoever fills a slot of a
 * table fills one in `next` as well, and the grower copies each slot that was
 * filled before `next` was set; so nothing is missing from `next` when it
 * takes over.  The stores to a slot and to `next` are sequentially consistent:
 * of a filler and the grower at least one sees the other.
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

static uint32_t
hash(site_id parent, uint64_t step)
{
	uint64_t h = (step ^ ((uint64_t)parent << 20)) * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	h = (h + parent) * 0xd6e8feb86659fd93ull;
	return (uint32_t)(h >> 32);
}

static struct site *
site_at(site_id id)
{
	struct site *chunk = acquire_load(&chunks[id >> CHUNK_BITS]);

	return chunk ? &chunk[id & (CHUNK_SITES - 1)] : NULL;
}

/* The chunk that holds id, made if need be. */
static struct site *
site_make(site_id id)
{
	struct site **slot = &chunks[id >> CHUNK_BITS], *none = NULL, *fresh;

	if (!acquire_load(slot)) {
		fresh = mem_map(CHUNK_SITES * sizeof *fresh);
		if (!fresh)
			return NULL;
		/* A loser's chunk is address space nobody touched: let it be. */
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	}
	return site_at(id);
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
table_put(struct table *t, site_id id, site_id parent, uint64_t step)
{
	uint32_t i = hash(parent, step), tries;

	for (tries = 0; tries <= t->mask; tries++, i++) {
		site_id *slot = &t->slots[i & t->mask], there = acquire_load(slot);
		const struct site *s;

		if (!there) {
			if (__atomic_compare_exchange_n(slot, &there, id, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
				(void)atomic_add(&t->used, 1);
				return id;
			}
		}
		s = site_at(there);
		if (s->parent == parent && s->step == step)
			return there;
	}
	return 0;
}

static void
grow(struct table *t)
{
	struct table *next;
	uint32_t i;
	int idle = 0;

	if (!__atomic_compare_exchange_n(&is_growing, &idle, 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	if (t == acquire_load(&table_now) && (next = table_new(2 * (t->mask + 1))) != NULL) {
		__atomic_store_n(&t->next, next, __ATOMIC_SEQ_CST);
		for (i = 0; i <= t->mask; i++) {
			site_id id = __atomic_load_n(&t->slots[i], __ATOMIC_SEQ_CST);

			if (id)
				(void)table_put(next, id, site_at(id)->parent,
						site_at(id)->step);
		}
		release_store(&table_now, next);
	}
	release_store(&is_growing, 0);
}

static NOINLINE site_id
add(struct table *t, site_id parent, uint64_t step)
{
	struct table *next;
	struct site *s;
	site_id id, there;

	if (relaxed_load(&sites_n) >= SITES_MAX || relaxed_load(&t->used) >= t->mask / 8 * 7)
		goto full;
	id = atomic_add(&sites_n, 1);
	s = id < SITES_MAX ? site_make(id) : NULL;
	if (!s)
		goto full;
	s->step = step;
	s->parent = parent;
	/* A number that lost the race stays unused; its node has no counts. */
	there = table_put(t, id, parent, step);
	if (!there)
		goto full;
	next = __atomic_load_n(&t->next, __ATOMIC_SEQ_CST);
	if (next)
		there = table_put(next, there, parent, step);
	else if (relaxed_load(&t->used) > t->mask / 2)
		grow(t);
	return there ? there : id;
full:
	lose(LOSS_SITES);
	return SITE_FULL;
}

site_id
sites_intern(site_id parent, uint64_t step)
{
	struct table *t = table_first();
	uint32_t i = hash(parent, step);

	if (unlikely(!t)) {
		lose(LOSS_SITES);
		return SITE_FULL;
	}
	for (;; i++) {
		site_id there = acquire_load(&t->slots[i & t->mask]);
		const struct site *s;

		if (!there)
			return add(t, parent, step);
		s = site_at(there);
		if (likely(s->step == step && s->parent == parent))
			return there;
	}
}

void
sites_count(site_id id, uint64_t allocations, uint64_t bytes)
{
	struct site *s = site_make(id);

	if (s) {
		(void)atomic_add(&s->allocations, allocations);
		(void)atomic_add(&s->allocated_bytes, bytes);
	}
}

uint32_t *
sites_book(site_id id)
{
	struct site *s = id && id < sites_end() ? site_at(id) : NULL;

	return s ? &s->book : NULL;
}

const struct site *
sites_get(site_id id)
{
	return id && id < sites_end() ? site_at(id) : NULL;
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
