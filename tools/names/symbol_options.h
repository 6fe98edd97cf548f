/* symbol_options.h -- where names are looked for, and what came of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SYMBOL_OPTIONS_H
#define GCPROF_SYMBOL_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/heap.h"

enum symbols_state {
	SYMBOLS_UNUSED, /* nobody has asked for a place in this module */
	SYMBOLS_FOUND,
	SYMBOLS_UNVERIFIED, /* a file is there; the snapshot has no build-id to compare */
	SYMBOLS_MISSING,    /* no file under this path, and none by build-id */
	SYMBOLS_CHANGED,    /* a file is there, with another build-id */
};

/* Why a file that is there does not tell all. */
enum symbols_gap {
	SYMBOLS_NO_GAP,   /* it does, or it is not there */
	SYMBOLS_STRIPPED, /* neither debug information nor a table of all symbols */
	SYMBOLS_NO_DEBUG, /* no debug information */
	SYMBOLS_ZSTD, /* its debug information is compressed in a way that libdw can't read */
	SYMBOLS_SPLIT, /* most of it is in files that are not there, or libdw can't read */
};

struct symbols_options {
	const char *sysroot;     /* put before each module's path; may be NULL */
	bool is_sysroot_first;   /* and then the path as it stands is tried */
	const char *debug_dir;   /* another place like /usr/lib/debug; may be NULL */
	const regex_t *wrappers; /* functions that match one stand for malloc */
	size_t n_wrappers;
	heap_progress *progress;
	void *progress_arg;
};

#endif
