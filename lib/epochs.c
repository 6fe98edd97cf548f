/* epochs.c -- see epochs.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "epochs.h"
#include "blocks.h"
#include "forking.h"
#include "mem.h"

#include <string.h>

epoch_no epochs_now = 1;

enum {
	TICK_NS = 1000000000,
	MAX_RECORDS = 4096,
	CHUNK_BITS = 14,
	CHUNK = 1 << CHUNK_BITS,
	MAX_EPOCHS = 1 << 27, /* of the bit array */
	SWEEP_AT = 1 << 15    /* births that are not worth a sweep */
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

/* Arrays of a bit for each birth, changed by atomic instructions.
 *
 * INVARIANT  spare: a birth with its bit in `spare` is had by nobody.  Bits get there in
 * epochs_births_finish and leave in take_spare, nowhere else. */
enum { BIT_WORDS = BLOCKS_BIRTHS / 64 };
static struct {
	uint64_t *seen[2]; /* in the sweep before, in this one, and when made */
	int now;           /* which of the two is this one's */
	uint64_t *spare;
	uint32_t n_spare;  /* atomic */
	uint32_t cursor;   /* atomic: words of spare below are empty */
	uint32_t n_swept;  /* n_births when the sweep began */
	uint32_t sweep_at; /* births in use */
	int is_sweeping;
} sweep = {.sweep_at = SWEEP_AT};

void
epochs_init(uint64_t young_bytes, uint32_t promote, uint64_t start_ns)
{
	GCP_ASSERT(young_bytes && promote >= 1);
	GCP_ASSERT(!e.records); /* once */
	e.young_bytes = young_bytes;
	e.promote = promote;
	e.start_ns = e.epoch_start_ns = start_ns;
	e.early = mem_map(MAX_EPOCHS / 8);
	e.records = mem_map(MAX_RECORDS * sizeof *e.records);
	sweep.seen[0] = mem_map(BIT_WORDS * sizeof *sweep.spare);
	sweep.seen[1] = mem_map(BIT_WORDS * sizeof *sweep.spare);
	sweep.spare = mem_map(BIT_WORDS * sizeof *sweep.spare);
	if (!sweep.seen[0] || !sweep.seen[1])
		sweep.spare = NULL; /* none is ever given out again */
}

void
epochs_make_due(void)
{
	relaxed_store(&e.spent, e.young_bytes);
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

	GCP_ASSERT(e.is_ticking && e.n_records == MAX_RECORDS);
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
	GCP_ASSERT(e.n_records == MAX_RECORDS - half / 2);
}

/* Flows since the epoch began; `now` are the sums of this moment. */
static void
flows(const struct epochs_counts *now, struct epochs_record *r)
{
	const struct epochs_counts *was = &e.at_start;
	uint64_t born = minus(now->allocated_bytes, was->allocated_bytes);
	uint64_t freed_young = minus(now->freed_young_bytes, was->freed_young_bytes);
	uint64_t freed_to = minus(now->freed_to_bytes, was->freed_to_bytes);
	uint64_t to_left = minus(e.to_bytes, freed_to);

	memset(r, 0, sizeof *r);
	r->first = epochs_current();
	r->n = 1;
	r->allocations = minus(now->allocations, was->allocations);
	r->allocated_bytes = born;
	r->freed_bytes = minus(now->freed_bytes, was->freed_bytes);
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

/* Whether each record follows the one before, up to this epoch. */
static CHECK_ONLY bool
records_are_in_order(void)
{
	epoch_no next = 1;
	uint32_t i;

	for (i = 0; i < e.n_records; i++)
		if (e.records[i].first < next || !epochs_is_next(&e.records[i], &next))
			return false;
	return next <= epochs_current() + 1;
}

static bool
tick(uint64_t now_ns, void (*sum)(struct epochs_counts *),
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
		relaxed_store(&e.early[epoch / 8],
			      e.early[epoch / 8] | (uint8_t)(1u << epoch % 8));
	if (e.n_records == MAX_RECORDS)
		thin_out();
	GCP_ASSERT(e.n_records < MAX_RECORDS);
	GCP_ASSERT(ret->first == epoch && epochs_current() == epoch);
	e.records[e.n_records] = *ret;
	e.n_records++;
	GCP_ASSERT_SLOW(records_are_in_order());
	e.at_start = now;
	relaxed_store(&e.epoch_start_ns, now_ns);
	relaxed_store(&e.spent, 0);
	release_store(&epochs_now, epoch + 1);
	release_store(&e.is_ticking, 0);
	return true;
}

bool
epochs_tick(uint64_t now_ns, void (*sum)(struct epochs_counts *),
	    void (*measure)(struct epochs_memory *), struct epochs_record *ret)
{
	bool is_done;

	forking_change_begin();
	is_done = tick(now_ns, sum, measure, ret);
	forking_change_end();
	return is_done;
}

/* ---- births -------------------------------------------------------------- */

static bool
has_bit(const uint64_t *bits, birth_id id)
{
	GCP_ASSERT(bits && id < BLOCKS_BIRTHS);
	return relaxed_load(&bits[id / 64]) >> id % 64 & 1;
}

static void
set_bit(uint64_t *bits, birth_id id)
{
	if (!has_bit(bits, id))
		(void)__atomic_fetch_or(&bits[id / 64], 1ull << id % 64, __ATOMIC_RELAXED);
}

/* One that may be given out again; 0 if there is none. */
static birth_id
take_spare(void)
{
	uint32_t i, end = epochs_births_end() / 64 + 1;

	if (!relaxed_load(&sweep.n_spare))
		return 0;
	for (i = relaxed_load(&sweep.cursor); i < end && i < BIT_WORDS; i++) {
		uint64_t word;

		while ((word = relaxed_load(&sweep.spare[i])) != 0) {
			uint64_t bit = word & -word;

			/* Seen before it is not spare any more: find_spare, which looks the
			 * other way round, would hand it out again.  Of two threads the
			 * slower one has marked the other's. */
			set_bit(sweep.seen[0], i * 64 + (uint32_t)__builtin_ctzll(bit));
			set_bit(sweep.seen[1], i * 64 + (uint32_t)__builtin_ctzll(bit));
			if (!(__atomic_fetch_and(&sweep.spare[i], ~bit, __ATOMIC_ACQ_REL) &
			      bit))
				continue; /* another thread was faster */
			(void)atomic_add(&sweep.n_spare, -1u);
			relaxed_store(&sweep.cursor, i);
			return i * 64 + (uint32_t)__builtin_ctzll(bit);
		}
	}
	return 0;
}

/* A number that was never used; 0 if there are no more. */
static birth_id
take_fresh(void)
{
	birth_id id = atomic_add(&n_births, 1);
	struct epochs_birth **slot, *none = NULL, *fresh;

	if (id >= BLOCKS_BIRTHS) {
		relaxed_store(&n_births, BLOCKS_BIRTHS);
		return 0;
	}
	slot = &births[id >> CHUNK_BITS];
	if (!acquire_load(slot)) {
		fresh = mem_map(CHUNK * sizeof *fresh);
		if (!fresh)
			return 0;
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	}
	return id;
}

/* The record of a number that was taken. */
static struct epochs_birth *
birth_at(birth_id id)
{
	struct epochs_birth *chunk =
		id && id < BLOCKS_BIRTHS ? acquire_load(&births[id >> CHUNK_BITS]) : NULL;

	return chunk ? &chunk[id & (CHUNK - 1)] : NULL;
}

/* Atomic, as a reader may still look at the birth that had the number before. */
static void
birth_set(birth_id id, const struct epochs_birth *to)
{
	struct epochs_birth *birth = birth_at(id);

	GCP_ASSERT(birth);
	relaxed_store(&birth->epoch, to->epoch);
	relaxed_store(&birth->thread, to->thread);
	relaxed_store(&birth->volume, to->volume);
}

birth_id
epochs_birth_new(epoch_no epoch, thread_no thread, uint32_t volume)
{
	birth_id id;

	GCP_ASSERT(epoch);
	forking_change_begin();
	id = take_spare();
	GCP_ASSERT(!id || !has_bit(sweep.spare, id)); /* spare */
	if (!id)
		id = take_fresh();
	if (!id) {
		lose(LOSS_BIRTHS);
	} else {
		if (sweep.spare) {
			set_bit(sweep.seen[0], id);
			set_bit(sweep.seen[1], id);
		}
		birth_set(id, &(struct epochs_birth){epoch, thread, volume});
	}
	forking_change_end();
	return id;
}

static uint32_t
births_in_use(void)
{
	uint32_t n = epochs_births_end(), n_spare = relaxed_load(&sweep.n_spare);

	return n > n_spare ? n - n_spare : 0;
}

bool
epochs_births_begin(void)
{
	uint32_t i;
	int idle = 0;

	if (births_in_use() < relaxed_load(&sweep.sweep_at) || !sweep.spare ||
	    !__atomic_compare_exchange_n(&sweep.is_sweeping, &idle, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	forking_change_begin();
	sweep.now = !sweep.now;
	sweep.n_swept = epochs_births_end();
	for (i = 0; i <= sweep.n_swept / 64 && i < BIT_WORDS; i++)
		relaxed_store(&sweep.seen[sweep.now][i], 0);
	return true;
}

void
epochs_birth_see(birth_id id)
{
	GCP_ASSERT(relaxed_load(&sweep.is_sweeping));
	if (id < BLOCKS_BIRTHS)
		set_bit(sweep.seen[sweep.now], id);
}

/* Those of one word that both sweeps have missed are spare. */
static void
find_spare(uint32_t i)
{
	uint64_t spare = acquire_load(&sweep.spare[i]);
	uint64_t unseen =
		~(relaxed_load(&sweep.seen[0][i]) | relaxed_load(&sweep.seen[1][i]));
	uint64_t left, found = unseen & ~spare;

	GCP_ASSERT(i < sweep.n_swept / 64);
	if (i == 0)
		found &= ~1ull; /* 0 is no birth */
	for (left = found; left; left &= left - 1)
		birth_set(i * 64 + (uint32_t)__builtin_ctzll(left),
			  &(struct epochs_birth){0});
	if (!found)
		return;
	(void)__atomic_fetch_or(&sweep.spare[i], found, __ATOMIC_RELEASE);
	(void)atomic_add(&sweep.n_spare, (uint32_t)__builtin_popcountll(found));
}

static void
finish_sweep(bool is_complete)
{
	uint32_t i, n_seen = 0;

	GCP_ASSERT(relaxed_load(&sweep.is_sweeping));
	GCP_ASSERT(sweep.n_swept <= epochs_births_end());
	if (!is_complete) {
		/* As if this one had never been: all that were not seen before, were. */
		for (i = 0; i <= sweep.n_swept / 64 && i < BIT_WORDS; i++)
			relaxed_store(&sweep.seen[sweep.now][i], UINT64_MAX);
	}
	/* Whole words below the numbers that there were when it began. */
	for (i = 0; is_complete && i < sweep.n_swept / 64; i++) {
		n_seen += (uint32_t)__builtin_popcountll(
			relaxed_load(&sweep.seen[sweep.now][i]));
		find_spare(i);
	}
	relaxed_store(&sweep.cursor, 0);
	/* Those in use include what only one sweep has missed. */
	relaxed_store(&sweep.sweep_at,
		      births_in_use() + (n_seen > SWEEP_AT ? n_seen : SWEEP_AT));
	release_store(&sweep.is_sweeping, 0);
}

void
epochs_births_finish(bool is_complete)
{
	finish_sweep(is_complete);
	forking_change_end();
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
	struct epochs_birth *birth = birth_at(id);

	*ret = (struct epochs_birth){0};
	if (birth)
		*ret = (struct epochs_birth){relaxed_load(&birth->epoch),
					     relaxed_load(&birth->thread),
					     relaxed_load(&birth->volume)};
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
	return e.early && epoch < MAX_EPOCHS &&
	       relaxed_load(&e.early[epoch / 8]) >> epoch % 8 & 1;
}

void
epochs_running(const struct epochs_counts *now, struct epochs_record *ret)
{
	flows(now, ret);
	/* Nothing has been promoted before the epoch ends. */
	ret->promoted_bytes = 0;
}

bool
epochs_is_next(const struct epochs_record *r, epoch_no *next)
{
	if (r->first < *next || !r->n || r->n > UINT32_MAX - r->first)
		return false;
	*next = r->first + r->n;
	return true;
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

/* Those that follow one another; of a moving target there may be others between. */
static void
keep_in_order(void)
{
	uint32_t i, n = epochs_n_records(), kept = 0;
	epoch_no next = 0;

	for (i = 0; i < n; i++)
		if (epochs_is_next(&e.records[i], &next) && next <= epochs_current())
			e.records[kept++] = e.records[i];
	e.n_records = kept;
}

const struct epochs_record *
epochs_record_get(uint32_t i)
{
	GCP_ASSERT(i < e.n_records);
	return &e.records[i];
}

void
epochs_after_fork(void)
{
	/* Where fork could not wait (forking.h), another thread was ending the epoch and
	 * is not in this process, and of what it wrote there may be any part. */
	keep_in_order();
	e.is_ticking = 0;
	/* What another thread has seen is not all: it counts for nothing. */
	if (sweep.is_sweeping)
		finish_sweep(false);
}
