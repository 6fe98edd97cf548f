/* peak.c -- see peak.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "peak.h"
#include "blocks.h"
#include "epochs.h"
#include "forking.h"
#include "mem.h"
#include "options.h"
#include "sample.h"
#include "sites.h"
#include "thread.h"

enum {
	SHARE = 128,             /* of the peak, by which the heap rises or falls */
	LEAST_STEP = 64 << 10,   /* bytes of volume between two comparisons */
	THREAD_STEP = 64 << 10,  /* the same for each thread, as each is asked */
	LEAST_BYTES = 128 << 10, /* of a heap of which a peak is recorded */
	LEAST_ROOM = 4096,       /* sites */
	PEAK_VISITS = 4,         /* of what was allocated, at most, by all walks */
	BLOCK_WEIGHT = 512 /* what it takes to see a block, as bytes of heap passed over */
};
#define PEAK_CREDIT (256ull << 20) /* weight */

bool peak_is_watched;

static struct {
	uint64_t spent;   /* atomic: volume since the last comparison */
	int is_comparing; /* atomic flag: somebody does */
	uint64_t highest; /* live bytes, since the last record */
	uint64_t visited; /* weight of all walks */
	uint32_t n_threads;
	uint32_t room[2]; /* sites; 0 = none yet */
	struct peak kept[2];
	struct peak *last; /* atomic: one of them, or NULL */
	int is_new;        /* atomic flag: peak_take_new has not told of it */
} s;

/* ---- a record ------------------------------------------------------------- */

static int
add_block(const struct block *b, void *with)
{
	struct peak *p = with;
	struct peak_site *site = &p->sites[b->site < p->end ? b->site : SITE_FULL];
	uint64_t parts = 1;
	struct sample_weight w = {1, b->bytes};

	p->blocks++;
	p->bytes += b->bytes;
	if (options.sample_bytes) {
		/* What has no stack for another reason was no matter of chance. */
		if (b->site == SITE_UNSAMPLED)
			return 0;
		if (b->site == SITE_NESTED || b->site == SITE_EARLY)
			parts = SAMPLE_PARTS;
		else
			w = sample_weigh(b->bytes, options.sample_bytes);
	}
	site->blocks += w.allocations * parts;
	site->bytes += w.bytes * parts;
	return 0;
}

/* Room for so many sites in the record that is not the last.  What it had is given back, not
 * unmapped: who writes in place may look at it. */
static struct peak *
make_room(site_id end)
{
	int i = s.last == &s.kept[0];
	struct peak *p = &s.kept[i];
	uint32_t room = LEAST_ROOM;

	while (room < end)
		room *= 2;
	if (s.room[i] < room) {
		struct peak_site *sites = mem_map(room * sizeof *sites);

		if (!sites)
			return NULL;
		p->sites = sites;
		s.room[i] = room;
	}
	p->end = end > SITE_FIRST ? end : SITE_FIRST;
	p->blocks = p->bytes = 0;
	return p;
}

static void
record(uint64_t now_ns)
{
	struct peak *old = s.last, *p;

	forking_change_begin();
	p = make_room(sites_end());
	if (p) {
		p->time_ns = now_ns;
		p->epoch = epochs_current();
		(void)blocks_walk_quickly(add_block, p);
		release_store(&s.last, p);
		release_store(&s.is_new, 1);
		s.visited += p->bytes + p->blocks * BLOCK_WEIGHT;
		if (old)
			mem_drop(old->sites, s.room[old - s.kept] * sizeof *old->sites);
	}
	forking_change_end();
}

/* ---- when ----------------------------------------------------------------- */

static uint64_t
minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static bool
is_paid_for(const struct epochs_counts *c, uint64_t live_bytes)
{
	uint64_t blocks = minus(c->allocations, c->frees);

	return s.visited + live_bytes + blocks * BLOCK_WEIGHT <=
	       PEAK_CREDIT +
		       PEAK_VISITS * (c->allocated_bytes + c->allocations * BLOCK_WEIGHT);
}

static void
compare(uint64_t now_ns, uint64_t going_bytes)
{
	struct epochs_counts c;
	uint64_t live, known = s.last ? s.last->bytes : 0;

	thread_sum(&c);
	live = minus(c.allocated_bytes, c.freed_bytes);
	if (live > s.highest)
		s.highest = live;
	if (s.highest < LEAST_BYTES || s.highest <= known + known / SHARE) {
		relaxed_store(&peak_is_watched, false);
		return;
	}
	relaxed_store(&peak_is_watched, true);
	if (minus(live, going_bytes) >= s.highest - s.highest / SHARE)
		return;
	/* It has fallen; what it was is gone, and matters no more. */
	if (live > known && is_paid_for(&c, live))
		record(now_ns);
	s.highest = 0;
	relaxed_store(&peak_is_watched, false);
}

/* Threads that the sums are of: they are all asked. */
static uint32_t
count_threads(void)
{
	struct thread *t = NULL;
	uint32_t n = 0;

	while ((t = thread_next(t)) != NULL)
		n++;
	return n;
}

void
peak_compare(uint64_t now_ns, uint64_t going_bytes)
{
	int idle = 0;

	if (!__atomic_compare_exchange_n(&s.is_comparing, &idle, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	relaxed_store(&s.spent, 0);
	relaxed_store(&s.n_threads, count_threads());
	compare(now_ns, going_bytes);
	release_store(&s.is_comparing, 0);
}

void
peak_spend(uint64_t weight, uint64_t now_ns)
{
	uint64_t step = options.young_bytes / PEAK_STEPS;
	uint64_t asked = (uint64_t)THREAD_STEP * relaxed_load(&s.n_threads);

	step = step > LEAST_STEP ? step : LEAST_STEP;
	if (atomic_add(&s.spent, weight) + weight >= (step > asked ? step : asked))
		peak_compare(now_ns, 0);
}

/* ---- for the writer ------------------------------------------------------- */

const struct peak *
peak_get(void)
{
	return acquire_load(&s.last);
}

bool
peak_take_new(uint64_t *ret_bytes)
{
	const struct peak *p;

	if (!relaxed_load(&s.is_new) ||
	    !__atomic_exchange_n(&s.is_new, 0, __ATOMIC_ACQUIRE))
		return false;
	p = peak_get();
	*ret_bytes = p->bytes;
	return true;
}

void
peak_after_fork(void)
{
	s.is_new = 0;
	s.is_comparing = 0;
}
