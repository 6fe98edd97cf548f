/* dwarf_types.c -- see dwarf_types.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/dwarf_types.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 256 }; /* of types in types; a damaged file could nest for ever */

/* Typedefs and qualifiers end in what they stand for. */
static bool
is_plain_type(Dwarf_Die *type)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return false;
	default:
		return true;
	}
}

bool
dwarf_types_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, ret))
		return false;
	for (unsigned depth = 0; depth < MAX_DEPTH && !is_plain_type(ret); depth++)
		if (!dwarf_attr(ret, DW_AT_type, &attribute) ||
		    !dwarf_formref_die(&attribute, ret))
			return false;
	return true;
}

bool
dwarf_types_is_reserved(const char *name)
{
	return name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

uint64_t
dwarf_types_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

/* The member of a struct that has both bytes, which are counted from it then. */
static bool
find_member(Dwarf_Die *type, uint64_t *first, uint64_t *last, Dwarf_Die *ret)
{
	Dwarf_Die die, of;

	if (dwarf_child(type, &die) != 0)
		return false;
	do {
		int tag = dwarf_tag(&die);
		Dwarf_Attribute attribute;
		Dwarf_Word at = 0;

		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    !dwarf_types_of(&die, &of) ||
		    dwarf_formudata(
			    dwarf_attr(&die, DW_AT_data_member_location, &attribute), &at))
			continue;
		if (*first < at || *last >= at + dwarf_types_size(&of))
			continue;
		*first -= at;
		*last -= at;
		*ret = die;
		return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

/* "[3]" */
static bool
put_index(Dwarf_Die *array, Dwarf_Die *element, uint64_t *first, uint64_t *last,
	  char *buf, size_t n)
{
	uint64_t bytes = dwarf_types_size(element);
	Dwarf_Die die;
	unsigned n_dimensions = 0;

	if (dwarf_child(array, &die) == 0)
		do
			n_dimensions += dwarf_tag(&die) == DW_TAG_subrange_type;
		while (dwarf_siblingof(&die, &die) == 0);
	if (bytes == 0 || n_dimensions != 1 || *first / bytes != *last / bytes)
		return false;
	snprintf(buf, n, "[%llu]", (unsigned long long)(*first / bytes));
	*first %= bytes;
	*last %= bytes;
	return true;
}

bool
dwarf_types_member(Dwarf_Die *variable, uint64_t first, uint64_t last, char *buf, size_t n)
{
	Dwarf_Die type, member;
	size_t at = 0;

	*buf = '\0';
	if (!dwarf_types_of(variable, &type))
		return false;
	for (unsigned depth = 0; depth < MAX_DEPTH && at + 1 < n; depth++) {
		const char *name;

		switch (dwarf_tag(&type)) {
		case DW_TAG_array_type:
			if (!dwarf_types_of(&type, &member) ||
			    !put_index(&type, &member, &first, &last, buf + at, n - at))
				return true;
			type = member;
			break;
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
			if (!find_member(&type, &first, &last, &member))
				return true;
			name = dwarf_tag(&member) == DW_TAG_member ? dwarf_diename(&member)
								   : NULL;
			if (name && dwarf_types_is_reserved(name))
				return true;
			if (name)
				snprintf(buf + at, n - at, ".%s", name);
			if (!dwarf_types_of(&member, &type))
				return true;
			break;
		default:
			return true;
		}
		at += strlen(buf + at);
	}
	return true;
}
