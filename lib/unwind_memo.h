/* unwind_memo.h -- stacks of a thread that are met often, besides the last one.
 *
 * In:   a caller; a stack that was just walked.
 * Out:  its site, if the stack was walked before and is the same.
 * Not here: the last stack itself (unwind_last.h), on whose outer frames these rely.
 *
 * Kept by the frame that they begin with, some hundred in all, as lists of facts: none of
 * their frames needs to be walked.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_UNWIND_MEMO_H
#define GCPROF_UNWIND_MEMO_H

#include "base.h"
#include "unwind_last.h"

/* A stack that was walked: the facts on which the way from the frame that allocates to a
 * frame of the last stack depends, innermost first, and then one that never holds.  A
 * caller that begins with the same frame has the same site if these facts hold, and those
 * of the last stack from there outwards. */
enum { MEMO_FACTS = 11, MEMO_WAYS = 2, MEMO_MIN_SETS = 16, MEMO_MAX_SETS = 256 };
struct memo {
	uintptr_t pc, sp, bp;     /* of the innermost; pc 0 = unused */
	uintptr_t out_sp, out_bp; /* of the frame of the last stack */
	site_id out_node;         /* its node, */
	uint32_t out;             /* and its number */
	site_id site;
	uint8_t n_facts;
	bool needs_bp;
	bool is_good; /* was found since another wanted its place */
	struct fact facts[MEMO_FACTS + 1];
};

/* Programs that have another stack each time lose by searching: after so many misses
 * without as many hits, there is no search during MEMO_PAUSE walks. */
enum { MEMO_MISSES = 256, MEMO_PAUSE = 1 << 13 };

/* Of one thread; sets are chosen by the frame that the stack begins with. */
struct memos {
	uint32_t pause; /* walks until the next search */
	uint32_t hits, misses;
	uint32_t n_sets; /* in use: a power of two; more when places are wanted */
	uint32_t wanted;
	struct memo memo[MEMO_MAX_SETS][MEMO_WAYS] __attribute__((aligned(64)));
};

void memo_forget(struct memos *memos);

static ALWAYS_INLINE struct memo *
memo_set(struct memos *memos, const struct caller *c)
{
	uint64_t h = (c->pc ^ c->sp << 20) * 0x9e3779b97f4a7c15ull;

	return memos->memo[(h >> 40) & (memos->n_sets - 1)];
}

/* Whether e is of this stack. */
static ALWAYS_INLINE bool
memo_holds(const struct last *l, const struct memo *e, const struct caller *c)
{
	const struct fact *f = e->facts;
	const struct frame *out;

	if (e->pc != c->pc || e->sp != c->sp || (e->needs_bp && e->bp != c->bp))
		return false;
	while (step_word(f->addr) == f->value)
		f++;
	/* An equal node means an equal code address. */
	if (f != &e->facts[e->n_facts] || e->out > l->n ||
	    l->steps[e->out].node != e->out_node)
		return false;
	out = &l->frames[e->out];
	return out->sp == e->out_sp &&
	       (out->bp == e->out_bp || !(out->flags & FRAME_NEEDS_BP)) &&
	       last_holds(l, out);
}

/* The site of a stack, or 0.  Counts hits and misses. */
static ALWAYS_INLINE site_id
memo_find(struct memos *memos, const struct last *l, const struct caller *c)
{
	struct memo *e = memo_set(memos, c);
	int i;

	for (i = 0; i < MEMO_WAYS; i++, e++) {
		if (memo_holds(l, e, c)) {
			e->is_good = true;
			memos->hits++;
			return e->site;
		}
	}
	if (++memos->misses == MEMO_MISSES) {
		if (memos->hits < MEMO_MISSES)
			memos->pause = MEMO_PAUSE;
		memos->hits = memos->misses = 0;
	}
	return 0;
}

/* Keep the way from the innermost frame of the last stack to its frame `out`, for which
 * nothing was found. */
void memo_put(struct memos *memos, const struct last *l, const struct caller *c,
	      uint32_t out, site_id site);

#endif
