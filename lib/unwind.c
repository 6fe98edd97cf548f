/* unwind.c -- see unwind.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind.h"
#include "aside.h"
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
	/* Where stacks are cut; see chains. */
	STRIDE = 128,
	N_CHAINS = 3,
	/* Random recursion makes a new path of each stack: when there are so many
	 * sites, stacks are cut shorter. */
	MANY_SITES = 1 << 21,
	STRIDE_MANY = 16,
	/* A walk goes no further out; what is called from there is added to it. */
	WALK_FRAMES = 1024,
	COUNT_FRAMES = 1 << 16,
	MUCH = 32, /* frames that are new in a deep stack */
	MAX_FRAMES = WALK_FRAMES + N_CHAINS * STRIDE,
	/* A frame pointer further up than this is not believed where nothing else
	 * says how large the frame is; libunwind has the same bound. */
	MAX_GUESS = 16384
};

/* ---- rules ---------------------------------------------------------------
 *
 * Bits of a rule, from low to high:
 *     kind (4) | saved (2) | saved offset / 8 (18, signed) | cfa offset (24, signed) |
 *     module (15), where it is in a step | 0 (1)
 *
 * Nearly all code has a plain rule; see RULE_IS_PLAIN.  The walk has one branch for
 * all of them.
 */
enum { RULE_PLAIN = 8 };
enum kind {
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
enum saved {
	SAVED_NOT = 0, /* bp is the caller's still */
	SAVED_CFA = 1, /* at CFA + offset */
	SAVED_BP = 2   /* at bp + offset */
};

#define RULE_MODULE_BITS STEP(0, 0x7fffull)

static uint64_t
rule_make(enum kind kind, enum saved saved, int64_t cfa, int64_t at, module_no module)
{
	return (uint64_t)kind | (uint64_t)saved << 4 | ((uint64_t)(at / 8) & 0x3ffff) << 6 |
	       ((uint64_t)cfa & 0xffffff) << 24 | (uint64_t)module << 48;
}

/* Whether both offsets of a rule have room in it. */
static bool
rule_fits(int64_t cfa, int64_t at)
{
	return cfa % 8 == 0 && cfa >= -(1 << 23) && cfa < 1 << 23 && at % 8 == 0 &&
	       at / 8 >= -(1 << 17) && at / 8 < 1 << 17;
}

#define RULE_KIND(r) ((enum kind)((r)&15))
#define RULE_SAVED(r) ((enum saved)((r) >> 4 & 3))
#define RULE_CFA(r) ((intptr_t)((int64_t)((r) << 16) >> 40))
#define RULE_AT(r) ((intptr_t)((int64_t)((r) << 40) >> 46) * 8)

/* A plain rule: CFA = sp or bp + offset, at least 8; and bp is the caller's still, or at
 * CFA + an offset from -8 down to where sp or bp points.  So if that is within the
 * stack, and CFA too, all that is read is. */
#define RULE_IS_PLAIN(r) (((r)&RULE_PLAIN) != 0)
#define RULE_IS_BP(r) (((r)&KIND_BP) != 0)
#define RULE_IS_SAVED(r) (((r)&SAVED_CFA << 4) != 0)
/* Whether its step depends on bp: of KIND_SP and KIND_BP.  Frames by other rules have
 * flags. */
#define RULE_READS_BP(r) (((r) & (KIND_BP | SAVED_BP << 4)) != 0)

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

/* Each thread has those that it used last by the return address, which is the address
 * looked up and one: one for all of a place. */
enum { RULES_CACHE = 512 };
static ALWAYS_INLINE size_t
rule_place(uintptr_t pc)
{
	return (pc ^ pc >> 9) % RULES_CACHE;
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
	if (!rules || (relaxed_load(&rules->n_evicted) > rules->mask * 2 &&
		       rules->mask + 1 < MAX_BUCKETS)) {
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
	if (old == ~0ull ||
	    !__atomic_compare_exchange_n(&victim->key, &old, ~0ull, false,
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

/* A stack that was walked, of those met often: the facts on which the way depends from
 * the frame that allocates to a frame of the last stack, innermost first and then one
 * that never holds.  Who comes from the same frame, finds them and the rest of the
 * last stack as they were, has the same site. */
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

/* Programs that have another stack each time lose by looking: after so many misses
 * without as many hits, none is looked for during MEMO_PAUSE walks. */
enum { MEMO_MISSES = 256, MEMO_PAUSE = 1 << 13 };

/* A stack of more than N_CHAINS strides is cut: its path begins, below SITE_CUT, at the
 * second or third multiple of the stride that is further out than its innermost
 * frame.  So the place of the cut depends on the number of frames alone, frames further
 * out need not be looked at, and when the stack grows or shrinks by a frame the cut
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
 * are those behind frames[i - 1].fact up to frames[i].fact, of increasing number
 * outside in; if they all hold, frame i leads to frame i - 1.  Instead of facts, a frame
 * has one that never holds if its step must be made again: so has the outermost, unless
 * its code is known to have no caller; and facts[0] never holds.  The bp of a frame without FRAME_NEEDS_BP may be
 * that of an earlier stack: nothing depends on it.
 *
 * Of a stack that is cut, the frames within its path are looked at, not those further
 * out: they may be of an earlier stack, and then their number, which says where the
 * cut is.  A path is true wherever it begins.
 *
 * BOUND  Two ways that differ in their number of frames, not in their bytes of stack, and
 * lead to the same 256 frames or more with no allocation before: then equal stacks can
 * have two sites, cut at two places. */
struct unwind {
	uint32_t n;
	uint32_t generation;
	uint32_t stride;
	uint32_t whole; /* of so many frames a stack is not cut */
	uint32_t plain; /* the same; 0 while a chain is used, which `name` keeps true */
	uint32_t named;
	uint32_t beyond;  /* frames further out than frames[1], not remembered */
	uintptr_t lo, hi; /* stack between them is readable, */
	bool is_sure;     /* as was seen in the walk under way */
	struct slot rules[RULES_CACHE]; /* read by this thread alone */
	struct frame frames[MAX_FRAMES + 1];
	struct site_step steps[MAX_FRAMES + 1];
	struct fact facts[FACTS_PER_FRAME * (MAX_FRAMES + 1)];
	struct fresh fresh[WALK_FRAMES]; /* innermost first */
	struct chain chains[N_CHAINS];   /* by the multiple of the stride */
	site_id nodes[N_CHAINS][MAX_FRAMES + 1];
	struct site_step path[N_CHAINS * STRIDE + 1]; /* of a chain, while it is looked up */
	uint32_t memo_pause, memo_hits, memo_misses;
	uint32_t memo_sets; /* in use: a power of two; more when places are wanted */
	uint32_t memo_wanted;
	struct memo memo[MEMO_MAX_SETS][MEMO_WAYS] __attribute__((aligned(64)));
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

static void
forget_memo(struct unwind *u)
{
	uint32_t i;

	for (i = 0; i < u->memo_sets * MEMO_WAYS; i++)
		u->memo[0][i].pc = 0;
	u->memo_sets = MEMO_MIN_SETS;
	u->memo_wanted = 0;
}

static void
forget_stack(struct unwind *u)
{
	forget_memo(u);
	u->n = 0;
	u->plain = u->whole;
	memset(u->chains, 0, sizeof u->chains);
}

void
unwind_reset(struct unwind *u)
{
	forget_stack(u);
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

/* From here on, what is believed readable is what this walk found so: that of those before
 * may be gone, as when a coroutine has got a smaller stack where another's was.  Steps by
 * tables that are right stay inside the stack that there is. */
static ALWAYS_INLINE void
distrust(struct unwind *u)
{
	if (!u->is_sure)
		u->lo = u->hi = 0;
	u->is_sure = true;
}

static ALWAYS_INLINE uintptr_t
word(uintptr_t addr)
{
	return *(const uintptr_t *)addr;
}

static bool
load(void *u, uintptr_t addr, uintptr_t *ret)
{
	if (!readable(u, addr))
		return false;
	*ret = word(addr);
	return true;
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
	    row->reg[CFI_RSP].how != CFI_SAME || !rule_fits(cfa, at))
		goto by_row;
	if (saved == SAVED_NOT)
		at = -8; /* where nothing is lost by reading */
	if ((kind == KIND_SP || kind == KIND_BP) && saved != SAVED_BP && cfa >= 8 &&
	    at <= -8 && cfa + at >= 0)
		kind |= RULE_PLAIN;
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
		rule = mappings_is_code(at) ? rule_make(KIND_GUESS, SAVED_BP, 16, 0, 0)
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
rule_slow(struct unwind *u, uintptr_t pc)
{
	uintptr_t at = pc - 1;
	uint64_t key = (uint64_t)at | (uint64_t)u->generation << 48;
	uint64_t rule;

	/* No address has these bits; those of the key are the generation's. */
	if (unlikely(at >> 48))
		return rule_make(KIND_BROKEN, SAVED_NOT, 0, 0, 0);
	rule = rules_find(key);
	if (!rule)
		return learn(u, at, key);
	u->rules[rule_place(pc)] = (struct slot){.key = pc, .rule = rule};
	return rule;
}

/* The rule of the code before an address. */
static ALWAYS_INLINE uint64_t
rule_before(struct unwind *u, uintptr_t pc)
{
	const struct slot *s = &u->rules[rule_place(pc)];

	return likely(s->key == pc) ? s->rule : rule_slow(u, pc);
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
	err = cfi_step(&u->row, &regs, load, u);
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

/* ---- code without call frame information ---------------------------------- */

static bool
is_code(struct unwind *u, uintptr_t pc)
{
	return pc && RULE_KIND(rule_before(u, pc)) != KIND_BROKEN;
}

/* Whether pc with sp is in code of the C library that starts programs or threads: the
 * outermost frame, by its own information, is next or next but one. */
static bool
is_start(struct unwind *u, uintptr_t pc, uintptr_t sp)
{
	enum { DEPTH = 3 };
	struct cfi_regs regs = {.known = 1u << CFI_RSP | 1u << CFI_RA};
	struct module_find m;
	int i;

	regs.r[CFI_RA] = pc;
	regs.r[CFI_RSP] = sp;
	for (i = 0; i < DEPTH; i++) {
		uintptr_t at = regs.r[CFI_RA] - 1;

		sp = regs.r[CFI_RSP];
		if (!modules_find(at, &m) || cfi_row(at, &m, &u->scratch, &u->row) != 0)
			return false;
		if (u->row.reg[CFI_RA].how == CFI_UNDEFINED)
			return i > 0;
		if (u->row.is_signal || cfi_step(&u->row, &regs, load, u) != 0 ||
		    regs.r[CFI_RSP] <= sp)
			return false;
	}
	return false;
}

/* Code whose caller is start code, as a main that was compiled without call frame
 * information and keeps something else in bp: the address that it returns to is near.
 * Start code is outside of every frame, and by its information leads to the end from its
 * own place alone: what is found is no word that was left there by another call.
 * BOUND  Such code that calls such code: those between are not in the stack. */
static bool
find_start(struct unwind *u, uintptr_t sp, struct fresh *ret)
{
	enum { WORDS = 64 };
	struct module_find libc;
	int i;

	if (!modules_find((uintptr_t)&exit, &libc))
		return false;
	for (i = 0; i < WORDS && readable(u, sp); i++, sp += 8) {
		uintptr_t pc = word(sp);

		if (pc > libc.start && pc < libc.end && is_start(u, pc, sp + 8)) {
			ret->pc = pc;
			ret->sp = sp + 8;
			return true;
		}
	}
	return false;
}

/* Go's asmcgocall calls C code on a thread's stack, and bp is its caller's still, on the
 * goroutine's.  Near its own end it keeps the goroutine, whose second word is where that
 * stack ends, and how far below is the address that it returns to itself: as a distance,
 * since the stack may be moved meanwhile.
 * Source: Go's runtime/asm_amd64.s; words 6 and 5 until Go 1.22 or so, then 1 and 0. */
static bool
find_goroutine(struct unwind *u, const struct fresh *f, struct fresh *ret)
{
	static const uint8_t layouts[][2] = {{6, 5}, {1, 0}};
	size_t i;

	for (i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		uintptr_t g, end, at;

		if (!load(u, f->sp + 8 * (uintptr_t)layouts[i][0], &g) ||
		    !load(u, f->sp + 8 * (uintptr_t)layouts[i][1], &at) || !g ||
		    !load(u, g + 8, &end) || at >= end)
			continue;
		at = end - at;
		if (f->bp < at || f->bp >= end || f->bp - at > MAX_GUESS ||
		    !readable(u, at) || !readable(u, f->bp) || !is_code(u, word(at)))
			continue;
		ret->pc = word(at);
		ret->sp = at + 8;
		return true;
	}
	return false;
}

/* From f, in code of which nothing is known, to its caller.  ret->bp is f's unless bp
 * leads there. */
static NOINLINE enum outcome
step_by_guess(struct unwind *u, struct fresh *f, bool is_module, struct fresh *ret)
{
	bool is_near = f->bp >= f->sp && f->bp - f->sp <= MAX_GUESS;

	distrust(u);
	ret->bp = f->bp;
	ret->flags = FRAME_GUESSED;
	f->bp_slot = 0;
	/* The psABI marks the outermost frame by a zero frame pointer. */
	if (f->bp == 0)
		return ENDED;
	is_near = is_near && readable(u, f->bp) && readable(u, f->bp + 8);
	if (is_module && !(is_near && is_code(u, word(f->bp + 8))) &&
	    (find_goroutine(u, f, ret) || find_start(u, f->sp, ret)))
		return STEPPED;
	if (!is_near)
		return BROKE;
	f->bp_slot = f->bp;
	ret->bp = word(f->bp);
	ret->pc = word(f->bp + 8);
	ret->sp = f->bp + 16;
	return ret->pc ? STEPPED : ENDED;
}

/* From f, whose pc, sp, bp and flags are known, to its caller.  Fills in the
 * rest of f. */
static NOINLINE enum outcome
step(struct unwind *u, struct fresh *f, struct fresh *ret)
{
	uint64_t rule = rule_before(u, f->flags & FRAME_EXACT ? f->pc + 1 : f->pc);
	uintptr_t cfa;

	f->rule = rule;
	f->bp_slot = 0;
	f->flags |= FRAME_ODD;
	switch (RULE_KIND(rule)) {
	case KIND_SP:
	case KIND_PLAIN_SP:
		cfa = f->sp + (uintptr_t)RULE_CFA(rule);
		break;
	case KIND_BP:
	case KIND_PLAIN_BP:
		cfa = f->bp + (uintptr_t)RULE_CFA(rule);
		break;
	case KIND_GUESS:
		f->flags |= FRAME_GUESSED;
		return step_by_guess(u, f, (rule & RULE_MODULE_BITS) != 0, ret);
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
	/* A function that calls on another stack has its frame further down, if that
	 * stack lies above its own.  Only a frame pointer leads there. */
	if (unlikely(cfa <= f->sp && (!RULE_IS_BP(rule) || cfa == f->sp)))
		return BROKE;
	if (unlikely(!readable(u, cfa - 8)))
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

/* How many of t frames, which are too many for a whole stack, are further out than the
 * cut.  Multiples are counted from the outermost frame, which is not among them if the
 * walk did not come so far. */
static ALWAYS_INLINE uint32_t
cut_of(const struct unwind *u, uint32_t t)
{
	uint32_t before = u->beyond % u->stride;

	return ((t + before - 1) / u->stride - (N_CHAINS - 1)) * u->stride - before;
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

static ALWAYS_INLINE bool
holds(const struct fact *f)
{
	return word(f->addr) == f->value;
}

/* The first of the facts from f backwards that does not hold, or the last one, which is
 * not looked at.  Four in a round: there is nothing else to do in it. */
static ALWAYS_INLINE const struct fact *
first_false(const struct fact *f, const struct fact *last)
{
	for (; f - last >= 4; f -= 4) {
		if (!holds(f))
			return f;
		if (!holds(f - 1))
			return f - 1;
		if (!holds(f - 2))
			return f - 2;
		if (!holds(f - 3))
			return f - 3;
	}
	while (f > last && holds(f))
		f--;
	return f;
}

/* Frames of the last stack from m outwards that are the same still: the index
 * of the outermost of them that does not lead to the same caller, 0 if all do.
 * end: where to end, that frame not included. */
static ALWAYS_INLINE uint32_t
verify(struct unwind *u, uint32_t m, uint32_t end)
{
	const struct fact *f = &u->facts[u->frames[m].fact];
	const struct fact *last = end ? &u->facts[u->frames[end].fact] : u->facts;

	for (;;) {
		uint32_t k;

		f = first_false(f, last);
		if (likely(f == last))
			return 0;
		k = (uint32_t)(f - u->facts);
		while (u->frames[m - 1].fact >= k)
			m--;
		if (!(u->frames[m].flags & (FRAME_RESTEP | FRAME_GUESSED)))
			return m;
		distrust(u);
		if (!leads_as_before(u, m))
			return m;
		f = &u->facts[u->frames[--m].fact];
	}
}

/* The same for a stack of which n frames, inside of m, are new, and which is cut.  Frames
 * further out than the cut do not matter but for their number.  Where much is new, the
 * frame that was met may be of another stack, in which it came to lie at the same place
 * by chance: all are looked at then. */
static NOINLINE uint32_t
verify_cut(struct unwind *u, uint32_t m, uint32_t n)
{
	uint32_t end = cut_of(u, m + n);

	if (n >= MUCH || end > m)
		end = u->steps[0].node == SITE_CUT;
	return verify(u, m, end);
}

/* The step and the facts of a frame; see note_plain. */
static NOINLINE uint64_t
note_odd(struct unwind *u, const struct fresh *x, uint32_t i)
{
	const struct frame *out = &u->frames[i - 1];
	struct frame *f = &u->frames[i];
	uint32_t k = out->fact, needed = out->flags & FRAME_NEEDS_BP,
		 flags = x->flags & ~FRAME_ODD;
	bool is_saved = x->bp_slot != 0;
	uint64_t step = STEP_PC(x->pc) | (x->rule & RULE_MODULE_BITS) |
			(flags & FRAME_EXACT ? STEP_EXACT : 0);

	f->flags = flags | (RULE_READS_BP(x->rule) ? FRAME_NEEDS_BP
			    : is_saved             ? 0
						   : needed);
	if (flags & ~FRAME_EXACT) {
		f->flags = flags | FRAME_NEEDS_BP;
		if (flags & FRAME_LAST) {
			f->flags = flags;
			f->fact = k;
			return step;
		}
		if (flags & (FRAME_RESTEP | FRAME_GUESSED)) {
			u->facts[f->fact = k + 1] = never;
			return step;
		}
		u->facts[++k] = (struct fact){.addr = x->load, .value = out->sp};
	}
	u->facts[k + 1] = (struct fact){.addr = out->sp - 8, .value = out->pc};
	u->facts[k + 2] = (struct fact){.addr = x->bp_slot, .value = out->bp};
	f->fact = k + 1 + (is_saved && needed);
	return step;
}

/* Make the flags of frames[i], which is x by a plain rule, and its facts behind those of
 * frame i - 1.  Returns its step.
 *
 * Most code has another use for bp than to find its callers.  What is in it at a
 * frame matters only if the frame's own rule reads it, or leaves it to a caller that
 * it matters to; where it does not, it may differ from one stack to the next, and
 * that it is the same is no fact. */
static ALWAYS_INLINE uint64_t
note_plain(struct unwind *u, const struct fresh *x, uint32_t i)
{
	const struct frame *out = &u->frames[i - 1];
	struct frame *f = &u->frames[i];
	uint64_t rule = x->rule;
	uint32_t k = out->fact, needed = out->flags & FRAME_NEEDS_BP;
	uint32_t saved = RULE_IS_SAVED(rule) ? FRAME_NEEDS_BP : 0;

	u->facts[k + 1] = (struct fact){.addr = out->sp - 8, .value = out->pc};
	u->facts[k + 2] = (struct fact){.addr = out->sp + (uintptr_t)RULE_AT(rule),
					.value = out->bp};
	f->flags = (RULE_IS_BP(rule) ? FRAME_NEEDS_BP : 0) | (needed & ~saved);
	f->fact = k + 1 + (needed & saved) / FRAME_NEEDS_BP;
	return x->pc | (rule & RULE_MODULE_BITS);
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What holds of `path` of frame i in a chain; sites_hash is linear in its parent. */
static uint32_t
chain_path(const struct unwind *u, uint32_t cut, uint32_t i)
{
	uint32_t factor = 1, base = SITES_HASH_FACTOR, power = i - cut;

	for (; power; power /= 2, base *= base)
		if (power % 2)
			factor *= base;
	return u->steps[i].path + (SITE_CUT - u->steps[cut].path) * factor;
}

/* The site of the last stack, which is cut. */
static site_id
name_in_chain(struct unwind *u)
{
	uint32_t cut = cut_of(u, u->n), which = (cut + u->beyond) / u->stride % N_CHAINS,
		 i, n;
	struct chain *c = &u->chains[which];
	site_id *nodes = u->nodes[which];

	if (c->cut != cut)
		*c = (struct chain){.cut = cut, .named = cut};
	if (c->named >= u->n)
		return nodes[u->n];
	n = u->n - c->named;
	u->path[0].node = c->named == cut ? (site_id)SITE_CUT : nodes[c->named];
	u->path[0].path = chain_path(u, cut, c->named);
	for (i = 1; i <= n; i++) {
		u->path[i].step = u->steps[c->named + i].step;
		u->path[i].path = sites_hash(u->path[i - 1].path, u->path[i].step);
	}
	(void)sites_path(u->path, n);
	for (i = 1; i <= n; i++)
		nodes[c->named + i] = u->path[i].node;
	c->named = u->n;
	return nodes[u->n];
}

/* The site of the last stack, of which `kept` frames have been there before, where it is
 * deep or has been. */
static NOINLINE site_id
name(struct unwind *u, uint32_t kept)
{
	bool is_used = false;
	uint32_t i, from;

	u->named = u->plain ? kept : min_u32(u->named, kept);
	for (i = 0; i < N_CHAINS; i++) {
		struct chain *c = &u->chains[i];

		c->named = min_u32(c->named, kept);
		if (c->named <= c->cut)
			*c = (struct chain){.cut = 0};
		is_used |= c->cut != 0;
	}
	u->plain = 0;
	if (u->n > u->whole)
		return name_in_chain(u);
	from = u->named;
	u->named = u->n;
	u->plain = is_used ? 0 : u->whole;
	return from < u->n ? sites_path(&u->steps[from], u->n - from) : u->steps[u->n].node;
}

/* Make `fresh` (n frames, innermost first) the inner part of the last stack,
 * whose first `kept` frames stay.  Returns its site. */
static ALWAYS_INLINE site_id
remember(struct unwind *u, uint32_t kept, uint32_t n)
{
	struct site_step *from = &u->steps[kept], *to = from;
	uint32_t path = from->path, i = kept;

	u->n = kept + n;
	for (; n > 0; n--) {
		const struct fresh *x = &u->fresh[n - 1];
		struct frame *f = &u->frames[++i];

		f->pc = x->pc;
		f->sp = x->sp;
		f->bp = x->bp;
		to++;
		to->step = likely(!x->flags) ? note_plain(u, x, i) : note_odd(u, x, i);
		path = sites_hash(path, to->step);
		to->path = path;
	}
	if (unlikely(i > u->plain))
		return name(u, kept);
	return i == kept ? from->node : sites_path(from, i - kept);
}

/* The same for a whole stack.  root: why its outermost frame is that; beyond: how many
 * are further out. */
static NOINLINE site_id
remember_all(struct unwind *u, uint32_t n, site_id root, uint32_t beyond)
{
	u->beyond = beyond;
	u->steps[0].node = u->steps[0].path = root;
	if (n && !(u->fresh[n - 1].flags & FRAME_LAST))
		u->fresh[n - 1].flags |= FRAME_ODD | FRAME_RESTEP;
	return remember(u, 0, n);
}

/* All registers that a caller may rely on, as they are here. */
static ALWAYS_INLINE void
capture(struct cfi_regs *regs)
{
	regs->known =
		1u << CFI_RBX | 1u << CFI_RBP | 1u << CFI_RSP | 0xfu << 12 | 1u << CFI_RA;
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
			if (n == WALK_FRAMES) {
				root = SITE_CUT;
				break;
			}
			f->pc = pc;
			f->sp = sp;
			f->bp = regs.r[CFI_RBP];
			f->bp_slot = 0;
			f->rule = rule_make(KIND_ROW, SAVED_NOT, 0, 0, m.module);
			f->flags = FRAME_ODD | (is_exact ? FRAME_EXACT : 0);
			n++;
		}
		is_exact = false;
		if (has_row) {
			if (u->row.reg[CFI_RA].how == CFI_UNDEFINED) {
				root = SITE_ROOT;
				break;
			}
			if (cfi_step(&u->row, &regs, load, u) != 0)
				break;
			if (!u->row.is_signal && regs.r[CFI_RSP] <= sp)
				break;
			is_exact = u->row.is_signal;
		} else {
			struct fresh in = {.pc = pc, .sp = sp, .bp = regs.r[CFI_RBP]}, out;
			enum outcome outcome = BROKE;

			if (in.bp == 0 || (m.module && is_function_start(u, pc, &m)))
				outcome = ENDED;
			else if (m.module || mappings_is_code(pc - 1))
				outcome = step_by_guess(u, &in, m.module != 0, &out);
			if (outcome != STEPPED) {
				root = end_of(outcome);
				break;
			}
			regs.r[CFI_RBP] = out.bp;
			regs.r[CFI_RA] = out.pc;
			regs.r[CFI_RSP] = out.sp;
			regs.known &= 1u << CFI_RBP | 1u << CFI_RSP | 1u << CFI_RA;
		}
		if (regs.r[CFI_RA] == 0) {
			root = SITE_ROOT;
			break;
		}
	}
	root = remember_all(u, n, root, 0);
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

		if (!is_known ||
		    !(m.start == own.start ||
		      (is_exit && (m.start == loader.start || m.start == c.start))))
			break;
		if (cfi_row(at, &m, &u->scratch, &u->row) != 0 ||
		    u->row.reg[CFI_RA].how == CFI_UNDEFINED ||
		    cfi_step(&u->row, &regs, load, u) != 0)
			break;
		is_exact = u->row.is_signal;
		if (!is_exact && regs.r[CFI_RSP] <= sp && !aside_is_switch(at))
			break;
	}
	ret_registers[0] = regs.r[CFI_RBX];
	ret_registers[1] = regs.r[CFI_RBP];
	memcpy(&ret_registers[2], &regs.r[12], 4 * sizeof regs.r[0]);
	return regs.r[CFI_RSP];
}

/* Whether a frame of the last stack leads outwards as it did, all by facts. */
static ALWAYS_INLINE bool
is_as_before(const struct unwind *u, const struct frame *frame)
{
	return first_false(&u->facts[frame->fact], u->facts) == u->facts;
}

static ALWAYS_INLINE struct memo *
memo_set(struct unwind *u, const struct caller *c)
{
	uint64_t h = (c->pc ^ c->sp << 20) * 0x9e3779b97f4a7c15ull;

	return u->memo[(h >> 40) & (u->memo_sets - 1)];
}

/* Whether e is the way of this stack. */
static ALWAYS_INLINE bool
memo_holds(struct unwind *u, const struct memo *e, const struct caller *c)
{
	const struct fact *f = e->facts;
	const struct frame *out;

	if (e->pc != c->pc || e->sp != c->sp || (e->needs_bp && e->bp != c->bp))
		return false;
	while (word(f->addr) == f->value)
		f++;
	/* The node tells the frame's code address. */
	if (f != &e->facts[e->n_facts] || e->out > u->n ||
	    u->steps[e->out].node != e->out_node)
		return false;
	out = &u->frames[e->out];
	return out->sp == e->out_sp &&
	       (out->bp == e->out_bp || !(out->flags & FRAME_NEEDS_BP)) &&
	       is_as_before(u, out);
}

static ALWAYS_INLINE site_id
memo_find(struct unwind *u, const struct caller *c)
{
	struct memo *e = memo_set(u, c);
	int i;

	for (i = 0; i < MEMO_WAYS; i++, e++) {
		if (memo_holds(u, e, c)) {
			e->is_good = true;
			u->memo_hits++;
			return e->site;
		}
	}
	if (++u->memo_misses == MEMO_MISSES) {
		if (u->memo_hits < MEMO_MISSES)
			u->memo_pause = MEMO_PAUSE;
		u->memo_hits = u->memo_misses = 0;
	}
	return 0;
}

/* Keep the way from the innermost frame of the last stack to its frame `out`, for which
 * nothing was found. */
static NOINLINE void
memo_put(struct unwind *u, const struct caller *c, uint32_t out, site_id site)
{
	const struct frame *in = &u->frames[u->n];
	uint32_t n_facts = in->fact - u->frames[out].fact, i;
	struct memo *e = memo_set(u, c), *to = NULL;

	if (out == 0 || n_facts > MEMO_FACTS || u->n > u->whole)
		return;
	for (i = 0; i < MEMO_WAYS && !to; i++)
		if (!e[i].is_good)
			to = &e[i];
	for (i = 0; i < MEMO_WAYS; i++)
		e[i].is_good = false;
	if (e[0].pc && e[1].pc && ++u->memo_wanted > 8 * u->memo_sets &&
	    u->memo_sets < MEMO_MAX_SETS)
		u->memo_sets *= 4;
	if (!to)
		return;
	to->pc = 0;
	for (i = 0; i < n_facts; i++) {
		to->facts[i] = u->facts[in->fact - i];
		if (to->facts[i].addr == never.addr)
			return;
	}
	to->facts[n_facts] = never;
	to->sp = c->sp;
	to->bp = c->bp;
	to->out_sp = u->frames[out].sp;
	to->out_bp = u->frames[out].bp;
	to->out = out;
	to->out_node = u->steps[out].node;
	to->n_facts = (uint8_t)n_facts;
	to->needs_bp = in->flags & FRAME_NEEDS_BP;
	to->site = site;
	to->pc = c->pc;
}

/* Where the walk is; in registers, as each step waits for the one before. */
struct at {
	uintptr_t pc, sp, bp;
};

/* Let plain steps from there read the stack, if it can be read. */
static NOINLINE void
trust_slow(struct unwind *u, uintptr_t sp)
{
	if (!readable_slow(u, sp))
		u->lo = u->hi = 0;
}

static ALWAYS_INLINE void
trust(struct unwind *u, uintptr_t sp)
{
	if (unlikely(sp < u->lo || sp >= u->hi))
		trust_slow(u, sp);
}

/* A plain step from f, which is `at` with flags 0: fills in the rest of f and goes
 * on to the caller.  Returns false, and has changed nothing, if it is not plain.
 * The stack is readable from at->sp, which is trusted, to u->hi; if u->hi is 0, none is. */
static ALWAYS_INLINE bool
step_plain(struct unwind *u, struct fresh *f, struct at *at)
{
	uint64_t rule = rule_before(u, at->pc);
	uintptr_t base = RULE_IS_BP(rule) ? at->bp : at->sp, cfa, pc, bp;

	cfa = base + (uintptr_t)RULE_CFA(rule);
	if (unlikely(!RULE_IS_PLAIN(rule)) || unlikely(base < at->sp || base >= u->hi) ||
	    unlikely(cfa > u->hi) || unlikely(base & 7))
		return false;
	pc = word(cfa - 8);
	bp = word(cfa + (uintptr_t)RULE_AT(rule));
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
step_out(struct unwind *u, struct fresh *f, struct at *at, uint32_t *flags)
{
	struct fresh next;
	enum outcome outcome;

	f->pc = at->pc;
	f->sp = at->sp;
	f->bp = at->bp;
	f->flags = *flags;
	if (likely(!*flags) && likely(step_plain(u, f, at)))
		return STEPPED;
	outcome = step(u, f, &next);
	if (outcome == STEPPED) {
		*at = (struct at){.pc = next.pc, .sp = next.sp, .bp = next.bp};
		*flags = next.flags;
		trust(u, at->sp);
	}
	return outcome;
}

/* How many frames there are from here outwards.
 * BOUND  Of more than COUNT_FRAMES, and of code that needs all registers, it says fewer. */
static NOINLINE uint32_t
count_frames(struct unwind *u, struct at at, uint32_t flags)
{
	struct fresh f;
	uint32_t n = 0;

	while (n < COUNT_FRAMES && step_out(u, &f, &at, &flags) == STEPPED)
		n++;
	return n;
}

static NOINLINE site_id
walk(struct unwind *u, const struct caller *c)
{
	struct at at = {.pc = c->pc, .sp = c->sp, .bp = c->bp};
	uint32_t n, m = u->n, flags = 0, depth = 0;

	u->is_sure = false;
	trust(u, at.sp);
	for (n = 0;;) {
		const struct frame *last = &u->frames[m];
		enum outcome outcome;

		/* m: frames of the last stack that may still be met. */
		for (; last->sp < at.sp; last--)
			m--;
		/* Who came by a guess has not met a frame of which that is not so: its
		 * facts may be gone. */
		if (last->sp == at.sp && last->pc == at.pc &&
		    (last->bp == at.bp || !(last->flags & FRAME_NEEDS_BP)) &&
		    (last->flags & (FRAME_EXACT | FRAME_GUESSED)) == flags) {
			uint32_t changed = likely(n + m <= u->whole) ? verify(u, m, 0)
								     : verify_cut(u, m, n);

			if (likely(changed == 0 && n + m <= MAX_FRAMES)) {
				site_id site = remember(u, m, n);

				if (!u->memo_pause)
					memo_put(u, c, m, site);
				return site;
			}
			/* How deep it is is known, though not what is there. */
			if (changed == 0 || (changed == 1 && u->steps[0].node == SITE_CUT))
				depth = n + m + u->beyond;
			/* Go on: these frames lead to `changed` again, so none of them is
			 * worth another try.  verify may have looked elsewhere. */
			m = changed ? changed - 1 : 0;
			trust(u, at.sp);
		}
		outcome = step_out(u, &u->fresh[n++], &at, &flags);
		if (unlikely(outcome == NEEDS_ALL))
			return unwind_all(u, c);
		/* A step by frame pointer led to something that is no code. */
		if (unlikely(outcome == NOT_CODE) && n > 1)
			n--;
		if (unlikely(outcome != STEPPED))
			return remember_all(u, n, end_of(outcome), 0);
		if (unlikely(n == WALK_FRAMES)) {
			uint32_t beyond =
				depth > n ? depth - n : count_frames(u, at, flags);

			return remember_all(u, n, SITE_CUT, beyond);
		}
	}
}

/* The site of a stack that does not begin where the last one did. */
static NOINLINE site_id
unwind_other(struct unwind *u, const struct caller *c)
{
	uint32_t stride = likely(sites_end() < MANY_SITES) ? STRIDE : STRIDE_MANY;
	site_id site;

	if (unlikely(u->generation != relaxed_load(&generation) || u->stride != stride)) {
		u->generation = relaxed_load(&generation);
		memset(u->rules, 0, sizeof u->rules);
		u->stride = stride;
		u->whole = N_CHAINS * stride;
		forget_stack(u);
	}
	if (u->memo_pause) {
		u->memo_pause--;
	} else if (likely(u->n <= u->whole)) { /* all frames of the last stack have nodes */
		site = memo_find(u, c);
		if (likely(site != 0))
			return site;
	}
	return walk(u, c);
}

site_id
unwind_site(struct unwind *u, const struct caller *c)
{
	uint32_t n = u->n;
	const struct frame *last = &u->frames[n];

	if (last->sp == c->sp && last->pc == c->pc && likely(n <= u->whole) &&
	    (last->bp == c->bp || !(last->flags & FRAME_NEEDS_BP)) &&
	    likely(!(last->flags & FRAME_EXACT)) &&
	    likely(u->generation == relaxed_load(&generation)) && is_as_before(u, last))
		return u->steps[n].node;
	return unwind_other(u, c);
}
