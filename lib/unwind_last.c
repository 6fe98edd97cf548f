/* unwind_last.c -- see unwind_last.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind_last.h"

#include <string.h>

static const uintptr_t zero;
const struct fact fact_never = {.addr = (uintptr_t)&zero, .value = 1};

void
last_forget(struct last *l)
{
	l->n = 0;
	l->plain = l->whole;
	memset(l->chains, 0, sizeof l->chains);
}

void
last_init(struct last *l)
{
	last_forget(l);
	l->frames[0].sp = UINTPTR_MAX;
	l->facts[0] = fact_never;
}

bool
last_leads_as_before(const struct last *l, struct stepper *s, uint32_t i)
{
	const struct frame *in = &l->frames[i], *out = in - 1;
	struct fresh f = {.pc = in->pc,
			  .sp = in->sp,
			  .bp = in->bp,
			  .flags = in->flags & (FRAME_EXACT | FRAME_GUESSED)};
	struct fresh next, beyond;
	enum outcome outcome = step_any(s, &f, &next);

	if (i > 1)
		return outcome == STEPPED && next.pc == out->pc && next.sp == out->sp &&
		       next.bp == out->bp;
	if (outcome == STEPPED) {
		outcome = step_any(s, &next, &beyond);
		if (outcome != NOT_CODE)
			return false;
	}
	return outcome != NEEDS_ALL && last_root(outcome) == l->steps[0].node;
}

uint32_t
last_verify_cut(struct last *l, struct stepper *s, uint32_t m, uint32_t n)
{
	uint32_t end = last_cut(l, m + n);

	if (n >= MUCH || end > m)
		end = l->steps[0].node == SITE_CUT;
	return last_verify(l, s, m, end);
}

uint64_t
last_note_odd(struct last *l, const struct fresh *x, uint32_t i)
{
	const struct frame *out = &l->frames[i - 1];
	struct frame *f = &l->frames[i];
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
			l->facts[f->fact = k + 1] = fact_never;
			return step;
		}
		l->facts[++k] = (struct fact){.addr = x->load, .value = out->sp};
	}
	l->facts[k + 1] = (struct fact){.addr = out->sp - 8, .value = out->pc};
	l->facts[k + 2] = (struct fact){.addr = x->bp_slot, .value = out->bp};
	f->fact = k + 1 + (is_saved && needed);
	return step;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What holds of `path` of frame i in a chain; sites_hash is linear in its parent. */
static uint32_t
chain_path(const struct last *l, uint32_t cut, uint32_t i)
{
	uint32_t factor = 1, base = SITES_HASH_FACTOR, power = i - cut;

	for (; power; power /= 2, base *= base)
		if (power % 2)
			factor *= base;
	return l->steps[i].path + (SITE_CUT - l->steps[cut].path) * factor;
}

/* The site of the last stack, which is cut. */
static site_id
name_in_chain(struct last *l)
{
	uint32_t cut = last_cut(l, l->n),
		 which = (cut + l->beyond) / l->stride % N_CHAINS, i, n;
	struct chain *c = &l->chains[which];
	site_id *nodes = l->nodes[which];

	GCP_ASSERT(cut < l->n && l->n - cut <= N_CHAINS * l->stride);
	if (c->cut != cut)
		*c = (struct chain){.cut = cut, .named = cut};
	if (c->named >= l->n)
		return nodes[l->n];
	n = l->n - c->named;
	l->path[0].node = c->named == cut ? (site_id)SITE_CUT : nodes[c->named];
	l->path[0].path = chain_path(l, cut, c->named);
	for (i = 1; i <= n; i++) {
		l->path[i].step = l->steps[c->named + i].step;
		l->path[i].path = sites_hash(l->path[i - 1].path, l->path[i].step);
	}
	(void)sites_path(l->path, n);
	for (i = 1; i <= n; i++)
		nodes[c->named + i] = l->path[i].node;
	c->named = l->n;
	return nodes[l->n];
}

/* last-stack, as far as it can be seen without a step. */
static CHECK_ONLY bool
is_valid(const struct last *l)
{
	uint32_t i;

	if (l->n > MAX_FRAMES || l->frames[0].sp != UINTPTR_MAX || l->facts[0].value == 0 ||
	    l->named > l->n || (l->plain && l->plain != l->whole))
		return false;
	for (i = 1; i <= l->n; i++)
		if (l->frames[i].fact < l->frames[i - 1].fact ||
		    l->frames[i].fact - l->frames[i - 1].fact > FACTS_PER_FRAME ||
		    !l->steps[i].step || (l->n <= l->whole && !l->steps[i].node))
			return false;
	return true;
}

site_id
last_name(struct last *l, uint32_t kept)
{
	bool is_used = false;
	uint32_t i, from;
	site_id site;

	GCP_ASSERT(kept <= l->n && l->n <= MAX_FRAMES);
	l->named = l->plain ? kept : min_u32(l->named, kept);
	for (i = 0; i < N_CHAINS; i++) {
		struct chain *c = &l->chains[i];

		c->named = min_u32(c->named, kept);
		if (c->named <= c->cut)
			*c = (struct chain){.cut = 0};
		is_used |= c->cut != 0;
	}
	l->plain = 0;
	if (l->n > l->whole)
		return name_in_chain(l);
	from = l->named;
	l->named = l->n;
	l->plain = is_used ? 0 : l->whole;
	site = from < l->n ? sites_path(&l->steps[from], l->n - from) : l->steps[l->n].node;
	GCP_ASSERT_SLOW(is_valid(l));
	return site;
}

site_id
last_remember_all(struct last *l, uint32_t n, site_id root, uint32_t beyond)
{
	l->beyond = beyond;
	l->steps[0].node = l->steps[0].path = root;
	if (n && !(l->fresh[n - 1].flags & FRAME_LAST))
		l->fresh[n - 1].flags |= FRAME_ODD | FRAME_RESTEP;
	return last_remember(l, 0, n);
}
