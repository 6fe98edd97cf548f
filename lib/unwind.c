/* unwind.c -- see unwind.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind.h"
#include "arch.h"
#include "aside.h"
#include "cfi.h"
#include "libc_inside.h"
#include "mappings.h"
#include "modules.h"
#include "sites.h"
#include "unwind_last.h"
#include "unwind_memo.h"
#include "unwind_rules.h"
#include "unwind_step.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* Random recursion makes a new path of each stack: when there are so many
	 * sites, stacks are cut shorter. */
	MANY_SITES = 1 << 21,
	STRIDE_MANY = 16
};

struct unwind {
	struct last last; /* first: without its offset, unwind_site has two instructions less */
	struct stepper step;
	struct memos memos;
};

size_t
unwind_bytes(void)
{
	return sizeof(struct unwind);
}

/* What was found out by walking. */
static void
forget_stacks(struct unwind *u)
{
	memo_forget(&u->memos);
	last_forget(&u->last);
}

void
unwind_reset(struct unwind *u)
{
	memo_forget(&u->memos);
	last_init(&u->last);
	step_forget_stack(&u->step);
}

void
unwind_forget_rules(void)
{
	rules_forget();
}

/* All registers that a caller may rely on, as they are here. */
static ALWAYS_INLINE void
capture(struct cfi_regs *regs)
{
	regs->known = ARCH_DWARF_CAPTURED;
	arch_capture_dwarf(regs->r);
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
		struct fresh *f = &u->last.fresh[n];
		bool has_row;

		if (is_inside && sp >= c->sp) {
			is_inside = false;
			is_exact = false;
			if (sp != c->sp || pc != c->pc)
				break; /* our own frames led elsewhere: say so */
		}
		m.module = 0;
		has_row = modules_find(is_exact ? pc : pc - 1, &m) &&
			  cfi_row(is_exact ? pc : pc - 1, &m, &u->step.rules.scratch,
				  &u->step.rules.row) == 0;
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
			if (u->step.rules.row.reg[CFI_RA].how == CFI_UNDEFINED) {
				root = SITE_ROOT;
				break;
			}
			if (cfi_step(&u->step.rules.row, &regs, step_load, &u->step) != 0)
				break;
			if (!u->step.rules.row.is_signal && regs.r[CFI_RSP] <= sp)
				break;
			is_exact = u->step.rules.row.is_signal;
		} else {
			struct fresh in = {.pc = pc, .sp = sp, .bp = regs.r[CFI_RBP]}, out;
			enum outcome outcome = BROKE;

			if (in.bp == 0 ||
			    (m.module && rules_is_function_start(&u->step.rules, pc, &m)))
				outcome = ENDED;
			else if (m.module || mappings_is_code(pc - 1))
				outcome = step_by_guess(&u->step, &in, m.module != 0, &out);
			if (outcome != STEPPED) {
				root = last_root(outcome);
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
	root = last_remember_all(&u->last, n, root, 0);
	u->last.n = 0;
	return root;
}

NOINLINE uintptr_t
unwind_origin(struct unwind *u, bool is_exit, uintptr_t ret_registers[UNWIND_REGISTERS])
{
	static const uint8_t saved[ARCH_N_SAVED] = ARCH_DWARF_OF_SAVED;
	struct module_find own = {.start = 0}, c = {.start = 0}, m;
	struct cfi_regs regs = {.known = 0};
	bool is_exact = true;
	int i;

	(void)modules_find((uintptr_t)&rules_generation, &own);
	(void)modules_find((uintptr_t)&exit, &c);
	capture(&regs);
	for (;;) {
		uintptr_t at = regs.r[CFI_RA] - !is_exact, sp = regs.r[CFI_RSP];
		bool is_known = modules_find(at, &m);

		if (!is_known ||
		    !(m.start == own.start ||
		      (is_exit && (libc_is_loader(m.start, m.end) || m.start == c.start))))
			break;
		if (cfi_row(at, &m, &u->step.rules.scratch, &u->step.rules.row) != 0 ||
		    u->step.rules.row.reg[CFI_RA].how == CFI_UNDEFINED ||
		    cfi_step(&u->step.rules.row, &regs, step_load, &u->step) != 0)
			break;
		is_exact = u->step.rules.row.is_signal;
		if (!is_exact && regs.r[CFI_RSP] <= sp && !aside_is_switch(at))
			break;
	}
	for (i = 0; i < ARCH_N_SAVED; i++)
		ret_registers[i] = regs.r[saved[i]];
	return regs.r[CFI_RSP];
}

static NOINLINE site_id
walk(struct unwind *u, const struct caller *c)
{
	struct at at = {.pc = c->pc, .sp = c->sp, .bp = c->bp};
	uint32_t n, m = u->last.n, flags = 0, depth = 0;

	u->step.is_sure = false;
	step_trust(&u->step, at.sp);
	for (n = 0;;) {
		const struct frame *last = &u->last.frames[m];
		enum outcome outcome;

		/* m: frames of the last stack that may still be met. */
		for (; last->sp < at.sp; last--)
			m--;
		/* Who came by a guess has not met a frame of which that is not so: its
		 * facts may be gone. */
		if (last->sp == at.sp && last->pc == at.pc &&
		    (last->bp == at.bp || !(last->flags & FRAME_NEEDS_BP)) &&
		    (last->flags & (FRAME_EXACT | FRAME_GUESSED)) == flags) {
			uint32_t changed =
				likely(n + m <= u->last.whole)
					? last_verify(&u->last, &u->step, m, 0)
					: last_verify_cut(&u->last, &u->step, m, n);

			if (likely(changed == 0 && n + m <= MAX_FRAMES)) {
				site_id site = last_remember(&u->last, m, n);

				if (!u->memos.pause)
					memo_put(&u->memos, &u->last, c, m, site);
				return site;
			}
			/* How deep it is is known, though not what is there. */
			if (changed == 0 ||
			    (changed == 1 && u->last.steps[0].node == SITE_CUT))
				depth = n + m + u->last.beyond;
			/* Go on: these frames lead to `changed` again, so none of them is
			 * worth another try.  last_verify may have read another stack. */
			m = changed ? changed - 1 : 0;
			step_trust(&u->step, at.sp);
		}
		outcome = step_out(&u->step, &u->last.fresh[n++], &at, &flags);
		if (unlikely(outcome == NEEDS_ALL))
			return unwind_all(u, c);
		/* A step by frame pointer led to something that is no code. */
		if (unlikely(outcome == NOT_CODE) && n > 1)
			n--;
		if (unlikely(outcome != STEPPED))
			return last_remember_all(&u->last, n, last_root(outcome), 0);
		if (unlikely(n == WALK_FRAMES)) {
			uint32_t beyond =
				depth > n ? depth - n : step_count(&u->step, at, flags);

			return last_remember_all(&u->last, n, SITE_CUT, beyond);
		}
	}
}

/* The same when modules were unloaded, or stacks are to be cut elsewhere: what is known is
 * void. */
static NOINLINE site_id
walk_anew(struct unwind *u, const struct caller *c, uint32_t stride)
{
	u->step.rules.generation = relaxed_load(&rules_generation);
	memset(u->step.rules.slots, 0, sizeof u->step.rules.slots);
	u->last.stride = stride;
	u->last.whole = N_CHAINS * stride;
	forget_stacks(u);
	return walk(u, c);
}

/* The site of a stack that does not begin where the last one did. */
static NOINLINE site_id
unwind_other(struct unwind *u, const struct caller *c)
{
	uint32_t stride = likely(sites_end() < MANY_SITES) ? STRIDE : STRIDE_MANY;
	site_id site;

	if (unlikely(u->step.rules.generation != relaxed_load(&rules_generation) ||
		     u->last.stride != stride))
		return walk_anew(u, c, stride);
	if (u->memos.pause) {
		u->memos.pause--;
	} else if (likely(u->last.n <= u->last.whole)) { /* all its frames have nodes */
		site = memo_find(&u->memos, &u->last, c);
		if (likely(site != 0))
			return site;
	}
	return walk(u, c);
}

site_id
unwind_site(struct unwind *u, const struct caller *c)
{
	uint32_t n = u->last.n;
	const struct frame *last = &u->last.frames[n];

	if (last->sp == c->sp && last->pc == c->pc && likely(n <= u->last.whole) &&
	    (last->bp == c->bp || !(last->flags & FRAME_NEEDS_BP)) &&
	    likely(!(last->flags & FRAME_EXACT)) &&
	    likely(u->step.rules.generation == relaxed_load(&rules_generation)) &&
	    last_holds(&u->last, last))
		return u->last.steps[n].node;
	return unwind_other(u, c);
}
