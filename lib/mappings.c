/* mappings.c -- see mappings.h.
 *
 * A sorted array, doubled when full.  Programs have some hundred mappings of
 * their own, changed at kernel-call speed; a move of a few kilobytes is less.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mappings.h"
#include "arch.h"
#include "heapfile.h"
#include "mem.h"
#include "sys.h"

#include <sched.h>
#include <string.h>

enum { FIRST_ENTRIES = 1024, MAX_SPINS = 1000000 };

static struct mapping *table;
static uint32_t n_entries, n_room;
static uint64_t accessible; /* bytes */
static int lock;

#define ACCESS (HEAPFILE_MAPPING_READ | HEAPFILE_MAPPING_WRITE | HEAPFILE_MAPPING_EXEC)

static bool
take_lock(void)
{
	uint32_t spins;

	for (spins = 0; spins < MAX_SPINS; spins++) {
		if (!__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			return true;
		arch_pause();
	}
	lose(LOSS_MAPPINGS);
	return false;
}

static void
drop_lock(void)
{
	GCP_ASSERT(acquire_load(&lock));
	release_store(&lock, 0);
}

static uint64_t
accessible_bytes(const struct mapping *m)
{
	return m->flags & ACCESS ? m->end - m->start : 0;
}

/* First entry whose end is beyond addr. */
static uint32_t
find_locked(uintptr_t addr)
{
	uint32_t lo = 0, hi = n_entries;

	GCP_ASSERT(acquire_load(&lock));
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (table[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Whether an entry lies between its neighbours. */
static CHECK_ONLY bool
is_in_order_locked(uint32_t at)
{
	return at < n_entries && table[at].start < table[at].end &&
	       (at == 0 || table[at - 1].end <= table[at].start) &&
	       (at + 1 == n_entries || table[at].end <= table[at + 1].start);
}

static bool
put_locked(uint32_t at, const struct mapping *m)
{
	GCP_ASSERT(acquire_load(&lock));
	GCP_ASSERT(at <= n_entries && n_entries <= n_room);
	if (n_entries == n_room) {
		uint32_t room = n_room ? 2 * n_room : FIRST_ENTRIES;
		struct mapping *bigger = mem_map(room * sizeof *bigger);

		if (!bigger) {
			lose(LOSS_MAPPINGS);
			return false;
		}
		/* The old table stays: they add up to less than the new one, and
		 * unmapping would have to be counted by mem.c. */
		if (n_entries)
			memcpy(bigger, table, n_entries * sizeof *table);
		table = bigger;
		n_room = room;
	}
	memmove(&table[at + 1], &table[at], (n_entries - at) * sizeof *table);
	table[at] = *m;
	n_entries++;
	GCP_ASSERT(is_in_order_locked(at));
	accessible += accessible_bytes(m);
	return true;
}

static void
take_out_locked(uint32_t at)
{
	GCP_ASSERT(at < n_entries);
	GCP_ASSERT(accessible >= accessible_bytes(&table[at]));
	accessible -= accessible_bytes(&table[at]);
	n_entries--;
	memmove(&table[at], &table[at + 1], (n_entries - at) * sizeof *table);
}

/* Make `addr` a border between entries. */
static void
split_locked(uintptr_t addr)
{
	uint32_t at = find_locked(addr);
	struct mapping upper;

	if (at == n_entries || table[at].start >= addr)
		return;
	GCP_ASSERT(is_in_order_locked(at));
	upper = table[at];
	upper.start = addr;
	accessible -= accessible_bytes(&table[at]);
	table[at].end = addr;
	accessible += accessible_bytes(&table[at]);
	(void)put_locked(at + 1, &upper); /* else the upper part is lost, and counted */
}

static void
remove_locked(uintptr_t start, uintptr_t end)
{
	uint32_t at;

	split_locked(start);
	split_locked(end);
	for (at = find_locked(start); at < n_entries && table[at].start < end;) {
		GCP_ASSERT(table[at].start >= start && table[at].end <= end);
		take_out_locked(at);
	}
}

void
mappings_insert(const struct mapping *m)
{
	if (m->start >= m->end || !take_lock())
		return;
	remove_locked(m->start, m->end);
	(void)put_locked(find_locked(m->start), m);
	drop_lock();
}

void
mappings_remove(uintptr_t start, uintptr_t end)
{
	if (start >= end || !take_lock())
		return;
	remove_locked(start, end);
	drop_lock();
}

void
mappings_protect(uintptr_t start, uintptr_t end, uint32_t access)
{
	uint32_t at;

	if (start >= end || !take_lock())
		return;
	split_locked(start);
	split_locked(end);
	for (at = find_locked(start); at < n_entries && table[at].start < end; at++) {
		accessible -= accessible_bytes(&table[at]);
		table[at].flags = (table[at].flags & ~ACCESS) | access;
		accessible += accessible_bytes(&table[at]);
	}
	drop_lock();
}

bool
mappings_find(uintptr_t addr, struct mapping *ret)
{
	uint32_t at;
	bool is_there;

	if (!take_lock())
		return false;
	at = find_locked(addr);
	is_there = at < n_entries && table[at].start <= addr;
	if (is_there)
		*ret = table[at];
	drop_lock();
	return is_there;
}

bool
mappings_is_code(uintptr_t addr)
{
	struct mapping m;

	return mappings_find(addr, &m) && m.flags & HEAPFILE_MAPPING_EXEC;
}

uint64_t
mappings_bytes(void)
{
	return relaxed_load(&accessible);
}

int
mappings_walk(int (*f)(const struct mapping *m, void *with), void *with)
{
	uint32_t i;
	int stop = 0;

	for (i = 0; i < n_entries && !stop; i++)
		stop = f(&table[i], with);
	return stop;
}

bool
mappings_try_walk(int (*f)(const struct mapping *m, void *with), void *with)
{
	if (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		return false;
	(void)mappings_walk(f, with);
	drop_lock();
	return true;
}

bool
mappings_before_fork(void)
{
	return take_lock();
}

void
mappings_after_fork(bool has_lock)
{
	if (has_lock)
		drop_lock();
}
