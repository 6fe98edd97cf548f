/* symbolfiles.h -- which files may be read for a module's names.
 *
 * In:   a name out of a snapshot, or out of a file that a snapshot names.
 * Out:  an open file, or none.
 * Not here: where a module's file is looked for (module_files.h).
 *
 * INVARIANT  Only regular files are opened: to open a device may have an effect,
 * /dev/watchdog for one, and a FIFO would wait.  And only the right ones are read: a
 * build-id must be the same, or, of a debug file without one, the checksum in the
 * module's .gnu_debuglink.  Names out of another build are worse than none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SYMBOLFILES_H
#define GCPROF_SYMBOLFILES_H

#include <stdbool.h>

#include <elfutils/libdwfl.h>

#include "model/heap.h"
#include "names/symbol_options.h"

/* Where libdwfl may look for files by itself: nowhere, for it opens whatever is there.
 * Being no directory, this is no error for it.  It then asks debuginfod. */
#define SYMBOLFILES_NOWHERE "/dev/null"

/* Open a regular file.  Returns -1 if there is none. */
int symbolfiles_open(const char *name);

/* Is an open file the one with this build-id?  Any ELF file is if build_id is empty, but
 * SYMBOLS_UNVERIFIED. */
enum symbols_state symbolfiles_check(int fd, const struct heap_text *build_id);

/* "ROOT DIR/.build-id/xx/yyyy SUFFIX" for free(3); NULL for a build-id that can name no
 * file. */
char *symbolfiles_by_build_id(const char *root, const char *dir,
			      const struct heap_text *build_id, const char *suffix);

/* Find the separate debug file of a module, or the file that debug information of several
 * modules shares.  *userdata is the symbols_options. */
int symbolfiles_find_debuginfo(Dwfl_Module *mod, void **userdata, const char *module_name,
			       Dwarf_Addr base, const char *file_name,
			       const char *link_name, GElf_Word link_crc, char **ret_name);

/* May libdw follow the names of more files that a module's debug information holds, of
 * split units and of what is shared?  It opens them as they are.
 *
 * BOUND  If one is no regular file, or the wrong one, the module has no debug information
 * for us, only its symbols.  Between this check and libdw's opening a file can be exchanged.
 */
bool symbolfiles_may_follow(Dwfl_Module *mod, Dwarf *dwarf);

#endif
