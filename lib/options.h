/* options.h -- what the environment asks for.
 *
 * In:   GCPROF_* as options.def lists them.
 * Out:  struct options; a line on standard error for each value that is no use.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OPTIONS_H
#define GCPROF_OPTIONS_H

#include "base.h"

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
	bool at_exit, at_signal, at_fatal;
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
	uint64_t verify_every; /* so many allocations; 0 = off */
	bool is_trace;
	char trace_file[1024];           /* "" = standard error */
	char watch[OPTIONS_WATCH_BYTES]; /* rules, for watch.c */
	bool is_live;
	char live_directory[1024]; /* "" = live.c knows */
	bool is_secure; /* secure.h: nothing is to be written, said or started */
	bool is_system_allocator, is_hugepages, is_follow, is_verbose;
};

extern struct options options;

/* Parse environ-like strings, at the place where the kernel put them; complaints are kept
 * until options_complain. */
void options_parse(char **environment);
/* NAME=value of each option in force, with a NUL at the end of each; the last ones are
 * left out where there is no room.  Returns the bytes.  After options_parse. */
size_t options_text(char *to, size_t bytes);
/* Whether any are to be written, at whatever moment. */
bool options_want_snapshots(void);
/* Whether the user has asked, in so many words, for snapshots by GCPROF_SIGNAL; for any
 * while the program runs.  Who has not need not be told that there are none. */
bool options_ask_for_signal(void);
bool options_ask_for_running(void);
/* Say on standard error what could not be used, once. */
void options_complain(void);

#endif
