/* formats.c -- see formats.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/formats.h"
#include "report/writers.h"

#include <string.h>

#include "util/option_table.h"

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
#define HTML                                                                             \
	.write = report_write_html, .write_diff = report_diff_html,                      \
	.write_merge = report_merge_html
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
#define FORMAT(name, extension, help, needs, ...)                                        \
	{name, extension, help, needs, __VA_ARGS__},
#include "report/formats.def"
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

bool
format_can(const struct format *f, enum format_way way)
{
	switch (way) {
	case FORMAT_OF_DIFF:
		return f->write_diff != NULL;
	case FORMAT_OF_MERGE:
		return f->write_merge != NULL;
	case FORMAT_OF_REPORT:
		break;
	}
	return f->write || f->write_findings;
}

/* "text          for reading (.txt; also --diff, --merge)" */
static void
write_line(const struct format *format, FILE *f)
{
	bool is_diff = format_can(format, FORMAT_OF_DIFF);
	bool is_merge = format_can(format, FORMAT_OF_MERGE);
	char words[512];

	if (format->missing)
		snprintf(words, sizeof(words), "%s (%s; gcprof was built without %s)",
			 format->help, format->extension, format->missing);
	else
		snprintf(words, sizeof(words), "%s (%s%s%s%s)", format->help,
			 format->extension,
			 !is_diff && !is_merge                  ? ""
			 : format_can(format, FORMAT_OF_REPORT) ? "; also "
								: "; only ",
			 is_diff    ? is_merge ? "--diff, --merge" : "--diff"
			 : is_merge ? "--merge"
				    : "",
			 format->needs & FORMAT_BINARY ? "; not to a terminal" : "");
	option_table_put(f, format->name, words);
}

void
formats_write(FILE *f)
{
	fputs("Formats of --format=FORMAT[:FILE], with the usual extension of a file:\n",
	      f);
	for (const struct format *format = formats; format->name; format++)
		write_line(format, f);
}
