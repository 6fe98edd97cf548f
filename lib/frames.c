/* frames.c -- see frames.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "frames.h"
#include "arch.h"
#include "cfi.h"
#include "cut.h"
#include "heapfile_write.h"
#include "mappings.h"
#include "maps.h"
#include "modules.h"
#include "peek.h"
#include "sys.h"
#include "thread.h"

#include <string.h>

enum {
	/* Of a deeper stack both ends are told. */
	INNERMOST = 192,
	OUTERMOST = HEAPFILE_MAX_FRAMES - INNERMOST,
	/* BOUND: who goes deeper has run away, or is no stack. */
	MAX_DEPTH = 1 << 16,
	MAX_SIGNALS = 16,
	/* As in unwind.c: a frame pointer further up is not believed. */
	MAX_GUESS = 16384,
	N_ROWS = 64 /* a power of two */
};

struct frame {
	uintptr_t pc, sp;
	size_t bytes; /* up to the CFA; 0 = unknown */
	module_no module;
	uint32_t flags;
};

/* What is known of a code address. */
struct known_row {
	uintptr_t at; /* 0 = unused */
	bool has_module, has_row;
	struct module_find module;
	struct cfi_row row;
};

/* One writer at a time. */
static struct {
	struct known_row rows[N_ROWS];
	struct cfi_scratch scratch;
	struct cfi_row start_row;
	module_no own;
	/* Of the stack at hand. */
	struct frame inner[INNERMOST], outer[OUTERMOST]; /* outer: a ring */
	uint32_t n;
	bool is_complete;
} w;

/* ---- memory -------------------------------------------------------------- */

/* Devices may take a load for a command. */
static bool
load(void *with, uintptr_t addr, uintptr_t *ret)
{
	const struct maps_area *a;

	(void)with;
	return !(addr & 7) && (a = maps_find(addr)) != NULL && a->name != MAPS_DEVICE &&
	       peek_word(addr, ret);
}

/* ---- one step ------------------------------------------------------------ */

static const struct known_row *
row_of(uintptr_t at)
{
	struct known_row *k = &w.rows[(at * 0x9e3779b97f4a7c15ull) >> 32 & (N_ROWS - 1)];

	if (k->at == at)
		return k;
	k->at = at;
	k->module.module = 0;
	/* The loader may know an object still that a stopped thread has unmapped. */
	k->has_module = modules_find(at, &k->module) && sys_is_readable(at & ~(uintptr_t)7);
	k->has_row = k->has_module && cfi_row(at, &k->module, &w.scratch, &k->row) == 0;
	return k;
}

enum outcome { STEPPED, ENDED, BROKE, NOT_CODE };

/* By the frame pointer, where nothing says more: code made at run time, or
 * without call frame information. */
static enum outcome
step_by_pointer(const struct known_row *k, uintptr_t pc, struct cfi_regs *regs)
{
	uintptr_t sp = regs->r[CFI_RSP], bp = regs->r[CFI_RBP], caller, caller_bp;

	if (!k->has_module && !mappings_is_code(pc))
		return NOT_CODE;
	/* A stack made by hand returns to the start of a function, that nobody
	 * called; the psABI marks the outermost frame by a zero frame pointer. */
	if ((k->has_module && cfi_row(pc + 1, &k->module, &w.scratch, &w.start_row) == 0) ||
	    !(regs->known >> CFI_RBP & 1) || bp == 0)
		return ENDED;
	if (bp < sp || bp - sp > MAX_GUESS || !load(NULL, bp, &caller_bp) ||
	    !load(NULL, bp + ARCH_RA_ABOVE_FP, &caller))
		return BROKE;
	regs->r[CFI_RBP] = caller_bp;
	regs->r[CFI_RA] = caller;
	regs->r[CFI_RSP] = bp + ARCH_SP_ABOVE_FP;
	regs->known = 1u << CFI_RBP | 1u << CFI_RSP | 1u << CFI_RA;
	return STEPPED;
}

static enum outcome
step(const struct known_row *k, uintptr_t at, struct cfi_regs *regs)
{
	uintptr_t sp = regs->r[CFI_RSP];
	enum outcome outcome = STEPPED;

	if (!k->has_row)
		outcome = step_by_pointer(k, at, regs);
	else if (k->row.reg[CFI_RA].how == CFI_UNDEFINED)
		outcome = ENDED;
	else if (cfi_step(&k->row, regs, load, NULL) != 0 ||
		 (!k->row.is_signal && regs->r[CFI_RSP] <= sp))
		outcome = BROKE;
	return outcome == STEPPED && regs->r[CFI_RA] == 0 ? ENDED : outcome;
}

/* Bytes from a frame up to its caller's.  What a signal interrupted has a red
 * zone that is not the signal frame's, and may be on another stack. */
static size_t
bytes_up_to(uintptr_t sp, uintptr_t next, bool is_signal)
{
	if (is_signal)
		next = next - ARCH_RED_ZONE;
	return next > sp && next - sp < (is_signal ? MAX_GUESS : SIZE_MAX) ? next - sp : 0;
}

/* ---- whole stacks -------------------------------------------------------- */

static void
keep(const struct frame *f)
{
	if (w.n < INNERMOST)
		w.inner[w.n] = *f;
	else
		w.outer[(w.n - INNERMOST) % OUTERMOST] = *f;
	w.n++;
}

/* From where regs are outwards.  Frames of the library's own that come first are
 * passed over, and the signal frame if that called them. */
static void
walk(struct cfi_regs *regs, bool is_exact)
{
	uint32_t depth, n_signals = 0;

	for (depth = 0; depth < MAX_DEPTH && n_signals <= MAX_SIGNALS; depth++) {
		struct frame f = {.pc = regs->r[CFI_RA], .sp = regs->r[CFI_RSP]};
		uintptr_t at = is_exact ? f.pc : f.pc - 1;
		const struct known_row *k = row_of(at);
		bool is_signal = k->has_row && k->row.is_signal;
		enum outcome outcome = step(k, at, regs);

		if (outcome == NOT_CODE)
			return; /* the step that led here was none */
		f.module = k->module.module;
		f.flags = (is_exact ? HEAPFILE_FRAME_EXACT : 0) |
			  (is_signal ? HEAPFILE_FRAME_SIGNAL : 0);
		if (outcome == STEPPED)
			f.bytes = bytes_up_to(f.sp, regs->r[CFI_RSP], is_signal);
		if (w.n || !(is_signal || (w.own && f.module == w.own)))
			keep(&f);
		if (outcome != STEPPED) {
			w.is_complete = outcome == ENDED;
			return;
		}
		is_exact = is_signal;
		n_signals += is_signal;
	}
}

/* The stack of a thread, of which the innermost frame is known. */
struct stack_walk {
	struct cfi_regs regs;
	bool is_exact;
};

static int
walk_one(void *with)
{
	struct stack_walk *s = with;

	walk(&s->regs, s->is_exact);
	return 0;
}

/* Where a thread was stopped.  Returns false if that is not known. */
static bool
begin(const struct cut_thread *t, struct cfi_regs *regs)
{
	/* DWARF's numbers of the kernel's registers, in the order of ucontext. */
	static const uint8_t dwarf[ARCH_N_REGISTERS] = ARCH_DWARF_OF_CONTEXT;
	static const uint8_t saved[ARCH_N_SAVED] = ARCH_DWARF_OF_SAVED;
	uintptr_t pc = t->pc;
	uint32_t i;

	memset(regs, 0, sizeof *regs);
	if (t->is_interrupted) {
		for (i = 0; i < ARCH_N_REGISTERS; i++)
			regs->r[dwarf[i]] = t->registers[i];
		regs->known = (1u << CFI_N_REGS) - 1;
	} else {
		for (i = 0; i < ARCH_N_SAVED; i++) {
			regs->r[saved[i]] = t->registers[i];
			regs->known |= 1u << saved[i];
		}
		regs->known |= 1u << CFI_RSP | 1u << CFI_RA;
		if (!pc && !load(NULL, t->pc_sp - ARCH_RA_BELOW_SP, &pc))
			return false;
	}
	regs->r[CFI_RSP] = t->pc_sp;
	regs->r[CFI_RA] = pc;
	return true;
}

/* ---- the section --------------------------------------------------------- */

static void
put_frame(const struct frame *f, bool is_gap, uintptr_t *end)
{
	/* The table may have no room for a module. */
	const struct module *m = modules_get(f->module);

	heapfile_put(f->flags | (is_gap ? HEAPFILE_FRAME_GAP : 0));
	heapfile_put(m ? f->module : 0);
	heapfile_put(m ? f->pc - m->bias : f->pc);
	heapfile_put_zigzag((int64_t)(f->sp - *end));
	heapfile_put(f->bytes);
	*end = f->sp + f->bytes;
}

static void
put_stack(const struct cut_thread *t)
{
	uint32_t n_inner = w.n < INNERMOST ? w.n : INNERMOST;
	uint32_t n_outer = w.n - n_inner < OUTERMOST ? w.n - n_inner : OUTERMOST, i;
	uint32_t left_out = w.n - n_inner - n_outer;
	thread_no number = thread_number_of(t->tid);
	uintptr_t end = 0;
	char name[32] = "";

	if (!number)
		sys_task_name(cut_now.pid, t->tid, name, sizeof name);
	heapfile_record();
	heapfile_put(number);
	heapfile_put((uint64_t)t->tid);
	heapfile_put_text(name, strlen(name));
	heapfile_put(w.is_complete ? HEAPFILE_FRAMES_COMPLETE : 0);
	heapfile_put(n_inner + n_outer);
	for (i = 0; i < n_inner; i++)
		put_frame(&w.inner[i], false, &end);
	for (i = 0; i < n_outer; i++)
		put_frame(&w.outer[(left_out + i) % OUTERMOST], left_out && i == 0, &end);
}

void
frames_write(void)
{
	struct module_find own;
	uint32_t i;

	memset(w.rows, 0, sizeof w.rows); /* modules come and go between two cuts */
	w.own = modules_find((uintptr_t)&w, &own) ? own.module : 0;
	heapfile_section(HEAPFILE_FRAMES);
	for (i = 0; i < cut_now.n_threads; i++) {
		const struct cut_thread *t = &cut_now.threads[i];
		struct stack_walk s = {.is_exact = t->is_interrupted};

		w.n = 0;
		w.is_complete = false;
		if (t->state != CUT_PARKED || !begin(t, &s.regs))
			continue;
		/* The tables of an object whose file has become shorter are gone. */
		if (!peek_try(walk_one, &s))
			w.is_complete = false;
		if (w.n)
			put_stack(t);
	}
}
