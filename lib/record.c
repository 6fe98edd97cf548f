/* record.c -- see record.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "record.h"
#include "aside.h"
#include "backend.h"
#include "badfrees.h"
#include "before.h"
#include "books.h"
#include "epochs.h"
#include "foreign.h"
#include "large.h"
#include "libc_inside.h"
#include "modules.h"
#include "options.h"
#include "peak.h"
#include "sample.h"
#include "session.h"
#include "sites.h"
#include "sys.h"
#include "trigger.h"
#include "unwind.h"
#include "verify.h"

#include <string.h>

/* Bytes that a thread allocates before it reads the clock again, by weight: each
 * block weighs THREAD_PER_BLOCK more. */
enum { BUDGET = 64 << 10 };
_Static_assert((int)BOOKS_PER_BLOCK == (int)THREAD_PER_BLOCK, "one weight for both");

/* ---- allocation ---------------------------------------------------------- */

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The budget is used up: report what was spent, do what is due by now (the end of an epoch,
 * a snapshot), and take a new one. */
static void
renew_budget(void *thread)
{
	struct thread *t = thread;
	uint64_t now = sys_now_ns(), allocated = thread_allocated(t), room;
	uint64_t bytes = allocated - t->reported,
		 blocks = t->allocations - t->reported_blocks;

	if (epochs_spend(bytes, now))
		trigger_end_epoch(now);
	books_spend(bytes + blocks * BOOKS_PER_BLOCK, now, thread_sum);
	peak_spend(bytes + blocks * BOOKS_PER_BLOCK, now);
	before_watch(t);
	trigger_check_peak();
	trigger_check(now);
	t->reported = allocated;
	t->reported_blocks = t->allocations;
	if (t->period != books_period_of(relaxed_load(&books_volume)))
		t->epoch = 0; /* the next block begins a new birth */
	t->recent = 0;
	room = epochs_room();
	/* No room is left only where no epoch can end: in a child that was made
	 * behind our back, whose books are its parent's. */
	room = min(room ? room : BUDGET, (uint64_t)books_room() << BOOKS_UNIT_BITS);
	t->budget_end = t->spent + min(room, BUDGET);
}

static NOINLINE void
new_birth(struct thread *t)
{
	uint32_t volume = relaxed_load(&books_volume);

	GCP_ASSERT(t == thread_tls.state && thread_tls.guard);
	t->epoch = epochs_current();
	t->period = books_period_of(volume);
	t->birth = epochs_birth_new(t->epoch, t->number, volume);
	t->recent = t->birth;
	t->tag = blocks_tag_of(0, t->usual, t->birth);
}

/* Natural logarithm of x / 2^53, 0 < x <= 2^53, to about 1e-4: good enough for
 * intervals between samples. */
static double
log_of(uint64_t x)
{
	int shift = __builtin_clzll(x) - 10; /* to [2^53, 2^54); x is not 0 */
	double m = (double)(x << shift) / 9007199254740992.0, y = (m - 1) / (m + 1);
	double y2 = y * y;

	return 2 * y * (1 + y2 / 3 + y2 * y2 / 5 + y2 * y2 * y2 / 7) -
	       shift * 0.6931471805599453;
}

/* Bytes up to the next that is sampled. */
static uint64_t
sample_interval(struct thread *t)
{
	GCP_ASSERT(t->random && options.sample_bytes);
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (uint64_t)(-log_of((t->random >> 11) + 1) * (double)options.sample_bytes);
}

/* Whether the stack of an allocation is recorded, of which the last byte is the
 * thread's allocated-th: each byte with a probability of 1 / sample_bytes, and so a
 * block of s bytes with 1 - exp(-s / sample_bytes), as readers of the file rely on;
 * also the first of a thread.  Zero bytes count as one.  What is left of an interval
 * when a block is sampled needs not be kept: an exponential distribution has no
 * memory. */
static bool
is_sampled(struct thread *t, uint64_t allocated, size_t bytes)
{
	if (unlikely(!t->sample_at))
		t->sample_at = allocated - bytes + sample_interval(t) + 1;
	if (!bytes)
		t->sample_at--;
	if (likely(allocated < t->sample_at))
		return false;
	t->sample_at = allocated + sample_interval(t) + 1;
	return true;
}

/* When the quick way ends.  Until spent has grown by as much as is missing to the
 * next sample, that many bytes cannot have been allocated: so none is passed by. */
static void
set_stop(struct thread *t)
{
	GCP_ASSERT(t->budget_end >= t->spent || !t->budget_end);
	GCP_ASSERT(!t->usual || t->sample_at);
	t->tag = blocks_tag_of(0, t->usual, t->birth);
	t->stop = t->budget_end;
	if (t->usual)
		t->stop = min(t->stop,
			      t->sample_at - 1 + THREAD_PER_BLOCK * (t->allocations + 1));
}

static NOINLINE void
weigh(site_id site, size_t bytes)
{
	struct sample_weight w = sample_weigh(bytes, options.sample_bytes);

	sites_weigh(site, w.allocations, w.bytes);
}

/* The site of a block whose stack is recorded, which is counted for it. */
static ALWAYS_INLINE site_id
site_of_stack(struct thread *t, size_t bytes, const struct caller *c)
{
	site_id site = unwind_site(t->unwind, c);

	if (unlikely(options.sample_bytes != 0))
		weigh(site, bytes);
	if (verify_is_wanted())
		verify_site(&t->verify, site, c);
	thread_count(t, site, bytes);
	return site;
}

static site_id
site_of(struct thread *t, size_t bytes, const struct caller *c)
{
	if (options.sample_bytes) {
		t->usual = SITE_UNSAMPLED;
		if (!is_sampled(t, thread_allocated(t), bytes))
			return SITE_UNSAMPLED;
		t->other_blocks++;
		t->other_bytes += bytes;
	}
	return site_of_stack(t, bytes, c);
}

void
record_consider_quick(void)
{
	bool is_quick = !backend_is_system && tsd_is_complete && !tsd_is_small &&
			!thread_tls.n_ignoring && !verify_is_wanted();

	thread_tls.quick = is_quick ? thread_tls.state : NULL;
}

void
record_alloc(void *p, size_t bytes, enum heapfile_kind kind, const struct caller *c)
{
	struct thread *t;
	struct block b;

	GCP_ASSERT(p && !((uintptr_t)p & 15) && thread_tls.guard);
	t = thread_get();
	if (unlikely(!t)) {
		record_alloc_nested(p, bytes, kind);
		return;
	}
	if (unlikely(t->epoch != epochs_current()))
		new_birth(t);
	relaxed_store(&t->allocations, t->allocations + 1);
	relaxed_store(&t->spent, t->spent + bytes + THREAD_PER_BLOCK);
	b.addr = (uintptr_t)p;
	b.bytes = bytes;
	b.site = site_of(t, bytes, c);
	b.birth = t->birth;
	b.kind = unlikely(thread_tls.n_ignoring) ? HEAPFILE_KIND_IGNORED : kind;
	if (unlikely(bytes > BLOCKS_MAX_INLINE))
		t->last_big = b.addr;
	blocks_insert(&b);
	if (unlikely(t->spent > t->budget_end)) {
		t->hand = b.addr;
		aside_call(renew_budget, t);
		t->hand = 0;
	}
	set_stop(t);
	record_consider_quick();
	record_clear_vectors();
}

/* One birth a thread-less epoch: epoch in the high half, birth_id in the low.
 * Two threads that meet a new epoch at once may make two; that is all right. */
static birth_id
stray_birth(void)
{
	static uint64_t now;
	uint64_t was = relaxed_load(&now);
	epoch_no epoch = epochs_current();

	if (was >> 32 != epoch) {
		was = (uint64_t)epoch << 32 |
		      epochs_birth_new(epoch, 0, relaxed_load(&books_volume));
		relaxed_store(&now, was);
	}
	return (birth_id)was;
}

void
record_alloc_nested(void *p, size_t bytes, enum heapfile_kind kind)
{
	struct block b = {.addr = (uintptr_t)p,
			  .bytes = bytes,
			  .site = session_is_booted ? SITE_NESTED : SITE_EARLY,
			  .kind = thread_tls.n_ignoring ? HEAPFILE_KIND_IGNORED : kind};

	b.birth = stray_birth();
	sites_count(b.site, 1, bytes);
	(void)atomic_add(&thread_strays.allocations, 1);
	(void)atomic_add(&thread_strays.allocated_bytes, bytes);
	blocks_insert(&b);
}

/* ---- release ------------------------------------------------------------- */

/* A block of the C library's own heap is its to free.  Not so where the caller wants
 * its tag: that is realloc, which asks foreign_is itself. */
static bool
is_foreign(void *p, bool is_freed, bool is_nested)
{
	if (!foreign_is(p))
		return false;
	if (is_freed && !is_nested) {
		trigger_leave();
		foreign_free(p);
		(void)thread_enter();
	} else if (is_freed) {
		foreign_free(p);
	}
	return true;
}

/* What is no live block for all we know.  Returns true if it is one that we lost
 * sight of, and is to be released all the same. */
static NOINLINE bool
bad_free(void *p, enum blocks_state state, const struct block *b, const struct caller *c)
{
	static int n_said;
	static uint64_t n_bad;
	struct module_find m;
	site_id site;
	/* What a larger block has taken over since is its inside. */
	bool is_double = state == BLOCKS_FREED && !blocks_is_inside((uintptr_t)p);

	/* A block that came when there was no memory for its chunk is unknown, though
	 * the chunk may be there now.  BOUND: from then on, a wild pointer into the
	 * heap that is in no block we know is taken for one, as without us. */
	if (relaxed_load(&loss[LOSS_SHADOW]) && backend_has(p) &&
	    (state == BLOCKS_OUTSIDE || (state == BLOCKS_NEVER && !((uintptr_t)p & 15) &&
					 !blocks_is_inside((uintptr_t)p))))
		return true;

	/* The loader's first allocations come from its own data pages. */
	if (state == BLOCKS_OUTSIDE && modules_find((uintptr_t)p, &m) &&
	    libc_is_loader(m.start, m.end))
		return false;
	site = c && thread_get() ? unwind_site(thread_get()->unwind, c) : SITE_NESTED;
	if (badfrees_note(is_double ? HEAPFILE_BAD_DOUBLE : HEAPFILE_BAD_INVALID,
			  (uintptr_t)p, site, is_double ? b->site : 0) &&
	    atomic_add(&n_said, 1) < 10)
		sys_log("%s free of 0x%lx, ignored%s", is_double ? "double" : "invalid",
			(unsigned long)p,
			options_want_snapshots() ? "; the snapshot has its stack" : "");
	/* Not within a handler that interrupted the allocator: the next one will do. */
	if (unlikely(options.abort_at != 0) && c &&
	    atomic_add(&n_bad, 1) + 1 >= options.abort_at)
		trigger_abort(relaxed_load(&n_bad));
	return false;
}

static ALWAYS_INLINE void
count_free(struct epochs_counts *counts, const struct block *b, epoch_no now, epoch_no born)
{
	counts->frees++;
	counts->freed_bytes += b->bytes;
	if (born == now)
		counts->freed_young_bytes += b->bytes;
	else if (born + 1 == now)
		counts->freed_to_bytes += b->bytes;
}

/* Count the free of a block that this thread did not allocate just now; or of one that it
 * did, the first since it read the clock, as a sample of where such blocks are freed. */
static NOINLINE void
count_other_free(struct thread *t, const struct block *b, const struct caller *c)
{
	struct epochs_birth birth;
	bool is_wanted;

	epochs_birth_get(b->birth, &birth);
	count_free(&t->counts, b, epochs_current(), birth.epoch);
	/* If the next block begins a new birth, those of the last one are survivors. */
	if (b->birth == t->birth && t->epoch == epochs_current()) {
		is_wanted = true;
		t->recent = t->birth;
	} else {
		is_wanted = books_death(&t->deaths, b, birth.volume,
					birth.thread != t->number);
	}
	if (is_wanted && c->pc)
		books_freed_at(b->site, b->bytes, unwind_site(t->unwind, c));
}

bool
record_free(void *p, enum heapfile_kind by, const struct caller *c, struct block *ret)
{
	struct block b;
	struct thread *t;
	enum blocks_state state;

	state = blocks_find((uintptr_t)p, &b);
	if (unlikely(state != BLOCKS_LIVE)) {
		if (is_foreign(p, !ret, false) || !bad_free(p, state, &b, c))
			return false;
		if (ret)
			*ret = (struct block){0};
		return true;
	}
	t = thread_get();
	if (unlikely(!record_is_family(b.kind, by)) && t)
		(void)badfrees_note(HEAPFILE_BAD_MISMATCH, b.addr,
				    unwind_site(t->unwind, c), b.site);
	/* While the block and what it leads to are there.  What realloc takes is not freed. */
	if (t && !ret && unlikely(before_is_due(t, &b)))
		before_consider(t, &b, c);
	blocks_remove(&b);
	if (unlikely(ret != NULL))
		*ret = b;
	if (unlikely(!t)) {
		(void)atomic_add(&thread_strays.frees, 1);
		(void)atomic_add(&thread_strays.freed_bytes, b.bytes);
		return true;
	}
	if (likely(b.birth == t->recent) && likely(t->epoch == epochs_current()))
		count_free(&t->counts, &b, t->epoch, t->epoch);
	else
		count_other_free(t, &b, c);
	return true;
}

bool
record_free_nested(void *p, struct block *ret)
{
	struct block b;
	enum blocks_state state;

	state = blocks_find((uintptr_t)p, &b);
	if (state != BLOCKS_LIVE) {
		if (is_foreign(p, !ret, true) || !bad_free(p, state, &b, NULL))
			return false;
		if (ret)
			*ret = (struct block){0};
		return true;
	}
	blocks_remove(&b);
	if (ret)
		*ret = b;
	(void)atomic_add(&thread_strays.frees, 1);
	(void)atomic_add(&thread_strays.freed_bytes, b.bytes);
	return true;
}

void
record_restore(const struct block *b)
{
	struct thread *t = thread_tls.state;
	epoch_no now = epochs_current(), born = epochs_birth_epoch(b->birth);

	if (!b->addr) /* it was not known before */
		return;
	blocks_insert(b);
	record_left((void *)b->addr);
	if (!t) {
		(void)atomic_add(&thread_strays.frees, (uint64_t)-1);
		(void)atomic_add(&thread_strays.freed_bytes, 0 - (uint64_t)b->bytes);
		return;
	}
	t->counts.frees--;
	t->counts.freed_bytes -= b->bytes;
	if (born == now)
		t->counts.freed_young_bytes -= b->bytes;
	else if (born + 1 == now)
		t->counts.freed_to_bytes -= b->bytes;
}

NOINLINE void
record_growth(const struct block *old, const void *now)
{
	struct block b;

	/* Nothing is known of what it was if it has no address. */
	if (old->addr && blocks_find((uintptr_t)now, &b) == BLOCKS_LIVE)
		books_grown(&b, b.bytes - old->bytes);
}

void
record_left(const void *p)
{
	if (unlikely(large_usable(p) != 0))
		blocks_tag_as_large((uintptr_t)p);
}

void
record_resize(struct block *b, size_t bytes)
{
	/* No allocation and no free: the difference is one or the other in bytes
	 * alone, so that live bytes stay what they are. */
	if (bytes >= b->bytes)
		(void)atomic_add(&thread_strays.allocated_bytes, bytes - b->bytes);
	else
		(void)atomic_add(&thread_strays.freed_bytes, b->bytes - bytes);
	b->bytes = bytes;
	blocks_put(b);
	record_left((void *)b->addr);
}

/* ---- for mappings -------------------------------------------------------- */

site_id
record_site(const struct caller *c)
{
	struct thread *t = thread_get();

	return t ? unwind_site(t->unwind, c) : SITE_NESTED;
}

birth_id
record_birth(void)
{
	struct thread *t = thread_get();

	if (!t)
		return stray_birth();
	if (t->epoch != epochs_current())
		new_birth(t);
	return t->birth;
}
