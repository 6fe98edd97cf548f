/* distinct.c -- see distinct.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "distinct.h"
#include "mem.h"

enum {
	FIRST_BITS = 10,
	SITE_BITS = 24,
	PENDING = 32, /* that wait for the memory of their places */
	MOST_SHIFT = 63
};

struct place {
	uint64_t hash;
	uint64_t what; /* site | bytes << SITE_BITS; 0 = free */
};

static const size_t table_bytes = sizeof(struct place) << DISTINCT_MOST_BITS;

static struct {
	struct place *tables[2]; /* the one in use, and one for what is left of it */
	unsigned bits, shift;
	uint32_t n;
	struct place pending[PENDING];
	uint32_t n_pending;
} set;

bool
distinct_begin(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (set.tables[i])
			mem_drop(set.tables[i], table_bytes);
		else if (!(set.tables[i] = mem_map(table_bytes)))
			return false;
	set.bits = FIRST_BITS;
	set.shift = set.n = set.n_pending = 0;
	return true;
}

static bool
counts(uint64_t hash)
{
	return !(hash & ((1ull << set.shift) - 1));
}

/* Its place, or the free one where it belongs.  The table is never full. */
static struct place *
find(const struct place *x)
{
	uint32_t mask = (1u << set.bits) - 1;
	uint32_t i = (uint32_t)(x->hash >> (64 - set.bits));
	struct place *p;

	for (;; i = (i + 1) & mask) {
		p = &set.tables[0][i];
		if (!p->what || (p->hash == x->hash && p->what == x->what))
			return p;
	}
}

/* INVARIANT  room: at most five eighths of the places are taken. */
static bool
has_room(void)
{
	return set.n < (5u << set.bits) / 8;
}

/* Put what still counts into the other table. */
static void
make_anew(unsigned bits, unsigned shift)
{
	struct place *old = set.tables[0];
	uint32_t i, end = 1u << set.bits;

	set.tables[0] = set.tables[1];
	set.tables[1] = old;
	set.bits = bits;
	set.shift = shift;
	set.n = 0;
	for (i = 0; i < end; i++)
		if (old[i].what && counts(old[i].hash)) {
			*find(&old[i]) = old[i];
			set.n++;
		}
	mem_drop(old, table_bytes);
}

static void
make_room(void)
{
	while (!has_room() && set.shift < MOST_SHIFT)
		if (set.bits < DISTINCT_MOST_BITS)
			make_anew(set.bits + 1, set.shift);
		else
			make_anew(set.bits, set.shift + 1);
}

static void
insert(const struct place *x)
{
	struct place *p;

	if (!counts(x->hash))
		return; /* no longer */
	p = find(x);
	if (p->what)
		return;
	if (!has_room()) {
		make_room();
		if (!has_room() || !counts(x->hash))
			return;
		p = find(x);
	}
	*p = *x;
	set.n++;
}

static void
insert_pending(void)
{
	uint32_t i;

	for (i = 0; i < set.n_pending; i++)
		insert(&set.pending[i]);
	set.n_pending = 0;
}

void
distinct_add(uint64_t hash, site_id site, uint64_t bytes)
{
	GCP_ASSERT(site && site >> SITE_BITS == 0);
	if (!counts(hash) || bytes >> (64 - SITE_BITS))
		return;
	/* Places are all over the table: the next ones are fetched while others are found. */
	__builtin_prefetch(&set.tables[0][hash >> (64 - set.bits)], 1);
	set.pending[set.n_pending++] = (struct place){hash, site | bytes << SITE_BITS};
	if (set.n_pending == PENDING)
		insert_pending();
}

unsigned
distinct_end(void (*f)(const struct distinct *content, void *with), void *with)
{
	uint32_t i;

	insert_pending();
	for (i = 0; i < 1u << set.bits; i++) {
		const struct place *p = &set.tables[0][i];
		const struct distinct x = {(site_id)p->what & ((1u << SITE_BITS) - 1),
					   p->what >> SITE_BITS};

		if (p->what)
			f(&x, with);
	}
	return set.shift;
}
