/* dwarf_locals.h -- which local variable has a place in a frame.
 *
 * In:   a function's DIE, a place in its frame.
 * Out:  struct name_local.
 * Not here: which function it is (dwarf_names.c).
 *
 * Looked for in the scopes around the place in the code, the innermost first, those of
 * inlined calls as well.  Known are variables that lie in the frame at a constant distance from
 * its base, all of them or in pieces, as optimised code has them.
 *
 * BOUND  What is in registers, or in a caller's as saved by who was called, has no name; nor has
 * a variable whose place is computed, as that of a variable array.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DWARF_LOCALS_H
#define GCPROF_DWARF_LOCALS_H

#include <elfutils/libdw.h>

#include "names/name_source.h"

/* address  of slot->address, as in the debug information */
bool dwarf_locals_find(Dwarf_Die *function, Dwarf_Addr address,
		       const struct name_slot *slot, struct name_local *ret);

#endif
