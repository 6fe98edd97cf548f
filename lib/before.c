/* before.c -- see before.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "before.h"
#include "aside.h"
#include "books.h"
#include "options.h"
#include "peak.h"
#include "process.h"
#include "sites.h"
#include "sys.h"
#include "take.h"
#include "trigger.h"
#include "turns.h"
#include "unwind.h"

#include <errno.h>
#include <stdlib.h>

enum {
	STEP = 64,           /* frees between two considerations */
	SHARE = 32,          /* of the blocks, that goes before a look is due */
	SHARE_AT_EXIT = 256, /* of the heap, that goes in exit() before a look is due */
	MIN_BLOCKS = 500,    /* of a heap that is looked at, */
	MIN_BYTES = 128 << 10,
	EXIT_CODE_BYTES = 48, /* of exit(): no more than a call */
	LARGE = 16 << 10, /* bytes of a block whose free in exit() is considered by itself */
	FIRST_WORDS = 4, /* of a block, that are looked up */
	MORE_WORDS = 16, /* where one of those is a pointer */
	MAPPED = 64 << 10 /* bytes from which on a block's pages may have been made unreadable */
};

struct live {
	uint64_t blocks, bytes;
};

/* Plain: a look too early or too late is as good. */
static struct {
	struct live ending;   /* when exit() was first seen on a stack; 0 = it was not */
	struct live last;     /* at the last look */
	uint32_t last_volume; /* books.h; 0 = there was no look */
	int is_looking;       /* atomic */
	bool is_done;         /* none is taken any more: there was that in exit(), or one
				 failed */
} before;

static struct live
live_now(void)
{
	struct epochs_counts c;

	thread_sum(&c);
	return (struct live){
		c.allocations > c.frees ? c.allocations - c.frees : 0,
		c.allocated_bytes > c.freed_bytes ? c.allocated_bytes - c.freed_bytes : 0};
}

/* Whether exit() is on the stack; by its return address, which is the end of its code, as
 * it does not return. */
static bool
is_in_exit(site_id site)
{
	const uintptr_t start = (uintptr_t)&exit;
	struct site s;

	for (; sites_get(site, &s) && s.step; site = s.parent)
		if (STEP_PC(s.step) - 1 - start < EXIT_CODE_BYTES)
			return true;
	return false;
}

/* Was enough allocated since the last look for another one? */
static bool
is_another_time(void)
{
	uint32_t last = before.last_volume, volume = relaxed_load(&books_volume);

	return !last || volume - last >= last / 3;
}

static bool
is_time_in_exit(struct live now, const struct block *b)
{
	struct live *end = &before.ending;

	if (!end->blocks)
		*end = now;
	if (end->blocks < MIN_BLOCKS || end->bytes < MIN_BYTES ||
	    (now.blocks > end->blocks - end->blocks / SHARE_AT_EXIT &&
	     b->bytes < end->bytes / SHARE_AT_EXIT &&
	     now.bytes > end->bytes - end->bytes / SHARE_AT_EXIT))
		return false;
	/* main() may have begun it. */
	return is_another_time() || now.blocks >= before.last.blocks / 4 * 3;
}

static bool
is_time(struct live now, uint64_t start)
{
	return start >= MIN_BLOCKS && now.bytes >= MIN_BYTES &&
	       now.blocks < start - start / SHARE &&
	       (is_another_time() || now.blocks >= before.last.blocks / 2 * 3);
}

/* ---- tables -------------------------------------------------------------- */

/* Was twice as much allocated as at the last look?  Some programs make tables all the time. */
static bool
is_time_for_tables(void)
{
	uint32_t last = before.last_volume, volume = relaxed_load(&books_volume);

	return !last || volume - last >= last;
}

/* How many of n words, evenly spread over a block, lead to live blocks. */
static unsigned
pointers_among(const struct block *b, unsigned n)
{
	const uintptr_t *words = (const uintptr_t *)b->addr;
	unsigned found = 0;
	uint32_t *ignored;

	for (unsigned i = 0; i < n; i++) {
		const uintptr_t *word = &words[b->bytes / sizeof *words * i / n];

		if (b->bytes >= MAPPED && !sys_is_readable((uintptr_t)word))
			return 0;
		found += blocks_find_live(relaxed_load(word), &ignored) != 0;
	}
	return found;
}

/* The live blocks that a block leads to, as far as some of its words tell. */
static uint64_t
held_by(const struct block *b)
{
	if (pointers_among(b, FIRST_WORDS) == 0)
		return 0;
	return b->bytes / sizeof(uintptr_t) * pointers_among(b, MORE_WORDS) / MORE_WORDS;
}

/* Has the thread just allocated a larger one, as for what a table holds that grows? */
static bool
is_outgrown(const struct thread *t, const struct block *b)
{
	struct block last;

	return t->last_big != b->addr && blocks_find(t->last_big, &last) == BLOCKS_LIVE &&
	       last.bytes > b->bytes;
}

/* Note what goes with this block: see before_held. */
static bool
is_table(struct thread *t, const struct block *b)
{
	uint64_t held = b->bytes >= BEFORE_TABLE && is_time_for_tables() ? held_by(b) : 0;

	if (held == 0 || is_outgrown(t, b))
		return false;
	if (t->before_held_at != t->allocations)
		t->before_held = 0;
	t->before_held_at = t->allocations;
	t->before_held += held;
	return t->before_held >= MIN_BLOCKS / SHARE;
}

static bool
is_time_of_table(const struct thread *t, struct live now)
{
	return now.blocks >= MIN_BLOCKS && now.bytes >= MIN_BYTES &&
	       t->before_held >= now.blocks / SHARE;
}

/* ---- looks --------------------------------------------------------------- */

struct look {
	struct thread *thread;
	const struct block *block;
	const struct caller *caller;
	bool is_counted; /* it was due by the number of frees */
	bool is_table;   /* or by what the block leads to */
};

static void
look(struct thread *t, const struct block *b, struct live now, bool is_exit)
{
	int idle = 0, result;

	if (!__atomic_compare_exchange_n(&before.is_looking, &idle, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	t->hand = b->addr; /* the program's, and only free() knows it */
	/* Constructors of other libraries come before ours. */
	if (process.program && process_is_own() && !relaxed_load(&process.is_end_taken) &&
	    (result = take_snapshot(TAKE_LOOK, NULL, TURNS_GO_ON, NULL)) != -EAGAIN) {
		before.last = now;
		before.last_volume = relaxed_load(&books_volume);
		relaxed_store(&before.is_done, is_exit || result != 0);
	}
	t->hand = 0;
	release_store(&before.is_looking, 0);
}

static void
consider(void *with)
{
	const struct look *x = with;
	struct thread *t = x->thread;
	site_id site = x->caller->pc ? unwind_site(t->unwind, x->caller) : 0;
	bool is_exit = is_in_exit(site);
	struct live now;

	/* The sum of all threads takes longer than this. */
	if (!is_exit && !x->is_counted && !x->is_table)
		return;
	now = live_now();
	if (x->is_counted && !t->before_start)
		t->before_start = now.blocks;
	if ((is_exit ? is_time_in_exit(now, x->block)
		     : x->is_counted && is_time(now, t->before_start)) ||
	    (x->is_table && is_time_of_table(t, now)))
		look(t, x->block, now, is_exit);
}

/* Returns false if the thread allocates as it frees. */
static bool
is_freeing(struct thread *t)
{
	uint64_t made = t->allocations - t->before_allocations;

	t->before_allocations = t->allocations;
	t->before_at = t->counts.frees + STEP;
	if (made > STEP / 8)
		t->before_start = 0;
	return made <= STEP / 8;
}

static void
compare_peak(void *with)
{
	const struct look *x = with;

	peak_compare(sys_now_ns(), x->block->bytes);
	x->thread->hand = x->block->addr; /* as in look() */
	trigger_check_peak();
	x->thread->hand = 0;
}

void
before_watch(struct thread *t)
{
	if (t->before_at == UINT64_MAX && relaxed_load(&peak_is_watched))
		t->before_at = t->counts.frees + STEP;
}

NOINLINE void
before_consider(struct thread *t, const struct block *b, const struct caller *c)
{
	struct look x = {.thread = t, .block = b, .caller = c};

	if (unlikely(relaxed_load(&peak_is_watched)) &&
	    (t->counts.frees >= t->before_at || b->bytes >= LARGE))
		aside_call(compare_peak, &x);
	if (!options.has_look || relaxed_load(&before.is_done) ||
	    relaxed_load(&process.is_end_taken)) {
		if (t->counts.frees >= t->before_at)
			t->before_at = relaxed_load(&peak_is_watched)
					       ? t->counts.frees + STEP
					       : UINT64_MAX;
		return;
	}
	x.is_counted = t->counts.frees >= t->before_at && is_freeing(t);
	x.is_table = is_table(t, b);
	if (x.is_counted || x.is_table || b->bytes >= LARGE)
		aside_call(consider, &x);
}

void
before_settle(void)
{
	struct live now = live_now(), last = before.last;

	if (!last.blocks)
		return;
	turns_reap(TURNS_WAIT);
	if (relaxed_load(&books_volume) - before.last_volume > before.last_volume ||
	    (now.blocks >= last.blocks - last.blocks / SHARE_AT_EXIT &&
	     now.bytes >= last.bytes - last.bytes / SHARE_AT_EXIT))
		take_drop_look();
}

void
before_after_fork(void)
{
	__builtin_memset(&before, 0, sizeof before);
}
