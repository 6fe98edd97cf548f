/* books.h -- what became of the blocks of each site: when they died, in what
 * order, at whose hands.
 *
 * In:   volume, from each thread's readings of the clock; deaths of survivors, from
 *       record.c.
 * Out:  per site, a page of counts; the periods that they are sorted by.
 * Not here: who lives (blocks.h), counts of births (sites.h).
 *
 * Time is measured by volume: bytes allocated so far by the whole process, each
 * block weighing BOOKS_PER_BLOCK more.  The life of the process so far is
 * divided into at most BOOKS_PERIODS periods of equal volume, a power of two;
 * when they are used up, neighbours become one, and the next half begins.  So
 * there are 16 to 32 of them once a quarter of a mebibyte was allocated, however
 * long the process runs.
 *
 * What realloc makes larger dies and is born again.  Growth of large blocks and of
 * survivors is counted beside that.
 *
 * A survivor is a block that outlives the birth_id it was born under, that is:
 * it dies in another period or epoch than it was born in, or by the hand of
 * another thread.  Only survivors' deaths are booked; the others cost what they
 * cost without books.  That is enough to know a site's number of survivors at
 * each end of a period, exactly: with s(i) its blocks that were born in period i
 * and live at the snapshot, b(i) those booked that were born in i, d(i) those
 * booked that died in i,
 *
 *     live at the end of period j  =  sum over i <= j of s(i) + b(i) - d(i).
 *
 * BOUND  A site has a page from its fourth death on (later, where many have one), or
 * that of a large block, if there is one left: deaths before, and of sites without one,
 * count as if the block had not survived; see books_unbooked.
 * BOUND  Until it next reads the clock a thread's newest blocks die in their period.
 * BOUND  A death in the moment in which periods are joined may be booked in the
 * wrong period.
 *
 * Context  lock-free; any thread, any signal handler.
 * Cost     some 10 ns for a survivor's death; 0 for any other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BOOKS_H
#define GCPROF_BOOKS_H

#include "base.h"
#include "blocks.h"
#include "epochs.h"

enum {
	BOOKS_PERIODS = 32,
	BOOKS_UNIT_BITS = 13, /* volume is counted in units of 8 KiB */
	BOOKS_AGES = 20,
	BOOKS_PER_BLOCK = 64,
	BOOKS_LARGE = 64 << 10 /* a block that is worth a page by itself */
};

/* Deaths of survivors of one site.  Written with atomic adds. */
struct book {
	site_id site;     /* 0 = unused; written last */
	site_id freed_at; /* stack of one free of such a block, survivor or not; 0 = none */
	uint64_t n_freed;
	uint32_t last_born; /* volume at the birth of the last one that died */
	/* Of each death, against the one before at the same thread's hands (but for the
	 * first of those that it books together): its block was born later, before, or at
	 * the same time, as far as volume at births can tell. */
	uint32_t n_later, n_earlier, n_same;
	uint32_t n_foreign; /* freed by another thread than had allocated it */
	/* Large blocks and survivors that realloc made larger, and then were of this
	 * site; and by how much. */
	uint32_t n_grown;
	uint64_t grown_bytes;
	uint32_t ages[BOOKS_AGES]; /* by bits of the age in units of volume */
	/* Of all these, what belongs to the newest period in which one died: a program that
	 * cleans up at its end does so in its last period, and is to be judged without. */
	uint32_t newest; /* that period */
	uint32_t newest_later, newest_earlier, newest_same;
	uint32_t newest_born[BOOKS_PERIODS];
	/* By period of birth and of death. */
	uint32_t born[BOOKS_PERIODS], died[BOOKS_PERIODS];
	uint64_t born_bytes[BOOKS_PERIODS], died_bytes[BOOKS_PERIODS];
};

/* Deaths that a thread has noted and not booked yet: threads that bury blocks of one
 * site would fight for its page with each of them.  Written by that thread alone. */
enum { BOOKS_PENDING = 64 };
struct books_death {
	struct book *page;
	size_t bytes;
	uint32_t born, died; /* volume */
	bool is_foreign;
};
struct books_pending {
	uint32_t n;
	struct books_death deaths[BOOKS_PENDING];
};

/* How things stood at the end of a period. */
struct books_period {
	uint64_t end_ns; /* since the start of the process */
	uint64_t allocations, allocated_bytes, live_blocks, live_bytes;
};

/* Volume so far, in units. */
extern uint32_t books_volume; /* atomic */
/* Periods are of 2^books_shift units. */
extern uint32_t books_shift; /* atomic */

static ALWAYS_INLINE uint32_t
books_period_of(uint32_t volume)
{
	uint32_t period = volume >> relaxed_load(&books_shift);

	return period < BOOKS_PERIODS ? period : BOOKS_PERIODS - 1;
}

void books_init(uint64_t start_ns);

/* Note that a thread has allocated so much, by weight.  sum as in epochs_tick.
 * Context  inside the guard, in an allocation. */
void books_spend(uint64_t weight, uint64_t now_ns, void (*sum)(struct epochs_counts *ret));

/* Units of volume until the present period ends; at least 1. */
uint32_t books_room(void);

/* A survivor dies.  born: volume at its birth; pending: of this thread.
 * Returns  whether the stack of this free is wanted, for books_freed_at. */
bool books_death(struct books_pending *pending, const struct block *b, uint32_t born,
		 bool is_foreign);
/* Book what is pending.  Context: its thread, or when that does not run. */
void books_flush(struct books_pending *pending);
/* realloc made a block larger, a large one or a survivor; b: as it is now.  BOUND: those
 * that are not large count from when the site has a page. */
void books_grown(const struct block *b, size_t by);
/* Where a block of this site is freed. */
void books_freed_at(site_id site, size_t bytes, site_id where);

/* Deaths of sites for which there was no page. */
uint64_t books_unbooked(void);
uint32_t books_n(void);
/* By number from 0; NULL for one in the making. */
const struct book *books_get(uint32_t i);
/* Periods that have ended. */
uint32_t books_n_periods(void);
const struct books_period *books_period_get(uint32_t i);

void books_after_fork(void);

#endif
