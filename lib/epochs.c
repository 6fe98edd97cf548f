/* epochs.c -- see epochs.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "epochs.h"
#include "blocks.h"
#include "mem.h"

#include <string.h>

epoch_no epochs_now = 1;

enum {
	TICK_NS = 1000000000,
	MAX_RECORDS = 4096,
	CHUNK_BITS = 14,
	CHUNK = 1 << CHUNK_BITS,
	MAX_EPOCHS = 1 << 27 /* of the bit array */
};

static struct {
	uint64_t young_bytes, start_ns, epoch_start_ns;
	uint32_t promote;
	uint64_t spent; /* atomic: bytes allocated in this epoch, as reported */
	int is_ticking;
	struct epochs_counts at_start; /* sums when this epoch began */
	uint64_t to_bytes; /* live at the start of this epoch, born in the one before */
	bool is_to_early;  /* and these are old already */
	uint8_t *early;    /* a bit for each epoch */
	struct epochs_record *records;
	uint32_t n_records;
} e;

static struct epochs_birth *births[BLOCKS_BIRTHS >> CHUNK_BITS];
static uint32_t n_births = 1;

void
epochs_init(uint64_t young_bytes, uint32_t promote, uint64_t start_ns)
{
	e.young_bytes = young_bytes;
	e.promote = promote;
	e.start_ns = e.epoch_start_ns = start_ns;
	e.early = mem_map(MAX_EPOCHS / 8);
	e.records = mem_map(MAX_RECORDS * sizeof *e.records);
}

uint64_t
epochs_room(void)
{
	uint64_t spent = relaxed_load(&e.spent);

	return spent < e.young_bytes ? e.young_bytes - spent : 0;
}

static bool
is_due(uint64_t spent, uint64_t now_ns)
{
	uint64_t start = relaxed_load(&e.epoch_start_ns);

	return spent >= e.young_bytes || (now_ns > start && now_ns - start >= TICK_NS);
}

bool
epochs_spend(uint64_t bytes, uint64_t now_ns)
{
	return is_due(atomic_add(&e.spent, bytes) + bytes, now_ns);
}

static uint64_t
minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Pairs of neighbours in the older half become one record each: the timeline
 * keeps its length, and gets coarser with age. */
static void
thin_out(void)
{
	uint32_t half = MAX_RECORDS / 2, i, n = 0;

	for (i = 0; i < half; i += 2) {
		struct epochs_record a = e.records[i];
		const struct epochs_record *b = &e.records[i + 1];

		a.n += b->n;
		a.end_ns = b->end_ns;
		a.allocations += b->allocations;
		a.allocated_bytes += b->allocated_bytes;
		a.freed_bytes += b->freed_bytes;
		a.survived_bytes += b->survived_bytes;
		a.promoted_bytes += b->promoted_bytes;
		a.young_after = b->young_after;
		a.memory = b->memory;
		e.records[n++] = a;
	}
	memmove(&e.records[n], &e.records[half], (e.n_records - half) * sizeof *e.records);
	e.n_records = n + e.n_records - half;
}

/* Flows since the epoch began; `now` are the sums of this moment. */
static void
flows(const struct epochs_counts *now, struct epochs_record *r)
{
	const struct epochs_counts *was = &e.at_start;
	uint64_t born = now->allocated_bytes - was->allocated_bytes;
	uint64_t freed_young = now->freed_young_bytes - was->freed_young_bytes;
	uint64_t freed_to = now->freed_to_bytes - was->freed_to_bytes;
	uint64_t to_left = minus(e.to_bytes, freed_to);

	memset(r, 0, sizeof *r);
	r->first = epochs_current();
	r->n = 1;
	r->allocations = now->allocations - was->allocations;
	r->allocated_bytes = born;
	r->freed_bytes = now->freed_bytes - was->freed_bytes;
	r->survived_bytes = minus(born, freed_young);
	r->young_before = born + (e.is_to_early ? 0 : e.to_bytes);
	if (e.promote == 1) {
		r->promoted_bytes = r->survived_bytes;
	} else {
		r->promoted_bytes = e.is_to_early ? 0 : to_left;
		if (r->survived_bytes > e.young_bytes / 4)
			r->promoted_bytes += r->survived_bytes;
		else
			r->young_after = r->survived_bytes;
	}
}

bool
epochs_tick(uint64_t now_ns, void (*sum)(struct epochs_counts *),
	    void (*measure)(struct epochs_memory *), struct epochs_record *ret)
{
	struct epochs_counts now;
	epoch_no epoch;
	int idle = 0;

	if (!e.records || !__atomic_compare_exchange_n(&e.is_ticking, &idle, 1, false,
						       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	/* Another thread may have ended it since we looked. */
	if (!is_due(relaxed_load(&e.spent), now_ns)) {
		release_store(&e.is_ticking, 0);
		return false;
	}
	epoch = epochs_current();
	sum(&now);
	flows(&now, ret);
	ret->end_ns = now_ns - e.start_ns;
	measure(&ret->memory);
	e.to_bytes = ret->survived_bytes;
	e.is_to_early = ret->survived_bytes > e.young_bytes / 4;
	if (e.is_to_early && e.early && epoch < MAX_EPOCHS)
		e.early[epoch / 8] |= (uint8_t)(1u << epoch % 8);
	if (e.n_records == MAX_RECORDS)
		thin_out();
	e.records[e.n_records] = *ret;
	e.n_records++;
	e.at_start = now;
	relaxed_store(&e.epoch_start_ns, now_ns);
	relaxed_store(&e.spent, 0);
	release_store(&epochs_now, epoch + 1);
	release_store(&e.is_ticking, 0);
	return true;
}

birth_id
epochs_birth_new(epoch_no epoch, thread_no thread, uint32_t volume)
{
	birth_id id = atomic_add(&n_births, 1);
	struct epochs_birth **slot, *none = NULL, *fresh;

	if (id >= BLOCKS_BIRTHS) {
		relaxed_store(&n_births, BLOCKS_BIRTHS);
		lose(LOSS_BIRTHS);
		return 0;
	}
	slot = &births[id >> CHUNK_BITS];
	if (!acquire_load(slot)) {
		fresh = mem_map(CHUNK * sizeof *fresh);
		if (!fresh) {
			lose(LOSS_BIRTHS);
			return 0;
		}
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false, __ATOMIC_ACQ_REL,
						  __ATOMIC_ACQUIRE);
	}
	(*slot)[id & (CHUNK - 1)] = (struct epochs_birth){epoch, thread, volume};
	return id;
}

birth_id
epochs_births_end(void)
{
	uint32_t n = relaxed_load(&n_births);

	return n < BLOCKS_BIRTHS ? n : BLOCKS_BIRTHS;
}

void
epochs_birth_get(birth_id id, struct epochs_birth *ret)
{
	const struct epochs_birth *chunk =
		id && id < BLOCKS_BIRTHS ? acquire_load(&births[id >> CHUNK_BITS]) : NULL;

	*ret = chunk ? chunk[id & (CHUNK - 1)] : (struct epochs_birth){0};
}

epoch_no
epochs_birth_epoch(birth_id id)
{
	struct epochs_birth b;

	epochs_birth_get(id, &b);
	return b.epoch;
}

bool
epochs_is_early(epoch_no epoch)
{
	return e.early && epoch < MAX_EPOCHS && e.early[epoch / 8] >> epoch % 8 & 1;
}

void
epochs_running(const struct epochs_counts *now, struct epochs_record *ret)
{
	flows(now, ret);
	/* Nothing has been promoted before the epoch ends. */
	ret->promoted_bytes = 0;
}

uint32_t
epochs_n_records(void)
{
	uint32_t n = e.records ? e.n_records : 0;

	/* An epoch whose end was under way at the cut is still the running one. */
	while (n && e.records[n - 1].first >= epochs_current())
		n--;
	return n;
}

const struct epochs_record *
epochs_record_get(uint32_t i)
{
	return &e.records[i];
}

void
epochs_after_fork(void)
{
	/* Another thread was ending the epoch and is not in this process: what it
	 * has not finished is undone. */
	if (e.is_ticking)
		e.n_records = epochs_n_records();
	e.is_ticking = 0;
}
