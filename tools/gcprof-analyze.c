/* gcprof-analyze.c -- read snapshots and say what holds the memory.
 *
 * In:   options and .heap files.
 * Out:  a report on standard output or into a file; exit status 0, 1 (findings
 *       at or above --fail-on) or 2 (usage, unreadable file, output error).
 * Not here: everything else; this file only knows options and messages.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heap.h"
#include "heapfile_read.h"
#include "report.h"
#include "symbolize.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "(not configured)"
#endif

enum { EXIT_FINDINGS = 1, EXIT_TROUBLE = 2 };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_BLOCKS, FORMAT_SITES_RAW };

enum { FAIL_NEVER = -1 }; /* otherwise the level of report_count_findings() */

enum {
	TEXT_TOP = 10,
	TEXT_FRAMES = 12,
};

struct settings {
	struct report_options report;
	struct symbols_options symbols;
	enum format format;
	int fail_on;
	bool no_symbols;
	bool has_top, has_frames, has_sort;
	const char *output;
	regex_t focus, ignore;
	char filter_text[256];
};

/* clang-format off */
static const char help[] =
"Usage: gcprof-analyze [OPTION]... FILE...\n"
"Say what holds a program's memory, from snapshots that libgcprof.so wrote.\n"
"\n"
"What to show\n"
"  --top=N               rows of each list, 0 for all (text: 10, JSON: all)\n"
"  --sort=KEY            one list, by live, old, allocations, blocks or age\n"
"                        (of the oldest block)\n"
"  --frames=N            frames of each stack in text, 0 for all (12), with\n"
"                        those outside of main\n"
"  --cohort=WHICH        count blocks of this cohort only: young, old or all\n"
"  --min-age=EPOCHS      count blocks of at least this age only\n"
"  --focus=REGEX         only sites with a frame whose function, file or module\n"
"                        matches (POSIX extended)\n"
"  --ignore=REGEX        no sites with such a frame\n"
"\n"
"How\n"
"  --format=FORMAT       text (default); json: schema gcprof-analyze/1;\n"
"                        blocks: a line for each live block, with address,\n"
"                        requested and usable bytes, kind, birth epoch, age,\n"
"                        thread and site, tab separated;\n"
"                        sites-raw: a line for each site, with its number,\n"
"                        allocations, bytes, then module+offset of each frame,\n"
"                        innermost first (\"=\" before an exact address)\n"
"  -o, --output=FILE     write there instead of standard output\n"
"  --fail-on=LEVEL       exit with 1 if there are findings of this level or\n"
"                        above: error, warning, note or never (default)\n"
"\n"
"Names of functions\n"
"  --sysroot=DIR         look for the program's files below DIR\n"
"  --debug-dir=DIR       look for separate debug files in DIR, too\n"
"  --no-symbols          show module+offset only\n"
"  DEBUGINFOD_URLS       in the environment: ask these servers\n"
"\n"
"  --help                show this\n"
"  --version             show the version\n"
"\n"
"Exit status: 0, 1 with findings as --fail-on asks, 2 on bad usage or a file that\n"
"cannot be read.\n";
/* clang-format on */

/* ---- messages ---- */

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
complain(const char *format, ...)
{
	va_list args;

	fputs("gcprof-analyze: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static struct {
	bool is_wanted, is_shown;
	double begin, last;
} progress;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* After the first second, ten times a second at most. */
static void
show_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	double t;

	(void)arg;
	if (!progress.is_wanted)
		return;
	t = now();
	if (t - progress.begin < 1 || t - progress.last < 0.1)
		return;
	progress.last = t;
	progress.is_shown = true;
	if (total)
		fprintf(stderr, "\r\033[K%s: %d %%", what,
			(int)(100.0 * (double)done / (double)total));
	else
		fprintf(stderr, "\r\033[K%s: %" PRIu64, what, done);
	fflush(stderr);
}

static void
end_progress(void)
{
	if (progress.is_shown)
		fputs("\r\033[K", stderr);
	progress.is_shown = false;
}

/* ---- options ---- */

enum option_code {
	OPT_TOP = 256,
	OPT_SORT,
	OPT_FRAMES,
	OPT_COHORT,
	OPT_MIN_AGE,
	OPT_FOCUS,
	OPT_IGNORE,
	OPT_FORMAT,
	OPT_FAIL_ON,
	OPT_SYSROOT,
	OPT_DEBUG_DIR,
	OPT_NO_SYMBOLS,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"top", required_argument, NULL, OPT_TOP},
	{"sort", required_argument, NULL, OPT_SORT},
	{"frames", required_argument, NULL, OPT_FRAMES},
	{"cohort", required_argument, NULL, OPT_COHORT},
	{"min-age", required_argument, NULL, OPT_MIN_AGE},
	{"focus", required_argument, NULL, OPT_FOCUS},
	{"ignore", required_argument, NULL, OPT_IGNORE},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"output", required_argument, NULL, 'o'},
	{"fail-on", required_argument, NULL, OPT_FAIL_ON},
	{"sysroot", required_argument, NULL, OPT_SYSROOT},
	{"debug-dir", required_argument, NULL, OPT_DEBUG_DIR},
	{"no-symbols", no_argument, NULL, OPT_NO_SYMBOLS},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static bool
parse_number(const char *option, const char *value, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(value, &end, 10);
	if (errno || *end || *value < '0' || *value > '9') {
		complain("--%s: '%s' is not a number", option, value);
		return false;
	}
	return true;
}

static bool
parse_word(const char *option, const char *value, const char *const *words, int *ret)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0) {
			*ret = i;
			return true;
		}
	fprintf(stderr, "gcprof-analyze: --%s: '%s' is none of", option, value);
	for (int i = 0; words[i]; i++)
		fprintf(stderr, "%s %s", i ? "," : "", words[i]);
	fputc('\n', stderr);
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

/* Keep a filter's words for the report. */
static void
note_filter(struct settings *s, const char *option)
{
	size_t n = strlen(s->filter_text);

	snprintf(s->filter_text + n, sizeof(s->filter_text) - n, "%s--%s=%s",
		 n ? " " : "", option, optarg);
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
	case OPT_FOCUS:
		note_filter(s, "focus");
		return parse_regex("focus", optarg, &s->focus, &r->focus);
	default:
		note_filter(s, "ignore");
		return parse_regex("ignore", optarg, &s->ignore, &r->ignore);
	}
}

/* One option; false if it was wrong, and has been complained about. */
static bool
parse_option(struct settings *s, int code)
{
	static const char *const formats[] = {"text", "json", "blocks", "sites-raw",
					      NULL};
	static const char *const sorts[] = {"live",   "old", "allocations",
					    "blocks", "age", NULL};
	static const char *const levels[] = {"error", "warning", "note", "never", NULL};
	uint64_t number;
	int word;

	switch (code) {
	case OPT_TOP:
		s->has_top = parse_number("top", optarg, &number);
		s->report.top = (size_t)number;
		return s->has_top;
	case OPT_FRAMES:
		s->has_frames = parse_number("frames", optarg, &number);
		s->report.frames = (size_t)number;
		return s->has_frames;
	case OPT_SORT:
		s->has_sort = parse_word("sort", optarg, sorts, &word);
		if (s->has_sort)
			s->report.sort = (enum report_sort)word;
		return s->has_sort;
	case OPT_FORMAT:
		if (!parse_word("format", optarg, formats, &word))
			return false;
		s->format = (enum format)word;
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
	case OPT_NO_SYMBOLS:
		s->no_symbols = true;
		return true;
	case 'o':
		s->output = optarg;
		return true;
	case '?':
		return false;
	default:
		return parse_filter(s, code);
	}
}

/* Defaults that depend on the format. */
static void
settle(struct settings *s)
{
	bool is_text = s->format == FORMAT_TEXT;

	if (!s->has_top)
		s->report.top = is_text ? TEXT_TOP : 0;
	if (!s->has_frames)
		s->report.frames = TEXT_FRAMES;
	s->report.one_list = !is_text || s->has_sort;
	s->report.with_dead = s->format == FORMAT_JSON;
	s->report.filter_text = s->filter_text;
	if (s->format == FORMAT_BLOCKS || s->format == FORMAT_SITES_RAW)
		s->no_symbols = true;
	s->symbols.progress = show_progress;
}

/* ---- work ---- */

static struct heap *
load(const char *path)
{
	struct hf_error error;
	struct heap *heap = NULL;
	uint8_t *bytes = NULL;
	size_t n;

	if (hf_read_file(path, &bytes, &n, &error) == 0)
		heap = heap_load(bytes, n, 0, show_progress, NULL, &error);
	free(bytes);
	end_progress();
	if (!heap) {
		char message[256];

		complain("'%s': %s", path,
			 hf_error_format(&error, message, sizeof(message)));
	}
	return heap;
}

static void
write_report(const struct settings *s, const struct report *r, FILE *f)
{
	switch (s->format) {
	case FORMAT_TEXT:
		report_write_text(r, f);
		break;
	case FORMAT_JSON:
		report_write_json(r, f);
		break;
	case FORMAT_BLOCKS:
		report_write_blocks(r, f);
		break;
	case FORMAT_SITES_RAW:
		report_write_sites_raw(r, f);
		break;
	}
}

static FILE *
open_output(const struct settings *s)
{
	FILE *f = s->output ? fopen(s->output, "we") : stdout;

	if (!f)
		complain("'%s': %s", s->output, strerror(errno));
	return f;
}

/* Flush, and see whether all arrived.  A reader that went away has seen what
 * it wanted: no message then. */
static int
close_output(const struct settings *s, FILE *f)
{
	bool failed = ferror(f) != 0;
	int error = failed ? errno : 0;

	errno = 0;
	if (fclose(f) != 0) {
		failed = true;
		if (errno)
			error = errno;
	}
	if (failed && error != EPIPE)
		complain("'%s': %s", s->output ? s->output : "standard output",
			 error ? strerror(error) : "write error");
	return failed ? EXIT_TROUBLE : 0;
}

/* Report one file.  *f is opened when the first file could be read, so that a
 * wrong name does not cost an earlier report. */
static int
analyze(const struct settings *s, const char *path, bool is_one_of_many, FILE **f)
{
	struct heap *heap = load(path);
	struct symbols *symbols = NULL;
	struct report *report = NULL;
	int status = EXIT_TROUBLE;

	if (heap && !s->no_symbols)
		symbols = symbols_new(heap, &s->symbols);
	if (heap)
		report = report_new(heap, symbols, &s->report);
	end_progress();
	if (heap && !report)
		complain("'%s': out of memory", path);
	if (report && !*f)
		*f = open_output(s);
	if (report && *f && is_one_of_many && s->format == FORMAT_TEXT)
		fprintf(*f, "File        %s\n", path);
	if (report && *f) {
		write_report(s, report, *f);
		status = s->fail_on != FAIL_NEVER &&
					 report_count_findings(report, s->fail_on)
				 ? EXIT_FINDINGS
				 : 0;
	}
	report_free(report);
	symbols_free(symbols);
	heap_free(heap);
	return status;
}

static int
analyze_all(const struct settings *s, char **paths, int n)
{
	FILE *f = NULL;
	int status = 0;

	for (int i = 0; i < n; i++) {
		int one;

		if (f && s->format == FORMAT_TEXT)
			fputs("\n\n", f);
		one = analyze(s, paths[i], n > 1, &f);
		if (one > status)
			status = one;
	}
	if (f) {
		int closed = close_output(s, f);

		if (closed > status)
			status = closed;
	}
	return status;
}

/* Show a text that was asked for. */
static int
answer(const char *text)
{
	const struct settings none = {.output = NULL};

	fputs(text, stdout);
	return close_output(&none, stdout);
}

int
main(int argc, char **argv)
{
	static char name[] = "gcprof-analyze";
	struct settings s = {.fail_on = FAIL_NEVER};
	int code, status;

	/* getopt's messages begin with it; ours always have the plain name. */
	if (argc > 0)
		argv[0] = name;
	signal(SIGPIPE, SIG_IGN);
	progress.is_wanted = isatty(STDERR_FILENO);
	progress.begin = now();
	while ((code = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
		if (code == OPT_HELP)
			return answer(help);
		if (code == OPT_VERSION)
			return answer("gcprof-analyze " PACKAGE_VERSION "\n");
		if (!parse_option(&s, code))
			return EXIT_TROUBLE;
	}
	settle(&s);
	if (optind == argc) {
		complain("no snapshot named, such as gcprof.PROGRAM.PID.1.heap; try "
			 "--help");
		return EXIT_TROUBLE;
	}
	if (s.format == FORMAT_JSON && argc - optind > 1) {
		complain("--format=json takes one snapshot, not %d", argc - optind);
		return EXIT_TROUBLE;
	}
	status = analyze_all(&s, argv + optind, argc - optind);
	if (s.report.focus)
		regfree(&s.focus);
	if (s.report.ignore)
		regfree(&s.ignore);
	return status;
}
