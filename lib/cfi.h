/* cfi.h -- call frame information: how to get from a frame to its caller.
 *
 * In:   a code address; the .eh_frame of the object that holds it.
 * Out:  the unwind row of that address, and one exact step with it.
 * Not here: remembering rules, walking whole stacks (unwind.h).
 *
 * Reads memory only; takes no lock and no memory.
 *
 * Sources  DWARF 5, 6.4 (call frame information) and 2.5 (expressions); Linux
 *          Standard Base Core, 10.6 (.eh_frame, .eh_frame_hdr); x86-64 psABI,
 *          3.6.2 (register numbers).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CFI_H
#define GCPROF_CFI_H

#include "arch.h"
#include "base.h"
#include "modules.h"

/* Numbers of registers. */
enum {
	CFI_RBX = ARCH_DWARF_RBX,
	CFI_RBP = ARCH_DWARF_FP,
	CFI_RSP = ARCH_DWARF_SP,
	CFI_RA = ARCH_DWARF_RA,
	CFI_N_REGS = ARCH_DWARF_N
};

enum cfi_how {
	CFI_SAME = 0,  /* unchanged, or nothing is said of it */
	CFI_UNDEFINED, /* gone; of the return address: this is the outermost frame */
	CFI_AT_OFFSET, /* saved at CFA + offset */
	CFI_IS_OFFSET, /* is CFA + offset */
	CFI_REGISTER,  /* is in register `offset` */
	CFI_AT_EXPR,   /* saved at the expression's value */
	CFI_IS_EXPR    /* is the expression's value */
};

struct cfi_rule {
	enum cfi_how how;
	int64_t offset;
	const uint8_t *expr, *expr_end;
};

struct cfi_row {
	bool is_cfa_expr;
	uint32_t cfa_reg;
	int64_t cfa_offset;
	const uint8_t *cfa_expr, *cfa_expr_end;
	bool is_signal; /* the caller was interrupted, it did not call */
	struct cfi_rule reg[CFI_N_REGS];
};

/* Register values; bit n of known says that r[n] is. */
struct cfi_regs {
	uint64_t r[CFI_N_REGS];
	uint32_t known;
};

/* Room that cfi_row works in: too big for the stack of a signal handler. */
struct cfi_scratch {
	struct cfi_row initial, remembered[4];
};

/* Row that holds at pc.  Returns 0, -ENOENT if the object says nothing about
 * it, -EINVAL if what it says cannot be understood. */
int cfi_row(uintptr_t pc, const struct module_find *m, struct cfi_scratch *scratch,
	    struct cfi_row *ret);

/* Read 8 bytes of stack at an address.  Returns false if they cannot be read. */
typedef bool cfi_load(void *with, uintptr_t addr, uintptr_t *ret);

/* From a frame to its caller, in place.  Returns 0; -ENODATA if a register is
 * needed that is not known; -EFAULT if memory cannot be read; -EINVAL. */
int cfi_step(const struct cfi_row *row, struct cfi_regs *regs, cfi_load *load, void *with);

#endif
