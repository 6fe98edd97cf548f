/* module_files.h -- which file has a module's names.
 *
 * In:   a module by path and build-id, the directories that the user gave.
 * Out:  struct module_file: the file, opened by libdwfl.
 * Not here: whether a file may be read at all (symbolfiles.h), what stands in it
 *           (dwarf_names.c, elf_symbols.c).
 *
 * Each module has a libdwfl session of its own with the file at its own
 * virtual addresses, so no two modules can overlap and an offset is an address
 * as it stands.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MODULE_FILES_H
#define GCPROF_MODULE_FILES_H

#include <elfutils/libdwfl.h>

#include "model/heap.h"
#include "names/symbol_options.h"

struct module_file {
	enum symbols_state state;
	Dwfl *dwfl;
	Dwfl_Module *mod; /* NULL = no file is at hand */
};

/* Find a module's file: at its path, by build-id among the debug files, or from
 * debuginfod.
 *
 * o        must live as long as the file.
 * Returns  a file for module_file_close(), whose mod is NULL and whose state says why if
 *          there is none; NULL: no memory.
 */
struct module_file *module_file_open(const struct heap_module *module,
				     const struct symbols_options *o);

/* Whether the file lacks what names and lines are taken from. */
enum symbols_gap module_file_gap(const struct module_file *m);

void module_file_close(struct module_file *m);

/* How far below the thread pointer the thread-local storage of a program begins; 0 if
 * it has none.  Only for the program itself: libraries come below it.
 * Source: "ELF Handling For Thread-Local Storage", section 3, variant II. */
uint64_t module_file_tls_offset(const struct module_file *m);

#endif
