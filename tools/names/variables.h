/* variables.h -- names for places in a module's data.
 *
 * In:   a module, an offset in its file or in its thread-local storage.
 * Out:  the variable that is there, and the function if it is one of its own.
 * Not here: code (symbolize.h); which places are worth a name (holders.h).
 *
 * Names are those of ELF symbols, static ones as well where a symbol table is
 * left.  Compilers number the static variables of C functions ("table.3"): then
 * debug information says what it is called and where, if there is any.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_VARIABLES_H
#define GCPROF_VARIABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "names/symbolize.h"

struct variables;

struct variable {
	const char *name;     /* demangled; lives as long as the variables */
	const char *function; /* whose static variable it is, or NULL */
	uint64_t start, bytes;
	uint32_t module;
	bool is_tls;
};

/* symbols must live as long as the variables; NULL: no names.  Returns NULL if
 * there is no memory. */
struct variables *variables_new(struct symbols *symbols, uint32_t n_modules);

void variables_free(struct variables *v);

/* Find the variable around an offset.
 *
 * is_tls  offset is one in the module's thread-local storage, not an address.
 * Cost    the first time the module's symbols are sorted; and if the name is a
 *         numbered one its debug information is searched.
 */
bool variables_find(struct variables *v, uint32_t module, uint64_t offset, bool is_tls,
		    struct variable *ret);

/* symbols_member() of a variable that was found. */
char *variables_member(struct variables *v, const struct variable *of, uint64_t first,
		       uint64_t last, char *buf, size_t n);

/* symbols_tls_offset(), or 0. */
uint64_t variables_tls_offset(struct variables *v, uint32_t module);

#endif
