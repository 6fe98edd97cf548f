/* symbolize.h -- names for places in modules.
 *
 * In:   a module by path and build-id, an offset in its file.
 * Out:  function, file and line, one frame for each inlined call.
 * Not here: which places are worth a name (report.h), who knows names
 *           (name_source.h).
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

#include "model/heap.h"
#include "names/name_source.h"
#include "names/symbol_options.h"

struct symbols;

/* One call, innermost first.  Strings belong to the symbols; NULL and 0 are
 * "unknown". */
struct symbols_frame {
	const char *function; /* demangled */
	const char *symbol;   /* not demangled */
	const char *file;
	unsigned line;
	bool is_inlined; /* into the frame after it */
	bool is_wrapper; /* stands for malloc: symbols_add_wrapper(), or the user says so */
	enum name_returns returns;
};

/* heap and the options' strings must live as long as the symbols.
 * Returns NULL if there is no memory. */
struct symbols *symbols_new(const struct heap *heap, const struct symbols_options *o);

void symbols_free(struct symbols *s);

/* Name a place.
 *
 * module    number in the heap; 0: in no module.
 * offset    virtual address in the module's file; of module 0 the address itself.
 * is_exact  offset is the instruction itself, not a return address.
 * ret_n     number of frames; 0 if nothing is known.
 * Returns   the frames, which live as long as the symbols.
 * Cost      a hash look-up; the first time a search in debug information,
 *           and for a module's first place maybe a download.
 */
const struct symbols_frame *symbols_find(struct symbols *s, uint32_t module,
					 uint64_t offset, bool is_exact, size_t *ret_n);

/* The same of a place that may be in no module: then the epoch says which code stood
 * there.  With symbols_find() it is unknown. */
const struct symbols_frame *symbols_find_place(struct symbols *s,
					       const struct name_place *place,
					       bool is_exact, size_t *ret_n);

/* The same with names of functions by symbol tables alone, without inlined calls, files and lines:
 * for questions that these answer mostly, as to read debug information takes much longer.
 * Returns  symbols that live as long as s, which may be NULL as well; NULL: no memory. */
struct symbols *symbols_brief(struct symbols *s);

/* Have `prepare` called, once, before the first place is named: it may ask for names, and mark
 * them.  Where nobody asks for a name it costs nothing. */
void symbols_prepare_by(struct symbols *s,
			int (*prepare)(const struct heap *heap, struct symbols *s));

/* For a while, places in the C library and its like have brief names: what leads through them is
 * of interest, and not where in them it is.  Returns what it was before, for the end. */
bool symbols_be_brief_in_runtime(struct symbols *s, bool is_brief);

/* As symbols_find(), for who needs no marks: nothing is prepared for it. */
const struct symbols_frame *symbols_find_unprepared(struct symbols *s, uint32_t module,
						    uint64_t offset, bool is_exact,
						    size_t *ret_n);

/* From now on frames of a function are marked as is_wrapper, those that were given out as
 * well.  Returns 0, or -1: no memory. */
int symbols_add_wrapper(struct symbols *s, const char *function);

/* ---- for variables.c ---- */

/* Call for each of a module's symbols of data, in any order. */
void symbols_each_datum(struct symbols *s, uint32_t module, name_datum_call *call,
			void *arg);

/* What debug information calls the variable at an address, and the function whose own
 * it is (NULL: of none).  Cost: a walk over all of it. */
bool symbols_variable(struct symbols *s, uint32_t module, uint64_t address,
		      const char **ret_name, const char **ret_function);

/* What is at some bytes of the variable at an address, as in name_source.h; "" if that is not
 * known.  Returns buf.  Cost: the first time a walk over a module's debug information. */
char *symbols_member(struct symbols *s, uint32_t module, uint64_t address, bool is_tls,
		     uint64_t first, uint64_t last, char *buf, size_t n);

/* The local variable that has a slot of a frame.  Cost: as symbols_find(). */
bool symbols_local(struct symbols *s, uint32_t module, const struct name_slot *slot,
		   struct name_local *ret);

/* module_file_tls_offset(); 0 if there is no file, too. */
uint64_t symbols_tls_offset(struct symbols *s, uint32_t module);

/* For free(3); what is not mangled is copied. */
char *symbols_demangle(const char *name);

enum symbols_state symbols_module_state(const struct symbols *s, uint32_t module);
enum symbols_gap symbols_module_gap(const struct symbols *s, uint32_t module);

#endif
