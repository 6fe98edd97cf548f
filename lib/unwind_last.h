/* unwind_last.h -- the last stack of a thread that was walked, and the site of each frame.
 *
 * In:   the frames of a walk that are new, and how many of the last stack stay.
 * Out:  whether a frame of the last stack leads outwards as it did; the site of the new one.
 * Not here: stacks before the last (unwind_memo.h), taking steps (unwind_step.h).
 *
 * Why words of memory suffice: given a frame's pc, sp and bp, its caller's follow from its
 * code and from the words that its rule reads.  The code does not change (a module that is
 * unloaded voids everything), and the words are known by address: so if they are what they
 * were, the caller is the same; and its caller, by induction, up to the outermost frame.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_UNWIND_LAST_H
#define GCPROF_UNWIND_LAST_H

#include "base.h"
#include "sites.h"
#include "unwind_step.h"

enum {
	/* Where stacks are cut; see chains. */
	STRIDE = 128,
	N_CHAINS = 3,
	/* A walk goes no further out; what is called from there is added to it. */
	WALK_FRAMES = 1024,
	MUCH = 32, /* frames that are new in a deep stack */
	MAX_FRAMES = WALK_FRAMES + N_CHAINS * STRIDE
};

/* A frame of the last stack. */
struct frame {
	uintptr_t pc, sp, bp;
	uint32_t flags;
	uint32_t fact; /* the last of its facts */
};

/* A word of memory that must have the value that it had, for a frame of the last stack to
 * lead to the same caller. */
struct fact {
	uintptr_t addr, value;
};
enum { FACTS_PER_FRAME = 3 };

/* A stack of more than N_CHAINS strides is cut: its path begins, below SITE_CUT, at the
 * second or third multiple of the stride that is further out than its innermost
 * frame.  So the place of the cut depends on the number of frames alone, frames further
 * out need not be checked, and when the stack grows or shrinks by a frame the cut
 * nearly always stays.  Frames belong to N_CHAINS such paths, of stacks of different
 * depth: a chain has the nodes that were looked up for one of them.  Where random
 * recursion has made MANY_SITES, the stride is shorter.  A walk remembers WALK_FRAMES;
 * what is further out is counted. */
struct chain {
	uint32_t cut;   /* frames further out are not in it; 0 = the chain is not used */
	uint32_t named; /* frames[cut + 1] to frames[named] have nodes */
};

/* INVARIANT  last-stack: frames[1] to frames[n] are the last stack, outermost
 * first, and steps[1] to steps[n] the path to each.  frames[0] stands for
 * what is outside of it: its sp is above all others and its node is why the outermost
 * frame is that (SITE_ROOT, SITE_CUT, SITE_BROKEN).  All steps have nodes if the stack
 * is not cut; if a chain is used, steps[1] to steps[named] have.  The facts of frame i
 * are those behind frames[i - 1].fact up to frames[i].fact: their number increases from
 * the outside in; if they all hold, frame i leads to frame i - 1.  Instead of facts, a frame
 * has one that never holds if its step must be made again: so has the outermost, unless
 * its code is known to have no caller; and facts[0] never holds.  The bp of a frame without
 * FRAME_NEEDS_BP may be that of an earlier stack: nothing depends on it.
 *
 * Of a stack that is cut, only the frames within its path are checked.  Those further
 * out may be of an earlier stack, and so may their number, which says where the cut is.  A
 * path is true wherever it begins.
 *
 * BOUND  Two ways that differ in their number of frames, not in their bytes of stack, and
 * lead to the same 256 frames or more with no allocation before: then equal stacks can
 * have two sites, cut at two places. */
struct last {
	uint32_t n;
	uint32_t stride;
	uint32_t whole; /* of so many frames a stack is not cut */
	uint32_t plain; /* the same; 0 while a chain is used, which last_name keeps true */
	uint32_t named;
	uint32_t beyond; /* frames further out than frames[1], not remembered */
	struct frame frames[MAX_FRAMES + 1];
	struct site_step steps[MAX_FRAMES + 1];
	struct fact facts[FACTS_PER_FRAME * (MAX_FRAMES + 1)];
	struct fresh fresh[WALK_FRAMES]; /* of the walk under way, innermost first */
	struct chain chains[N_CHAINS];   /* by the multiple of the stride */
	site_id nodes[N_CHAINS][MAX_FRAMES + 1];
	struct site_step path[N_CHAINS * STRIDE + 1]; /* of a chain, while it is looked up */
};

/* A fact that never holds. */
extern const struct fact fact_never HIDDEN;

/* No frame is known any more; last_init: yet. */
void last_init(struct last *l);
void last_forget(struct last *l);

/* How many of t frames, which are too many for a whole stack, are further out than the
 * cut.  Multiples are counted from the outermost frame, which is not among them if the
 * walk did not come so far. */
static ALWAYS_INLINE uint32_t
last_cut(const struct last *l, uint32_t t)
{
	uint32_t before = l->beyond % l->stride;

	return ((t + before - 1) / l->stride - (N_CHAINS - 1)) * l->stride - before;
}

/* Why a stack ends at its outermost frame. */
static inline site_id
last_root(enum outcome outcome)
{
	return outcome == ENDED ? SITE_ROOT : SITE_BROKEN;
}

static ALWAYS_INLINE bool
fact_holds(const struct fact *f)
{
	return step_word(f->addr) == f->value;
}

/* The first of the facts from f backwards that does not hold, or the last one, which is
 * not checked.  Four in a round: there is nothing else to do in it. */
static ALWAYS_INLINE const struct fact *
fact_first_false(const struct fact *f, const struct fact *last)
{
	for (; f - last >= 4; f -= 4) {
		if (!fact_holds(f))
			return f;
		if (!fact_holds(f - 1))
			return f - 1;
		if (!fact_holds(f - 2))
			return f - 2;
		if (!fact_holds(f - 3))
			return f - 3;
	}
	while (f > last && fact_holds(f))
		f--;
	return f;
}

/* Whether a frame of the last stack leads outwards as it did, all by facts. */
static ALWAYS_INLINE bool
last_holds(const struct last *l, const struct frame *frame)
{
	return fact_first_false(&l->facts[frame->fact], l->facts) == l->facts;
}

/* Whether a frame of the last stack that has no facts leads where it led: takes the step. */
bool last_leads_as_before(const struct last *l, struct stepper *s, uint32_t i);

/* Frames of the last stack from m outwards that are the same still: the index
 * of the outermost of them that does not lead to the same caller, 0 if all do.
 * end: where to end, that frame not included. */
static ALWAYS_INLINE uint32_t
last_verify(struct last *l, struct stepper *s, uint32_t m, uint32_t end)
{
	const struct fact *f = &l->facts[l->frames[m].fact];
	const struct fact *last = end ? &l->facts[l->frames[end].fact] : l->facts;

	for (;;) {
		uint32_t k;

		f = fact_first_false(f, last);
		if (likely(f == last))
			return 0;
		k = (uint32_t)(f - l->facts);
		while (l->frames[m - 1].fact >= k)
			m--;
		if (!(l->frames[m].flags & (FRAME_RESTEP | FRAME_GUESSED)))
			return m;
		step_distrust(s);
		if (!last_leads_as_before(l, s, m))
			return m;
		f = &l->facts[l->frames[--m].fact];
	}
}

/* The same for a stack of which n frames, inside of m, are new, and which is cut.  Frames
 * further out than the cut do not matter but for their number.  Where much is new, the
 * frame that was met may be of another stack, in which it came to lie at the same place
 * by chance: all are checked then. */
uint32_t last_verify_cut(struct last *l, struct stepper *s, uint32_t m, uint32_t n);

/* The step and the facts of a frame; see last_note_plain. */
uint64_t last_note_odd(struct last *l, const struct fresh *x, uint32_t i);

/* Make the flags of frames[i], which is x by a plain rule, and its facts behind those of
 * frame i - 1.  Returns its step.
 *
 * Most code has another use for bp than to find its callers.  What is in it at a
 * frame matters only if the frame's own rule reads it, or leaves it to a caller that
 * it matters to; where it does not, it may differ from one stack to the next, and
 * no fact says that it is the same. */
static ALWAYS_INLINE uint64_t
last_note_plain(struct last *l, const struct fresh *x, uint32_t i)
{
	const struct frame *out = &l->frames[i - 1];
	struct frame *f = &l->frames[i];
	uint64_t rule = x->rule;
	uint32_t k = out->fact, needed = out->flags & FRAME_NEEDS_BP;
	uint32_t saved = RULE_IS_SAVED(rule) ? FRAME_NEEDS_BP : 0;

	l->facts[k + 1] = (struct fact){.addr = out->sp - 8, .value = out->pc};
	l->facts[k + 2] = (struct fact){.addr = out->sp + (uintptr_t)RULE_AT(rule),
					.value = out->bp};
	f->flags = (RULE_IS_BP(rule) ? FRAME_NEEDS_BP : 0) | (needed & ~saved);
	f->fact = k + 1 + (needed & saved) / FRAME_NEEDS_BP;
	return x->pc | (rule & RULE_MODULE_BITS);
}

/* The site of the last stack, of which `kept` frames have been there before, where it is
 * deep or has been. */
site_id last_name(struct last *l, uint32_t kept);

/* Make `fresh` (n frames, innermost first) the inner part of the last stack,
 * whose first `kept` frames stay.  Returns its site. */
static ALWAYS_INLINE site_id
last_remember(struct last *l, uint32_t kept, uint32_t n)
{
	struct site_step *from = &l->steps[kept], *to = from;
	uint32_t path = from->path, i = kept;

	l->n = kept + n;
	for (; n > 0; n--) {
		const struct fresh *x = &l->fresh[n - 1];
		struct frame *f = &l->frames[++i];

		f->pc = x->pc;
		f->sp = x->sp;
		f->bp = x->bp;
		to++;
		to->step = likely(!x->flags) ? last_note_plain(l, x, i)
					     : last_note_odd(l, x, i);
		path = sites_hash(path, to->step);
		to->path = path;
	}
	if (unlikely(i > l->plain))
		return last_name(l, kept);
	return i == kept ? from->node : sites_path(from, i - kept);
}

/* The same for a whole stack.  root: why its outermost frame is that; beyond: how many
 * are further out. */
site_id last_remember_all(struct last *l, uint32_t n, site_id root, uint32_t beyond);

#endif
