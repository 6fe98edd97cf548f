/* thread.c -- see thread.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "thread.h"
#include "aside.h"
#include "ending.h"
#include "forking.h"
#include "mem.h"
#include "slots.h"
#include "sys.h"
#include "unwind.h"

__thread struct thread_tls thread_tls __attribute__((tls_model("initial-exec")));
struct epochs_counts thread_strays;

static struct thread *all; /* linked by next; only ever grows at its head */
static uint32_t n_states, look_for_gone_at = 64;

enum { RECORD_BITS = 10, MAX_RECORDS = 1 << 20 };
static struct thread_record *records[MAX_RECORDS >> RECORD_BITS];
static uint32_t n_records = 1;

static struct thread_record *
record_at(thread_no n)
{
	GCP_ASSERT(n <= MAX_RECORDS);
	struct thread_record *chunk =
		n && n < MAX_RECORDS ? acquire_load(&records[n >> RECORD_BITS]) : NULL;

	return chunk ? &chunk[n & ((1 << RECORD_BITS) - 1)] : NULL;
}

/* A number for this thread; 0 and a loss if there are no more. */
static thread_no
record_new(int tid)
{
	thread_no n = atomic_add(&n_records, 1);
	struct thread_record **slot, *none = NULL, *fresh, *r;

	if (n >= MAX_RECORDS) {
		relaxed_store(&n_records, MAX_RECORDS);
		lose(LOSS_THREADS);
		return 0;
	}
	slot = &records[n >> RECORD_BITS];
	if (!acquire_load(slot)) {
		fresh = mem_map(sizeof *fresh << RECORD_BITS);
		if (!fresh) {
			lose(LOSS_THREADS);
			return 0;
		}
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	}
	r = record_at(n);
	GCP_ASSERT(r && !r->tid); /* a number is given once */
	r->tid = tid;
	r->first_epoch = epochs_current();
	r->is_alive = true;
	return n;
}

NOINLINE bool
thread_is_abandoned(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	bool is_abandoned;

	/* A handler's frames lie below those that it interrupted, but for one on an
	 * alternate stack, of which nothing can be said.  The margin is for frames
	 * of this function and its callers. */
	is_abandoned = thread_tls.guard_sp && sp > thread_tls.guard_sp + 512 &&
		       !aside_has(sp) && !sys_is_on_alt_stack();
	if (is_abandoned)
		forking_change_left();
	return is_abandoned;
}

/* Have a state complete; if there is no memory for that, it waits for another time,
 * so that threads that ask again and again do not use up what there is. */
static bool
has_unwind(struct thread *t)
{
	GCP_ASSERT(t->owner.is_used && t->owner.tid == sys_gettid());
	if (!t->unwind)
		t->unwind = mem_map(unwind_bytes());
	if (!t->unwind) {
		t->owner.is_ending = false;
		release_store(&t->owner.is_used, false);
	}
	return t->unwind != NULL;
}

bool
thread_enter_from(uintptr_t sp, bool is_on_alt_stack)
{
	if (thread_tls.guard != 0) {
		if (is_on_alt_stack || !thread_tls.guard_sp ||
		    sp <= thread_tls.guard_sp + 512 || aside_has(sp))
			return false;
		forking_change_left();
	}
	thread_tls.guard = 1;
	thread_tls.guard_sp = sp;
	signal_fence();
	return true;
}

static struct thread *
take_used(int tid)
{
	struct thread *t;

	for (t = acquire_load(&all); t; t = t->next)
		if (owner_take(&t->owner, tid))
			return t;
	return NULL;
}

/* A state that no thread uses, or a new one.  Threads that are gone without a word, all of
 * which is a system call for each state, are looked for as often as these double. */
static struct thread *
state_take(void)
{
	int tid = sys_gettid();
	struct thread *t = take_used(tid);

	if (!t && relaxed_load(&n_states) >= relaxed_load(&look_for_gone_at)) {
		for (t = acquire_load(&all); t; t = t->next)
			owner_note_gone(&t->owner);
		t = take_used(tid);
		if (!t)
			relaxed_store(&look_for_gone_at, 2 * relaxed_load(&n_states));
	}
	if (t)
		return has_unwind(t) ? t : NULL;
	t = mem_keep(sizeof *t); /* aligned as it wants to be */
	if (!t)
		return NULL;
	GCP_ASSERT((uintptr_t)t % _Alignof(struct thread) == 0);
	t->owner = (union owner){.tid = tid, .is_used = true};
	(void)atomic_add(&n_states, 1);
	t->next = acquire_load(&all);
	while (!__atomic_compare_exchange_n(&all, &t->next, t, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
	return has_unwind(t) ? t : NULL;
}

/* Never 0.  Mixed, as the generator is slow to part two seeds that are near each
 * other.  Source: the finalizer of MurmurHash3. */
static uint64_t
seed(thread_no n)
{
	uint64_t x = sys_now_ns() ^ (uint64_t)n << 48 ^ (uint64_t)sys_gettid() << 24;

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
	return (x ^ x >> 33) | 1;
}

/* Whether this thread has this state, and no other. */
static CHECK_ONLY bool
is_mine_alone(const struct thread *mine)
{
	const struct thread *t;
	bool is_there = false;

	for (t = acquire_load(&all); t; t = t->next)
		is_there |= t == mine;
	return is_there && mine->owner.is_used && mine->owner.tid == sys_gettid();
}

NOINLINE struct thread *
thread_make(void)
{
	struct thread *t;

	GCP_ASSERT(thread_tls.guard && !thread_tls.state);
	forking_change_begin();
	t = state_take();
	if (!t) {
		forking_change_end();
		return NULL;
	}
	/* What its last owner did in its very last moments. */
	thread_flush(t);
	GCP_ASSERT_SLOW(is_mine_alone(t));
	t->number = record_new(t->owner.tid);
	t->epoch = 0;
	t->stop = t->budget_end = t->sample_at = 0;
	t->recent = 0;
	t->random = seed(t->number);
	unwind_reset(t->unwind);
	thread_tls.state = t;
	forking_change_end();
	ending_watch();
	return t;
}

/* The thread ends.  Its name is known for the last time. */
static void
at_thread_end(void *unused)
{
	struct thread *t = thread_tls.state;
	struct thread_record *r;

	(void)unused;
	slots_ending();
	if (!t)
		return;
	r = record_at(t->number);
	if (r) {
		(void)sys_thread_name(r->name);
		r->name[15] = 0;
		r->is_alive = false;
	}
	release_store(&t->owner.is_ending, true);
}

void
thread_init(void)
{
	ending_init(at_thread_end);
	if (thread_tls.state)
		ending_watch();
}

NOINLINE void
thread_evict(struct thread_cached *c, site_id site)
{
	GCP_ASSERT(c->site || !c->allocations);
	if (c->allocations)
		sites_count(c->site, c->allocations, c->bytes);
	*c = (struct thread_cached){.site = site};
}

void
thread_flush(struct thread *t)
{
	int i;

	books_flush(&t->deaths);
	for (i = 0; i < THREAD_CACHE; i++)
		thread_evict(&t->cache[i], 0);
	if (t->usual) {
		uint64_t blocks = t->allocations - t->other_blocks;
		uint64_t bytes = thread_allocated(t) - t->other_bytes;

		GCP_ASSERT(t->usual < SITES_MAX);
		sites_count(t->usual, blocks - t->usual_blocks, bytes - t->usual_bytes);
		t->usual_blocks = blocks;
		t->usual_bytes = bytes;
	}
}

void
thread_sum(struct epochs_counts *ret)
{
	const struct thread *t;

	ret->allocations = relaxed_load(&thread_strays.allocations);
	ret->allocated_bytes = relaxed_load(&thread_strays.allocated_bytes);
	ret->frees = relaxed_load(&thread_strays.frees);
	ret->freed_bytes = relaxed_load(&thread_strays.freed_bytes);
	ret->freed_young_bytes = relaxed_load(&thread_strays.freed_young_bytes);
	ret->freed_to_bytes = relaxed_load(&thread_strays.freed_to_bytes);
	for (t = acquire_load(&all); t; t = t->next) {
		uint64_t quick_bytes = relaxed_load(&t->quick_bytes);

		ret->allocations += relaxed_load(&t->allocations);
		ret->allocated_bytes += thread_allocated(t);
		ret->frees +=
			relaxed_load(&t->counts.frees) + relaxed_load(&t->quick_frees);
		ret->freed_bytes += relaxed_load(&t->counts.freed_bytes) + quick_bytes;
		ret->freed_young_bytes +=
			relaxed_load(&t->counts.freed_young_bytes) + quick_bytes;
		ret->freed_to_bytes += relaxed_load(&t->counts.freed_to_bytes);
	}
}

bool
thread_is_alone(void)
{
	struct thread *t;

	for (t = acquire_load(&all); t; t = t->next)
		if (t != thread_tls.state && relaxed_load(&t->owner.is_used) &&
		    sys_is_thread(t->owner.tid))
			return false;
	return true;
}

struct thread *
thread_next(struct thread *t)
{
	return t ? t->next : acquire_load(&all);
}

thread_no
thread_number_of(int tid)
{
	struct thread *t = NULL;

	while ((t = thread_next(t)) != NULL)
		if (t->owner.is_used && t->owner.tid == tid)
			return t->number;
	return 0;
}

thread_no
thread_records_end(void)
{
	uint32_t n = relaxed_load(&n_records);

	return n < MAX_RECORDS ? n : MAX_RECORDS;
}

const struct thread_record *
thread_record_get(thread_no n)
{
	return n < thread_records_end() ? record_at(n) : NULL;
}

bool
thread_after_fork(void)
{
	struct thread *t, *own = thread_tls.state;
	bool had_others = false;

	/* Where fork could not wait (forking.h), another's state may be at the head that
	 * had no next yet when its page was copied. */
	for (t = all; t && t != own; t = t->next)
		;
	if (!t && own)
		all = own;
	for (t = all; t; t = t->next) {
		struct thread_record *r = record_at(t->number);

		if (t == thread_tls.state) {
			t->owner.tid = sys_gettid();
			if (r)
				r->tid = t->owner.tid;
			continue;
		}
		if (!t->owner.is_used || !t->unwind)
			continue;
		had_others |= !t->owner.is_ending;
		thread_flush(t);
		if (r)
			r->is_alive = false;
		t->owner.is_ending = false;
		t->owner.is_used = false;
	}
	return had_others;
}
