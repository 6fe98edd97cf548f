/* dwarf_locals.c -- see dwarf_locals.h.
 *
 * Source: DWARF 5, 2.6 (locations), 3.3.5 (DW_AT_frame_base).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/dwarf_locals.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "names/dwarf_types.h"

enum {
	MAX_DEPTH = 256, /* of nested scopes */
	/* x86-64's numbers. */
	FRAME_POINTER = DW_OP_reg6,
	STACK_POINTER = DW_OP_reg7,
	FROM_STACK_POINTER = DW_OP_breg7,
	/* From the canonical frame address to where a frame pointer points. */
	TO_FRAME_POINTER = -16,
};

/* Whose variables are looked for; distances are from the canonical frame address. */
struct frame {
	Dwarf_Addr address;
	const struct name_slot *slot;
	int64_t base; /* DW_OP_fbreg's */
	bool has_base;
};

/* The one expression of an attribute at an address of code. */
static bool
expression_at(Dwarf_Die *die, unsigned name, Dwarf_Addr address, Dwarf_Op **ret,
	      size_t *ret_n)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, name, &attribute) &&
	       dwarf_getlocation_addr(&attribute, address, ret, ret_n, 1) == 1;
}

static void
find_base(struct frame *f, Dwarf_Die *function)
{
	Dwarf_Op *op;
	size_t n;

	if (!expression_at(function, DW_AT_frame_base, f->address, &op, &n) || n != 1)
		return;
	f->has_base = true;
	switch (op->atom) {
	case DW_OP_call_frame_cfa:
		f->base = 0;
		break;
	case FRAME_POINTER:
		f->base = TO_FRAME_POINTER;
		break;
	case STACK_POINTER:
		f->base = -f->slot->frame_bytes;
		break;
	default:
		f->has_base = false;
	}
}

/* Where an operation puts a variable; false: not in the frame. */
static bool
place_of(const struct frame *f, const Dwarf_Op *op, int64_t *ret)
{
	if (op->atom == DW_OP_fbreg && f->has_base)
		*ret = f->base + (int64_t)op->number;
	else if (op->atom == FROM_STACK_POINTER)
		*ret = (int64_t)op->number - f->slot->frame_bytes;
	else
		return false;
	return true;
}

/* Does a variable have the slot's first byte?  Then at *ret from its beginning. */
static bool
has_slot(const struct frame *f, Dwarf_Die *variable, uint64_t bytes, uint64_t *ret)
{
	uint64_t done = 0; /* bytes of the pieces before */
	int64_t at = 0, first = f->slot->first;
	bool is_known = false;
	size_t n, n_of_piece = 0;
	Dwarf_Op *op;

	if (!expression_at(variable, DW_AT_location, f->address, &op, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (op[i].atom != DW_OP_piece) {
			is_known = n_of_piece++ == 0 && place_of(f, &op[i], &at);
			continue;
		}
		if (is_known && first >= at && (uint64_t)(first - at) < op[i].number) {
			*ret = done + (uint64_t)(first - at);
			return true;
		}
		done += op[i].number;
		is_known = false;
		n_of_piece = 0;
	}
	*ret = (uint64_t)(first - at);
	return done == 0 && is_known && first >= at && *ret < bytes;
}

static bool
is_pointer(Dwarf_Die *type)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return true;
	default:
		return false;
	}
}

static bool
take_variable(const struct frame *f, Dwarf_Die *variable, struct name_local *ret)
{
	const char *name = dwarf_diename(variable);
	uint64_t at, length = (uint64_t)(f->slot->last - f->slot->first);
	char member[sizeof(ret->name)];
	Dwarf_Die type;

	if (!name || dwarf_types_is_reserved(name) || !dwarf_types_of(variable, &type) ||
	    !has_slot(f, variable, dwarf_types_size(&type), &at))
		return false;
	ret->offset = at;
	ret->is_pointer = is_pointer(&type);
	if (!dwarf_types_member(variable, at, at + length, member, sizeof(member)))
		*member = '\0';
	snprintf(ret->name, sizeof(ret->name), "%s%s", name, member);
	return true;
}

static bool
is_scope(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
	       tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* Scopes without ranges of their own say nothing: they may be around it. */
static bool
may_be_around(Dwarf_Die *scope, Dwarf_Addr address)
{
	return dwarf_haspc(scope, address) == 1 || (!dwarf_hasattr(scope, DW_AT_low_pc) &&
						    !dwarf_hasattr(scope, DW_AT_ranges));
}

static bool
find_in(const struct frame *f, Dwarf_Die *scope, struct name_local *ret,
	unsigned n_inlined, unsigned depth)
{
	Dwarf_Die first, die;

	if (depth > MAX_DEPTH || dwarf_child(scope, &first) != 0)
		return false;
	die = first;
	do
		if (is_scope(dwarf_tag(&die)) && may_be_around(&die, f->address) &&
		    find_in(f, &die, ret,
			    n_inlined + (dwarf_tag(&die) == DW_TAG_inlined_subroutine),
			    depth + 1))
			return true;
	while (dwarf_siblingof(&die, &die) == 0);
	die = first;
	do
		if ((dwarf_tag(&die) == DW_TAG_variable ||
		     dwarf_tag(&die) == DW_TAG_formal_parameter) &&
		    take_variable(f, &die, ret)) {
			ret->n_inlined = n_inlined;
			return true;
		}
	while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

bool
dwarf_locals_find(Dwarf_Die *function, Dwarf_Addr address, const struct name_slot *slot,
		  struct name_local *ret)
{
	struct frame f = {.address = address, .slot = slot};

	find_base(&f, function);
	return find_in(&f, function, ret, 0, 0);
}
