/* unwind_rules.h -- how code at an address leads to its caller, in 8 bytes.
 *
 * In:   a code address; its row of .eh_frame (cfi.h), read once.
 * Out:  its rule: where the caller's frame begins, where it keeps its frame pointer, and the
 *       module.
 * Not here: taking the step (unwind_step.h).
 *
 * Rules are in one table for all threads, without a lock; each thread has a small cache of
 * those that it used last.  Both are void when a module is unloaded.
 *
 * Bits of a rule, from low to high:
 *     kind (4) | saved (2) | saved offset / 8 (18, signed) | cfa offset (24, signed) |
 *     module (15), where it is in a step | 0 (1)
 *
 * Nearly all code has a plain rule; see RULE_IS_PLAIN.  The walk has one branch for
 * all of them.
 *
 * Context  as unwind.h: lock-free, in a signal handler too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_UNWIND_RULES_H
#define GCPROF_UNWIND_RULES_H

#include "base.h"
#include "cfi.h"
#include "modules.h"
#include "sites.h"

enum { RULE_PLAIN = 8 };
enum rule_kind {
	KIND_NONE = 0, /* the slot is empty */
	KIND_SP = 1,   /* CFA = sp + offset */
	KIND_BP = 2,   /* CFA = bp + offset */
	KIND_GUESS,    /* CFA = bp + offset, for want of better knowledge */
	KIND_BP_LOAD,  /* CFA = word at bp + offset (functions that realign the stack) */
	KIND_END,      /* the outermost frame */
	KIND_ROW,      /* by its whole row, from sp, bp and pc alone */
	KIND_BROKEN,   /* nobody knows */
	KIND_PLAIN_SP = RULE_PLAIN | KIND_SP,
	KIND_PLAIN_BP = RULE_PLAIN | KIND_BP
};
enum rule_saved {
	SAVED_NOT = 0, /* bp is the caller's still */
	SAVED_CFA = 1, /* at CFA + offset */
	SAVED_BP = 2   /* at bp + offset */
};

#define RULE_MODULE_BITS STEP(0, 0x7fffull)

static inline uint64_t
rule_make(enum rule_kind kind, enum rule_saved saved, int64_t cfa, int64_t at,
	  module_no module)
{
	return (uint64_t)kind | (uint64_t)saved << 4 | ((uint64_t)(at / 8) & 0x3ffff) << 6 |
	       ((uint64_t)cfa & 0xffffff) << 24 | (uint64_t)module << 48;
}

#define RULE_KIND(r) ((enum rule_kind)((r)&15))
#define RULE_SAVED(r) ((enum rule_saved)((r) >> 4 & 3))
#define RULE_CFA(r) ((intptr_t)((int64_t)((r) << 16) >> 40))
#define RULE_AT(r) ((intptr_t)((int64_t)((r) << 40) >> 46) * 8)

/* A plain rule: CFA = sp or bp + offset, at least 8; and bp is the caller's still, or at
 * CFA + an offset from -8 down to where sp or bp points.  So if that is within the stack,
 * and CFA too, everything that the step reads is. */
#define RULE_IS_PLAIN(r) (((r)&RULE_PLAIN) != 0)
#define RULE_IS_BP(r) (((r)&KIND_BP) != 0)
#define RULE_IS_SAVED(r) (((r)&SAVED_CFA << 4) != 0)
/* Whether its step depends on bp: of KIND_SP and KIND_BP.  Frames by other rules have
 * flags. */
#define RULE_READS_BP(r) (((r) & (KIND_BP | SAVED_BP << 4)) != 0)

struct rules_slot {
	uint64_t key, rule;
};

/* The rules that a thread used last.  The key is the return address; of all addresses with
 * one rules_place, the last one is kept. */
enum { RULES_CACHE = 512 };
struct rules_cache {
	uint32_t generation; /* of the table, when these were read from it */
	struct rules_slot slots[RULES_CACHE];
	/* For one row at a time: too large for the program's stack. */
	struct cfi_row row;
	struct cfi_scratch scratch;
};

/* Counts unloadings, modulo 65,536. */
extern uint32_t rules_generation HIDDEN;

/* Modules were unloaded: rules learned so far are void. */
void rules_forget(void);

/* The rule of the code before an address, from the table or learned anew. */
uint64_t rules_find_slow(struct rules_cache *r, uintptr_t pc);

static ALWAYS_INLINE size_t
rules_place(uintptr_t pc)
{
	return (pc ^ pc >> 9) % RULES_CACHE;
}

/* The rule of the code before an address, which a call has pushed. */
static ALWAYS_INLINE uint64_t
rules_find(struct rules_cache *r, uintptr_t pc)
{
	const struct rules_slot *s = &r->slots[rules_place(pc)];

	return likely(s->key == pc) ? s->rule : rules_find_slow(r, pc);
}

/* Whether a function begins at an address that no call can have pushed: somebody
 * made a stack by hand, and what it returns to was never called, as
 * makecontext does.  That is the outermost frame. */
bool rules_is_function_start(struct rules_cache *r, uintptr_t at,
			     const struct module_find *m);

#endif
