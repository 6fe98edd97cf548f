/* inside.c -- see inside.h.
 *
 * First all pointers into POSSIBLE blocks are listed, and each is counted with the rules
 * that it may be an example of.  Then the other pointers are counted that the same words
 * and tables hold, so that it is known whether they have mostly pointers to the inside.
 * Last, from what is surely alive, along the pointers that a rule explains.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/inside.h"

#include <stdlib.h>

#include "names/stacks.h"
#include "util/bisect.h"
#include "util/hash_index.h"
#include "util/vec.h"

enum {
	DEPTHS = 4,      /* callers that say which code it is, at most */
	TABLE_SHIFT = 6, /* 64 words of a root: variables that stand together */
	MEMBERS = 512,   /* words of an object; beyond, it is a table */
};

enum rule_kind { PLACE = 1, END, MEMBER, TABLE, WORD };

struct rule {
	uint64_t key;
	uint64_t n_inside, n_all; /* pointers; of MEMBER and TABLE */
	uint32_t targets[INSIDE_FEW];
	uint32_t n_targets; /* distinct, up to INSIDE_FEW */
};

/* A pointer into a POSSIBLE block. */
struct entry {
	uint32_t edge, target, offset;
	uint32_t holder; /* a block, or n_blocks + root */
};

struct inside_work {
	const struct heap *h;
	const struct graph *g;
	struct entry *entries; /* by rising edge */
	size_t n_entries, entries_size;
	uint64_t *codes; /* by site * DEPTHS: its innermost callers; 0 = not asked for yet */
	struct rule *rules;
	size_t n_rules, rules_size;
	struct hash_index numbers;
	uint8_t *in_use;
	uint32_t *stack;
	size_t n, size;
	bool failed;
};

/* ---- rules ---- */

static uint64_t
mix(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/* The code that allocates at a site, by so many callers less one. */
static uint64_t
code_of(struct inside_work *w, uint32_t site, unsigned depth)
{
	uint64_t *codes = w->codes ? &w->codes[(size_t)site * DEPTHS] : NULL;
	uint32_t node = stack_top(w->h, site);
	uint64_t hash = 1;

	if (!codes || codes[0])
		return codes ? codes[depth] : 0;
	for (unsigned d = 0; d < DEPTHS; d++) {
		const struct heap_node *n = &w->h->nodes[node];

		hash = mix(mix(hash, n->module), node ? n->offset + n->flags : 0);
		codes[d] = hash | 1;
		node = n->parent;
	}
	return codes[depth];
}

static bool
is_same_rule(const void *work, uint32_t number, const void *key)
{
	return ((const struct inside_work *)work)->rules[number - 1].key ==
	       *(const uint64_t *)key;
}

static struct rule *
rule_of(struct inside_work *w, enum rule_kind kind, uint64_t a, uint64_t b)
{
	uint64_t key = mix(mix(mix((uint64_t)kind, a), b), a >> 32);
	uint32_t number = 0;

	if (VEC_RESERVE(w->rules, w->rules_size, w->n_rules + 1) == 0)
		number = hash_index_put(&w->numbers, key, is_same_rule, w, &key);
	if (number == 0 || !w->rules) {
		w->failed = true;
		return NULL;
	}
	if (number > w->n_rules)
		w->rules[w->n_rules++] = (struct rule){.key = key};
	return &w->rules[number - 1];
}

static void
rule_add(struct rule *r, uint32_t target)
{
	if (!r)
		return;
	r->n_inside++;
	for (uint32_t i = 0; i < r->n_targets; i++)
		if (r->targets[i] == target)
			return;
	if (r->n_targets < INSIDE_FEW)
		r->targets[r->n_targets++] = target;
}

static bool
rule_holds(const struct rule *r)
{
	return r && r->n_targets == INSIDE_FEW && 2 * r->n_inside >= r->n_all;
}

static bool
is_of_block(const struct inside_work *w, const struct entry *x)
{
	return x->holder < w->h->n_blocks;
}

static const struct heap_root *
root_of(const struct inside_work *w, const struct entry *x)
{
	return &w->h->roots[x->holder - w->h->n_blocks];
}

/* A root in which nothing stays that is dead. */
static bool
is_lasting(const struct heap_root *r)
{
	return r->kind != HEAPFILE_ROOT_STACK && r->kind != HEAPFILE_ROOT_REGISTERS &&
	       r->kind != HEAPFILE_ROOT_ALT_STACK;
}

/* The rules that a pointer may be an example of, one by one. */
enum { RULES_OF_ENTRY = 3 * DEPTHS + 1 };

static struct rule *
rule_of_entry(struct inside_work *w, const struct entry *x, unsigned i)
{
	const struct heap_block *target = &w->h->blocks[x->target];
	uint32_t word = edges_word(&w->h->edges, x->edge);
	unsigned depth = i % DEPTHS;

	/* Few pointers make no table: nodes of a list need no rule each. */
	if (i == 3 * DEPTHS && is_of_block(w, x))
		return w->h->edges.first[x->holder + 1] - w->h->edges.first[x->holder] <
				       INSIDE_FEW
			       ? NULL
			       : rule_of(w, TABLE, x->holder, 0);
	if (i == 3 * DEPTHS)
		return is_lasting(root_of(w, x))
			       ? rule_of(w, TABLE, x->holder, word >> TABLE_SHIFT)
			       : NULL;
	if (i < DEPTHS)
		return rule_of(w, PLACE, code_of(w, target->site, depth), x->offset);
	if (i < 2 * DEPTHS)
		return rule_of(w, END, code_of(w, target->site, depth),
			       heap_block_requested(target) - x->offset);
	if (!is_of_block(w, x) || word >= MEMBERS)
		return NULL;
	return rule_of(w, MEMBER, code_of(w, w->h->blocks[x->holder].site, depth), word);
}

/* ---- pointers to the inside ---- */

/* Who has an edge, going on from the last one's: -1 if it is nobody that counts. */
static int64_t
holder_of(const struct inside_work *w, uint32_t edge, uint32_t *block, size_t *root)
{
	const struct edges *e = &w->h->edges;

	while (*block < w->h->n_blocks && e->first[*block + 1] <= edge)
		++*block;
	if (*block < w->h->n_blocks) {
		unsigned state = w->g->states[*block];

		return state == GRAPH_REACHABLE || state == GRAPH_POSSIBLE ? (int64_t)*block
									   : -1;
	}
	for (; *root < w->h->n_roots; ++*root) {
		const struct heap_root *r = &w->h->roots[*root];

		if (edge < r->first_edge)
			return -1;
		if (edge < r->first_edge + r->n_edges)
			return graph_is_root(w->g, r) ? (int64_t)(w->h->n_blocks + *root)
						      : -1;
	}
	return -1;
}

static void
find_entries(struct inside_work *w)
{
	const struct edges *e = &w->h->edges;
	uint32_t block = 0;
	size_t root = 0;

	for (size_t i = 0; i < e->n_insides && !w->failed; i++) {
		uint32_t edge = e->insides[i].edge, target = e->targets[edge];
		int64_t holder;

		if (w->g->states[target] != GRAPH_POSSIBLE || graph_is_start(w->g, edge))
			continue;
		holder = holder_of(w, edge, &block, &root);
		if (holder < 0 || holder > UINT32_MAX)
			continue;
		w->failed |= VEC_PUSH(w->entries, w->n_entries, w->entries_size,
				      (struct entry){edge, target, e->insides[i].offset,
						     (uint32_t)holder}) != 0;
	}
	for (size_t i = 0; i < w->n_entries && !w->failed; i++) {
		const struct entry *x = &w->entries[i];

		for (unsigned k = 0; k < RULES_OF_ENTRY && !w->failed; k++)
			rule_add(rule_of_entry(w, x, k), x->target);
		if (is_of_block(w, x) && edges_word(e, x->edge) < MEMBERS && !w->failed)
			rule_add(rule_of(w, WORD,
					 code_of(w, w->h->blocks[x->holder].site, 0),
					 edges_word(e, x->edge)),
				 x->target);
	}
}

/* ---- all pointers of the same words and tables ---- */

/* Of each word in which a block of the same code has an entry. */
static void
count_words(struct inside_work *w, const bool *is_holder)
{
	const struct edges *e = &w->h->edges;

	for (uint32_t b = 0; b < w->h->n_blocks && !w->failed; b++) {
		uint32_t site = w->h->blocks[b].site;

		if (!is_holder[site])
			continue;
		for (uint64_t i = e->first[b];
		     i < e->first[b + 1] && edges_word(e, i) < MEMBERS && !w->failed; i++) {
			const struct rule *r =
				rule_of(w, WORD, code_of(w, site, 0), edges_word(e, i));

			if (!r || r->n_inside == 0)
				continue;
			for (unsigned d = 0; d < DEPTHS && !w->failed; d++) {
				struct rule *m = rule_of(w, MEMBER, code_of(w, site, d),
							 edges_word(e, i));

				if (m)
					m->n_all++;
			}
		}
	}
}

/* Sites whose innermost code is that of a holder. */
static bool *
holder_sites(struct inside_work *w)
{
	size_t n = (size_t)w->h->n_nodes + 1;
	bool *is_holder = calloc(n, sizeof(*is_holder));
	struct rule *mark;

	for (size_t i = 0; is_holder && i < w->n_entries && !w->failed; i++)
		if (is_of_block(w, &w->entries[i])) {
			mark = rule_of(
				w, WORD,
				code_of(w, w->h->blocks[w->entries[i].holder].site, 0),
				UINT64_MAX);
			if (mark)
				mark->n_inside = 1;
		}
	for (uint32_t b = 0; is_holder && b < w->h->n_blocks && !w->failed; b++) {
		uint32_t site = w->h->blocks[b].site;

		if (is_holder[site])
			continue;
		mark = rule_of(w, WORD, code_of(w, site, 0), UINT64_MAX);
		is_holder[site] = mark && mark->n_inside;
	}
	w->failed |= !is_holder;
	return is_holder;
}

static void
count_tables(struct inside_work *w)
{
	const struct edges *e = &w->h->edges;
	int64_t last = -1;

	for (size_t i = 0; i < w->n_entries && !w->failed; i++) {
		const struct entry *x = &w->entries[i];
		const struct heap_root *r;

		if (x->holder == last)
			continue;
		last = x->holder;
		if (is_of_block(w, x)) {
			struct rule *t = rule_of_entry(w, x, 3 * DEPTHS);

			if (t)
				t->n_all = e->first[x->holder + 1] - e->first[x->holder];
			continue;
		}
		r = root_of(w, x);
		for (uint64_t k = r->first_edge;
		     is_lasting(r) && !w->failed && k < r->first_edge + r->n_edges; k++) {
			struct rule *t = rule_of(w, TABLE, x->holder,
						 edges_word(e, k) >> TABLE_SHIFT);

			if (t)
				t->n_all++;
		}
	}
}

/* ---- what is in use ---- */

static bool
is_in_use(const struct inside_work *w, uint32_t block)
{
	return w->in_use[block / 8] >> block % 8 & 1;
}

static void
use(struct inside_work *w, uint32_t block)
{
	if (w->g->states[block] != GRAPH_POSSIBLE || is_in_use(w, block))
		return;
	w->in_use[block / 8] |= (uint8_t)(1u << block % 8);
	w->failed |= VEC_PUSH(w->stack, w->n, w->size, block) != 0;
}

static bool
is_explained(struct inside_work *w, const struct entry *x)
{
	for (unsigned i = 0; i < RULES_OF_ENTRY && !w->failed; i++)
		if (rule_holds(rule_of_entry(w, x, i)))
			return true;
	return false;
}

/* Entries without an explanation are dropped. */
static void
keep_explained(struct inside_work *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_entries && !w->failed; i++)
		if (is_explained(w, &w->entries[i]))
			w->entries[n++] = w->entries[i];
	w->n_entries = n;
}

static void
spread_use(struct inside_work *w)
{
	const struct edges *e = &w->h->edges;

	for (size_t i = 0; i < w->n_entries && !w->failed; i++) {
		const struct entry *x = &w->entries[i];

		if (!is_of_block(w, x) || w->g->states[x->holder] == GRAPH_REACHABLE)
			use(w, x->target);
	}
	while (w->n > 0 && !w->failed) {
		uint32_t b = w->stack[--w->n];

		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++) {
			size_t at;

			if (graph_is_start(w->g, i)) {
				use(w, e->targets[i]);
				continue;
			}
			at = BISECT(w->n_entries, k, w->entries[k].edge < i);
			if (at < w->n_entries && w->entries[at].edge == i)
				use(w, e->targets[i]);
		}
	}
}

int
inside_find(const struct heap *h, const struct graph *g, uint8_t **ret)
{
	struct inside_work w = {.h = h, .g = g};
	bool *is_holder = NULL;

	*ret = NULL;
	if (g->counts[GRAPH_POSSIBLE].blocks < INSIDE_FEW)
		return 0;
	w.codes = calloc((size_t)h->n_nodes + 1, DEPTHS * sizeof(*w.codes));
	w.in_use = calloc((size_t)h->n_blocks / 8 + 1, 1);
	w.failed = !w.codes || !w.in_use;
	if (!w.failed)
		find_entries(&w);
	if (!w.failed)
		is_holder = holder_sites(&w);
	if (!w.failed) {
		count_words(&w, is_holder);
		count_tables(&w);
		keep_explained(&w);
		spread_use(&w);
	}
	free(is_holder);
	free(w.entries);
	free(w.codes);
	free(w.rules);
	hash_index_fini(&w.numbers);
	free(w.stack);
	if (w.failed) {
		free(w.in_use);
		return -1;
	}
	*ret = w.in_use;
	return 0;
}
