/* options.c -- what gcprof-analyze is asked to do.
 *
 * In:   the command line.
 * Out:  struct settings, complete and consistent, or a complaint.
 * Not here: doing it (analyze/main.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/choose.h"
#include "detect/baseline.h"
#include "util/complain.h"
#include "util/option_table.h"
#include "util/text.h"

/* ---- the table ---- */

enum option_code {
	OPT_BEFORE = OPTION_FIRST - 1,
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help) OPT_##id,
#include "analyze/options.def"
};

static const struct option_row rows[] = {
#define ANALYZE_GROUP(title) {OPTION_GROUP, 0, "", "", "", title},
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	{OPT_##id, letter, name, argument, dflt, help},
#include "analyze/options.def"
};

void
options_write_help(FILE *f)
{
	fputs("Usage: gcprof-analyze [OPTION]... [FILE]...\n"
	      "Report what holds a program's memory, from snapshots that libgcprof.so "
	      "wrote.\n"
	      "\n"
	      "Several snapshots of one process make one report, of the last, which says "
	      "what\n"
	      "all of them show together.  Of several processes the newest is reported; "
	      "without\n"
	      "FILE, of those in the working directory.\n"
	      "\n",
	      f);
	option_table_write(rows, N_ROWS(rows), f);
	fputs("\n"
	      "DEBUGINFOD_URLS in the environment: also ask these servers for debug "
	      "files.\n"
	      "Exit status: 0, 1 with findings as --fail-on asks, 2 on bad usage or a "
	      "file that\n"
	      "cannot be read.\n",
	      f);
}

/* ---- values ---- */

static bool
parse_number(const char *option, const char *value, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(value, &end, 10);
	if (errno || *end || *value < '0' || *value > '9') {
		complain("--%s: invalid number '%s'", option, value);
		return false;
	}
	return true;
}

/* To a list with commas. */
static void
add_word(char *list, size_t size, const char *word)
{
	size_t n = strlen(list);

	snprintf(list + n, size - n, "%s%s", n ? ", " : "", word);
}

static bool
parse_word(const char *option, const char *value, const char *const *words, int *ret)
{
	char list[256] = "";

	for (int i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0) {
			*ret = i;
			return true;
		}
	for (int i = 0; words[i]; i++)
		add_word(list, sizeof(list), words[i]);
	complain("--%s: invalid value '%s'; one of %s", option, value, list);
	return false;
}

static bool
parse_regex(const char *option, const char *value, regex_t *regex, const regex_t **ret)
{
	int error;

	if (*ret)
		regfree(regex);
	*ret = NULL;
	error = regcomp(regex, value, REG_EXTENDED | REG_NOSUB);
	if (error) {
		char message[128];

		regerror(error, regex, message, sizeof(message));
		complain("--%s: '%s': %s", option, value, message);
		return false;
	}
	*ret = regex;
	return true;
}

static bool
parse_wrapper(struct settings *s)
{
	const regex_t *ret = NULL;
	size_t n = s->symbols.n_wrappers;

	if (n == MAX_WRAPPERS) {
		complain("--wrapper: no more than %d, but a|b is one", MAX_WRAPPERS);
		return false;
	}
	if (!parse_regex("wrapper", optarg, &s->wrappers[n], &ret))
		return false;
	s->symbols.wrappers = s->wrappers;
	s->symbols.n_wrappers++;
	return true;
}

/* Keep a filter's words for the report. */
static void
note_filter(struct settings *s, const char *option)
{
	size_t n = strlen(s->filter_text);

	snprintf(s->filter_text + n, sizeof(s->filter_text) - n, "%s--%s=%s",
		 n ? " " : "", option, optarg);
}

/* A number that ends before `end`. */
static bool
parse_epoch(const char *value, const char *end, uint64_t *ret)
{
	char *after;

	errno = 0;
	*ret = strtoull(value, &after, 10);
	return !errno && after == end && *value >= '0' && *value <= '9';
}

/* FIRST..LAST, of which either may be left out, or one number. */
static bool
parse_born(const char *value, struct heap_filter *f)
{
	const char *dots = strstr(value, ".."), *end = value + strlen(value);
	const char *last = dots ? dots + 2 : value;

	*f = (struct heap_filter){.cohort = f->cohort,
				  .min_age = f->min_age,
				  .by_birth = true,
				  .last_birth = UINT64_MAX};
	if ((dots && dots > value && !parse_epoch(value, dots, &f->first_birth)) ||
	    (last < end && !parse_epoch(last, end, &f->last_birth)) || end - value < 1 ||
	    (dots && end - value == 2)) {
		complain("--born: invalid epochs '%s'; one is as 12, several are as "
			 "12..30, 12.. or ..30",
			 value);
		return false;
	}
	if (!dots)
		f->first_birth = f->last_birth;
	if (f->first_birth > f->last_birth) {
		complain("--born: '%s' ends before it begins", value);
		return false;
	}
	return true;
}

static bool
parse_filter(struct settings *s, int code)
{
	static const char *const cohorts[] = {"all", "young", "old", NULL};
	struct report_options *r = &s->report;
	int word;

	switch (code) {
	case OPT_COHORT:
		if (!parse_word("cohort", optarg, cohorts, &word))
			return false;
		r->filter.cohort = (enum heap_cohort)word;
		note_filter(s, "cohort");
		return true;
	case OPT_MIN_AGE:
		note_filter(s, "min-age");
		return parse_number("min-age", optarg, &r->filter.min_age);
	case OPT_BORN:
		note_filter(s, "born");
		return parse_born(optarg, &r->filter);
	case OPT_FOCUS:
		note_filter(s, "focus");
		return parse_regex("focus", optarg, &s->focus, &r->focus);
	default:
		note_filter(s, "ignore");
		return parse_regex("ignore", optarg, &s->ignore, &r->ignore);
	}
}

static bool
parse_tree(struct settings *s)
{
	static const char *const kinds[] = {
		[REPORT_TREE_TOP_DOWN] = "top-down",
		[REPORT_TREE_BOTTOM_UP] = "bottom-up",
		[REPORT_TREE_RETAINED] = "retained",
		[REPORT_TREE_CALLERS] = "callers:",
		[REPORT_TREE_CALLEES] = "callees:",
	};
	struct report_tree *t = &s->report.tree;

	if (t->functions)
		regfree(&s->tree);
	*t = (struct report_tree){.kind = REPORT_TREE_NONE};
	for (int kind = REPORT_TREE_TOP_DOWN; kind <= REPORT_TREE_CALLEES; kind++) {
		size_t n = strlen(kinds[kind]);

		if (strncmp(optarg, kinds[kind], n) != 0)
			continue;
		if (kind >= REPORT_TREE_CALLERS) {
			t->pattern = optarg + n;
			if (*t->pattern &&
			    !parse_regex("tree", t->pattern, &s->tree, &t->functions))
				return false;
		}
		if (kind >= REPORT_TREE_CALLERS ? *t->pattern != '\0' : optarg[n] == '\0') {
			t->kind = (enum report_tree_kind)kind;
			return true;
		}
	}
	complain("--tree: invalid value '%s'; one of top-down, bottom-up, retained, "
		 "callers:REGEX, callees:REGEX",
		 optarg);
	return false;
}

/* Which kinds of roots count: all but those named with "no-", or only those
 * named. */
static bool
parse_roots(struct settings *s)
{
	char *list = strdup(optarg), *next;
	uint32_t off = 0, on = 0;
	bool ok = list != NULL;

	for (char *word = ok ? strtok_r(list, ",", &next) : NULL; word && ok;
	     word = strtok_r(NULL, ",", &next)) {
		bool is_no = strncmp(word, "no-", 3) == 0;
		uint32_t kind = 1;

		if (strcmp(word, "all") == 0) {
			on = UINT32_MAX;
			continue;
		}
		while (graph_root_name(kind) &&
		       strcmp(graph_root_name(kind), word + (is_no ? 3 : 0)) != 0)
			kind++;
		ok = graph_root_name(kind) != NULL;
		if (!ok)
			complain("--roots: unknown kind of root '%s'; try --help", word);
		*(is_no ? &off : &on) |= 1u << kind;
	}
	s->detect.graph.roots_off = off | (on ? ~on : 0);
	free(list);
	return ok;
}

static bool
parse_question(struct settings *s, const char *option, inspect_answer *answer)
{
	struct question *q = &s->questions[s->n_questions];

	if (s->n_questions == MAX_QUESTIONS) {
		complain("--%s: more than %d questions at once", option, MAX_QUESTIONS);
		return false;
	}
	if (inspect_parse(optarg, &q->address) != 0) {
		complain("--%s: invalid address '%s'; give one such as 0x7f0012340020",
			 option, optarg);
		return false;
	}
	q->answer = answer;
	s->n_questions++;
	return true;
}

static const char *
format_name(const void *all, size_t i)
{
	return ((const struct format *)all)[i].name;
}

static void
complain_of_format(const char *name)
{
	char list[512] = "", word[40];
	const char *meant;
	size_t n = 0;

	for (; formats[n].name; n++)
		add_word(list, sizeof(list), formats[n].name);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, ":"), name);
	meant = complain_meant(word, n, format_name, formats);
	if (meant)
		complain("--format: unknown format '%s'; did you mean %s?", name, meant);
	else
		complain("--format: unknown format '%s'; one of %s", name, list);
}

/* FORMAT or FORMAT:FILE. */
static bool
parse_format(struct settings *s)
{
	char *colon = strchr(optarg, ':');
	struct output *o = &s->outputs[s->n_outputs];

	if (s->n_outputs == MAX_OUTPUTS) {
		complain("--format: given more than %d times", MAX_OUTPUTS);
		return false;
	}
	if (colon)
		*colon = '\0';
	o->format = format_named(optarg);
	if (!o->format) {
		complain_of_format(optarg);
		return false;
	}
	if (o->format->missing) {
		complain("--format=%s: gcprof was built without %s", o->format->name,
			 o->format->missing);
		return false;
	}
	if (colon && colon[1] == '\0') {
		complain("--format=%s: missing file name after the colon", optarg);
		return false;
	}
	o->path = colon ? colon + 1 : NULL;
	s->n_outputs++;
	return true;
}

/* Read at once, so that gcprof check hears of a bad one before it runs the program. */
static bool
take_baseline(struct settings *s)
{
	char message[256];

	baseline_free(s->known);
	s->baseline = optarg;
	s->known = baseline_load(optarg, message, sizeof(message));
	if (!s->known)
		complain("--baseline: '%s': %s; --write-baseline=FILE writes one", optarg,
			 message);
	return s->known != NULL;
}

static bool
parse_leak_option(struct settings *s, int code)
{
	static const char *const heuristics[] = {"all", "none", NULL};
	int word;

	switch (code) {
	case OPT_SUPPRESSIONS:
		if (suppressions_add_file(s->detect.suppressions, optarg) == 0)
			return true;
		complain("%s", s->detect.suppressions->message);
		return false;
	case OPT_NO_BUILTIN:
		s->no_builtin = true;
		return true;
	case OPT_GEN_SUPPRESSIONS:
		s->gen_suppressions = true;
		return true;
	case OPT_SHOW_UNUSED:
		s->show_unused = true;
		return true;
	case OPT_BASELINE:
		return take_baseline(s);
	case OPT_WRITE_BASELINE:
		s->write_baseline = optarg;
		return true;
	case OPT_ALL:
		s->report.all = true;
		s->detect.all = true;
		return true;
	case OPT_SHOW_REACHABLE:
		s->detect.show_reachable = true;
		return true;
	case OPT_SHOW_CONTENT:
		s->detect.show_content = true;
		return true;
	case OPT_FINDINGS_ONLY:
		s->report.findings_only = true;
		return true;
	case OPT_LEAKS_ONLY:
		s->detect.leaks_only = true;
		return true;
	case OPT_ROOTS:
		return parse_roots(s);
	default:
		if (!parse_word("leak-heuristics", optarg, heuristics, &word))
			return false;
		s->detect.graph.no_heuristics = word == 1;
		return true;
	}
}

/* One option; false if it was wrong, and has been complained about. */
static bool
parse_option(struct settings *s, int code)
{
	static const char *const levels[] = {"error", "warning", "note", "never", NULL};
	uint64_t number;
	int word;

	switch (code) {
	case OPT_FULL:
		s->report.is_full = true;
		return true;
	case OPT_LIBRARY_FRAMES:
		s->report.with_library = true;
		return true;
	case OPT_TOP:
		s->has_top = parse_number("top", optarg, &number);
		s->report.top = (size_t)number;
		return s->has_top;
	case OPT_FRAMES:
		s->has_frames = parse_number("frames", optarg, &number);
		s->report.frames = (size_t)number;
		return s->has_frames;
	case OPT_SORT:
		word = ORDER_GROWTH; /* no list of one snapshot is by this */
		s->has_sort = strcmp(optarg, "growth") == 0 ||
			      parse_word("sort", optarg, order_names, &word);
		if (s->has_sort)
			s->report.sort = (enum order)word;
		return s->has_sort;
	case OPT_TREE:
		return parse_tree(s);
	case OPT_EACH:
		s->each = true;
		return true;
	case OPT_DIFF:
		s->diff = true;
		return true;
	case OPT_MERGE:
		s->merge = true;
		return true;
	case OPT_FORMAT:
		return parse_format(s);
	case OPT_BLOCK:
		return parse_question(s, "block", inspect_block);
	case OPT_WHO:
		return parse_question(s, "who-points-at", inspect_who);
	case OPT_PATH:
		return parse_question(s, "path", inspect_path);
	case OPT_SHELL:
		s->is_shell = true;
		return true;
	case OPT_COLOR:
		if (!parse_word("color", optarg, terminal_when_names, &word))
			return false;
		s->color = (enum terminal_when)word;
		return true;
	case OPT_NO_FILE_NAMES:
		s->report.no_file_names = true;
		return true;
	case OPT_PAGER:
	case OPT_NO_PAGER:
		s->pager = code == OPT_PAGER ? PAGER_ALWAYS : PAGER_NEVER;
		return true;
	case OPT_SOURCE_ROOT:
		s->source_root = optarg;
		return true;
	case OPT_FAIL_ON:
		if (!parse_word("fail-on", optarg, levels, &word))
			return false;
		s->fail_on = word == 3 ? FAIL_NEVER : word;
		return true;
	case OPT_SYSROOT:
		s->symbols.sysroot = optarg;
		return true;
	case OPT_DEBUG_DIR:
		s->symbols.debug_dir = optarg;
		return true;
	case OPT_WRAPPER:
		return parse_wrapper(s);
	case OPT_NO_SYMBOLS:
		s->no_symbols = true;
		return true;
	case OPT_WATCH:
		s->watch.rules = optarg;
		return true;
	case OPT_WATCH_STATE:
		s->watch.state = optarg;
		return true;
	case OPT_WATCH_KEEP:
		s->watch.keep = optarg;
		return true;
	case OPT_OUTPUT:
		s->output = optarg;
		return true;
	case '?':
		return false;
	case OPT_COHORT:
	case OPT_MIN_AGE:
	case OPT_BORN:
	case OPT_FOCUS:
	case OPT_IGNORE:
		return parse_filter(s, code);
	default:
		return parse_leak_option(s, code);
	}
}

/* One format may go to -o or standard output, all others name their file. */
static bool
settle_outputs(struct settings *s)
{
	int n_unnamed = 0;

	if (s->n_outputs == 0)
		s->outputs[s->n_outputs++].format =
			s->is_served ? format_named("html") : formats;
	for (int i = 0; i < s->n_outputs; i++) {
		if (s->outputs[i].path)
			continue;
		s->outputs[i].path = s->output;
		if (s->outputs[i].format->needs & FORMAT_TEXT && !s->is_shell)
			s->outputs[i].pager = s->pager;
		n_unnamed++;
		if (!s->output && !s->is_served &&
		    s->outputs[i].format->needs & FORMAT_BINARY && isatty(STDOUT_FILENO)) {
			complain("--format=%s is not for a terminal; name a file with -o",
				 s->outputs[i].format->name);
			return false;
		}
	}
	if (n_unnamed > 1) {
		complain("--format: only one may be without :FILE");
		return false;
	}
	if (s->output && n_unnamed == 0) {
		complain("--output: every --format already names its file");
		return false;
	}
	return true;
}

/* Of many snapshots, what one report does not have. */
static const char *
unwanted_option(const struct settings *s)
{
	const struct {
		bool is_given;
		const char *name;
	} options[] = {
		{s->diff && s->merge, "merge"},
		{s->each, "each"},
		{s->report.tree.kind, "tree"},
		{s->baseline, "baseline"},
		{s->write_baseline, "write-baseline"},
		{s->gen_suppressions, "gen-suppressions"},
		{s->show_unused, "show-unused-suppressions"},
		{s->report.findings_only, "findings-only"},
		{s->detect.leaks_only, "leaks-only"},
		{s->watch.rules, "watch"},
		{s->n_questions > 0, "block, --who-points-at or --path"},
		{s->is_shell, "shell"},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].is_given)
			return options[i].name;
	return NULL;
}

static enum format_way
way_of(const struct settings *s)
{
	return s->diff ? FORMAT_OF_DIFF : s->merge ? FORMAT_OF_MERGE : FORMAT_OF_REPORT;
}

static bool
can_sort(const struct settings *s, enum order sort)
{
	if (sort == ORDER_GROWTH)
		return s->diff;
	if (sort == ORDER_OLD)
		return !s->diff;
	return (!s->diff && !s->merge) || sort == ORDER_LIVE ||
	       sort == ORDER_ALLOCATIONS || sort == ORDER_BLOCKS;
}

/* A tree is text, and adds up: a site has no age or retained size that could. */
static bool
settle_tree(const struct settings *s)
{
	if (!s->report.tree.kind)
		return true;
	for (int i = 0; i < s->n_outputs; i++)
		if (!(s->outputs[i].format->needs & FORMAT_TEXT)) {
			complain("--tree: not available for --format=%s; collapsed, "
				 "speedscope and pprof have call trees",
				 s->outputs[i].format->name);
			return false;
		}
	if (s->report.findings_only || s->n_questions || s->is_shell) {
		complain("--tree does not go with %s",
			 s->report.findings_only ? "--findings-only"
						 : "questions such as --block");
		return false;
	}
	if (s->report.tree.kind == REPORT_TREE_RETAINED &&
	    (s->has_sort || *s->filter_text)) {
		complain("--tree=retained has all live blocks, by the bytes that they "
			 "retain: it does not go with %s",
			 s->has_sort ? "--sort" : "filters");
		return false;
	}
	if (s->has_sort && s->report.sort > ORDER_BLOCKS) {
		complain("--sort: order not available for --tree; one of live, old, "
			 "allocations, blocks");
		return false;
	}
	return true;
}

/* Do all options go together with --diff, --merge, or neither? */
static bool
settle_way(const struct settings *s)
{
	const char *way = s->diff ? "--diff" : s->merge ? "--merge" : "one snapshot";
	const char *option = s->diff || s->merge ? unwanted_option(s) : NULL;

	if (option) {
		complain("%s does not go with --%s", way, option);
		return false;
	}
	if (s->has_sort && !can_sort(s, s->report.sort)) {
		complain("--sort: order not available for %s; try --help", way);
		return false;
	}
	for (int i = 0; i < s->n_outputs; i++) {
		if (format_can(s->outputs[i].format, way_of(s)))
			continue;
		fprintf(stderr,
			"gcprof-analyze: --format=%s is not available for %s; these "
			"are:",
			s->outputs[i].format->name, way);
		for (const struct format *f = formats; f->name; f++)
			if (format_can(f, way_of(s)))
				fprintf(stderr, " %s", f->name);
		fputc('\n', stderr);
		return false;
	}
	return true;
}

/* The last value of one of LeakSanitizer's options, "a=1:b='x y'"; its length, 0 if there is
 * none.  Source: compiler-rt, sanitizer_flag_parser.cpp. */
static size_t
lsan_option(const char *text, const char *name, const char **ret)
{
	static const char space[] = " ,:\n\t\r";
	size_t n_found = 0, n;

	while (*(text += strspn(text, space))) {
		size_t n_name = strcspn(text, " ,:\n\t\r=");
		const char *value = text + n_name + 1;
		char quote[2] = "";

		if (text[n_name] != '=') {
			text += n_name;
			continue;
		}
		if (*value == '\'' || *value == '"')
			quote[0] = *value++;
		n = strcspn(value, *quote ? quote : space);
		if (strncmp(text, name, n_name) == 0 && name[n_name] == '\0') {
			*ret = value;
			n_found = n;
		}
		text = value + n;
		text += *quote && *text == *quote;
	}
	return n_found;
}

/* Who has run the program with LeakSanitizer has a file in the environment.  What cannot be
 * read there suppresses nothing. */
static void
add_lsan_suppressions(struct settings *s)
{
	const char *text = getenv("LSAN_OPTIONS"), *value = NULL;
	size_t n = text ? lsan_option(text, "suppressions", &value) : 0;
	char *path = n ? strndup(value, n) : NULL;

	if (path && suppressions_add_file(s->detect.suppressions, path) != 0)
		complain("LSAN_OPTIONS: %s", s->detect.suppressions->message);
	free(path);
}

static bool
settle(struct settings *s)
{
	bool wants_names = s->gen_suppressions;

	for (int i = 0; i < s->n_outputs; i++)
		wants_names |= !(s->outputs[i].format->needs & FORMAT_RAW);
	if (!wants_names)
		s->no_symbols = true;
	s->report.filter_text = s->filter_text;
	/* Who asks for more of a list wants lists. */
	s->report.is_full |=
		!s->report.tree.kind &&
		(s->has_top || s->has_sort || s->has_frames || s->report.with_library ||
		 s->detect.show_content || *s->filter_text);
	terminal_color(s->color);
	if (!s->no_builtin)
		(void)suppressions_add_builtin(s->detect.suppressions);
	add_lsan_suppressions(s);
	if ((s->n_questions || s->is_shell) &&
	    (s->n_outputs > 1 || s->outputs[0].format != formats)) {
		complain("--format: questions such as --block have no formats");
		return false;
	}
	return true;
}

static bool
find_snapshots(struct settings *s, char **given, int n)
{
	s->snapshots = given;
	s->n_snapshots = n;
	if (n > 0)
		return true;
	if (s->merge) {
		complain("no snapshot given; --merge takes those of several processes");
		return false;
	}
	s->n_snapshots = choose_here(s->n_questions > 0 || s->is_shell || s->watch.rules,
				     &s->found);
	s->snapshots = s->found;
	return s->n_snapshots > 0;
}

/* Is one of the first n outputs, or a snapshot, that file? */
static bool
is_taken(const struct settings *s, const char *path, int n)
{
	for (int i = 0; i < n; i++)
		if (s->outputs[i].path && outfile_is_same(s->outputs[i].path, path)) {
			complain("'%s' would be written twice; name another file", path);
			return true;
		}
	for (int i = 0; i < s->n_snapshots; i++)
		if (outfile_is_same(s->snapshots[i], path)) {
			complain("'%s' is an input, and would be overwritten; name "
				 "another file",
				 path);
			return true;
		}
	return false;
}

static bool
settle_files(const struct settings *s)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].path && is_taken(s, s->outputs[i].path, i))
			return false;
	return !s->write_baseline || !is_taken(s, s->write_baseline, s->n_outputs);
}

enum options_answer
options_parse(struct settings *s, int argc, char **argv)
{
	int code;

	s->fail_on = FAIL_NEVER;
	s->pager = PAGER_AUTO;
	s->detect.suppressions = suppressions_new();
	if (!s->detect.suppressions) {
		complain("out of memory");
		return OPTIONS_WRONG;
	}
	while ((code = option_table_next(rows, N_ROWS(rows), false, argc, argv)) != -1) {
		if (code == OPT_HELP)
			return OPTIONS_HELP;
		if (code == OPT_FORMAT && strcmp(optarg, "help") == 0)
			return OPTIONS_FORMATS;
		if (code == OPT_VERSION)
			return OPTIONS_VERSION;
		if (!parse_option(s, code))
			return OPTIONS_WRONG;
	}
	if (!settle_outputs(s) || !settle_way(s) || !settle_tree(s) || !settle(s))
		return OPTIONS_WRONG;
	if (!find_snapshots(s, argv + optind, argc - optind) || !settle_files(s))
		return OPTIONS_WRONG;
	return OPTIONS_WORK;
}

void
options_free(struct settings *s)
{
	if (s->report.focus)
		regfree(&s->focus);
	if (s->report.ignore)
		regfree(&s->ignore);
	if (s->report.tree.functions)
		regfree(&s->tree);
	for (size_t i = 0; i < s->symbols.n_wrappers; i++)
		regfree(&s->wrappers[i]);
	suppressions_free(s->detect.suppressions);
	baseline_free(s->known);
	choose_free(s->found);
}
