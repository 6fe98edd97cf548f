/* thread.c -- see thread.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "thread.h"
#include "mem.h"
#include "sites.h"
#include "sys.h"
#include "unwind.h"

#include <limits.h>
#include <pthread.h>

__thread struct thread_tls thread_tls __attribute__((tls_model("initial-exec")));
struct epochs_counts thread_strays;

static struct thread *all; /* linked by next; only ever grows at its head */

enum { RECORD_BITS = 10, MAX_RECORDS = 1 << 20 };
static struct thread_record *records[MAX_RECORDS >> RECORD_BITS];
static uint32_t n_records = 1;

static pthread_key_t key;
static bool has_key;

static struct thread_record *
record_at(thread_no n)
{
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
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false, __ATOMIC_ACQ_REL,
						  __ATOMIC_ACQUIRE);
	}
	r = record_at(n);
	r->tid = tid;
	r->first_epoch = epochs_current();
	r->is_alive = true;
	return n;
}

/* A state that no thread uses, or a new one. */
static struct thread *
state_take(void)
{
	struct thread *t;

	for (t = acquire_load(&all); t; t = t->next) {
		bool is_used = false;

		if (!relaxed_load(&t->is_used) &&
		    __atomic_compare_exchange_n(&t->is_used, &is_used, true, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return t;
	}
	t = mem_keep(sizeof *t);
	if (!t)
		return NULL;
	t->unwind = mem_map(unwind_bytes());
	if (!t->unwind)
		return NULL;
	t->is_used = true;
	t->next = acquire_load(&all);
	while (!__atomic_compare_exchange_n(&all, &t->next, t, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
	return t;
}

NOINLINE struct thread *
thread_make(void)
{
	struct thread *t;

	if (thread_tls.is_over)
		return NULL;
	t = state_take();
	if (!t)
		return NULL;
	t->tid = sys_gettid();
	t->number = record_new(t->tid);
	t->epoch = 0;
	t->budget = 0;
	t->random = ((uint64_t)t->number << 32 ^ sys_now_ns()) | 1;
	unwind_reset(t->unwind);
	thread_tls.state = t;
	if (has_key)
		(void)pthread_setspecific(key, &thread_tls); /* low keys need no memory */
	return t;
}

/* Runs in each round of TLS destructors and asks for another: other libraries'
 * destructors may allocate still.  In the last round the state is given up. */
static void
at_thread_end(void *tls)
{
	static __thread int rounds __attribute__((tls_model("initial-exec")));
	struct thread *t = thread_tls.state;
	struct thread_record *r;

	if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
		(void)pthread_setspecific(key, tls);
		return;
	}
	if (!thread_enter() || !t)
		return;
	thread_flush(t);
	r = record_at(t->number);
	if (r) {
		(void)sys_thread_name(r->name);
		r->name[15] = 0;
		r->is_alive = false;
	}
	thread_tls.is_over = true;
	thread_tls.state = NULL;
	release_store(&t->is_used, false);
	(void)thread_leave();
}

void
thread_init(void)
{
	has_key = pthread_key_create(&key, at_thread_end) == 0;
	if (has_key && thread_tls.state)
		(void)pthread_setspecific(key, &thread_tls);
}

NOINLINE void
thread_evict(struct thread_cached *c, site_id site)
{
	if (c->allocations)
		sites_count(c->site, c->allocations, c->bytes);
	*c = (struct thread_cached){.site = site};
}

void
thread_flush(struct thread *t)
{
	int i;

	for (i = 0; i < THREAD_CACHE; i++)
		thread_evict(&t->cache[i], 0);
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
		ret->allocations += relaxed_load(&t->counts.allocations);
		ret->allocated_bytes += relaxed_load(&t->counts.allocated_bytes);
		ret->frees += relaxed_load(&t->counts.frees);
		ret->freed_bytes += relaxed_load(&t->counts.freed_bytes);
		ret->freed_young_bytes += relaxed_load(&t->counts.freed_young_bytes);
		ret->freed_to_bytes += relaxed_load(&t->counts.freed_to_bytes);
	}
}

struct thread *
thread_next(struct thread *t)
{
	return t ? t->next : acquire_load(&all);
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

void
thread_after_fork(void)
{
	struct thread *t;

	for (t = all; t; t = t->next) {
		struct thread_record *r = record_at(t->number);

		if (t == thread_tls.state) {
			t->tid = sys_gettid();
			if (r)
				r->tid = t->tid;
			continue;
		}
		if (!t->is_used)
			continue;
		thread_flush(t);
		if (r)
			r->is_alive = false;
		t->is_used = false;
	}
}
