/* unwind_step.c -- see unwind_step.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unwind_step.h"
#include "arch.h"
#include "sys.h"

#include <errno.h>
#include <stdlib.h>

/* A frame pointer further up than this is not believed where nothing else says how large
 * the frame is; libunwind has the same bound. */
enum { MAX_GUESS = 16384 };

bool
step_readable_slow(struct stepper *s, uintptr_t addr)
{
	uintptr_t page = arch_page_of(addr);

	/* A word that is not aligned may reach into the next page. */
	if (addr & 7 || addr < ARCH_PAGE || addr >> ARCH_ADDRESS_BITS ||
	    !sys_is_readable(addr))
		return false;
	if (page == s->hi)
		s->hi += ARCH_PAGE;
	else if (page + ARCH_PAGE == s->lo)
		s->lo = page;
	else {
		s->lo = page;
		s->hi = page + ARCH_PAGE;
	}
	return true;
}

bool
step_load(void *s, uintptr_t addr, uintptr_t *ret)
{
	if (!step_readable(s, addr))
		return false;
	*ret = step_word(addr);
	return true;
}

void
step_trust_slow(struct stepper *s, uintptr_t sp)
{
	if (!step_readable_slow(s, sp))
		s->lo = s->hi = 0;
}

/* ---- by a whole row -------------------------------------------------------- */

static NOINLINE enum outcome
step_by_row(struct stepper *s, struct fresh *f, struct fresh *ret)
{
	uintptr_t at = f->flags & FRAME_EXACT ? f->pc : f->pc - 1;
	struct module_find m;
	struct cfi_regs regs = {.known = 1u << CFI_RSP | 1u << CFI_RBP | 1u << CFI_RA};
	int err;

	f->flags |= FRAME_RESTEP;
	if (!modules_find(at, &m) || cfi_row(at, &m, &s->rules.scratch, &s->rules.row) != 0)
		return BROKE;
	regs.r[CFI_RSP] = f->sp;
	regs.r[CFI_RBP] = f->bp;
	regs.r[CFI_RA] = f->pc;
	err = cfi_step(&s->rules.row, &regs, step_load, s);
	if (err == -ENODATA || (err == 0 && !(regs.known >> CFI_RBP & 1)))
		return NEEDS_ALL;
	if (err)
		return BROKE;
	ret->pc = regs.r[CFI_RA];
	ret->sp = regs.r[CFI_RSP];
	ret->bp = regs.r[CFI_RBP];
	ret->flags =
		(s->rules.row.is_signal ? FRAME_EXACT : 0) | (f->flags & FRAME_GUESSED);
	/* A signal frame leads to whatever stack was interrupted; others go up. */
	if (!s->rules.row.is_signal && ret->sp <= f->sp)
		return BROKE;
	return ret->pc ? STEPPED : ENDED;
}

/* ---- code without call frame information ---------------------------------- */

static bool
is_code(struct stepper *s, uintptr_t pc)
{
	return pc && RULE_KIND(rules_find(&s->rules, pc)) != KIND_BROKEN;
}

/* Whether pc with sp is in code of the C library that starts programs or threads: the
 * outermost frame, by its own information, is next or next but one. */
static bool
is_start(struct stepper *s, uintptr_t pc, uintptr_t sp)
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
		if (!modules_find(at, &m) ||
		    cfi_row(at, &m, &s->rules.scratch, &s->rules.row) != 0)
			return false;
		if (s->rules.row.reg[CFI_RA].how == CFI_UNDEFINED)
			return i > 0;
		if (s->rules.row.is_signal ||
		    cfi_step(&s->rules.row, &regs, step_load, s) != 0 ||
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
find_start(struct stepper *s, uintptr_t sp, struct fresh *ret)
{
	enum { WORDS = 64 };
	struct module_find libc;
	int i;

	if (!modules_find((uintptr_t)&exit, &libc))
		return false;
	for (i = 0; i < WORDS && step_readable(s, sp); i++, sp += 8) {
		uintptr_t pc = step_word(sp);

		if (pc > libc.start && pc < libc.end && is_start(s, pc, sp + 8)) {
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
find_goroutine(struct stepper *s, const struct fresh *f, struct fresh *ret)
{
	static const uint8_t layouts[][2] = {{6, 5}, {1, 0}};
	size_t i;

	for (i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		uintptr_t g, end, at;

		if (!step_load(s, f->sp + 8 * (uintptr_t)layouts[i][0], &g) ||
		    !step_load(s, f->sp + 8 * (uintptr_t)layouts[i][1], &at) || !g ||
		    !step_load(s, g + 8, &end) || at >= end)
			continue;
		at = end - at;
		if (f->bp < at || f->bp >= end || f->bp - at > MAX_GUESS ||
		    !step_readable(s, at) || !step_readable(s, f->bp) ||
		    !is_code(s, step_word(at)))
			continue;
		ret->pc = step_word(at);
		ret->sp = at + 8;
		return true;
	}
	return false;
}

enum outcome
step_by_guess(struct stepper *s, struct fresh *f, bool is_module, struct fresh *ret)
{
	bool is_near = f->bp >= f->sp && f->bp - f->sp <= MAX_GUESS;

	step_distrust(s);
	ret->bp = f->bp;
	ret->flags = FRAME_GUESSED;
	f->bp_slot = 0;
	/* The psABI marks the outermost frame by a zero frame pointer. */
	if (f->bp == 0)
		return ENDED;
	is_near = is_near && step_readable(s, f->bp) && step_readable(s, f->bp + 8);
	if (is_module && !(is_near && is_code(s, step_word(f->bp + 8))) &&
	    (find_goroutine(s, f, ret) || find_start(s, f->sp, ret)))
		return STEPPED;
	if (!is_near)
		return BROKE;
	f->bp_slot = f->bp;
	ret->bp = step_word(f->bp);
	ret->pc = step_word(f->bp + 8);
	ret->sp = f->bp + 16;
	return ret->pc ? STEPPED : ENDED;
}

/* ---- by any rule ------------------------------------------------------------ */

enum outcome
step_any(struct stepper *s, struct fresh *f, struct fresh *ret)
{
	uint64_t rule = rules_find(&s->rules, f->flags & FRAME_EXACT ? f->pc + 1 : f->pc);
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
		return step_by_guess(s, f, (rule & RULE_MODULE_BITS) != 0, ret);
	case KIND_BP_LOAD:
		cfa = f->bp + (uintptr_t)RULE_CFA(rule);
		if (!step_readable(s, cfa))
			return BROKE;
		f->load = cfa;
		f->flags |= FRAME_LOADED;
		cfa = step_word(cfa);
		break;
	case KIND_END:
		f->flags |= FRAME_LAST;
		return ENDED;
	case KIND_ROW:
		return step_by_row(s, f, ret);
	default:
		return NOT_CODE;
	}
	/* A function that calls on another stack has its frame further down, if that
	 * stack lies above its own.  Only a frame pointer leads there. */
	if (unlikely(cfa <= f->sp && (!RULE_IS_BP(rule) || cfa == f->sp)))
		return BROKE;
	if (unlikely(!step_readable(s, cfa - 8)))
		return BROKE;
	if (RULE_SAVED(rule) == SAVED_NOT) {
		ret->bp = f->bp;
	} else {
		f->bp_slot = (RULE_SAVED(rule) == SAVED_CFA ? cfa : f->bp) +
			     (uintptr_t)RULE_AT(rule);
		if (unlikely(!step_readable(s, f->bp_slot)))
			return BROKE;
		ret->bp = step_word(f->bp_slot);
	}
	ret->sp = cfa;
	ret->pc = step_word(cfa - 8);
	ret->flags = f->flags & FRAME_GUESSED;
	return likely(ret->pc) ? STEPPED : ENDED;
}

uint32_t
step_count(struct stepper *s, struct at at, uint32_t flags)
{
	struct fresh f;
	uint32_t n = 0;

	while (n < COUNT_FRAMES && step_out(s, &f, &at, &flags) == STEPPED)
		n++;
	return n;
}
