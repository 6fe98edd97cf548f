/* unwind_memo.c -- see unwind_memo.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind_memo.h"

void
memo_forget(struct memos *memos)
{
	uint32_t set, i;

	GCP_ASSERT(memos->n_sets <= MEMO_MAX_SETS);
	for (set = 0; set < memos->n_sets; set++)
		for (i = 0; i < MEMO_WAYS; i++)
			memos->memo[set][i].pc = 0;
	memos->n_sets = MEMO_MIN_SETS;
	memos->wanted = 0;
}

void
memo_put(struct memos *memos, const struct last *l, const struct caller *c, uint32_t out,
	 site_id site)
{
	const struct frame *in = &l->frames[l->n];
	uint32_t n_facts = in->fact - l->frames[out].fact, i;
	struct memo *e = memo_set(memos, c), *to = NULL;

	if (out == 0 || n_facts > MEMO_FACTS || l->n > l->whole)
		return;
	for (i = 0; i < MEMO_WAYS && !to; i++)
		if (!e[i].is_good)
			to = &e[i];
	for (i = 0; i < MEMO_WAYS; i++)
		e[i].is_good = false;
	if (e[0].pc && e[1].pc && ++memos->wanted > 8 * memos->n_sets &&
	    memos->n_sets < MEMO_MAX_SETS)
		memos->n_sets *= 4;
	if (!to)
		return;
	to->pc = 0;
	for (i = 0; i < n_facts; i++) {
		to->facts[i] = l->facts[in->fact - i];
		if (to->facts[i].addr == fact_never.addr)
			return;
	}
	to->facts[n_facts] = fact_never;
	to->sp = c->sp;
	to->bp = c->bp;
	to->out_sp = l->frames[out].sp;
	to->out_bp = l->frames[out].bp;
	to->out = out;
	to->out_node = l->steps[out].node;
	GCP_ASSERT(out <= l->n && n_facts <= MEMO_FACTS);
	to->n_facts = (uint8_t)n_facts;
	to->needs_bp = in->flags & FRAME_NEEDS_BP;
	to->site = site;
	to->pc = c->pc;
}
