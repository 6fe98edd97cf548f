/* epochs.h -- the epoch clock: who was born when, what survived, what grew old.
 *
 * An epoch is one "scavenge" of the generational model.  It ends when a
 * semispace worth of bytes was allocated in it, or when a second has passed
 * and a thread reads the clock.  Nothing moves: a block keeps its birth
 * epoch, and its cohort follows from the present epoch:
 *
 *     old = it survived `promote` epochs, or it survived one and the survivors
 *           of its birth epoch took more than 25 % of the semispace.
 *
 * In:   births and deaths, counted by each thread (struct epochs_counts).
 * Out:  the present epoch; birth ids; the timeline.
 * Not here: blocks, sites, when to read the clock (record.c).
 *
 * Flows of an epoch are differences of sums over all threads' counts at its
 * two ends.  BOUND: with several threads an event at the very end of an epoch
 * may be counted in the next; sums over epochs stay exact.
 *
 * LOCKS  a flag that one thread takes at the end of an epoch; who finds it
 * taken goes on.  Nothing waits.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_EPOCHS_H
#define GCPROF_EPOCHS_H

#include "base.h"

/* Written by their thread alone, read by others; they only grow. */
struct epochs_counts {
	uint64_t allocations, allocated_bytes; /* requested bytes */
	uint64_t frees, freed_bytes;
	uint64_t freed_young_bytes; /* of freed_bytes: born in the epoch of the free */
	uint64_t freed_to_bytes;    /* of freed_bytes: born in the epoch before */
};

struct epochs_memory {
	uint64_t rss, heap_total, heap_used, external;
};

/* One line of the timeline: one epoch, or several old ones together. */
struct epochs_record {
	epoch_no first, n;
	uint64_t end_ns; /* since the start of the process */
	uint64_t allocations, allocated_bytes, freed_bytes;
	uint64_t survived_bytes, promoted_bytes;
	uint64_t young_before, young_after; /* live bytes in the young cohort */
	struct epochs_memory memory;
};

extern epoch_no epochs_now HIDDEN; /* atomic; written at the end of an epoch only */

static ALWAYS_INLINE epoch_no
epochs_current(void)
{
	return relaxed_load(&epochs_now);
}

/* Before all else. */
void epochs_init(uint64_t young_bytes, uint32_t promote, uint64_t start_ns);
/* The next epochs_tick ends the epoch, however little it has seen. */
void epochs_make_due(void);

/* Bytes that may still be allocated before this epoch is full. */
uint64_t epochs_room(void);
/* Note that bytes were allocated; whether the epoch should end now. */
bool epochs_spend(uint64_t bytes, uint64_t now_ns);

/* End the present epoch.
 *
 * sum      adds up the counts of all threads.
 * measure  the memory figures of this moment.
 * Returns  false if another thread is just doing it.
 */
bool epochs_tick(uint64_t now_ns, void (*sum)(struct epochs_counts *ret),
		 void (*measure)(struct epochs_memory *ret), struct epochs_record *ret);

/* Who was born together: the same epoch, the same thread, and volume (books.h) in
 * the same period. */
struct epochs_birth {
	epoch_no epoch;
	thread_no thread;
	uint32_t volume; /* when the first of them was born */
};
/* A number for one; 0 and a loss if there are no more. */
birth_id epochs_birth_new(epoch_no epoch, thread_no thread, uint32_t volume);

/* Find births that nobody has any more; births.h says how, and does. Between begin
 * and finish, one thread sees each that somebody has.
 * Returns  false if it is not time to, or another thread is just doing it. */
bool epochs_births_begin(void);
void epochs_birth_see(birth_id id);
/* is_complete: all were seen; else nothing was learned. */
void epochs_births_finish(bool is_complete);
/* Their numbers go from 1 to this minus 1. */
birth_id epochs_births_end(void);
/* Zeros if there is none of that number. */
void epochs_birth_get(birth_id id, struct epochs_birth *ret);
epoch_no epochs_birth_epoch(birth_id id);
/* Whether the survivors of an epoch grew old at its end. */
bool epochs_is_early(epoch_no epoch);

/* Flows of the running epoch so far. */
void epochs_running(const struct epochs_counts *now, struct epochs_record *ret);
/* Whether a record follows what comes before `next`, which becomes what it leads to. */
bool epochs_is_next(const struct epochs_record *r, epoch_no *next);
/* Ended epochs, oldest first.  Context: while no epoch ends. */
uint32_t epochs_n_records(void);
const struct epochs_record *epochs_record_get(uint32_t i);

void epochs_after_fork(void);

#endif
