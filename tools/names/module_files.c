/* module_files.c -- which file has a module's names.
 *
 * In:   a module by path and build-id, the directories that the user gave.
 * Out:  the file, opened by libdwfl.
 * Not here: whether a file may be read at all (symbolfiles.c).
 *
 * A file is looked for at the module's path, then by build-id below the directories
 * for debug files; where none of these is at hand, libdwfl asks debuginfod.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/module_files.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names/symbolfiles.h"

/* ELFCOMPRESS_ZSTD, which older headers lack.  Source: System V Application Binary Interface,
 * generic ELF, chapter "Sections", on compressed ones. */
enum { COMPRESSED_BY_ZSTD = 2 };

/* libdwfl finds no file by itself. */
static char *nowhere = (char[]){SYMBOLFILES_NOWHERE};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = symbolfiles_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &nowhere,
};

/* ---- candidates ---- */

/* Open the file of this name.  Takes the name, or hands it on. */
static int
open_name(char *name, char **ret_name)
{
	int fd = name ? symbolfiles_open(name) : -1;

	if (fd < 0)
		free(name);
	else
		*ret_name = name;
	return fd;
}

/* Open the file at a module's path. */
static int
open_path(const char *root, const struct heap_text *path, char **ret_name)
{
	char *name = NULL;

	if (path->n == 0 || strlen(path->bytes) != path->n || path->bytes[0] != '/' ||
	    asprintf(&name, "%s%s", root, path->bytes) < 0)
		return -1;
	return open_name(name, ret_name);
}

/* Open a file by build-id.  A separate debug file has the same addresses as the module's
 * own, so it does where that is not at hand. */
static int
open_by_build_id(const char *root, const char *dir, const char *suffix,
		 const struct heap_text *build_id, char **ret_name)
{
	return open_name(symbolfiles_by_build_id(root, dir, build_id, suffix), ret_name);
}

/* The callbacks get nothing else of ours. */
static void
set_options(Dwfl_Module *mod, const struct symbols_options *o)
{
	void **userdata;

	if (mod && dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
		*userdata = (void *)o;
}

/* Let libdwfl ask debuginfod for the module. */
static void
report_by_build_id(struct module_file *m, const struct heap_module *hm,
		   const struct symbols_options *o)
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
	set_options(m->mod, o);
	if (m->mod && dwfl_module_getelf(m->mod, &bias))
		m->state = SYMBOLS_FOUND;
	else
		m->mod = NULL;
}

/* Give an open file to libdwfl if it is the right one.  Takes fd and name. */
static void
report_file(struct module_file *m, const struct heap_module *hm,
	    const struct symbols_options *o, int fd, char *name)
{
	enum symbols_state state =
		fd >= 0 ? symbolfiles_check(fd, &hm->build_id) : SYMBOLS_MISSING;

	if (state == SYMBOLS_FOUND || state == SYMBOLS_UNVERIFIED) {
		dwfl_report_begin(m->dwfl);
		/* libdwfl owns fd from here if it returns a module. */
		m->mod = dwfl_report_elf(m->dwfl, name, name, fd, 0, true);
		dwfl_report_end(m->dwfl, NULL, NULL);
		set_options(m->mod, o);
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
find_file(struct module_file *m, const struct heap_module *hm,
	  const struct symbols_options *o)
{
	const char *sysroot = o->sysroot ? o->sysroot : "";
	const struct {
		const char *root, *dir;
	} places[] = {
		{"", o->debug_dir},
		{sysroot, "/usr/lib/debug"},
		{"", "/usr/lib/debug"},
	};
	char *name = NULL;
	int fd;

	fd = open_path(sysroot, &hm->path, &name);
	report_file(m, hm, o, fd, name);
	/* Any file there could be the wrong one, but for its build-id. */
	if (!m->mod && *sysroot && o->is_sysroot_first && hm->build_id.n) {
		name = NULL;
		fd = open_path("", &hm->path, &name);
		report_file(m, hm, o, fd, name);
	}
	for (size_t i = 0; i < 2 * sizeof(places) / sizeof(*places) && !m->mod; i++) {
		name = NULL;
		fd = open_by_build_id(places[i / 2].root, places[i / 2].dir,
				      i % 2 ? "" : ".debug", &hm->build_id, &name);
		report_file(m, hm, o, fd, name);
	}
	if (!m->mod)
		report_by_build_id(m, hm, o);
}

struct module_file *
module_file_open(const struct heap_module *module, const struct symbols_options *o)
{
	struct module_file *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	elf_version(EV_CURRENT);
	m->state = SYMBOLS_MISSING;
	m->dwfl = dwfl_begin(&callbacks);
	if (m->dwfl)
		find_file(m, module, o);
	return m;
}

void
module_file_close(struct module_file *m)
{
	if (!m)
		return;
	dwfl_end(m->dwfl);
	free(m);
}

/* ---- what it lacks ---- */

/* Is the first unit of debug information a skeleton, whose rest libdw has not found? */
static bool
is_split(Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, rest;
	uint8_t type;

	return dwarf_get_units(dwarf, NULL, &unit, NULL, &type, &die, &rest) == 0 &&
	       type == DW_UT_skeleton && dwarf_tag(&rest) == DW_TAG_invalid;
}

enum symbols_gap
module_file_gap(const struct module_file *m)
{
	GElf_Addr bias;
	Elf *elf = m->mod ? dwfl_module_getelf(m->mod, &bias) : NULL;
	Dwarf *dwarf = elf ? dwfl_module_getdwarf(m->mod, &bias) : NULL;
	enum symbols_gap gap = SYMBOLS_STRIPPED;
	Elf_Scn *section = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) != 0)
		return SYMBOLS_NO_GAP;
	if (dwarf)
		return is_split(dwarf) ? SYMBOLS_SPLIT : SYMBOLS_NO_GAP;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		GElf_Chdr compressed;
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (header.sh_type == SHT_SYMTAB)
			gap = SYMBOLS_NO_DEBUG;
		if (name && strcmp(name, ".debug_info") == 0 &&
		    header.sh_flags & SHF_COMPRESSED && gelf_getchdr(section, &compressed) &&
		    compressed.ch_type == COMPRESSED_BY_ZSTD)
			return SYMBOLS_ZSTD;
	}
	return gap;
}

/* ---- its program header ---- */

uint64_t
module_file_tls_offset(const struct module_file *m)
{
	GElf_Addr bias;
	Elf *elf = m->mod ? dwfl_module_getelf(m->mod, &bias) : NULL;
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
