/* elf_symbols.c -- names from a module's symbol table.
 *
 * In:   a module's file.
 * Out:  the symbol around an address of code; all symbols of data.
 * Not here: inlined calls, files and lines (dwarf_names.c), what a symbol reads like
 *           (symbolize.c).
 *
 * dwfl_module_addrinfo() goes through all symbols for each address; a stripped
 * compiler with 70,000 sites then takes ten seconds.  Here the symbols of code are
 * sorted once.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "names/module_files.h"
#include "names/name_source.h"
#include "util/bisect.h"

/* A symbol of code, [low, high). */
struct symbol {
	GElf_Addr low, high;
	const char *name; /* in the module's string table */
	unsigned rank;    /* of several at one address the highest is shown */
};

struct elf {
	Dwfl_Module *mod;
	struct symbol *symbols; /* by rising low, then rank */
	size_t n_symbols;
};

/* ---- code ---- */

static int
compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return -strcmp(x->name, y->name);
}

/* One symbol, if it can be the name of code.  high is 0 if its size is unknown:
 * for hand-written assembly. */
static bool
get_symbol(Dwfl_Module *mod, int i, struct symbol *ret)
{
	GElf_Word section;
	GElf_Sym sym;
	GElf_Addr address, bias;
	Elf *elf;
	const char *name =
		dwfl_module_getsym_info(mod, i, &sym, &address, &section, &elf, &bias);
	int type = GELF_ST_TYPE(sym.st_info), binding = GELF_ST_BIND(sym.st_info);

	if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS ||
	    (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
		return false;
	ret->name = name;
	ret->low = address;
	ret->high = sym.st_size ? address + sym.st_size : 0;
	ret->rank = (sym.st_size ? 4 : 0) + (binding == STB_GLOBAL ? 2 : 0) +
		    (binding == STB_WEAK ? 1 : 0);
	return ret->high == 0 || ret->high > ret->low;
}

static void
read_symbols(struct elf *e)
{
	int n = dwfl_module_getsymtab(e->mod);

	e->symbols = n > 0 ? calloc((size_t)n, sizeof(*e->symbols)) : NULL;
	if (!e->symbols)
		return;
	for (int i = 1; i < n; i++)
		e->n_symbols += get_symbol(e->mod, i, &e->symbols[e->n_symbols]);
	qsort(e->symbols, e->n_symbols, sizeof(*e->symbols), compare_symbols);
}

/* Is `address` in the same section as `low`?  A symbol without a size reaches no
 * further than its section: what follows may be the PLT, which has no names. */
static bool
is_same_section(Dwfl_Module *mod, GElf_Addr low, GElf_Addr address)
{
	GElf_Addr bias, a = low, b = address;
	Elf_Scn *x = dwfl_module_address_section(mod, &a, &bias);
	Elf_Scn *y = dwfl_module_address_section(mod, &b, &bias);

	return x && x == y;
}

static const char *
find_symbol(struct elf *e, GElf_Addr address)
{
	size_t low = BISECT(e->n_symbols, at, e->symbols[at].low <= address);

	/* Sized symbols may nest or share an address: try the few before. */
	for (size_t i = low, tries = 0; i > 0 && tries < 16; i--, tries++)
		if (address < e->symbols[i - 1].high)
			return e->symbols[i - 1].name;
	if (low > 0 && e->symbols[low - 1].high == 0 &&
	    is_same_section(e->mod, e->symbols[low - 1].low, address))
		return e->symbols[low - 1].name;
	return NULL;
}

/* The function that was really called, which is the outermost of the answer: others were
 * inlined into it, and have no symbol. */
static void
elf_find(void *opened, const struct name_place *place, struct name_answer *answer)
{
	struct name_frame *f = &answer->frames[answer->n ? answer->n - 1 : 0];
	const char *symbol;

	if (f->symbol && !f->is_short)
		return;
	symbol = find_symbol(opened, place->address);
	if (!symbol || (f->symbol && !name_is_mangled(symbol)))
		return;
	f->symbol = symbol;
	f->is_short = false;
	if (answer->n == 0)
		answer->n = 1;
}

/* ---- data ---- */

static void
elf_each_datum(void *opened, name_datum_call *call, void *arg)
{
	Dwfl_Module *mod = ((struct elf *)opened)->mod;
	int n = dwfl_module_getsymtab(mod);

	for (int i = 1; i < n; i++) {
		GElf_Word section;
		GElf_Sym sym;
		GElf_Addr address, bias;
		Elf *elf;
		const char *name = dwfl_module_getsym_info(mod, i, &sym, &address,
							   &section, &elf, &bias);
		int type = GELF_ST_TYPE(sym.st_info);
		bool is_tls = type == STT_TLS;

		if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS ||
		    (type != STT_OBJECT && !is_tls) || sym.st_size == 0)
			continue;
		call(arg, &(struct name_datum){.symbol = name,
					       .start = is_tls ? sym.st_value : address,
					       .bytes = sym.st_size,
					       .is_tls = is_tls,
					       .is_global = GELF_ST_BIND(sym.st_info) ==
							    STB_GLOBAL});
	}
}

/* ---- the source ---- */

static void *
elf_open(const struct name_input *in)
{
	struct elf *e = in->file && in->file->mod ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->mod = in->file->mod;
	read_symbols(e);
	return e;
}

static void
elf_close(void *opened)
{
	struct elf *e = opened;

	free(e->symbols);
	free(e);
}

const struct name_source elf_symbols = {
	.name = "ELF symbols",
	.open = elf_open,
	.find = elf_find,
	.each_datum = elf_each_datum,
	.close = elf_close,
};
