/* dwarf_types.h -- what debug information says of types.
 *
 * In:   a DIE.
 * Out:  the type of what it stands for; its size; which member has some of its bytes.
 * Not here: which DIE it is (dwarf_names.c, dwarf_locals.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DWARF_TYPES_H
#define GCPROF_DWARF_TYPES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The type of a variable, a member or a function, without typedefs and qualifiers; false:
 * none, that is void. */
bool dwarf_types_of(Dwarf_Die *die, Dwarf_Die *ret);

/* In bytes; 0 = unknown. */
uint64_t dwarf_types_size(Dwarf_Die *type);

/* Is it a name of which the program knows nothing, as those of the inside of a std::vector? */
bool dwarf_types_is_reserved(const char *name);

/* name_source.h's put_member of a variable: ".clients.head", "[3].name". */
bool dwarf_types_member(Dwarf_Die *variable, uint64_t first, uint64_t last, char *buf,
			size_t n);

#endif
