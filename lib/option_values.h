/* option_values.h -- what options are, and the value of one, as the library reads it.
 *
 * In:   an option of options.def, a text.
 * Out:  its field of struct options; or false, if the library would refuse it.
 * Not here: where values come from (options.c), what `gcprof run` says of one that is refused
 *       (tools/command/settings.c).
 *
 * Context  any; no libc but memory and string functions that need no set-up.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OPTION_VALUES_H
#define GCPROF_OPTION_VALUES_H

#include "base.h"

/* GCPROF_SNAPSHOT as `gcprof run` sets it where nobody has: nobody's wish. */
#define OPTIONS_SNAPSHOT_OF_RUN "exit,signal,fatal"

enum option_name {
#define OPTION(name, opt, arg, dflt, help) OPT_##name,
#include "options.def"
#undef OPTION
	N_OPTIONS
};

enum {
	OPTIONS_WATCH_BYTES = 4096,
	OPTIONS_MAX_CONTENT = 4096, /* bytes of a block in a snapshot */
	OPTIONS_MIN_YOUNG = 4096    /* bytes of an epoch */
};

struct options {
	char output[1024];
	int mode;             /* of snapshots */
	const char *analyzer; /* GCPROF_ANALYZE: not an option of the contract, set by
				 the commands; NULL if not */
	const char *run;      /* GCPROF_RUN: likewise, for census.h */
	bool at_exit, at_signal, at_fatal, at_peak;
	bool has_look;           /* at exit with the one before (before.h) */
	uint64_t interval_ns;    /* 0 = off */
	uint32_t growth_percent; /* 0 = off */
	uint64_t abort_at;       /* wrong frees after which the program ends; 0 = never */
	int signal;
	const char *signal_name; /* as it was given */
	int cut_signal;
	const char *cut_signal_name;
	uint64_t young_bytes;
	uint32_t promote;
	uint64_t sample_bytes, limit_bytes, content_bytes;
	bool is_waste;         /* measured */
	uint64_t verify_every; /* so many allocations; 0 = off */
	bool is_trace;
	char trace_file[1024];           /* "" = standard error */
	char watch[OPTIONS_WATCH_BYTES]; /* rules, for watch.c */
	bool is_live;
	char live_directory[1024]; /* "" = live.c knows */
	bool is_secure; /* secure.h: nothing is to be written, said or started */
	bool is_system_allocator, is_hugepages, is_follow, is_verbose;
};

/* s stays referred to.  Where it returns false, the field may be half changed. */
bool option_values_take(struct options *to, enum option_name o, const char *s);

#endif
