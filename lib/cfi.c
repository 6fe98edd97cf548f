/* cfi.c -- see cfi.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cfi.h"

#include <errno.h>
#include <string.h>

/* Bytes being read.  INVARIANT at <= end; once is_bad, all reads give 0. */
struct cursor {
	const uint8_t *at, *end;
	bool is_bad;
};

static uint64_t
get(struct cursor *c, unsigned bytes)
{
	uint64_t v = 0;

	GCP_ASSERT(bytes <= sizeof v);
	GCP_ASSERT(c->at <= c->end && (!c->is_bad || c->at == c->end));
	if ((size_t)(c->end - c->at) < bytes) {
		c->is_bad = true;
		c->at = c->end;
		return 0;
	}
	memcpy(&v, c->at, bytes);
	c->at += bytes;
	return v;
}

/* LEB128 of either sort; ret_top gets the last byte, ret_shift the bits read. */
static uint64_t
get_leb(struct cursor *c, unsigned *ret_top, unsigned *ret_shift)
{
	uint64_t v = 0;
	unsigned shift = 0, byte;

	do {
		byte = (unsigned)get(c, 1);
		if (shift < 64)
			v |= (uint64_t)(byte & 127) << shift;
		shift += 7;
	} while (byte & 128);
	*ret_top = byte;
	*ret_shift = shift;
	return v;
}

static uint64_t
get_uleb(struct cursor *c)
{
	unsigned top, shift;

	return get_leb(c, &top, &shift);
}

static int64_t
get_sleb(struct cursor *c)
{
	unsigned top, shift;
	uint64_t v = get_leb(c, &top, &shift);

	if (shift < 64 && top & 64)
		v |= ~0ull << shift;
	return (int64_t)v;
}

static const uint8_t *
get_block(struct cursor *c, uint64_t bytes)
{
	const uint8_t *p = c->at;

	if ((uint64_t)(c->end - c->at) < bytes) {
		c->is_bad = true;
		c->at = c->end;
		return p;
	}
	c->at += bytes;
	return p;
}

/* Source: LSB Core, 10.5.1 "DWARF Exception Header Encoding". */
static uint64_t
get_encoded(struct cursor *c, uint8_t encoding, uintptr_t data_base)
{
	uintptr_t here = (uintptr_t)c->at;
	uint64_t v;

	switch (encoding & 0x0f) {
	case 0x00:
	case 0x04:
	case 0x0c:
		v = get(c, 8);
		break;
	case 0x01:
		v = get_uleb(c);
		break;
	case 0x02:
		v = get(c, 2);
		break;
	case 0x03:
		v = get(c, 4);
		break;
	case 0x09:
		v = (uint64_t)get_sleb(c);
		break;
	case 0x0a:
		v = (uint64_t)(int16_t)get(c, 2);
		break;
	case 0x0b:
		v = (uint64_t)(int32_t)get(c, 4);
		break;
	default:
		c->is_bad = true;
		return 0;
	}
	switch (encoding & 0x70) {
	case 0x00:
		break;
	case 0x10:
		v += here;
		break;
	case 0x30:
		v += data_base;
		break;
	default:
		c->is_bad = true;
	}
	return v;
}

struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding; /* of FDE addresses */
	bool has_augmentation, is_signal;
	struct cursor program;
};

static int
read_cie(const uint8_t *at, const struct module_find *m, struct cie *ret)
{
	struct cursor c = {at, (const uint8_t *)m->end, false};
	uint64_t bytes = get(&c, 4), n;
	const char *augmentation;
	unsigned version;

	if (bytes == 0xffffffff)
		bytes = get(&c, 8);
	if (c.is_bad || bytes > (uint64_t)(c.end - c.at))
		return -EINVAL;
	c.end = c.at + bytes;
	if (get(&c, 4) != 0)
		return -EINVAL;
	version = (unsigned)get(&c, 1);
	augmentation = (const char *)c.at;
	while (get(&c, 1) != 0)
		;
	if (c.is_bad || (version != 1 && version != 3 && version != 4))
		return -EINVAL;
	if (version == 4)
		(void)get(&c, 2); /* address and segment sizes */
	ret->code_align = get_uleb(&c);
	ret->data_align = get_sleb(&c);
	if ((version == 1 ? get(&c, 1) : get_uleb(&c)) != CFI_RA)
		return -EINVAL;
	ret->encoding = 0;
	ret->is_signal = false;
	ret->has_augmentation = *augmentation == 'z';
	if (*augmentation && !ret->has_augmentation)
		return -EINVAL;
	if (ret->has_augmentation) {
		struct cursor a;

		n = get_uleb(&c);
		a.at = get_block(&c, n);
		a.end = c.at;
		a.is_bad = c.is_bad;
		while (*++augmentation && !a.is_bad)
			switch (*augmentation) {
			case 'R':
				ret->encoding = (uint8_t)get(&a, 1);
				break;
			case 'S':
				ret->is_signal = true;
				break;
			case 'L':
				(void)get(&a, 1);
				break;
			case 'P':
				n = get(&a, 1);
				(void)get_encoded(&a, (uint8_t)(n & 0x0f), 0);
				break;
			default:
				break; /* 'B' and others have no data on x86-64 */
			}
	}
	ret->program = c;
	return c.is_bad ? -EINVAL : 0;
}

/* The FDE that may hold pc, by the binary search table. */
static const uint8_t *
find_fde(uintptr_t pc, const struct module_find *m)
{
	uintptr_t hdr = (uintptr_t)m->eh_frame_hdr;
	struct cursor c = {m->eh_frame_hdr, (const uint8_t *)m->end, false};
	uint8_t frame_enc, count_enc, table_enc;
	uint64_t n, lo, hi;

	struct entry {
		int32_t pc, fde; /* relative to the header */
	} const *table;

	if (!hdr || hdr < m->start || hdr >= m->end || get(&c, 1) != 1)
		return NULL;
	frame_enc = (uint8_t)get(&c, 1);
	count_enc = (uint8_t)get(&c, 1);
	table_enc = (uint8_t)get(&c, 1);
	(void)get_encoded(&c, frame_enc, hdr);
	n = get_encoded(&c, count_enc, hdr);
	/* BOUND: the one encoding of the table that GNU ld, gold and lld write. */
	if (c.is_bad || table_enc != 0x3b || n == 0 ||
	    n > (uint64_t)(c.end - c.at) / sizeof *table)
		return NULL;
	table = (const void *)c.at;
	if ((int64_t)(pc - hdr) < table[0].pc)
		return NULL;
	for (lo = 0, hi = n; hi - lo > 1;) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (table[mid].pc <= (int64_t)(pc - hdr))
			lo = mid;
		else
			hi = mid;
	}
	return (const uint8_t *)(hdr + (uintptr_t)(intptr_t)table[lo].fde);
}

static void
set_expr(struct cursor *c, struct cfi_rule *rule, enum cfi_how how)
{
	uint64_t n = get_uleb(c);

	rule->how = how;
	rule->expr = get_block(c, n);
	rule->expr_end = c->at;
}

/* Run a CFA program until `stop` (an address) is passed.  `initial` is the row
 * after the CIE's program, for DW_CFA_restore; NULL while that one runs. */
static int
run(struct cursor c, const struct cie *cie, uintptr_t location, uintptr_t stop,
    const struct cfi_row *initial, struct cfi_scratch *scratch, struct cfi_row *row)
{
	const unsigned max_depth =
		sizeof scratch->remembered / sizeof scratch->remembered[0];
	unsigned depth = 0;
	struct cfi_rule ignored; /* of registers that we do not follow */

	while (c.at < c.end && !c.is_bad) {
		uint8_t op = (uint8_t)get(&c, 1);
		uint64_t n = op & 0x3f;
		struct cfi_rule *rule = &ignored;

		switch (op & 0xc0) {
		case 0x40: /* advance_loc */
			location += n * cie->code_align;
			if (location > stop)
				return 0;
			continue;
		case 0x80: /* offset */
			if (n < CFI_N_REGS)
				rule = &row->reg[n];
			rule->how = CFI_AT_OFFSET;
			rule->offset = (int64_t)get_uleb(&c) * cie->data_align;
			continue;
		case 0xc0: /* restore */
			if (n < CFI_N_REGS && initial)
				row->reg[n] = initial->reg[n];
			continue;
		default:
			break;
		}
		/* Operations whose first operand is a register. */
		if ((op >= 0x05 && op <= 0x09) || (op >= 0x10 && op <= 0x11) ||
		    op == 0x14 || op == 0x15 || op == 0x16 || op == 0x2f) {
			n = get_uleb(&c);
			if (n < CFI_N_REGS)
				rule = &row->reg[n];
		}
		switch (op) {
		case 0x00: /* nop */
			break;
		case 0x01: /* set_loc */
			location = get_encoded(&c, cie->encoding, 0);
			if (location > stop)
				return 0;
			break;
		case 0x02: /* advance_loc1, 2, 4 */
		case 0x03:
		case 0x04:
			location += get(&c, 1u << (op - 2)) * cie->code_align;
			if (location > stop)
				return 0;
			break;
		case 0x05: /* offset_extended */
			rule->how = CFI_AT_OFFSET;
			rule->offset = (int64_t)get_uleb(&c) * cie->data_align;
			break;
		case 0x06: /* restore_extended */
			if (n < CFI_N_REGS && initial)
				row->reg[n] = initial->reg[n];
			break;
		case 0x07: /* undefined */
			rule->how = CFI_UNDEFINED;
			break;
		case 0x08: /* same_value */
			rule->how = CFI_SAME;
			break;
		case 0x09: /* register */
			rule->how = CFI_REGISTER;
			rule->offset = (int64_t)get_uleb(&c);
			break;
		case 0x0a: /* remember_state */
			if (depth == max_depth)
				return -EINVAL;
			scratch->remembered[depth++] = *row;
			break;
		case 0x0b: /* restore_state */
			if (depth == 0)
				return -EINVAL;
			*row = scratch->remembered[--depth];
			break;
		case 0x0c: /* def_cfa */
		case 0x12: /* def_cfa_sf */
			row->is_cfa_expr = false;
			row->cfa_reg = (uint32_t)get_uleb(&c);
			row->cfa_offset = op == 0x0c ? (int64_t)get_uleb(&c)
						     : get_sleb(&c) * cie->data_align;
			break;
		case 0x0d: /* def_cfa_register */
			row->cfa_reg = (uint32_t)get_uleb(&c);
			break;
		case 0x0e: /* def_cfa_offset */
			row->cfa_offset = (int64_t)get_uleb(&c);
			break;
		case 0x13: /* def_cfa_offset_sf */
			row->cfa_offset = get_sleb(&c) * cie->data_align;
			break;
		case 0x0f: /* def_cfa_expression */
			row->is_cfa_expr = true;
			n = get_uleb(&c);
			row->cfa_expr = get_block(&c, n);
			row->cfa_expr_end = c.at;
			break;
		case 0x10: /* expression */
			set_expr(&c, rule, CFI_AT_EXPR);
			break;
		case 0x16: /* val_expression */
			set_expr(&c, rule, CFI_IS_EXPR);
			break;
		case 0x11: /* offset_extended_sf */
			rule->how = CFI_AT_OFFSET;
			rule->offset = get_sleb(&c) * cie->data_align;
			break;
		case 0x14: /* val_offset */
			rule->how = CFI_IS_OFFSET;
			rule->offset = (int64_t)get_uleb(&c) * cie->data_align;
			break;
		case 0x15: /* val_offset_sf */
			rule->how = CFI_IS_OFFSET;
			rule->offset = get_sleb(&c) * cie->data_align;
			break;
		case 0x2e: /* GNU_args_size: says nothing about registers */
			(void)get_uleb(&c);
			break;
		case 0x2f: /* GNU_negative_offset_extended */
			rule->how = CFI_AT_OFFSET;
			rule->offset = -(int64_t)get_uleb(&c) * cie->data_align;
			break;
		default:
			return -EINVAL;
		}
	}
	return c.is_bad ? -EINVAL : 0;
}

int
cfi_row(uintptr_t pc, const struct module_find *m, struct cfi_scratch *scratch,
	struct cfi_row *ret)
{
	const uint8_t *fde = find_fde(pc, m);
	struct cursor c = {fde, (const uint8_t *)m->end, false};
	struct cie cie;
	uint64_t bytes, begin, range;
	const uint8_t *id_at;
	uint32_t id;

	if (!fde || (uintptr_t)fde < m->start || (uintptr_t)fde >= m->end)
		return -ENOENT;
	bytes = get(&c, 4);
	if (bytes == 0xffffffff)
		bytes = get(&c, 8);
	if (bytes == 0 || bytes > (uint64_t)(c.end - c.at))
		return -EINVAL;
	c.end = c.at + bytes;
	id_at = c.at;
	id = (uint32_t)get(&c, 4);
	if (id == 0 || (uintptr_t)id_at - id < m->start ||
	    read_cie(id_at - id, m, &cie) != 0)
		return -EINVAL;
	begin = get_encoded(&c, cie.encoding, 0);
	range = get_encoded(&c, cie.encoding & 0x0f, 0);
	if (c.is_bad)
		return -EINVAL;
	if (pc < begin || pc - begin >= range)
		return -ENOENT;
	if (cie.has_augmentation) {
		uint64_t n = get_uleb(&c);

		(void)get_block(&c, n);
	}
	memset(ret, 0, sizeof *ret);
	ret->is_signal = cie.is_signal;
	if (run(cie.program, &cie, begin, ~(uintptr_t)0, NULL, scratch, ret) != 0)
		return -EINVAL;
	scratch->initial = *ret;
	return run(c, &cie, begin, pc, &scratch->initial, scratch, ret);
}

/* What an expression may use besides its own stack. */
struct machine {
	const struct cfi_regs *regs;
	cfi_load *load;
	void *with;
};

static int
load(const struct machine *m, uint64_t addr, uint64_t *ret)
{
	return m->load(m->with, addr, ret) ? 0 : -EFAULT;
}

enum { EXPR_DEPTH = 32, EXPR_STEPS = 256 };

static bool
compare(uint8_t op, int64_t a, int64_t b)
{
	switch (op) {
	case 0x29:
		return a == b;
	case 0x2a:
		return a >= b;
	case 0x2b:
		return a > b;
	case 0x2c:
		return a <= b;
	case 0x2d:
		return a < b;
	default:
		return a != b;
	}
}

/* Value of an expression that starts with n values on its stack. */
static int
evaluate(const struct machine *m, const uint8_t *expr, const uint8_t *end,
	 const uint64_t *first, uint64_t *ret)
{
	struct cursor c = {expr, end, false};
	uint64_t s[EXPR_DEPTH + 1], reg;
	unsigned n = 0, steps;
	int err;

	if (first)
		s[n++] = *first;
	for (steps = 0; c.at < c.end && steps < EXPR_STEPS; steps++) {
		uint8_t op = (uint8_t)get(&c, 1);
		unsigned needs = op == 0x12 || op == 0x13 || op == 0x06 || op == 0x1f ||
						 op == 0x20 || op == 0x23 || op == 0x28
					 ? 1
				 : op == 0x14 || (op >= 0x16 && op <= 0x2e) ? 2
									    : 0;
		int16_t by;

		if (n < needs || n >= EXPR_DEPTH)
			return -EINVAL;
		if (op >= 0x30 && op <= 0x4f) { /* lit */
			s[n++] = op - 0x30u;
			continue;
		}
		if ((op >= 0x70 && op <= 0x8f) || op == 0x92) { /* breg, bregx */
			reg = op == 0x92 ? get_uleb(&c) : op - 0x70u;
			if (reg >= CFI_N_REGS)
				return -EINVAL;
			if (!(m->regs->known >> reg & 1))
				return -ENODATA;
			s[n++] = m->regs->r[reg] + (uint64_t)get_sleb(&c);
			continue;
		}
		switch (op) {
		case 0x03: /* addr */
		case 0x0e: /* const8u, const8s */
		case 0x0f:
			s[n++] = get(&c, 8);
			break;
		case 0x06: /* deref */
			err = load(m, s[n - 1], &s[n - 1]);
			if (err)
				return err;
			break;
		case 0x08:
			s[n++] = get(&c, 1);
			break;
		case 0x09:
			s[n++] = (uint64_t)(int8_t)get(&c, 1);
			break;
		case 0x0a:
			s[n++] = get(&c, 2);
			break;
		case 0x0b:
			s[n++] = (uint64_t)(int16_t)get(&c, 2);
			break;
		case 0x0c:
			s[n++] = get(&c, 4);
			break;
		case 0x0d:
			s[n++] = (uint64_t)(int32_t)get(&c, 4);
			break;
		case 0x10:
			s[n++] = get_uleb(&c);
			break;
		case 0x11:
			s[n++] = (uint64_t)get_sleb(&c);
			break;
		case 0x12: /* dup */
			s[n] = s[n - 1];
			n++;
			break;
		case 0x13: /* drop */
			n--;
			break;
		case 0x14: /* over */
			s[n] = s[n - 2];
			n++;
			break;
		case 0x16: /* swap */
			reg = s[n - 1];
			s[n - 1] = s[n - 2];
			s[n - 2] = reg;
			break;
		case 0x1a:
			n--;
			s[n - 1] &= s[n];
			break;
		case 0x1c:
			n--;
			s[n - 1] -= s[n];
			break;
		case 0x1e:
			n--;
			s[n - 1] *= s[n];
			break;
		case 0x1f:
			s[n - 1] = 0 - s[n - 1];
			break;
		case 0x20:
			s[n - 1] = ~s[n - 1];
			break;
		case 0x21:
			n--;
			s[n - 1] |= s[n];
			break;
		case 0x22:
			n--;
			s[n - 1] += s[n];
			break;
		case 0x23: /* plus_uconst */
			s[n - 1] += get_uleb(&c);
			break;
		case 0x24:
			n--;
			s[n - 1] = s[n] < 64 ? s[n - 1] << s[n] : 0;
			break;
		case 0x25:
			n--;
			s[n - 1] = s[n] < 64 ? s[n - 1] >> s[n] : 0;
			break;
		case 0x26:
			n--;
			s[n - 1] = (uint64_t)((int64_t)s[n - 1] >> (s[n] < 64 ? s[n] : 63));
			break;
		case 0x27:
			n--;
			s[n - 1] ^= s[n];
			break;
		case 0x28: /* bra */
		case 0x2f: /* skip */
			by = (int16_t)get(&c, 2);
			if (op == 0x28 && s[--n] == 0)
				break;
			if (by < expr - c.at || by > c.end - c.at)
				return -EINVAL;
			c.at += by;
			break;
		case 0x29:
		case 0x2a:
		case 0x2b:
		case 0x2c:
		case 0x2d:
		case 0x2e:
			n--;
			s[n - 1] = compare(op, (int64_t)s[n - 1], (int64_t)s[n]);
			break;
		case 0x96: /* nop */
			break;
		default:
			return -EINVAL;
		}
	}
	if (c.is_bad || n == 0 || c.at < c.end)
		return -EINVAL;
	*ret = s[n - 1];
	return 0;
}

int
cfi_step(const struct cfi_row *row, struct cfi_regs *regs, cfi_load *load_word, void *with)
{
	struct machine m = {regs, load_word, with};
	struct cfi_regs next = *regs;
	uint64_t cfa, v;
	unsigned i;
	int err = 0;

	if (row->is_cfa_expr) {
		err = evaluate(&m, row->cfa_expr, row->cfa_expr_end, NULL, &cfa);
		if (err)
			return err;
	} else {
		if (row->cfa_reg >= CFI_N_REGS)
			return -EINVAL;
		if (!(regs->known >> row->cfa_reg & 1))
			return -ENODATA;
		cfa = regs->r[row->cfa_reg] + (uint64_t)row->cfa_offset;
	}
	next.r[CFI_RSP] = cfa;
	next.known |= 1u << CFI_RSP;
	for (i = 0; i < CFI_N_REGS; i++) {
		const struct cfi_rule *rule = &row->reg[i];

		switch (rule->how) {
		case CFI_SAME:
			/* An unmentioned rsp is the CFA: that is what it means. */
			continue;
		case CFI_UNDEFINED:
			next.known &= ~(1u << i);
			continue;
		case CFI_AT_OFFSET:
			err = load(&m, cfa + (uint64_t)rule->offset, &v);
			break;
		case CFI_IS_OFFSET:
			v = cfa + (uint64_t)rule->offset;
			break;
		case CFI_REGISTER:
			if (rule->offset < 0 || rule->offset >= CFI_N_REGS)
				return -EINVAL;
			if (!(regs->known >> rule->offset & 1))
				err = -ENODATA;
			else
				v = regs->r[rule->offset];
			break;
		case CFI_AT_EXPR:
		case CFI_IS_EXPR:
			err = evaluate(&m, rule->expr, rule->expr_end, &cfa, &v);
			if (!err && rule->how == CFI_AT_EXPR)
				err = load(&m, v, &v);
			break;
		}
		/* What the frame's caller may do without may stay unknown. */
		if (err == -ENODATA && i != CFI_RA && i != CFI_RSP) {
			next.known &= ~(1u << i);
			err = 0;
			continue;
		}
		if (err)
			return err;
		next.r[i] = v;
		next.known |= 1u << i;
	}
	*regs = next;
	return 0;
}
