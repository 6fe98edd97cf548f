/* unwind_rules.c -- see unwind_rules.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind_rules.h"
#include "mappings.h"
#include "mem.h"

/* ---- the table of all threads ---------------------------------------------- */

/* Four-way buckets of (key, rule); the key is the code address, a return address less one,
 * in the low 48 bits, and the generation above.
 *
 * INVARIANT  A reader that finds its key before and after it read the rule has
 * the key's rule: a writer takes the key away before it changes the rule, and
 * puts the new key behind it. */
enum { WAYS = 4, FIRST_BUCKETS = 1 << 10, MAX_BUCKETS = 1 << 18 };
struct table {
	uint32_t mask; /* of buckets */
	uint32_t n_evicted;
	struct rules_slot slots[] __attribute__((aligned(64)));
};
static struct table *table_now;
uint32_t rules_generation;

static ALWAYS_INLINE struct rules_slot *
bucket(struct table *table, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15ull;

	return &table->slots[(size_t)((uint32_t)(h >> 40) & table->mask) * WAYS];
}

static ALWAYS_INLINE uint64_t
table_find(uint64_t key)
{
	struct table *table = acquire_load(&table_now);
	struct rules_slot *s;
	int i;

	if (unlikely(!table))
		return 0;
	s = bucket(table, key);
	for (i = 0; i < WAYS; i++) {
		if (acquire_load(&s[i].key) == key) {
			uint64_t rule = acquire_load(&s[i].rule);

			if (likely(relaxed_load(&s[i].key) == key))
				return rule;
		}
	}
	return 0;
}

static struct table *
table_new(uint32_t n_buckets)
{
	struct table *t =
		mem_map(sizeof *t + (size_t)n_buckets * WAYS * sizeof(struct rules_slot));

	GCP_ASSERT(n_buckets && !(n_buckets & (n_buckets - 1)) && n_buckets <= MAX_BUCKETS);
	if (t)
		t->mask = n_buckets - 1;
	return t;
}

static void
table_put(uint64_t key, uint64_t rule)
{
	struct table *table = acquire_load(&table_now), *fresh;
	struct rules_slot *s, *victim = NULL;
	uint64_t old;
	int i;

	GCP_ASSERT(key && key != ~0ull && rule);
	/* An outgrown table is dropped, not copied: rules are learned again.  It
	 * stays mapped, for readers that are inside. */
	if (!table || (relaxed_load(&table->n_evicted) > table->mask * 2 &&
		       table->mask + 1 < MAX_BUCKETS)) {
		fresh = table_new(table ? 4 * (table->mask + 1) : FIRST_BUCKETS);
		if (fresh && __atomic_compare_exchange_n(&table_now, &table, fresh, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			table = fresh;
	}
	if (!table)
		return;
	s = bucket(table, key);
	for (i = 0; i < WAYS && !victim; i++) {
		uint64_t there = relaxed_load(&s[i].key);

		if (there == key)
			return;
		if (!there || there >> 48 != key >> 48)
			victim = &s[i];
	}
	if (!victim) {
		victim = &s[atomic_add(&table->n_evicted, 1) % WAYS];
	}
	old = relaxed_load(&victim->key);
	/* ~0 is no key: it marks a slot that somebody is writing. */
	if (old == ~0ull ||
	    !__atomic_compare_exchange_n(&victim->key, &old, ~0ull, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	GCP_ASSERT(acquire_load(&victim->key) == ~0ull); /* until the rule is there */
	release_store(&victim->rule, rule);
	release_store(&victim->key, key);
}

void
rules_forget(void)
{
	/* Sixteen bits of it are in the keys.  BOUND: a rule that survives 65,536
	 * unloadings in its slot untouched would be taken for valid. */
	__atomic_store_n(&rules_generation, (rules_generation + 1) & 0xffff,
			 __ATOMIC_RELEASE);
}

/* ---- learning ------------------------------------------------------------ */

/* Whether both offsets of a rule have room in it. */
static bool
rule_fits(int64_t cfa, int64_t at)
{
	return cfa % 8 == 0 && cfa >= -(1 << 23) && cfa < 1 << 23 && at % 8 == 0 &&
	       at / 8 >= -(1 << 17) && at / 8 < 1 << 17;
}

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
	enum rule_saved saved = SAVED_NOT;
	enum rule_kind kind;

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

bool
rules_is_function_start(struct rules_cache *r, uintptr_t at, const struct module_find *m)
{
	return cfi_row(at, m, &r->scratch, &r->row) == 0;
}

/* Rule of the code at an address, learned anew. */
static NOINLINE uint64_t
learn(struct rules_cache *r, uintptr_t at, uint64_t key)
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
	err = cfi_row(at, &m, &r->scratch, &r->row);
	if (err == 0)
		rule = rule_of_row(&r->row, m.module);
	else if (rules_is_function_start(r, at + 1, &m))
		rule = rule_make(KIND_END, SAVED_NOT, 0, 0, m.module);
	else
		rule = rule_make(KIND_GUESS, SAVED_BP, 16, 0, m.module);
	table_put(key, rule);
	return rule;
}

uint64_t
rules_find_slow(struct rules_cache *r, uintptr_t pc)
{
	uintptr_t at = pc - 1;
	uint64_t key = (uint64_t)at | (uint64_t)r->generation << 48;
	uint64_t rule;

	/* No address has these bits; those of the key are the generation's. */
	if (unlikely(at >> 48))
		return rule_make(KIND_BROKEN, SAVED_NOT, 0, 0, 0);
	rule = table_find(key);
	if (!rule)
		return learn(r, at, key);
	r->slots[rules_place(pc)] = (struct rules_slot){.key = pc, .rule = rule};
	return rule;
}
