/* variables.c -- names for places in a module's data; a second door to libdw.
 *
 * In:   modules that symbolize.c has opened.
 * Out:  struct variable.
 * Not here: names of code (symbolize.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "variables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

enum { MAX_DEPTH = 64, TRIES = 16 };

/* An ELF symbol of data, [low, high). */
struct datum {
	GElf_Addr low, high;
	const char *symbol; /* in the module's string table */
	unsigned rank;
	char *name, *function; /* once they have been asked for */
};

struct table {
	struct datum *list; /* by rising low, then falling size, then rank */
	size_t n;
};

struct module_data {
	struct table data, tls;
	Dwfl_Module *mod;
};

struct variables {
	struct symbols *symbols;
	uint32_t n_modules;
	struct module_data **modules; /* NULL = unused */
};

/* ---- tables ---- */

static int
compare_data(const void *a, const void *b)
{
	const struct datum *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->high != y->high)
		return x->high > y->high ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return -strcmp(x->symbol, y->symbol);
}

static void
add_symbol(struct module_data *m, int i)
{
	GElf_Word section;
	GElf_Sym sym;
	GElf_Addr address, bias;
	Elf *elf;
	const char *name = dwfl_module_getsym_info(m->mod, i, &sym, &address, &section,
						   &elf, &bias);
	int type = GELF_ST_TYPE(sym.st_info), binding = GELF_ST_BIND(sym.st_info);
	struct table *t = type == STT_TLS ? &m->tls : &m->data;
	GElf_Addr low = type == STT_TLS ? sym.st_value : address;

	if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS ||
	    (type != STT_OBJECT && type != STT_TLS) || sym.st_size == 0 ||
	    low + sym.st_size < low)
		return;
	/* Of several names the one without underscores is meant for people. */
	t->list[t->n++] = (struct datum){
		.low = low,
		.high = low + sym.st_size,
		.symbol = name,
		.rank = (name[0] != '_' ? 4 : 0) + (binding == STB_GLOBAL ? 2 : 0) +
			(binding == STB_WEAK ? 1 : 0)};
}

static struct module_data *
module_of(struct variables *v, uint32_t number)
{
	struct module_data *m;
	int n;

	if (!v->symbols || number == 0 || number > v->n_modules)
		return NULL;
	if (v->modules[number])
		return v->modules[number];
	m = v->modules[number] = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->mod = symbols_open(v->symbols, number);
	n = m->mod ? dwfl_module_getsymtab(m->mod) : 0;
	if (n <= 0)
		return m;
	m->data.list = calloc((size_t)n, sizeof(*m->data.list));
	m->tls.list = calloc((size_t)n, sizeof(*m->tls.list));
	for (int i = 1; i < n && m->data.list && m->tls.list; i++)
		add_symbol(m, i);
	if (m->data.n)
		qsort(m->data.list, m->data.n, sizeof(*m->data.list), compare_data);
	if (m->tls.n)
		qsort(m->tls.list, m->tls.n, sizeof(*m->tls.list), compare_data);
	return m;
}

static struct datum *
table_find(struct table *t, uint64_t offset)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->list[middle].low <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	for (unsigned tries = 0; low > 0 && tries < TRIES; low--, tries++)
		if (offset < t->list[low - 1].high)
			return &t->list[low - 1];
	return NULL;
}

/* ---- names ---- */

/* Where a DIE's variable is, if that is one fixed address. */
static bool
has_address(Dwarf_Die *die, GElf_Addr address, Dwarf_Addr bias)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *op;
	size_t n;

	return dwarf_attr(die, DW_AT_location, &attribute) &&
	       dwarf_getlocation(&attribute, &op, &n) == 0 && n == 1 &&
	       op->atom == DW_OP_addr && op->number + bias == address;
}

/* The variable at an address below a DIE, and the function around it. */
static bool
search(Dwarf_Die *parent, GElf_Addr address, Dwarf_Addr bias, const char *function,
       struct datum *d, unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return false;
	do {
		int tag = dwarf_tag(&die);
		const char *name = dwarf_diename(&die);

		if (tag == DW_TAG_variable && name && has_address(&die, address, bias)) {
			free(d->name);
			d->name = strdup(name);
			d->function = function ? strdup(function) : NULL;
			return true;
		}
		if ((tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
		     tag == DW_TAG_namespace || tag == DW_TAG_inlined_subroutine) &&
		    dwarf_haschildren(&die) &&
		    search(&die, address, bias,
			   name && tag == DW_TAG_subprogram ? name : function, d,
			   depth + 1))
			return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

/* "table.3": a name and a number. */
static bool
is_numbered(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || !dot[1])
		return false;
	for (dot++; *dot; dot++)
		if (!isdigit((unsigned char)*dot))
			return false;
	return true;
}

/* "f(int)::cache" is cache in f(int). */
static void
split_function(struct datum *d)
{
	char *at = NULL;
	int depth = 0;

	for (char *p = d->name; *p; p++) {
		depth += *p == '(' || *p == '<' || *p == '{';
		depth -= *p == ')' || *p == '>' || *p == '}';
		if (depth == 0 && p[0] == ':' && p[1] == ':')
			at = p;
	}
	if (!at || at == d->name || !strchr(")]", at[-1]))
		return;
	d->function = strndup(d->name, (size_t)(at - d->name));
	memmove(d->name, at + 2, strlen(at + 2) + 1);
}

static void
name_datum(struct module_data *m, struct datum *d)
{
	size_t n = strcspn(d->symbol, "@");
	Dwarf_Die *cu = NULL;
	Dwarf_Addr bias;

	d->name = strndup(d->symbol, n);
	if (!d->name)
		return;
	if (strncmp(d->name, "_Z", 2) == 0 || strncmp(d->name, "_R", 2) == 0) {
		char *plain =
			cplus_demangle(d->name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);

		if (plain) {
			free(d->name);
			d->name = plain;
			if (strncmp(d->symbol, "_ZZ", 3) == 0)
				split_function(d);
		}
		return;
	}
	if (!is_numbered(d->name))
		return;
	while ((cu = dwfl_module_nextcu(m->mod, cu, &bias)))
		if (search(cu, d->low, bias, NULL, d, 0))
			return;
	*strrchr(d->name, '.') = '\0';
}

/* ---- questions ---- */

bool
variables_find(struct variables *v, uint32_t module, uint64_t offset, bool is_tls,
	       struct variable *ret)
{
	struct module_data *m = module_of(v, module);
	struct datum *d = m ? table_find(is_tls ? &m->tls : &m->data, offset) : NULL;

	if (!d)
		return false;
	if (!d->name)
		name_datum(m, d);
	*ret = (struct variable){d->name, d->function, d->low, d->high - d->low};
	return d->name != NULL;
}

uint64_t
variables_tls_offset(struct variables *v, uint32_t module)
{
	struct module_data *m = module_of(v, module);
	GElf_Addr bias;
	Elf *elf = m && m->mod ? dwfl_module_getelf(m->mod, &bias) : NULL;
	size_t n = 0;

	if (!elf || elf_getphdrnum(elf, &n) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;
		uint64_t align, first;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_TLS)
			continue;
		align = ph.p_align ? ph.p_align : 1;
		if (align & (align - 1) || ph.p_memsz > 1ull << 40 || align > 1ull << 30)
			return 0;
		first = -ph.p_vaddr & (align - 1);
		return (ph.p_memsz - first + align - 1) / align * align + first;
	}
	return 0;
}

/* ---- the whole ---- */

struct variables *
variables_new(struct symbols *symbols, uint32_t n_modules)
{
	struct variables *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->symbols = symbols;
	v->n_modules = n_modules;
	v->modules = calloc((size_t)n_modules + 1, sizeof(*v->modules));
	if (!v->modules) {
		free(v);
		return NULL;
	}
	return v;
}

static void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].function);
	}
	free(t->list);
}

void
variables_free(struct variables *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i <= v->n_modules; i++) {
		if (!v->modules[i])
			continue;
		table_free(&v->modules[i]->data);
		table_free(&v->modules[i]->tls);
		free(v->modules[i]);
	}
	free(v->modules);
	free(v);
}
