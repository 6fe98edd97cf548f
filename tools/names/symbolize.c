/* symbolize.c -- names for places in modules; the door to libdw and libiberty.
 *
 * In:   a module by path and build-id, an offset in its file.
 * Out:  function, file and line, one frame for each inlined call.
 * Not here: which places are worth a name (report.c), which file is the right one
 *       (symbolfiles.c).
 *
 * Each module has a libdwfl session of its own with the file at its own
 * virtual addresses, so no two modules can overlap and an offset is an address
 * as it stands.  Which files may be read is said in symbolfiles.h; where none of
 * them is at hand, libdwfl asks debuginfod.
 *
 * libdw finds the scopes of an address by walking its whole compilation unit,
 * which in a large C++ program is milliseconds.  Here each unit's functions
 * are listed once, sorted by address; then only the DIEs inside one function
 * are walked.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/symbolize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
/* demangle.h wants to declare basename() its own way otherwise. */
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

#include "names/symbolfiles.h"

enum {
	MAX_INLINED = 64, /* frames out of one address; BOUND: deeper ones are dropped */
	MAX_DEPTH = 256,  /* of nested DIEs; a damaged file could nest for ever */
};

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

/* An ELF symbol of code, [low, high). */
struct symbol {
	GElf_Addr low, high;
	const char *name; /* in the module's string table */
	unsigned rank;    /* of several at one address the highest is shown */
};

struct module {
	enum symbols_state state;
	Dwfl *dwfl;
	Dwfl_Module *mod;
	struct unit *units[256]; /* by offset */
	struct symbol *symbols;  /* by rising low, then rank */
	size_t n_symbols;
	bool has_symbols; /* they have been read */
	bool has_looked; /* at the debug information, which `dwarf` is if it may be used */
	Dwarf *dwarf;
	Dwarf_Addr dwarf_bias;
	struct unit *index; /* the units themselves, if .debug_aranges is missing */
};

/* What is known of one place. */
struct place {
	uint64_t offset;
	uint32_t module; /* 0 = this slot is free */
	uint32_t n;
	struct symbols_frame *frames;
};

struct symbols {
	const struct heap *heap;
	struct symbols_options options;
	char *debuginfo_path;
	Dwfl_Callbacks callbacks;
	struct module **modules; /* NULL = unused */
	struct place *places;    /* hash table */
	size_t n_places, places_mask;
	uint64_t n_lookups;
};

/* ---- names ---- */

static char *
copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* Demangle, or copy what is not mangled.  D is asked for by name as libiberty
 * does not try it by itself. */
static char *
demangle(const char *name)
{
	char *plain = NULL;

	if (!name)
		return NULL;
	if (name[0] == '_' && name[1] == 'D')
		plain = dlang_demangle(name, DMGL_PARAMS);
	else if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R'))
		plain = cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
	return plain ? plain : copy(name);
}

static const char *
linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return dwarf_formstring(&attribute);
	return NULL;
}

/* A function's names; the symbol helps where the DIE has only a short one. */
static void
die_name(Dwarf_Die *die, const char *symbol, struct symbols_frame *f)
{
	const char *name = linkage_name(die);

	if (!name && symbol && symbol[0] == '_' && strchr("ZRD", symbol[1]) && symbol[1])
		name = symbol;
	if (!name)
		name = dwarf_diename(die);
	f->function = demangle(name ? name : symbol);
	f->symbol = copy(name ? name : symbol);
}

/* A source file as an absolute path where that is known. */
static char *
source_path(const char *dir, const char *file)
{
	char *path = NULL;

	if (!file || file[0] == '/' || !dir)
		return copy(file);
	if (strncmp(file, "./", 2) == 0)
		file += 2;
	/* A build that maps its own directory away leaves a relative `dir`, which
	 * may stand at the beginning of `file` already. */
	if (dir[0] != '/') {
		const char *plain = strncmp(dir, "./", 2) == 0 ? dir + 2 : dir;
		size_t n = strlen(plain);

		if (n > 0 && strncmp(file, plain, n) == 0 && file[n] == '/')
			return copy(file);
	}
	return asprintf(&path, "%s/%s", dir, file) < 0 ? NULL : path;
}

/* ---- modules ---- */

/* Open the file at a module's path. */
static int
open_path(const char *root, const struct heap_text *path, char **ret_name)
{
	char *name = NULL;
	int fd;

	if (path->n == 0 || strlen(path->bytes) != path->n || path->bytes[0] != '/')
		return -1;
	if (asprintf(&name, "%s%s", root, path->bytes) < 0)
		return -1;
	fd = symbolfiles_open(name);
	if (fd < 0)
		free(name);
	else
		*ret_name = name;
	return fd;
}

/* Open a file by build-id.  A separate debug file has the same addresses as the module's
 * own, so it does where that is not at hand. */
static int
open_by_build_id(const char *root, const char *dir, const char *suffix,
		 const struct heap_text *build_id, char **ret_name)
{
	char *name = symbolfiles_by_build_id(root, dir, build_id, suffix);
	int fd = name ? symbolfiles_open(name) : -1;

	if (fd < 0)
		free(name);
	else
		*ret_name = name;
	return fd;
}

/* libdwfl's callbacks have nothing else of ours. */
static void
set_options(struct symbols *s, Dwfl_Module *mod)
{
	void **userdata;

	if (mod && dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
		*userdata = &s->options;
}

/* Let libdwfl ask debuginfod for the module. */
static void
report_by_build_id(struct symbols *s, struct module *m, const struct heap_module *hm)
{
	uint64_t low = hm->start - hm->bias;
	GElf_Addr bias;

	if (hm->build_id.n < 4 || hm->build_id.n > 64 || hm->bytes == 0 ||
	    low + hm->bytes < low)
		return;
	dwfl_report_begin(m->dwfl);
	m->mod = dwfl_report_module(m->dwfl, hm->path.bytes, low, low + hm->bytes);
	if (m->mod)
		dwfl_module_report_build_id(m->mod,
					    (const unsigned char *)hm->build_id.bytes,
					    hm->build_id.n, 0);
	dwfl_report_end(m->dwfl, NULL, NULL);
	set_options(s, m->mod);
	if (m->mod && dwfl_module_getelf(m->mod, &bias))
		m->state = SYMBOLS_FOUND;
	else
		m->mod = NULL;
}

/* Give an open file to libdwfl if it is the right one.  Takes fd and name. */
static void
report_file(struct symbols *s, struct module *m, const struct heap_module *hm, int fd,
	    char *name)
{
	enum symbols_state state =
		fd >= 0 ? symbolfiles_check(fd, &hm->build_id) : SYMBOLS_MISSING;

	if (state == SYMBOLS_FOUND || state == SYMBOLS_UNVERIFIED) {
		dwfl_report_begin(m->dwfl);
		/* libdwfl owns fd from here if it returns a module. */
		m->mod = dwfl_report_elf(m->dwfl, name, name, fd, 0, true);
		dwfl_report_end(m->dwfl, NULL, NULL);
		set_options(s, m->mod);
		if (m->mod)
			fd = -1;
		else
			state = SYMBOLS_MISSING;
	}
	/* That there was a file with another build-id stays the verdict unless
	 * the right one turns up. */
	if (state != SYMBOLS_MISSING)
		m->state = state;
	if (fd >= 0)
		close(fd);
	free(name);
}

static void
module_load(struct symbols *s, struct module *m, const struct heap_module *hm)
{
	const char *sysroot = s->options.sysroot ? s->options.sysroot : "";
	const struct {
		const char *root, *dir;
	} places[] = {
		{"", s->options.debug_dir},
		{sysroot, "/usr/lib/debug"},
		{"", "/usr/lib/debug"},
	};
	char *name = NULL;
	int fd;

	m->state = SYMBOLS_MISSING;
	m->dwfl = dwfl_begin(&s->callbacks);
	if (!m->dwfl)
		return;
	fd = open_path(sysroot, &hm->path, &name);
	report_file(s, m, hm, fd, name);
	/* Any file there could be the wrong one, but for its build-id. */
	if (!m->mod && *sysroot && s->options.is_sysroot_first && hm->build_id.n) {
		name = NULL;
		fd = open_path("", &hm->path, &name);
		report_file(s, m, hm, fd, name);
	}
	for (size_t i = 0; i < 2 * sizeof(places) / sizeof(*places) && !m->mod; i++) {
		name = NULL;
		fd = open_by_build_id(places[i / 2].root, places[i / 2].dir,
				      i % 2 ? "" : ".debug", &hm->build_id, &name);
		report_file(s, m, hm, fd, name);
	}
	if (!m->mod)
		report_by_build_id(s, m, hm);
}

static struct module *
module_of(struct symbols *s, uint32_t number)
{
	struct module *m = s->modules[number];

	if (m)
		return m;
	m = s->modules[number] = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	if (s->options.progress)
		s->options.progress(s->options.progress_arg, "reading symbols",
				    s->n_lookups, 0);
	module_load(s, m, &s->heap->modules[number]);
	return m;
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
		if (u->n == u->size) {
			size_t size = u->size ? u->size * 2 : 64;
			void *more = realloc(u->ranges, size * sizeof(*u->ranges));

			if (!more)
				return;
			u->ranges = more;
			u->size = size;
		}
		u->ranges[u->n++] = (struct range){low, high, dwarf_dieoffset(function)};
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
			/* fall through */
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
unit_of(struct module *m, Dwarf_Die *cu)
{
	Dwarf_Off offset = dwarf_dieoffset(cu);
	struct unit **list = &m->units[(offset ^ offset >> 8 ^ offset >> 16) & 255];
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
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (u->ranges[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (unsigned tries = 0; low > 0 && tries < 16; low--, tries++)
		if (address < u->ranges[low - 1].high)
			return dwarf_offdie(u->dwarf, u->ranges[low - 1].die, ret) != NULL;
	return false;
}

/* The module's debug information, if there is any that may be used. */
static Dwarf *
dwarf_of(struct module *m)
{
	if (!m->has_looked) {
		m->has_looked = true;
		m->dwarf = dwfl_module_getdwarf(m->mod, &m->dwarf_bias);
		if (m->dwarf && !symbolfiles_may_follow(m->mod, m->dwarf))
			m->dwarf = NULL;
	}
	return m->dwarf;
}

/* The compilation unit around an address.  libdw only knows .debug_aranges,
 * which clang and rustc do not write: then list the units by their own ranges. */
static Dwarf_Die *
find_unit(struct module *m, GElf_Addr address, Dwarf_Die *buffer, Dwarf_Addr *bias)
{
	Dwarf *dwarf = dwarf_of(m);
	Dwarf_Die *cu = dwarf ? dwfl_module_addrdie(m->mod, address, bias) : NULL;
	Dwarf_Addr ignored;

	if (cu || !dwarf)
		return cu;
	*bias = m->dwarf_bias;
	if (!m->index) {
		m->index = calloc(1, sizeof(*m->index));
		if (!m->index)
			return NULL;
		m->index->dwarf = dwarf;
		while ((cu = dwfl_module_nextcu(m->mod, cu, &ignored)))
			unit_add_ranges(m->index, cu);
		if (m->index->n)
			qsort(m->index->ranges, m->index->n, sizeof(*m->index->ranges),
			      compare_ranges);
	}
	return unit_find(m->index, address - *bias, buffer) ? buffer : NULL;
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

/* ---- ELF symbols ---- */

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

/* dwfl_module_addrinfo() goes through all symbols for each address; a stripped
 * compiler with 70,000 sites then takes ten seconds. */
static void
read_symbols(struct module *m)
{
	int n = dwfl_module_getsymtab(m->mod);

	m->has_symbols = true;
	m->symbols = n > 0 ? calloc((size_t)n, sizeof(*m->symbols)) : NULL;
	if (!m->symbols)
		return;
	for (int i = 1; i < n; i++)
		m->n_symbols += get_symbol(m->mod, i, &m->symbols[m->n_symbols]);
	qsort(m->symbols, m->n_symbols, sizeof(*m->symbols), compare_symbols);
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
find_symbol(struct module *m, GElf_Addr address)
{
	size_t low = 0, high;

	if (!m->has_symbols)
		read_symbols(m);
	for (high = m->n_symbols; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (m->symbols[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Sized symbols may nest or share an address: look at the few before. */
	for (size_t i = low, tries = 0; i > 0 && tries < 16; i--, tries++)
		if (address < m->symbols[i - 1].high)
			return m->symbols[i - 1].name;
	if (low > 0 && m->symbols[low - 1].high == 0 &&
	    is_same_section(m->mod, m->symbols[low - 1].low, address))
		return m->symbols[low - 1].name;
	return NULL;
}

/* ---- frames ---- */

/* Inlined calls around an address, outermost first, appended to chain. */
static void
find_inlined(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *chain, unsigned *n,
	     unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || *n == MAX_INLINED || dwarf_child(parent, &die) != 0)
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
		/* A block without ranges of its own says nothing: look inside. */
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
call_site(Dwarf_Die *cu, Dwarf_Die *inlined, const char *dir, struct symbols_frame *f)
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
own_line(Dwarf_Die *cu, Dwarf_Addr address, const char *dir, struct symbols_frame *f)
{
	Dwarf_Line *line = cu ? dwarf_getsrc_die(cu, address) : NULL;
	int number = 0;

	if (!line)
		return;
	dwarf_lineno(line, &number);
	f->file = source_path(dir, dwarf_linesrc(line, NULL, NULL));
	f->line = number > 0 ? (unsigned)number : 0;
}

/* Frames of one address, innermost first; their number. */
static unsigned
find_frames(struct module *m, GElf_Addr address, struct symbols_frame *frames)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die function, buffer, body_buffer, chain[MAX_INLINED];
	Dwarf_Die *cu = find_unit(m, address, &buffer, &bias);
	Dwarf_Die *body = unit_body(cu, &body_buffer);
	Dwarf_Attribute attribute;
	const char *symbol = find_symbol(m, address);
	const char *dir =
		cu ? dwarf_formstring(dwarf_attr(cu, DW_AT_comp_dir, &attribute)) : NULL;
	struct unit *unit = body ? unit_of(m, body) : NULL;
	unsigned n = 0, at = 0;

	own_line(cu, address - bias, dir, &frames[0]);
	if (!unit || !unit_find(unit, address - bias, &function)) {
		frames[0].function = demangle(symbol);
		frames[0].symbol = copy(symbol);
		return frames[0].function || frames[0].file;
	}
	find_inlined(&function, address - bias, chain, &n, 0);
	while (n > 0) {
		die_name(&chain[--n], NULL, &frames[at]);
		frames[at].is_inlined = true;
		call_site(body, &chain[n], dir, &frames[++at]);
	}
	die_name(&function, symbol, &frames[at]);
	return at + 1;
}

/* ---- data ---- */

/* Where a DIE's variable is, if that is one fixed address. */
static bool
has_address(Dwarf_Die *die, GElf_Addr address)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *op;
	size_t n;

	return dwarf_attr(die, DW_AT_location, &attribute) &&
	       dwarf_getlocation(&attribute, &op, &n) == 0 && n == 1 &&
	       op->atom == DW_OP_addr && op->number == address;
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

static Dwfl_Module *
file_of(struct symbols *s, uint32_t number)
{
	struct module *m = number ? module_of(s, number) : NULL;

	return m ? m->mod : NULL;
}

bool
symbols_variable(struct symbols *s, uint32_t module, uint64_t address,
		 const char **ret_name, const char **ret_function)
{
	struct module *m = module ? module_of(s, module) : NULL;
	Dwfl_Module *mod = m && m->mod && dwarf_of(m) ? m->mod : NULL;
	Dwarf_Die *cu = NULL;
	Dwarf_Addr bias;

	while (mod && (cu = dwfl_module_nextcu(mod, cu, &bias)))
		if (find_variable(cu, address - bias, NULL, ret_name, ret_function, 0))
			return true;
	return false;
}

void
symbols_each_datum(struct symbols *s, uint32_t module, symbols_datum *call, void *arg)
{
	Dwfl_Module *mod = file_of(s, module);
	int n = mod ? dwfl_module_getsymtab(mod) : 0;

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
		call(arg, &(struct symbols_datum_facts){
				  .name = name,
				  .start = is_tls ? sym.st_value : address,
				  .bytes = sym.st_size,
				  .is_tls = is_tls,
				  .is_global = GELF_ST_BIND(sym.st_info) == STB_GLOBAL});
	}
}

uint64_t
symbols_tls_offset(struct symbols *s, uint32_t module)
{
	Dwfl_Module *mod = file_of(s, module);
	GElf_Addr bias;
	Elf *elf = mod ? dwfl_module_getelf(mod, &bias) : NULL;
	size_t n = 0;

	if (!elf || elf_getphdrnum(elf, &n) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;
		uint64_t align, first;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_TLS)
			continue;
		align = ph.p_align ? ph.p_align : 1;
		first = -ph.p_vaddr & (align - 1);
		if (align & (align - 1) || ph.p_memsz > 1ull << 40 ||
		    align > 1ull << 30 || ph.p_memsz < first)
			return 0;
		return (ph.p_memsz - first + align - 1) / align * align + first;
	}
	return 0;
}

char *
symbols_demangle(const char *name)
{
	return demangle(name);
}

/* ---- the cache ---- */

static uint64_t
place_hash(uint32_t module, uint64_t offset)
{
	uint64_t h = (offset ^ (uint64_t)module << 40) * 0x9e3779b97f4a7c15ull;

	return h ^ h >> 32;
}

static struct place *
place_slot(struct place *places, size_t mask, uint32_t module, uint64_t offset)
{
	for (uint64_t i = place_hash(module, offset);; i++) {
		struct place *p = &places[i & mask];

		if (p->module == 0 || (p->module == module && p->offset == offset))
			return p;
	}
}

/* Keep the table at most half full. */
static bool
places_grow(struct symbols *s)
{
	size_t size = s->places ? (s->places_mask + 1) * 2 : 1024;
	struct place *larger;

	if (s->places && s->n_places * 2 <= s->places_mask)
		return true;
	larger = calloc(size, sizeof(*larger));
	if (!larger)
		return false;
	for (size_t i = 0; s->places && i <= s->places_mask; i++)
		if (s->places[i].module)
			*place_slot(larger, size - 1, s->places[i].module,
				    s->places[i].offset) = s->places[i];
	free(s->places);
	s->places = larger;
	s->places_mask = size - 1;
	return true;
}

static void
place_fill(struct symbols *s, struct place *p)
{
	struct symbols_frame frames[MAX_INLINED + 1];
	struct module *m = module_of(s, p->module);
	unsigned n;

	if (s->options.progress && ++s->n_lookups % 64 == 0)
		s->options.progress(s->options.progress_arg, "reading symbols",
				    s->n_lookups, 0);
	if (!m || !m->mod)
		return;
	memset(frames, 0, sizeof(frames));
	n = find_frames(m, p->offset, frames);
	p->frames = n ? calloc(n, sizeof(*frames)) : NULL;
	if (p->frames) {
		memcpy(p->frames, frames, n * sizeof(*frames));
		p->n = n;
	}
}

const struct symbols_frame *
symbols_find(struct symbols *s, uint32_t module, uint64_t offset, bool is_exact,
	     size_t *ret_n)
{
	struct place *p;

	*ret_n = 0;
	/* The call that returns to offset is before it, maybe the last of its
	 * function; offset itself may lie in the next one. */
	if (!is_exact)
		offset--;
	if (module == 0 || !places_grow(s))
		return NULL;
	p = place_slot(s->places, s->places_mask, module, offset);
	if (p->module == 0) {
		p->module = module;
		p->offset = offset;
		s->n_places++;
		place_fill(s, p);
	}
	*ret_n = p->n;
	return p->frames;
}

enum symbols_state
symbols_module_state(const struct symbols *s, uint32_t module)
{
	return s->modules[module] ? s->modules[module]->state : SYMBOLS_UNUSED;
}

struct symbols *
symbols_new(const struct heap *heap, const struct symbols_options *o)
{
	static char nowhere[] = SYMBOLFILES_NOWHERE;
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	elf_version(EV_CURRENT);
	s->heap = heap;
	s->options = *o;
	s->modules = calloc((size_t)heap->n_modules + 1, sizeof(*s->modules));
	s->debuginfo_path = nowhere;
	s->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = symbolfiles_find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &s->debuginfo_path,
	};
	if (!s->modules) {
		symbols_free(s);
		return NULL;
	}
	return s;
}

static void
module_free(struct module *m)
{
	for (size_t i = 0; i < sizeof(m->units) / sizeof(*m->units); i++) {
		struct unit *next;

		for (struct unit *u = m->units[i]; u; u = next) {
			next = u->next;
			free(u->ranges);
			free(u);
		}
	}
	if (m->index)
		free(m->index->ranges);
	free(m->index);
	free(m->symbols);
	dwfl_end(m->dwfl);
	free(m);
}

void
symbols_free(struct symbols *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->modules && i <= s->heap->n_modules; i++)
		if (s->modules[i])
			module_free(s->modules[i]);
	for (size_t i = 0; s->places && i <= s->places_mask; i++) {
		for (uint32_t f = 0; f < s->places[i].n; f++) {
			free((char *)s->places[i].frames[f].function);
			free((char *)s->places[i].frames[f].symbol);
			free((char *)s->places[i].frames[f].file);
		}
		free(s->places[i].frames);
	}
	free(s->places);
	free(s->modules);
	free(s);
}
