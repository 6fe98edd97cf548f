/* unwind_step.h -- from one frame of a stack to its caller.
 *
 * In:   pc, sp and bp of a frame; the rule of its code (unwind_rules.h).
 * Out:  those of its caller, or why there is none; on which words of memory that depends.
 * Not here: whole stacks (unwind.h), what is remembered of them (unwind_last.h).
 *
 * Nearly all steps are by a plain rule and inline (step_plain); step_any knows all others:
 * a whole row, code without call frame information, code made at run time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_UNWIND_STEP_H
#define GCPROF_UNWIND_STEP_H

#include "base.h"
#include "unwind_rules.h"

struct stepper {
	struct rules_cache rules;
	uintptr_t lo, hi; /* stack between them is readable, */
	bool is_sure;     /* as the walk under way has found itself */
};

/* Flags of a frame. */
enum {
	FRAME_EXACT = 1,     /* pc was interrupted, it is no return address */
	FRAME_RESTEP = 2,    /* the caller does not follow from a few words of memory */
	FRAME_GUESSED = 4,   /* reached by a frame pointer that may be anything, so it may
			      * be no frame, and its memory may be gone the next time */
	FRAME_LOADED = 8,    /* the caller's frame begins where a word says; see `load` */
	FRAME_LAST = 16,     /* its code has no caller, whatever is in memory */
	FRAME_NEEDS_BP = 32, /* of the last stack: the way further out depends on bp */
	FRAME_ODD = 64       /* of the walk under way: not by step_plain */
};

/* A frame of the walk under way. */
struct fresh {
	uintptr_t pc, sp, bp;
	uint64_t rule; /* by which its caller was found */
	uint32_t flags;
	/* With FRAME_ODD: */
	uintptr_t bp_slot; /* where this frame keeps its caller's bp; 0 = nowhere */
	uintptr_t load;    /* with FRAME_LOADED: the word that is the caller's sp */
};

enum outcome {
	STEPPED,  /* to the caller */
	ENDED,    /* there is none */
	BROKE,    /* it cannot be found */
	NOT_CODE, /* this is no frame: pc is not in code */
	NEEDS_ALL /* it takes more registers than these three (unwind_all) */
};

/* Forget which stack is readable. */
static ALWAYS_INLINE void
step_forget_stack(struct stepper *s)
{
	s->lo = s->hi = 0;
}

/* Whether an aligned word can be read.  The slow one asks the kernel. */
bool step_readable_slow(struct stepper *s, uintptr_t addr);
static ALWAYS_INLINE bool
step_readable(struct stepper *s, uintptr_t addr)
{
	if (likely(addr >= s->lo && addr < s->hi && !(addr & 7)))
		return true;
	return step_readable_slow(s, addr);
}

static ALWAYS_INLINE uintptr_t
step_word(uintptr_t addr)
{
	return *(const uintptr_t *)addr;
}

/* cfi_load, with a stepper. */
bool step_load(void *s, uintptr_t addr, uintptr_t *ret);

/* From f, whose pc, sp, bp and flags are known, to its caller, by whatever rule.  Fills in
 * the rest of f. */
enum outcome step_any(struct stepper *s, struct fresh *f, struct fresh *ret);

/* From f, in code of which nothing is known, to its caller.  ret->bp is f's unless bp
 * leads there. */
enum outcome step_by_guess(struct stepper *s, struct fresh *f, bool is_module,
			   struct fresh *ret);

/* From here on, only what this walk itself found readable counts: stack that earlier ones
 * have read may be unmapped, as when a coroutine has got a smaller stack where another's
 * was.  Steps by tables that are right stay inside the stack that there is. */
static ALWAYS_INLINE void
step_distrust(struct stepper *s)
{
	if (!s->is_sure)
		s->lo = s->hi = 0;
	s->is_sure = true;
}

/* Where the walk is; in registers, as each step waits for the one before. */
struct at {
	uintptr_t pc, sp, bp;
};

/* Let plain steps from there read the stack, if it can be read. */
void step_trust_slow(struct stepper *s, uintptr_t sp);
static ALWAYS_INLINE void
step_trust(struct stepper *s, uintptr_t sp)
{
	if (unlikely(sp < s->lo || sp >= s->hi))
		step_trust_slow(s, sp);
}

/* A plain step from f, which is `at` with flags 0: fills in the rest of f and goes
 * on to the caller.  Returns false, and has changed nothing, if it is not plain.
 * The stack is readable from at->sp, which is trusted, to s->hi; if s->hi is 0, none is. */
static ALWAYS_INLINE bool
step_plain(struct stepper *s, struct fresh *f, struct at *at)
{
	uint64_t rule = rules_find(&s->rules, at->pc);
	uintptr_t base = RULE_IS_BP(rule) ? at->bp : at->sp, cfa, pc, bp;

	cfa = base + (uintptr_t)RULE_CFA(rule);
	if (unlikely(!RULE_IS_PLAIN(rule)) || unlikely(base < at->sp || base >= s->hi) ||
	    unlikely(cfa > s->hi) || unlikely(base & 7))
		return false;
	pc = step_word(cfa - 8);
	bp = step_word(cfa + (uintptr_t)RULE_AT(rule));
	if (unlikely(!pc))
		return false;
	f->rule = rule;
	at->pc = pc;
	at->sp = cfa;
	at->bp = RULE_IS_SAVED(rule) ? bp : at->bp;
	return true;
}

/* From `at`, which becomes f, to its caller by whatever rule.  flags: of the one, then of
 * the other. */
static ALWAYS_INLINE enum outcome
step_out(struct stepper *s, struct fresh *f, struct at *at, uint32_t *flags)
{
	struct fresh next;
	enum outcome outcome;

	f->pc = at->pc;
	f->sp = at->sp;
	f->bp = at->bp;
	f->flags = *flags;
	if (likely(!*flags) && likely(step_plain(s, f, at)))
		return STEPPED;
	outcome = step_any(s, f, &next);
	if (outcome == STEPPED) {
		*at = (struct at){.pc = next.pc, .sp = next.sp, .bp = next.bp};
		*flags = next.flags;
		step_trust(s, at->sp);
	}
	return outcome;
}

/* How many frames there are from here outwards.
 * BOUND  Of more than COUNT_FRAMES, and of code that needs all registers, it says fewer. */
enum { COUNT_FRAMES = 1 << 16 };
uint32_t step_count(struct stepper *s, struct at at, uint32_t flags);

#endif
