/* symbolize.h -- names for places in modules.
 *
 * In:   a module by path and build-id, an offset in its file.
 * Out:  function, file and line, one frame for each inlined call.
 * Not here: which places are worth a name (report.h).
 *
 * Lazy: a module's file is opened when its first place is asked for, and each
 * place is looked up once.  That there is no file, or no debug information in
 * it, is a state and not an error.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SYMBOLIZE_H
#define GCPROF_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.h"

struct symbols;

enum symbols_state {
	SYMBOLS_UNUSED, /* nobody has asked for a place in this module */
	SYMBOLS_FOUND,
	SYMBOLS_MISSING, /* no file under this path, and none by build-id */
	SYMBOLS_CHANGED, /* a file is there, with another build-id */
};

struct symbols_options {
	const char *sysroot;   /* put before each module's path; may be NULL */
	const char *debug_dir; /* another place like /usr/lib/debug; may be NULL */
	heap_progress *progress;
	void *progress_arg;
};

/* One call, innermost first.  Strings belong to the symbols; NULL and 0 are
 * "unknown". */
struct symbols_frame {
	const char *function; /* demangled */
	const char *symbol;   /* not demangled */
	const char *file;
	unsigned line;
	bool is_inlined; /* into the frame after it */
};

/* heap and the options' strings must live as long as the symbols.
 * Returns NULL if there is no memory. */
struct symbols *symbols_new(const struct heap *heap, const struct symbols_options *o);

void symbols_free(struct symbols *s);

/* Name a place.
 *
 * module    number in the heap; 0 is in no module and has no name.
 * offset    virtual address in the module's file.
 * is_exact  offset is the instruction itself, not a return address.
 * ret_n     number of frames; 0 if nothing is known.
 * Returns   the frames, which live as long as the symbols.
 * Cost      a hash look-up; the first time a search in debug information,
 *           and for a module's first place maybe a download.
 */
const struct symbols_frame *symbols_find(struct symbols *s, uint32_t module,
					 uint64_t offset, bool is_exact, size_t *ret_n);

/* libdwfl's view of a module, for variables.c; NULL if there is no file.  Its
 * addresses are those of the file; it lives as long as the symbols. */
struct Dwfl_Module *symbols_open(struct symbols *s, uint32_t module);

enum symbols_state symbols_module_state(const struct symbols *s, uint32_t module);

#endif
