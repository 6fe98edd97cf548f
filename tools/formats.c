/* formats.c -- see formats.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "formats.h"

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

const struct format formats[] = {
	{"text", FORMAT_TEXT, .write = write_text},
	{"json", FORMAT_ALONE | FORMAT_DEAD | FORMAT_RETAINED, .write = write_json},
	{"sarif", 0, NULL, report_begin_sarif, report_write_sarif, report_end_sarif},
	{"junit", 0, NULL, report_begin_junit, report_write_junit, report_end_junit},
	{"github", 0, NULL, NULL, report_write_github, NULL},
	{"blocks", FORMAT_RAW, .write = write_blocks},
	{"sites-raw", FORMAT_RAW, .write = write_sites_raw},
	{NULL, 0, NULL, NULL, NULL, NULL},
};

const struct format *
format_named(const char *name)
{
	for (const struct format *f = formats; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
