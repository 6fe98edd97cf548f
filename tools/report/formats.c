/* formats.c -- see formats.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/formats.h"
#include "report/writers.h"

#include <string.h>

static int
write_text(const struct report *r, FILE *f)
{
	report_write_text(r, f);
	return 0;
}

static int
write_json(const struct report *r, FILE *f)
{
	report_write_json(r, f);
	return 0;
}

static int
write_blocks(const struct report *r, FILE *f)
{
	report_write_blocks(r, f);
	return 0;
}

static int
write_sites_raw(const struct report *r, FILE *f)
{
	report_write_sites_raw(r, f);
	return 0;
}

#if HAVE_PROTOBUF_C
#define PPROF .write = report_write_pprof
#else
#define PPROF .missing = "protobuf-c (Debian: libprotobuf-c-dev protobuf-c-compiler)"
#endif
#if HAVE_HTML_PAGE
#define HTML .write = report_write_html, .write_diff = report_diff_html
#else
#define HTML                                                                             \
	.missing = "the libraries of the page; in the source, run tools/html/fetch.sh, " \
		   "./configure and make"
#endif
#if HAVE_SQLITE3
#define SQLITE .write = report_write_sqlite
#else
#define SQLITE .missing = "SQLite 3 (Debian: libsqlite3-dev)"
#endif

const struct format formats[] = {
	{"text", FORMAT_TEXT, .write = write_text, .write_diff = report_diff_text,
	 .write_merge = report_merge_text},
	{"json", FORMAT_ALONE | FORMAT_DEAD | FORMAT_RETAINED | FORMAT_TYPES,
	 .write = write_json, .write_diff = report_diff_json,
	 .write_merge = report_merge_json},
	{"html",
	 FORMAT_ALONE | FORMAT_DEAD | FORMAT_RETAINED | FORMAT_TYPES | FORMAT_BINARY, HTML},
	{"sarif", 0, .begin = report_begin_sarif, .write_findings = report_write_sarif,
	 .end = report_end_sarif},
	{"junit", 0, .begin = report_begin_junit, .write_findings = report_write_junit,
	 .end = report_end_junit},
	{"github", 0, .write_findings = report_write_github},
	{"collapsed", FORMAT_FACTS, .write = report_write_collapsed,
	 .write_diff = report_diff_collapsed},
	{"difffolded", FORMAT_FACTS, .write_diff = report_diff_difffolded},
	{"speedscope", FORMAT_ALONE | FORMAT_DEAD | FORMAT_FACTS,
	 .write = report_write_speedscope},
	{"pprof", FORMAT_ALONE | FORMAT_DEAD | FORMAT_FACTS | FORMAT_BINARY, PPROF},
	{"dhat", FORMAT_ALONE | FORMAT_DEAD | FORMAT_FACTS, .write = report_write_dhat},
	{"massif", FORMAT_ALONE | FORMAT_FACTS, .write = report_write_massif},
	{"heapsnapshot", FORMAT_ALONE | FORMAT_DEAD | FORMAT_FACTS,
	 .write = report_write_heapsnapshot},
	{"csv", FORMAT_ALONE | FORMAT_DEAD | FORMAT_RETAINED, .write = report_write_csv,
	 .write_diff = report_diff_csv, .write_merge = report_merge_csv},
	{"sqlite", FORMAT_ALONE | FORMAT_DEAD | FORMAT_RETAINED | FORMAT_BINARY, SQLITE},
	{"blocks", FORMAT_RAW | FORMAT_FACTS, .write = write_blocks},
	{"sites-raw", FORMAT_RAW | FORMAT_FACTS, .write = write_sites_raw},
	{.name = NULL},
};

const struct format *
format_named(const char *name)
{
	for (const struct format *f = formats; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
