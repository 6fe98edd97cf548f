/* thread.h -- what is kept for each thread, and the guard.
 *
 * In:   the first allocation of a thread; its end.
 * Out:  its state, without a lock and without a system call after the first
 *       time; sums and walks over all threads.
 * Not here: what is done with the state (record.h).
 *
 * The thread-local part is a few words of initial-exec TLS, which is there
 * from the thread's first instruction to its last.  The rest is ours, is never
 * unmapped, and goes to another thread when its own has ended: counts in it
 * only grow, so that sums over all states are sums over the whole life of the
 * process.
 *
 * A thread keeps its state while it ends, as libc allocates and frees to the
 * last; the state is given to another when the thread is no more.
 *
 * Events that come while the thread is inside already (from a signal handler)
 * are counted in `thread_strays`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_THREAD_H
#define GCPROF_THREAD_H

#include "arch.h"
#include "base.h"
#include "books.h"
#include "epochs.h"
#include "owner.h"
#include "sites.h"

/* Sites that this thread counts for itself: direct-mapped, added to the site's own
 * counts when another takes the place. */
enum { THREAD_CACHE = 256 };
struct thread_cached {
	site_id site;
	uint32_t allocations;
	uint64_t bytes;
};

/* What most calls of malloc and free touch comes first, and is one cache line. */
struct thread {
	uint64_t allocations;
	uint64_t spent;  /* bytes allocated, and THREAD_PER_BLOCK for each block */
	uint64_t stop;   /* of spent: beyond it, the clock or a sample is due */
	epoch_no epoch;  /* as this thread last saw it */
	birth_id birth;  /* of what it allocates now */
	birth_id recent; /* the same, or 0: where the next block is freed is to be noted */
	site_id usual; /* of what it allocates if stop is not reached; 0 = its stack's */
	uint64_t tag;  /* of usual and birth, for blocks.h */
	uint64_t quick_frees,
		quick_bytes; /* of blocks of the birth `recent`, in its epoch */

	uint64_t budget_end; /* of spent: when to read the clock */
	uint64_t sample_at;  /* of bytes allocated: the next sample; 0 = not drawn yet */
	uint64_t usual_blocks, usual_bytes; /* of `usual`, counted in sites.h already */
	uint64_t other_blocks, other_bytes; /* not of `usual`, though it is not 0 */
	uint32_t period;                    /* of birth; books.h */
	struct epochs_counts counts;        /* frees but the quick ones; 0 allocations */
	uint64_t reported,
		reported_blocks; /* bytes, allocations that epochs and books know of */
	uint64_t random;
	struct unwind *unwind;
	/* before.h: */
	uint64_t before_at;          /* counts.frees when to consider a look again */
	uint64_t before_allocations; /* allocations when it was considered last */
	uint64_t before_start; /* live blocks when it began to free and allocate no more */
	uint64_t before_held;  /* live blocks that tables led to, which it has freed, */
	uint64_t before_held_at; /* since it had made so many allocations */
	uintptr_t last_big;      /* the last block of BLOCKS_IS_BIG that it allocated */
	struct verify *verify;   /* verify.h; NULL until needed */
	uintptr_t hand; /* a block that the program does not know yet, if a snapshot may come, or 0 */
	thread_no number;
	union owner owner;
	struct thread *next;
	struct books_pending deaths;
	struct thread_cached cache[THREAD_CACHE];
} __attribute__((aligned(64)));
enum { THREAD_PER_BLOCK = 64 };

/* Bytes that a thread has allocated. */
static ALWAYS_INLINE uint64_t
thread_allocated(const struct thread *t)
{
	return relaxed_load(&t->spent) - THREAD_PER_BLOCK * relaxed_load(&t->allocations);
}

/* The thread-local words.
 *
 * guard    0: the program runs.  1: we do, or the allocator for us.  With
 *          THREAD_PENDING added: a signal asked for a snapshot meanwhile;
 *          THREAD_PARK: another thread takes a cut and waits for this one.
 *          Changed by single instructions: the thread's own signal handlers
 *          come between any two. */
struct thread_tls {
	uint32_t guard;
	bool is_forking;     /* between our fork handlers, which took the guard */
	bool is_in_exec;     /* gate.h */
	bool has_mappings;   /* it forks, and has their lock */
	bool is_verifying;   /* libunwind is at work: what it maps is not the program's */
	uint32_t n_ignoring; /* __lsan_disable calls without their enable */
	uintptr_t guard_sp;  /* of who took the guard */
	struct thread *state;
	/* The same, or NULL: what this thread allocates and frees cannot go the quick
	 * way (record.h). */
	struct thread *quick;
};
enum { THREAD_PENDING = 0x100, THREAD_PARK = 0x10000 };
extern __thread struct thread_tls thread_tls __attribute__((tls_model("initial-exec")))
HIDDEN;

/* Counted with atomic adds, by whoever cannot use a thread's state. */
extern struct epochs_counts thread_strays;

/* Whether the guard is up only because somebody left by siglongjmp from a
 * handler that interrupted us: the frame that took it is gone. */
bool thread_is_abandoned(void);

/* Returns false if this thread is inside already: pass straight through. */
static ALWAYS_INLINE bool
thread_enter(void)
{
	if (unlikely(thread_tls.guard != 0) && !thread_is_abandoned())
		return false;
	thread_tls.guard = 1;
	thread_tls.guard_sp = (uintptr_t)__builtin_frame_address(0);
	signal_fence();
	return true;
}

/* The same in a handler that runs on a stack of ours (handler.h): where it interrupted
 * the program. */
bool thread_enter_from(uintptr_t sp, bool is_on_alt_stack);

/* Enter if that takes no thought: returns this thread's state, or NULL if it is to
 * be done by thread_enter. */
static ALWAYS_INLINE struct thread *
thread_enter_quick(void)
{
	struct thread *t = thread_tls.quick;

	if (unlikely(thread_tls.guard != 0) || unlikely(!t))
		return NULL;
	thread_tls.guard = 1;
	thread_tls.guard_sp = (uintptr_t)__builtin_frame_address(0);
	signal_fence();
	return t;
}

/* Returns whether a signal asked for something meanwhile. */
static ALWAYS_INLINE bool
thread_leave(void)
{
	GCP_ASSERT((thread_tls.guard & 0xff) == 1); /* inside, once */
	signal_fence();
	/* One instruction: a signal before it adds to what is subtracted from,
	 * one after it finds the guard down. */
	return arch_count_down_own(&thread_tls.guard);
}

/* This thread's state; NULL if there is no memory for one.  Context: inside the
 * guard. */
struct thread *thread_make(void);
static ALWAYS_INLINE struct thread *
thread_get(void)
{
	return likely(thread_tls.state != NULL) ? thread_tls.state : thread_make();
}

/* From now on, ends of threads are seen; once. */
void thread_init(void);

/* Add a thread's cached counts to their sites, and its deaths to the books. */
void thread_flush(struct thread *t);
/* Add one entry to its site and give it to another. */
void thread_evict(struct thread_cached *c, site_id site);
static ALWAYS_INLINE void
thread_count(struct thread *t, site_id site, size_t bytes)
{
	struct thread_cached *c = &t->cache[(site * 0x9e3779b1u) >> 24];

	GCP_ASSERT(t == thread_tls.state && thread_tls.guard);
	GCP_ASSERT(site && site < SITES_MAX);
	if (unlikely(c->site != site))
		thread_evict(c, site);
	c->bytes += bytes;
	if (unlikely((int32_t)++c->allocations < 0))
		thread_evict(c, site);
}

/* Sums of all threads' counts. */
void thread_sum(struct epochs_counts *ret);
/* Whether no thread but this one has allocated and lives. */
bool thread_is_alone(void);
/* All states, used or not; start with NULL. */
struct thread *thread_next(struct thread *t);
/* The number of a thread that lives; 0 if it has not allocated. */
thread_no thread_number_of(int tid);

/* Threads that ever allocated, by number from 1 to thread_records_end() - 1. */
struct thread_record {
	int tid;
	epoch_no first_epoch;
	bool is_alive;
	char name[16]; /* of a thread that has ended; "" before */
};
thread_no thread_records_end(void);
const struct thread_record *thread_record_get(thread_no n);

/* In the child: only this thread goes on.  Returns whether there were others. */
bool thread_after_fork(void);

#endif
