/* options.h -- what gcprof-analyze is asked to do.
 *
 * In:   the command line.
 * Out:  struct settings, complete and consistent, or a complaint.
 * Not here: doing it (analyze/main.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ANALYZE_OPTIONS_H
#define GCPROF_ANALYZE_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>

#include "analyze/inspect.h"
#include "detect/alarms.h"
#include "detect/detect.h"
#include "names/symbolize.h"
#include "report/formats.h"
#include "report/report.h"
#include "util/outfile.h"
#include "util/pager.h"
#include "util/terminal.h"

enum { FAIL_NEVER = -1, MAX_OUTPUTS = 8, MAX_QUESTIONS = 32, MAX_WRAPPERS = 16 };

/* About a single block. */
struct question {
	inspect_answer *answer;
	uint64_t address;
};

struct output {
	const struct format *format;
	const char *path;        /* NULL = standard output */
	struct outfile file;     /* opened when there is something to write */
	bool is_broken;          /* is not to be kept */
	enum pager_when pager;   /* of standard output */
	struct report_seen seen; /* findings in this document */
};

struct settings {
	struct report_options report;
	struct symbols_options symbols;
	struct detect_options detect;
	struct output outputs[MAX_OUTPUTS];
	int n_outputs;
	int fail_on; /* an enum finding_level, or FAIL_NEVER */
	bool no_symbols;
	bool has_top, has_frames, has_sort;
	bool no_builtin;
	bool gen_suppressions, show_unused;
	struct question questions[MAX_QUESTIONS];
	int n_questions;
	bool is_shell;
	bool is_served; /* the page is wanted, by gcprof view: set before options_parse() */
	enum terminal_when color;
	enum pager_when pager;
	bool each;          /* snapshot has a report of its own */
	bool diff, merge;   /* one report of all */
	const char *output; /* of -o, for the format that names no file */
	const char *baseline, *write_baseline;
	struct baseline *known; /* what is in baseline; NULL = not given */
	char **snapshots;       /* the files, ends with NULL */
	int n_snapshots;
	char **found; /* the same, if nobody named them */
	const char *source_root;
	regex_t focus, ignore, tree;
	regex_t wrappers[MAX_WRAPPERS]; /* as many as symbols.n_wrappers */
	char filter_text[256];
	struct alarms_options watch; /* without rules: an ordinary analysis */
};

/* What the command line may ask for instead of work. */
enum options_answer {
	OPTIONS_WORK,
	OPTIONS_HELP,
	OPTIONS_FORMATS, /* their list */
	OPTIONS_VERSION,
	OPTIONS_WRONG
};

/* Read the command line.
 *
 * s        zeroed but for is_served and calls of progress.
 * Returns  OPTIONS_WRONG after a complaint.  options_free() in any case.
 */
enum options_answer options_parse(struct settings *s, int argc, char **argv);

void options_free(struct settings *s);

void options_write_help(FILE *f);

#endif
