/* modules.h -- objects whose code was seen on a stack.
 *
 * In:   what unwind.c finds when it meets new code; dlclose, from interpose.c.
 * Out:  a number per object that was loaded at one place for one time; its
 *       path, build-id and place, for the writer and after it is gone.
 * Not here: unwind rules (cfi.h).
 *
 * Context  lock-free, never calls the loader's locking functions; any thread,
 *          any signal handler.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MODULES_H
#define GCPROF_MODULES_H

#include "base.h"

#include <link.h>

enum { MODULES_MAX = 1 << 14 };

struct module {
	uintptr_t start; /* first mapped byte */
	size_t bytes;
	uintptr_t bias;    /* run-time address - virtual address in the file */
	const void *map;   /* the loader's struct link_map, as an identity only */
	epoch_no loaded;   /* when first seen */
	epoch_no unloaded; /* 0 = is loaded */
	uint32_t n_build_id;
	uint8_t build_id[32];
	char *path; /* "" if it could not be found out */
};

/* What the loader knows of an address. */
struct module_find {
	module_no module;
	uintptr_t start, end;
	const uint8_t *eh_frame_hdr; /* NULL if it has none */
};

/* The object that holds a code address.  Returns false if none does. */
bool modules_find(uintptr_t pc, struct module_find *ret);

/* The program headers of an object that the loader knows.  Another thread may be in
 * dlclose, where the loader knows an object still that it has unmapped.
 * Returns their number, 0 if they cannot be read. */
int modules_headers(uintptr_t start, uintptr_t end, const ElfW(Phdr) * *ret);

/* Whether this may be what an object of so many bytes begins with. */
bool modules_is_header(const ElfW(Ehdr) * eh, size_t bytes);

/* Look which known objects are gone.  Returns true if one is: rules learned
 * from their code are void.  Context: after dlclose. */
bool modules_check_gone(void);

/* Numbers run from 1 to modules_end() - 1. */
module_no modules_end(void);
const struct module *modules_get(module_no n);

#endif
