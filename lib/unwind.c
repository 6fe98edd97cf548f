/* unwind.c -- see unwind.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind.h"
#include "cfi.h"
#include "mappings.h"
#include "mem.h"
#include "modules.h"
#include "sites.h"
#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_stack_end; /* a variable of the loader's */

enum {
	MIN_CUT = 256,
	/* Random recursion makes a new path of each stack: when there are so many
	 * sites, stacks are cut shorter. */
	MANY_SITES = 1 << 21,
	MIN_CUT_MANY = 48,
	MAX_FRAMES = 384,
	/* A frame pointer further up than this is not believed where nothing else
	 * says how large the frame is; libunwind has the same bound. */
	MAX_GUESS = 16384
};

/* ---- rules ---------------------------------------------------------------
 *
 * Bits of a rule, from low to high:
 *     kind (4) | saved (2) | module (14) | saved offset / 8 (20, signed) |
 *     cfa offset (24, signed)
 *
 * Nearly all code has a plain rule: RULE_IS_PLAIN and RULE_IS_BP test for bits of
 * kind and saved, so that the walk has one branch for all of them.
 */
enum kind {
	KIND_NONE = 0, /* the slot is empty */
	KIND_SP = 1,   /* CFA = sp + offset */
	KIND_BP = 2,   /* CFA = bp + offset */
	KIND_GUESS = 4, /* CFA = bp + offset, for want of better knowledge */
	KIND_BP_LOAD,  /* CFA = word at bp + offset (functions that realign the stack) */
	KIND_END,      /* the outermost frame */
	KIND_ROW,      /* by its whole row, from sp, bp and pc alone */
	KIND_BROKEN    /* nobody knows */
};
enum saved {
	SAVED_NOT = 0, /* bp is the caller's still */
	SAVED_CFA = 1, /* at CFA + offset */
	SAVED_BP = 2   /* at bp + offset */
};

static uint64_t
rule_make(enum kind kind, enum saved saved, int64_t cfa, int64_t at, module_no module)
{
	return (uint64_t)kind | (uint64_t)saved << 4 | (uint64_t)module << 6 |
	       ((uint64_t)(at / 8) & 0xfffff) << 20 | (uint64_t)cfa << 40;
}

static bool
rule_fits(int64_t offset)
{
	return offset % 8 == 0 && offset / 8 >= -(1 << 19) && offset / 8 < 1 << 19;
}

#define RULE_KIND(r) ((enum kind)((r) & 15))
#define RULE_SAVED(r) ((enum saved)((r) >> 4 & 3))
#define RULE_CFA(r) ((intptr_t)((int64_t)(r) >> 40))
#define RULE_AT(r) ((intptr_t)((int64_t)((r) << 24) >> 44) * 8)
#define RULE_MODULE(r) ((module_no)((r) >> 6) & 0x3fff)
/* CFA = sp or bp + offset, and bp is the caller's or at CFA + offset. */
#define RULE_IS_PLAIN(r) (((r) & (0xc | SAVED_BP << 4)) == 0)
#define RULE_IS_BP(r) (((r) & KIND_BP) != 0)
#define RULE_IS_SAVED(r) (((r) & SAVED_CFA << 4) != 0)

/* Four-way buckets of (key, rule); the key is the address that is looked up in
 * the low 48 bits and the generation above.
 *
 * INVARIANT  A reader that finds its key before and after it read the rule has
 * the key's rule: a writer takes the key away before it changes the rule, and
 * puts the new key behind it. */
struct slot {
	uint64_t key, rule;
};
enum { WAYS = 4, FIRST_BUCKETS = 1 << 10, MAX_BUCKETS = 1 << 18 };
struct rules {
	uint32_t mask; /* of buckets */
	uint32_t n_evicted;
	struct slot slots[] __attribute__((aligned(64)));
};
static struct rules *rules_now;
static uint32_t generation;

static ALWAYS_INLINE struct slot *
bucket(struct rules *rules, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15ull;

	return &rules->slots[(size_t)((uint32_t)(h >> 40) & rules->mask) * WAYS];
}

/* Each thread has those that it used last, one for all keys of a place. */
enum { RULES_CACHE = 512 };
static ALWAYS_INLINE size_t
key_place(uint64_t key)
{
	return (key ^ key >> 9) % RULES_CACHE;
}

static ALWAYS_INLINE uint64_t
rules_find(uint64_t key)
{
	struct rules *rules = acquire_load(&rules_now);
	struct slot *s;
	int i;

	if (unlikely(!rules))
		return 0;
	s = bucket(rules, key);
	for (i = 0; i < WAYS; i++) {
		if (acquire_load(&s[i].key) == key) {
			uint64_t rule = acquire_load(&s[i].rule);

			if (likely(relaxed_load(&s[i].key) == key))
				return rule;
		}
	}
	return 0;
}

static struct rules *
rules_new(uint32_t n_buckets)
{
	struct rules *r =
		mem_map(sizeof *r + (size_t)n_buckets * WAYS * sizeof(struct slot));

	if (r)
		r->mask = n_buckets - 1;
	return r;
}

static void
rules_put(uint64_t key, uint64_t rule)
{
	struct rules *rules = acquire_load(&rules_now), *fresh;
	struct slot *s, *victim = NULL;
	uint64_t old;
	int i;

	/* An outgrown cache is dropped, not copied: rules are learned again.  It
	 * stays mapped, for readers that are inside. */
	if (!rules || (relaxed_load(&rules->n_evicted) > rules->mask * 2 && rules->mask + 1 < MAX_BUCKETS)) {
		fresh = rules_new(rules ? 4 * (rules->mask + 1) : FIRST_BUCKETS);
		if (fresh && __atomic_compare_exchange_n(&rules_now, &rules, fresh, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			rules = fresh;
	}
	if (!rules)
		return;
	s = bucket(rules, key);
	for (i = 0; i < WAYS && !victim; i++) {
		uint64_t there = relaxed_load(&s[i].key);

		if (there == key)
			return;
		if (!there || there >> 48 != key >> 48)
			victim = &s[i];
	}
	if (!victim) {
		victim = &s[atomic_add(&rules->n_evicted, 1) % WAYS];
	}
	old = relaxed_load(&victim->key);
	/* ~0 is no key: it marks a slot that somebody is writing. */
	if (old == ~0ull || !__atomic_compare_exchange_n(&victim->key, &old, ~0ull, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	release_store(&victim->rule, rule);
	release_store(&victim->key, key);
}

void
unwind_forget_rules(void)
{
	/* Sixteen bits of it are in the keys.  BOUND: a rule that survives 65,536
	 * unloadings in its slot untouched would be taken for valid. */
	__atomic_store_n(&generation, (generation + 1) & 0xffff, __ATOMIC_RELEASE);
}

/* ---- the thread's memory of its last stack ------------------------------- */

enum {
	FRAME_EXACT = 1,   /* pc was interrupted, it is no return address */
	FRAME_RESTEP = 2,  /* the caller does not follow from a few words of memory */
	FRAME_GUESSED = 4, /* reached by a frame pointer that may be anything, so it may
			    * be no frame, and its memory may be gone the next time */
	FRAME_LOADED = 8,  /* the caller's frame begins where a word says; see `load` */
	FRAME_LAST = 16    /* its code has no caller, whatever is in memory */
};

/* A frame of the walk under way. */
struct fresh {
	uintptr_t pc, sp, bp;
	uintptr_t bp_slot; /* where this frame keeps its caller's bp; 0 = nowhere */
	uintptr_t load;    /* with FRAME_LOADED: the word that is the caller's sp */
	uint32_t module;
	uint32_t flags;
};

/* A frame of the last stack. */
struct frame {
	uintptr_t pc, sp, bp;
	uint32_t flags;
	uint32_t fact; /* the last of its facts */
};

/* What has to be so still that a frame of the last stack leads to the same caller:
 * that a word of memory has the value that it had. */
struct fact {
	uintptr_t addr, value;
};
enum { FACTS_PER_FRAME = 3 };

/* INVARIANT  last-stack: frames[1] to frames[n] are the last stack, outermost
 * first, and steps[1] to steps[n] the path to the node of each.  frames[0] stands for
 * what is outside of it: its sp is above all others and its node is why the outermost
 * frame is that (SITE_ROOT, SITE_CUT, SITE_BROKEN).  The facts of frame i are those behind frames[i - 1].fact up to
 * frames[i].fact, of increasing number outside in; if they all hold, frame i leads
 * to frame i - 1.  Instead of facts, a frame has one that never holds if its step
 * must be made again: so has the outermost, unless its code is known to have no
 * caller; and facts[0] never holds. */
struct unwind {
	uint32_t n;
	uint32_t generation;
	uintptr_t lo, hi; /* stack between them is readable */
	struct slot rules[RULES_CACHE]; /* read by this thread alone */
	struct frame frames[MAX_FRAMES + 1];
	struct site_step steps[MAX_FRAMES + 1];
	struct fact facts[FACTS_PER_FRAME * (MAX_FRAMES + 1)];
	struct fresh fresh[MAX_FRAMES]; /* innermost first */
	struct cfi_row row;
	struct cfi_scratch scratch;
};

size_t
unwind_bytes(void)
{
	return sizeof(struct unwind);
}

/* A fact that never holds. */
static const uintptr_t zero;
static const struct fact never = {.addr = (uintptr_t)&zero, .value = 1};

void
unwind_reset(struct unwind *u)
{
	u->n = 0;
	u->lo = u->hi = 0;
	u->frames[0].sp = UINTPTR_MAX;
	u->facts[0] = never;
}

static NOINLINE bool
readable_slow(struct unwind *u, uintptr_t addr)
{
	uintptr_t page = addr & ~(uintptr_t)4095;

	/* A word that is not aligned may reach into the next page. */
	if (addr & 7 || addr < 4096 || addr >> 47 || !sys_is_readable(addr))
		return false;
	if (page == u->hi)
		u->hi += 4096;
	else if (page + 4096 == u->lo)
		u->lo = page;
	else {
		u->lo = page;
		u->hi = page + 4096;
	}
	return true;
}

static ALWAYS_INLINE bool
readable(struct unwind *u, uintptr_t addr)
{
	if (likely(addr >= u->lo && addr < u->hi && !(addr & 7)))
		return true;
	return readable_slow(u, addr);
}

/* What is believed readable is the stack around sp, or nothing: the range may
 * be one of the walk before, and be gone. */
static ALWAYS_INLINE void
distrust(struct unwind *u, uintptr_t sp)
{
	if (unlikely(sp < u->lo || sp >= u->hi))
		u->lo = u->hi = 0;
}

static bool
readable_with(void *u, uintptr_t addr)
{
	return readable(u, addr);
}

static ALWAYS_INLINE uintptr_t
word(uintptr_t addr)
{
	return *(const uintptr_t *)addr;
}

/* ---- learning ------------------------------------------------------------ */

/* DW_OP_breg6 offset, DW_OP_deref and no more. */
static bool
is_bp_load(const uint8_t *expr, const uint8_t *end, int64_t *ret_offset)
{
	if (end - expr != 3 || expr[0] != 0x76 || expr[2] != 0x06 || expr[1] & 0x80)
		return false;
	*ret_offset = (int8_t)(expr[1] << 1) >> 1;
	return true;
}

/* DW_OP_breg6 offset and no more. */
static bool
is_bp_offset(const uint8_t *expr, const uint8_t *end, int64_t *ret_offset)
{
	if (end - expr != 2 || expr[0] != 0x76 || expr[1] & 0x80)
		return false;
	*ret_offset = (int8_t)(expr[1] << 1) >> 1;
	return true;
}

static uint64_t
rule_of_row(const struct cfi_row *row, module_no module)
{
	const struct cfi_rule *ra = &row->reg[CFI_RA], *bp = &row->reg[CFI_RBP];
	int64_t cfa = row->cfa_offset, at = 0;
	enum saved saved = SAVED_NOT;
	enum kind kind;

	if (ra->how == CFI_UNDEFINED)
		return rule_make(KIND_END, SAVED_NOT, 0, 0, module);
	if (!row->is_cfa_expr && row->cfa_reg == CFI_RSP)
		kind = KIND_SP;
	else if (!row->is_cfa_expr && row->cfa_reg == CFI_RBP)
		kind = KIND_BP;
	else if (row->is_cfa_expr && is_bp_load(row->cfa_expr, row->cfa_expr_end, &cfa))
		kind = KIND_BP_LOAD;
	else
		goto by_row;
	if (bp->how == CFI_AT_OFFSET) {
		saved = SAVED_CFA;
		at = bp->offset;
	} else if (bp->how == CFI_AT_EXPR && is_bp_offset(bp->expr, bp->expr_end, &at)) {
		saved = SAVED_BP;
	} else if (bp->how != CFI_SAME) {
		goto by_row;
	}
	if (row->is_signal || ra->how != CFI_AT_OFFSET || ra->offset != -8 ||
	    row->reg[CFI_RSP].how != CFI_SAME || !rule_fits(cfa) || !rule_fits(at))
		goto by_row;
	return rule_make(kind, saved, cfa, at, module);
by_row:
	return rule_make(KIND_ROW, SAVED_NOT, 0, 0, module);
}

/* Whether a function begins at an address that no call can have pushed: somebody
 * made a stack by hand, and what it returns to was never called, as
 * makecontext does.  That is the outermost frame. */
static bool
is_function_start(struct unwind *u, uintptr_t at, const struct module_find *m)
{
	return cfi_row(at, m, &u->scratch, &u->row) == 0;
}

/* Rule of the code at an address, learned anew. */
static NOINLINE uint64_t
learn(struct unwind *u, uintptr_t at, uint64_t key)
{
	struct module_find m;
	uint64_t rule;
	int err;

	if (!modules_find(at, &m)) {
		/* Code made at run time, if it is code at all. */
		rule = mappings_is_code(at)
			       ? rule_make(KIND_GUESS, SAVED_BP, 16, 0, 0)
			       : rule_make(KIND_BROKEN, SAVED_NOT, 0, 0, 0);
		/* Not kept: other code may stand there soon. */
		return rule;
	}
	err = cfi_row(at, &m, &u->scratch, &u->row);
	if (err == 0)
		rule = rule_of_row(&u->row, m.module);
	else if (is_function_start(u, at + 1, &m))
		rule = rule_make(KIND_END, SAVED_NOT, 0, 0, m.module);
	else
		rule = rule_make(KIND_GUESS, SAVED_BP, 16, 0, m.module);
	rules_put(key, rule);
	return rule;
}

static NOINLINE uint64_t
rule_slow(struct unwind *u, uintptr_t at, uint64_t key)
{
	uint64_t rule = rules_find(key);

	if (!rule)
		return learn(u, at, key);
	u->rules[key_place(key)] = (struct slot){.key = key, .rule = rule};
	return rule;
}

static ALWAYS_INLINE uint64_t
rule_at(struct unwind *u, uintptr_t at)
{
	uint64_t key = (uint64_t)at | (uint64_t)u->generation << 48;
	const struct slot *s = &u->rules[key_place(key)];

	return likely(s->key == key) ? s->rule : rule_slow(u, at, key);
}

/* ---- one step ------------------------------------------------------------ */

enum outcome { STEPPED, ENDED, BROKE, NOT_CODE, NEEDS_ALL };

static NOINLINE enum outcome
step_by_row(struct unwind *u, struct fresh *f, struct fresh *ret)
{
	uintptr_t at = f->flags & FRAME_EXACT ? f->pc : f->pc - 1;
	struct module_find m;
	struct cfi_regs regs = {.known = 1u << CFI_RSP | 1u << CFI_RBP | 1u << CFI_RA};
	int err;

	f->flags |= FRAME_RESTEP;
	if (!modules_find(at, &m) || cfi_row(at, &m, &u->scratch, &u->row) != 0)
		return BROKE;
	regs.r[CFI_RSP] = f->sp;
	regs.r[CFI_RBP] = f->bp;
	regs.r[CFI_RA] = f->pc;
	err = cfi_step(&u->row, &regs, readable_with, u);
	if (err == -ENODATA || (err == 0 && !(regs.known >> CFI_RBP & 1)))
		return NEEDS_ALL;
	if (err)
		return BROKE;
	ret->pc = regs.r[CFI_RA];
	ret->sp = regs.r[CFI_RSP];
	ret->bp = regs.r[CFI_RBP];
	ret->flags = (u->row.is_signal ? FRAME_EXACT : 0) | (f->flags & FRAME_GUESSED);
	/* A signal frame leads to whatever stack was interrupted; others go up. */
	if (!u->row.is_signal && ret->sp <= f->sp)
		return BROKE;
	return ret->pc ? STEPPED : ENDED;
}

/* From f, whose pc, sp, bp and flags are known, to its caller.  Fills in the
 * rest of f. */
static NOINLINE enum outcome
step(struct unwind *u, struct fresh *f, struct fresh *ret)
{
	uint64_t rule = rule_at(u, f->flags & FRAME_EXACT ? f->pc : f->pc - 1);
	uintptr_t cfa;

	f->module = RULE_MODULE(rule);
	f->bp_slot = 0;
	switch (RULE_KIND(rule)) {
	case KIND_SP:
		cfa = f->sp + (uintptr_t)RULE_CFA(rule);
		break;
	case KIND_BP:
		cfa = f->bp + (uintptr_t)RULE_CFA(rule);
		break;
	case KIND_GUESS:
		f->flags |= FRAME_GUESSED;
		distrust(u, f->sp);
		/* The psABI marks the outermost frame by a zero frame pointer. */
		if (f->bp == 0)
			return ENDED;
		if (f->bp < f->sp || f->bp - f->sp > MAX_GUESS)
			return BROKE;
		cfa = f->bp + (uintptr_t)RULE_CFA(rule);
		break;
	case KIND_BP_LOAD:
		cfa = f->bp + (uintptr_t)RULE_CFA(rule);
		if (!readable(u, cfa))
			return BROKE;
		f->load = cfa;
		f->flags |= FRAME_LOADED;
		cfa = word(cfa);
		break;
	case KIND_END:
		f->flags |= FRAME_LAST;
		return ENDED;
	case KIND_ROW:
		return step_by_row(u, f, ret);
	default:
		return NOT_CODE;
	}
	if (unlikely(cfa <= f->sp || !readable(u, cfa - 8)))
		return BROKE;
	if (RULE_SAVED(rule) == SAVED_NOT) {
		ret->bp = f->bp;
	} else {
		f->bp_slot = (RULE_SAVED(rule) == SAVED_CFA ? cfa : f->bp) +
			     (uintptr_t)RULE_AT(rule);
		if (unlikely(!readable(u, f->bp_slot)))
			return BROKE;
		ret->bp = word(f->bp_slot);
	}
	ret->sp = cfa;
	ret->pc = word(cfa - 8);
	ret->flags = f->flags & FRAME_GUESSED;
	return likely(ret->pc) ? STEPPED : ENDED;
}

/* ---- whole stacks -------------------------------------------------------- */

/* Whether a cut may be made between a frame and its caller: one in sixteen,
 * and always within a function that calls itself. */
static bool
is_boundary(uintptr_t pc, uintptr_t caller)
{
	return pc == caller || ((pc * 31 + caller) * 0x9e3779b97f4a7c15ull) >> 60 == 0;
}

/* Whether n frames of a stack are enough, the outermost being `last` and its
 * caller's address `next`. */
static ALWAYS_INLINE bool
is_cut(uint32_t n, uint32_t min, uintptr_t last, uintptr_t next)
{
	return unlikely(n >= min) && (n >= min + min / 2 || is_boundary(last, next));
}

static ALWAYS_INLINE uint32_t
min_cut(void)
{
	return likely(sites_end() < MANY_SITES) ? MIN_CUT : MIN_CUT_MANY;
}

static ALWAYS_INLINE uint64_t
fresh_step(const struct fresh *f)
{
	return STEP(f->pc & 0xffffffffffffull, f->module) |
	       (uint64_t)(f->flags & FRAME_EXACT) << 63;
}

/* Why a stack ends at its outermost frame. */
static site_id
end_of(enum outcome outcome)
{
	return outcome == ENDED ? SITE_ROOT : SITE_BROKEN;
}

/* Whether a frame of the last stack whose facts do not tell leads where it led. */
static NOINLINE bool
leads_as_before(struct unwind *u, uint32_t i)
{
	const struct frame *in = &u->frames[i], *out = in - 1;
	struct fresh f = {.pc = in->pc,
			  .sp = in->sp,
			  .bp = in->bp,
			  .flags = in->flags & (FRAME_EXACT | FRAME_GUESSED)};
	struct fresh next, beyond;
	enum outcome outcome = step(u, &f, &next);

	if (i > 1)
		return outcome == STEPPED && next.pc == out->pc && next.sp == out->sp &&
		       next.bp == out->bp;
	if (outcome == STEPPED) {
		outcome = step(u, &next, &beyond);
		if (outcome != NOT_CODE)
			return false;
	}
	return outcome != NEEDS_ALL && end_of(outcome) == u->steps[0].node;
}

/* Frames of the last stack from m outwards that are the same still: the index
 * of the outermost of them that does not lead to the same caller, 0 if all are.
 * sp: of the innermost frame. */
static ALWAYS_INLINE uint32_t
verify(struct unwind *u, uint32_t m, uintptr_t sp)
{
	const struct fact *f = &u->facts[u->frames[m].fact];
	bool is_distrusted = false;

	for (;;) {
		uint32_t k;

		while (word(f->addr) == f->value)
			f--;
		k = (uint32_t)(f - u->facts);
		if (likely(k == 0))
			return 0;
		while (u->frames[m - 1].fact >= k)
			m--;
		if (!(u->frames[m].flags & (FRAME_RESTEP | FRAME_GUESSED)))
			return m;
		/* What is believed readable may be gone. */
		if (!is_distrusted)
			distrust(u, sp);
		is_distrusted = true;
		if (!leads_as_before(u, m))
			return m;
		f = &u->facts[u->frames[--m].fact];
	}
}

/* Facts of frames[i], which is x, behind those of frame i - 1. Returns the last. */
static ALWAYS_INLINE uint32_t
note_facts(struct unwind *u, const struct fresh *x, uint32_t i)
{
	const struct frame *out = &u->frames[i - 1];
	uint32_t k = out->fact;

	if (unlikely(x->flags & ~FRAME_EXACT)) {
		if (x->flags & FRAME_LAST)
			return k;
		if (x->flags & (FRAME_RESTEP | FRAME_GUESSED)) {
			u->facts[++k] = never;
			return k;
		}
		u->facts[++k] = (struct fact){.addr = x->load, .value = out->sp};
	}
	u->facts[k + 1] = (struct fact){.addr = out->sp - 8, .value = out->pc};
	u->facts[k + 2] = (struct fact){.addr = x->bp_slot, .value = out->bp};
	return k + 1 + (x->bp_slot != 0);
}

/* Make `fresh` (n frames, innermost first) the inner part of the last stack,
 * whose first `kept` frames stay.  Returns its site. */
static ALWAYS_INLINE site_id
remember(struct unwind *u, uint32_t kept, uint32_t n)
{
	struct site_step *from = &u->steps[kept];
	uint32_t path = from->path;

	u->n = kept + n;
	if (n == 0)
		return from->node;
	for (; n > 0; n--) {
		const struct fresh *x = &u->fresh[n - 1];
		struct frame *f = &u->frames[++kept];

		u->steps[kept].step = fresh_step(x);
		path = sites_hash(path, u->steps[kept].step);
		u->steps[kept].path = path;
		f->pc = x->pc;
		f->sp = x->sp;
		f->bp = x->bp;
		f->flags = x->flags;
		f->fact = note_facts(u, x, kept);
	}
	return sites_path(from, (uint32_t)(&u->steps[kept] - from));
}

/* The same for a whole stack. root: why its outermost frame is that. */
static NOINLINE site_id
remember_all(struct unwind *u, uint32_t n, site_id root)
{
	u->steps[0].node = u->steps[0].path = root;
	if (n && !(u->fresh[n - 1].flags & FRAME_LAST))
		u->fresh[n - 1].flags |= FRAME_RESTEP;
	return remember(u, 0, n);
}

/* All registers that a caller may rely on, as they are here. */
static ALWAYS_INLINE void
capture(struct cfi_regs *regs)
{
	regs->known = 1u << CFI_RBX | 1u << CFI_RBP | 1u << CFI_RSP | 0xfu << 12 | 1u << CFI_RA;
	__asm__ volatile("movq %%rbx, %0\n\tmovq %%rbp, %1\n\tmovq %%rsp, %2\n\t"
			 "movq %%r12, %3\n\tmovq %%r13, %4\n\tmovq %%r14, %5\n\t"
			 "movq %%r15, %6\n\tleaq 0f(%%rip), %%rax\n0:\tmovq %%rax, %7"
			 : "=m"(regs->r[CFI_RBX]), "=m"(regs->r[CFI_RBP]),
			   "=m"(regs->r[CFI_RSP]), "=m"(regs->r[12]), "=m"(regs->r[13]),
			   "=m"(regs->r[14]), "=m"(regs->r[15]), "=m"(regs->r[CFI_RA])
			 :
			 : "rax", "memory");
}

/* The walk begins in the library itself and passes through it. */
static NOINLINE site_id
unwind_all(struct unwind *u, const struct caller *c)
{
	struct cfi_regs regs = {.known = 0};
	uint32_t n = 0;
	bool is_exact = false, is_inside = true;
	site_id root = SITE_BROKEN;

	capture(&regs);
	is_exact = true;
	for (;;) {
		uintptr_t pc = regs.r[CFI_RA], sp = regs.r[CFI_RSP];
		struct module_find m;
		struct fresh *f = &u->fresh[n];
		bool has_row;

		if (is_inside && sp >= c->sp) {
			is_inside = false;
			is_exact = false;
			if (sp != c->sp || pc != c->pc)
				break; /* our own frames led elsewhere: say so */
		}
		m.module = 0;
		has_row = modules_find(is_exact ? pc : pc - 1, &m) &&
			  cfi_row(is_exact ? pc : pc - 1, &m, &u->scratch, &u->row) == 0;
		if (!is_inside) {
			if (n && is_cut(n, min_cut(), u->fresh[n - 1].pc, pc)) {
				root = SITE_CUT;
				break;
			}
			f->pc = pc;
			f->sp = sp;
			f->bp = regs.r[CFI_RBP];
			f->bp_slot = 0;
			f->module = m.module;
			f->flags = is_exact ? FRAME_EXACT : 0;
			n++;
		}
		is_exact = false;
		if (has_row) {
			if (u->row.reg[CFI_RA].how == CFI_UNDEFINED) {
				root = SITE_ROOT;
				break;
			}
			if (cfi_step(&u->row, &regs, readable_with, u) != 0)
				break;
			if (!u->row.is_signal && regs.r[CFI_RSP] <= sp)
				break;
			is_exact = u->row.is_signal;
		} else {
			uintptr_t bp = regs.r[CFI_RBP];

			if (bp == 0 || (m.module && is_function_start(u, pc, &m)))
				root = SITE_ROOT;
			if (root == SITE_ROOT || bp < sp || bp - sp > MAX_GUESS || !readable(u, bp) || !readable(u, bp + 8) ||
			    (m.module == 0 && !mappings_is_code(pc - 1)))
				break;
			regs.r[CFI_RBP] = word(bp);
			regs.r[CFI_RA] = word(bp + 8);
			regs.r[CFI_RSP] = bp + 16;
			regs.known &= 1u << CFI_RBP | 1u << CFI_RSP | 1u << CFI_RA;
		}
		if (regs.r[CFI_RA] == 0) {
			root = SITE_ROOT;
			break;
		}
	}
	root = remember_all(u, n, root);
	u->n = 0;
	return root;
}

NOINLINE uintptr_t
unwind_origin(struct unwind *u, bool is_exit, uintptr_t ret_registers[UNWIND_REGISTERS])
{
	struct module_find own = {.start = 0}, loader = {.start = 0}, c = {.start = 0}, m;
	struct cfi_regs regs = {.known = 0};
	bool is_exact = true;

	(void)modules_find((uintptr_t)&generation, &own);
	(void)modules_find((uintptr_t)&__libc_stack_end, &loader);
	(void)modules_find((uintptr_t)&exit, &c);
	capture(&regs);
	for (;;) {
		uintptr_t at = regs.r[CFI_RA] - !is_exact, sp = regs.r[CFI_RSP];
		bool is_known = modules_find(at, &m);

		if (!is_known || !(m.start == own.start ||
				   (is_exit && (m.start == loader.start || m.start == c.start))))
			break;
		if (cfi_row(at, &m, &u->scratch, &u->row) != 0 ||
		    u->row.reg[CFI_RA].how == CFI_UNDEFINED ||
		    cfi_step(&u->row, &regs, readable_with, u) != 0)
			break;
		is_exact = u->row.is_signal;
		if (!is_exact && regs.r[CFI_RSP] <= sp)
			break;
	}
	ret_registers[0] = regs.r[CFI_RBX];
	ret_registers[1] = regs.r[CFI_RBP];
	memcpy(&ret_registers[2], &regs.r[12], 4 * sizeof regs.r[0]);
	return regs.r[CFI_RSP];
}

/* Where the walk is; in registers, as each step waits for the one before. */
struct at {
	uintptr_t pc, sp, bp;
};

/* A plain step from f, which is `at` with flags 0: fills in the rest of f and goes
 * on to the caller.  Returns false, and has changed nothing, if it is not plain. */
static ALWAYS_INLINE bool
step_plain(struct unwind *u, struct fresh *f, struct at *at)
{
	uint64_t rule = rule_at(u, at->pc - 1);
	uintptr_t cfa, slot, pc, room = u->hi - u->lo;

	if (unlikely(!RULE_IS_PLAIN(rule)))
		return false;
	cfa = (RULE_IS_BP(rule) ? at->bp : at->sp) + (uintptr_t)RULE_CFA(rule);
	slot = cfa + (uintptr_t)RULE_AT(rule);
	if (unlikely(cfa <= at->sp || cfa - 8 - u->lo >= room || slot - u->lo >= room ||
		     (cfa | slot) & 7))
		return false;
	pc = word(cfa - 8);
	if (unlikely(!pc))
		return false;
	f->module = RULE_MODULE(rule);
	f->bp_slot = RULE_IS_SAVED(rule) ? slot : 0;
	at->pc = pc;
	at->sp = cfa;
	if (RULE_IS_SAVED(rule))
		at->bp = word(slot);
	return true;
}

site_id
unwind_site(struct unwind *u, const struct caller *c)
{
	struct at at = {.pc = c->pc, .sp = c->sp, .bp = c->bp};
	uint32_t n, m, min = min_cut(), flags = 0;

	if (unlikely(u->generation != relaxed_load(&generation))) {
		u->n = 0;
		u->generation = relaxed_load(&generation);
	}
	m = u->n;
	for (n = 0;;) {
		const struct frame *last = &u->frames[m];
		struct fresh *f = &u->fresh[n];

		/* m: frames of the last stack that may still be met. */
		for (; last->sp < at.sp; last--)
			m--;
		if (last->sp == at.sp && last->pc == at.pc && last->bp == at.bp &&
		    (last->flags & FRAME_EXACT) == (flags & FRAME_EXACT)) {
			uint32_t changed = verify(u, m, c->sp);

			/* Where a stack is cut depends on all its frames. */
			if (likely(changed == 0 && n + m < min &&
				   u->steps[0].node != SITE_CUT))
				return remember(u, m, n);
			/* Go on: of what is further out no frame can be met. */
			m = changed ? changed - 1 : 0;
		}
		f->pc = at.pc;
		f->sp = at.sp;
		f->bp = at.bp;
		f->flags = flags;
		n++;
		if (unlikely(flags) || unlikely(!step_plain(u, f, &at))) {
			struct fresh next;
			enum outcome outcome = step(u, f, &next);

			if (outcome == NEEDS_ALL)
				return unwind_all(u, c);
			/* A step by frame pointer led to something that is no code. */
			if (outcome == NOT_CODE && n > 1)
				n--;
			if (outcome != STEPPED)
				return remember_all(u, n, end_of(outcome));
			at = (struct at){.pc = next.pc, .sp = next.sp, .bp = next.bp};
			flags = next.flags;
		}
		if (is_cut(n, min, f->pc, at.pc))
			return remember_all(u, n, SITE_CUT);
	}
}
