/* dwarf_names.c -- names from debug information.
 *
 * In:   a module's file.
 * Out:  function, file and line of an address, one frame for each inlined call; the
 *       variable at an address, the local one in a frame.
 * Not here: what types and local variables are made of (dwarf_types.c, dwarf_locals.c),
 *       which file has the debug information (symbolfiles.c).
 *
 * libdw finds the scopes of an address by walking its whole compilation unit,
 * which in a large C++ program is milliseconds.  Here each unit's functions
 * are listed once, sorted by address; then only the DIEs inside one function
 * are walked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "names/dwarf_locals.h"
#include "names/dwarf_types.h"
#include "names/module_files.h"
#include "names/name_source.h"
#include "names/symbolfiles.h"
#include "util/bisect.h"
#include "util/vec.h"

enum { MAX_DEPTH = 256 }; /* of nested DIEs; a damaged file could nest for ever */

/* A function's range of addresses, [low, high). */
struct range {
	Dwarf_Addr low, high;
	Dwarf_Off die;
};

/* The functions of one compilation unit, by rising `low`. */
struct unit {
	struct unit *next;
	Dwarf_Off offset;
	Dwarf *dwarf;
	struct range *ranges;
	size_t n, size;
};

/* A variable at a fixed address, or at one in thread-local storage. */
struct fixed {
	Dwarf_Addr address; /* as in the symbol table */
	bool is_tls;
	Dwarf_Off die;
	Dwarf *dwarf;
};

/* The debug information of a module. */
struct dwarf {
	Dwfl_Module *mod;
	Dwarf *dwarf;
	Dwarf_Addr bias;
	struct unit *units[256]; /* by offset */
	struct unit *index;      /* the units themselves, if .debug_aranges is missing */
	struct fixed *variables; /* by rising address, once a member was asked for */
	size_t n_variables, variables_size, n_walked;
	bool has_variables;
};

/* ---- names ---- */

static const char *
linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return dwarf_formstring(&attribute);
	return NULL;
}

static enum name_returns
returns_of(Dwarf_Die *function)
{
	Dwarf_Die type, target;

	if (!dwarf_types_of(function, &type) || dwarf_tag(&type) != DW_TAG_pointer_type)
		return NAME_RETURNS_OTHER;
	return dwarf_types_of(&type, &target) ? NAME_RETURNS_POINTER : NAME_RETURNS_MEMORY;
}

/* The mangled name if there is one: the other has no scopes and no arguments. */
static void
set_name(struct name_frame *f, Dwarf_Die *die)
{
	const char *name = linkage_name(die);

	f->is_short = !name;
	f->symbol = name ? name : dwarf_diename(die);
	f->returns = returns_of(die);
}

/* A source file as an absolute path where that is known. */
static char *
source_path(const char *dir, const char *file)
{
	char *path = NULL;

	if (!file || file[0] == '/' || !dir)
		return file ? strdup(file) : NULL;
	if (strncmp(file, "./", 2) == 0)
		file += 2;
	/* A build that maps its own directory away leaves a relative `dir`, which
	 * may stand at the beginning of `file` already. */
	if (dir[0] != '/') {
		const char *plain = strncmp(dir, "./", 2) == 0 ? dir + 2 : dir;
		size_t n = strlen(plain);

		if (n > 0 && strncmp(file, plain, n) == 0 && file[n] == '/')
			return strdup(file);
	}
	return asprintf(&path, "%s/%s", dir, file) < 0 ? NULL : path;
}

/* ---- units ---- */

static int
compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

static void
unit_add_ranges(struct unit *u, Dwarf_Die *function)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(function, at, &base, &low, &high)) > 0) {
		const struct range range = {low, high, dwarf_dieoffset(function)};

		if (VEC_PUSH(u->ranges, u->n, u->size, range) != 0)
			return;
	}
}

/* Functions below a DIE.  They stand in units, namespaces and classes; those
 * inside other functions (nested, local classes) count as well. */
static void
unit_add_functions(struct unit *u, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			unit_add_ranges(u, &die);
			__attribute__((fallthrough));
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_lexical_block:
			if (dwarf_haschildren(&die))
				unit_add_functions(u, &die, depth + 1);
			break;
		default:
			break;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
}

static struct unit *
unit_of(struct dwarf *d, Dwarf_Die *cu)
{
	Dwarf_Off offset = dwarf_dieoffset(cu);
	struct unit **list = &d->units[(offset ^ offset >> 8 ^ offset >> 16) & 255];
	Dwarf *dwarf = dwarf_cu_getdwarf(cu->cu);
	struct unit *u;

	for (u = *list; u; u = u->next)
		if (u->offset == offset && u->dwarf == dwarf)
			return u;
	u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	u->offset = offset;
	u->dwarf = dwarf;
	u->next = *list;
	*list = u;
	unit_add_functions(u, cu, 0);
	if (u->n)
		qsort(u->ranges, u->n, sizeof(*u->ranges), compare_ranges);
	return u;
}

/* The innermost function around an address: ranges nest or are disjoint, so it
 * is the last one that starts at or below, or one of the few before it. */
static bool
unit_find(const struct unit *u, Dwarf_Addr address, Dwarf_Die *ret)
{
	size_t low = BISECT(u->n, at, u->ranges[at].low <= address);

	for (unsigned tries = 0; low > 0 && tries < 16; low--, tries++)
		if (address < u->ranges[low - 1].high)
			return dwarf_offdie(u->dwarf, u->ranges[low - 1].die, ret) != NULL;
	return false;
}

/* The compilation unit around an address.  libdw only knows .debug_aranges,
 * which clang and rustc do not write: then list the units by their own ranges. */
static Dwarf_Die *
find_unit(struct dwarf *d, GElf_Addr address, Dwarf_Die *buffer, Dwarf_Addr *bias)
{
	Dwarf_Die *cu = dwfl_module_addrdie(d->mod, address, bias);
	Dwarf_Addr ignored;

	if (cu)
		return cu;
	*bias = d->bias;
	if (!d->index) {
		d->index = calloc(1, sizeof(*d->index));
		if (!d->index)
			return NULL;
		d->index->dwarf = d->dwarf;
		while ((cu = dwfl_module_nextcu(d->mod, cu, &ignored)))
			unit_add_ranges(d->index, cu);
		if (d->index->n)
			qsort(d->index->ranges, d->index->n, sizeof(*d->index->ranges),
			      compare_ranges);
	}
	return unit_find(d->index, address - *bias, buffer) ? buffer : NULL;
}

/* Split DWARF: the functions are in another file, the addresses here. */
static Dwarf_Die *
unit_body(Dwarf_Die *cu, Dwarf_Die *buffer)
{
	uint8_t type = 0;

	if (cu && dwarf_cu_info(cu->cu, NULL, &type, NULL, buffer, NULL, NULL, NULL) == 0 &&
	    type == DW_UT_skeleton && buffer->cu)
		return buffer;
	return cu;
}

/* ---- frames ---- */

/* Inlined calls around an address, outermost first, appended to chain. */
static void
find_inlined(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *chain, unsigned *n,
	     unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || *n == NAME_MAX_FRAMES - 1 || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block &&
		    tag != DW_TAG_try_block && tag != DW_TAG_catch_block)
			continue;
		if (dwarf_haspc(&die, address) == 1) {
			if (tag == DW_TAG_inlined_subroutine)
				chain[(*n)++] = die;
			find_inlined(&die, address, chain, n, depth + 1);
			return;
		}
		/* A block without ranges of its own says nothing: search inside. */
		if (tag == DW_TAG_lexical_block && !dwarf_hasattr(&die, DW_AT_low_pc) &&
		    !dwarf_hasattr(&die, DW_AT_ranges)) {
			unsigned before = *n;

			find_inlined(&die, address, chain, n, depth + 1);
			if (*n != before)
				return;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
}

/* Where an inlined function was called from. */
static void
call_site(Dwarf_Die *cu, Dwarf_Die *inlined, const char *dir, struct name_frame *f)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Files *files;
	size_t n;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) == 0)
		f->line = (unsigned)number;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &number) == 0 &&
	    dwarf_getsrcfiles(cu, &files, &n) == 0 && number < n)
		f->file = source_path(dir, dwarf_filesrc(files, number, NULL, NULL));
}

/* File and line of the address itself. */
static void
own_line(Dwarf_Die *cu, Dwarf_Addr address, const char *dir, struct name_frame *f)
{
	Dwarf_Line *line = cu ? dwarf_getsrc_die(cu, address) : NULL;
	int number = 0;

	if (!line)
		return;
	dwarf_lineno(line, &number);
	f->file = source_path(dir, dwarf_linesrc(line, NULL, NULL));
	if (f->file)
		f->line = number > 0 ? (unsigned)number : 0;
}

static void
dwarf_find(void *opened, const struct name_place *place, struct name_answer *answer)
{
	struct dwarf *d = opened;
	Dwarf_Addr bias = 0, address;
	Dwarf_Die function, buffer, body_buffer, chain[NAME_MAX_FRAMES - 1];
	Dwarf_Die *cu = find_unit(d, place->address, &buffer, &bias);
	Dwarf_Die *body = unit_body(cu, &body_buffer);
	Dwarf_Attribute attribute;
	struct unit *unit = body ? unit_of(d, body) : NULL;
	struct name_frame *f = answer->frames;
	const char *dir;
	unsigned n = 0;

	if (!cu || answer->n)
		return;
	dir = dwarf_formstring(dwarf_attr(cu, DW_AT_comp_dir, &attribute));
	address = place->address - bias;
	own_line(cu, address, dir, f);
	if (!unit || !unit_find(unit, address, &function)) {
		answer->n = f->file ? 1 : 0;
		return;
	}
	find_inlined(&function, address, chain, &n, 0);
	while (n > 0) {
		set_name(f, &chain[--n]);
		f->is_inlined = true;
		call_site(body, &chain[n], dir, ++f);
	}
	set_name(f, &function);
	answer->n = (unsigned)(f - answer->frames) + 1;
}

/* ---- variables ---- */

/* Whether a DIE's variable is at one fixed address, and at this one.  clang's DWARF 5 has
 * the place of the address in a table (DWARF 5, 2.5.1.1: DW_OP_addrx). */
static bool
has_address(Dwarf_Die *die, GElf_Addr address)
{
	Dwarf_Attribute attribute, in_table;
	Dwarf_Addr found;
	Dwarf_Op *op;
	size_t n;

	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &op, &n) != 0 || n != 1)
		return false;
	if (op->atom == DW_OP_addr)
		return op->number == address;
	return op->atom == DW_OP_addrx &&
	       dwarf_getlocation_attr(&attribute, op, &in_table) == 0 &&
	       dwarf_formaddr(&in_table, &found) == 0 && found == address;
}

/* The variable at an address below a DIE, and the function around it. */
static bool
find_variable(Dwarf_Die *parent, GElf_Addr address, const char *function,
	      const char **ret_name, const char **ret_function, unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return false;
	do {
		int tag = dwarf_tag(&die);
		const char *name = dwarf_diename(&die);

		if (tag == DW_TAG_variable && name && has_address(&die, address)) {
			*ret_name = name;
			*ret_function = function;
			return true;
		}
		if ((tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
		     tag == DW_TAG_namespace) &&
		    dwarf_haschildren(&die) &&
		    find_variable(&die, address,
				  name && tag == DW_TAG_subprogram ? name : function,
				  ret_name, ret_function, depth + 1))
			return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

static bool
dwarf_find_variable(void *opened, uint64_t address, const char **ret_name,
		    const char **ret_function)
{
	struct dwarf *d = opened;
	Dwarf_Die *cu = NULL;
	Dwarf_Addr bias;

	while ((cu = dwfl_module_nextcu(d->mod, cu, &bias)))
		if (find_variable(cu, address - bias, NULL, ret_name, ret_function, 0))
			return true;
	return false;
}

/* ---- members ---- */

/* BOUND  DIEs that are gone through for variables; what comes after them has no members. */
enum { MOST_WALKED = 8 << 20 };

/* The one address that a variable is at.  Source: DWARF 5, 2.6.1.1.3; in thread-local storage
 * an offset and DW_OP_form_tls_address, before DWARF 5 GNU's own. */
static bool
get_address(Dwarf_Die *die, Dwarf_Addr *ret, bool *ret_is_tls)
{
	Dwarf_Attribute attribute, in_table;
	Dwarf_Op *op;
	size_t n;

	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &op, &n) != 0 || n < 1 || n > 2)
		return false;
	*ret_is_tls = n == 2;
	if (n == 2 && op[1].atom != DW_OP_GNU_push_tls_address &&
	    op[1].atom != DW_OP_form_tls_address)
		return false;
	switch (op->atom) {
	case DW_OP_addr:
	case DW_OP_const4u:
	case DW_OP_const8u:
		*ret = op->number;
		return true;
	case DW_OP_addrx:
	case DW_OP_constx:
	case DW_OP_GNU_addr_index:
	case DW_OP_GNU_const_index:
		return dwarf_getlocation_attr(&attribute, op, &in_table) == 0 &&
		       dwarf_formaddr(&in_table, ret) == 0;
	default:
		return false;
	}
}

static void
add_variables(struct dwarf *d, Dwarf_Die *parent, Dwarf_Addr bias, unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		struct fixed v = {.die = dwarf_dieoffset(&die),
				  .dwarf = dwarf_cu_getdwarf(die.cu)};

		if (d->n_walked++ > MOST_WALKED)
			return;
		switch (dwarf_tag(&die)) {
		case DW_TAG_variable:
			if (get_address(&die, &v.address, &v.is_tls)) {
				v.address += v.is_tls ? 0 : bias;
				(void)VEC_PUSH(d->variables, d->n_variables,
					       d->variables_size, v);
			}
			break;
		case DW_TAG_subprogram:
		case DW_TAG_lexical_block:
		case DW_TAG_namespace:
			if (dwarf_haschildren(&die))
				add_variables(d, &die, bias, depth + 1);
			break;
		default:
			break;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
}

static int
compare_fixed(const void *a, const void *b)
{
	const struct fixed *x = a, *y = b;

	if (x->is_tls != y->is_tls)
		return x->is_tls ? 1 : -1;
	return (x->address > y->address) - (x->address < y->address);
}

static bool
find_fixed(struct dwarf *d, Dwarf_Addr address, bool is_tls, Dwarf_Die *ret)
{
	const struct fixed key = {.address = address, .is_tls = is_tls};
	Dwarf_Addr bias;
	Dwarf_Die *cu = NULL, body;
	size_t at;

	if (!d->has_variables) {
		d->has_variables = true;
		while ((cu = dwfl_module_nextcu(d->mod, cu, &bias)))
			add_variables(d, unit_body(cu, &body), bias, 0);
		if (d->n_variables)
			qsort(d->variables, d->n_variables, sizeof(*d->variables),
			      compare_fixed);
	}
	at = BISECT(d->n_variables, i, compare_fixed(&d->variables[i], &key) < 0);
	return at < d->n_variables && compare_fixed(&d->variables[at], &key) == 0 &&
	       dwarf_offdie(d->variables[at].dwarf, d->variables[at].die, ret);
}

static bool
dwarf_put_member(void *opened, uint64_t address, bool is_tls, uint64_t first,
		 uint64_t last, char *buf, size_t n)
{
	Dwarf_Die die;

	return find_fixed(opened, address, is_tls, &die) &&
	       dwarf_types_member(&die, first, last, buf, n);
}

/* ---- local variables ---- */

static bool
dwarf_find_local(void *opened, const struct name_slot *slot, struct name_local *ret)
{
	struct dwarf *d = opened;
	Dwarf_Addr bias = 0;
	Dwarf_Die function, buffer, body_buffer;
	Dwarf_Die *cu = find_unit(d, slot->address, &buffer, &bias);
	Dwarf_Die *body = unit_body(cu, &body_buffer);
	struct unit *unit = body ? unit_of(d, body) : NULL;

	return unit && unit_find(unit, slot->address - bias, &function) &&
	       dwarf_locals_find(&function, slot->address - bias, slot, ret);
}

/* ---- the source ---- */

static void *
dwarf_open(const struct name_input *in)
{
	Dwfl_Module *mod = in->file ? in->file->mod : NULL;
	Dwarf_Addr bias;
	Dwarf *dwarf = mod ? dwfl_module_getdwarf(mod, &bias) : NULL;
	struct dwarf *d;

	if (!dwarf || !symbolfiles_may_follow(mod, dwarf))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->mod = mod;
	d->dwarf = dwarf;
	d->bias = bias;
	return d;
}

static void
unit_free(struct unit *u)
{
	if (u)
		free(u->ranges);
	free(u);
}

static void
dwarf_close(void *opened)
{
	struct dwarf *d = opened;

	for (size_t i = 0; i < sizeof(d->units) / sizeof(*d->units); i++)
		for (struct unit *u = d->units[i], *next; u; u = next) {
			next = u->next;
			unit_free(u);
		}
	unit_free(d->index);
	free(d->variables);
	free(d);
}

const struct name_source dwarf_names = {
	.name = "DWARF",
	.open = dwarf_open,
	.find = dwarf_find,
	.find_variable = dwarf_find_variable,
	.put_member = dwarf_put_member,
	.find_local = dwarf_find_local,
	.close = dwarf_close,
};
