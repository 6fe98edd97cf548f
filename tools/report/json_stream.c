/* json_stream.c -- JSON written piece by piece, without a tree of all of it.
 *
 * In/Out: json_stream.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/json_stream.h"

void
json_stream_value(FILE *f, json_t *value)
{
	if (!value || json_dumpf(value, f, JSON_ENCODE_ANY | JSON_COMPACT) != 0)
		fputs("null", f);
	json_decref(value);
}

/* What cannot stand in a string as it is.  Source: RFC 8259, section 7. */
static void
put_escaped(FILE *f, unsigned char c)
{
	static const char names[] = "btn?fr"; /* from 0x08 on */

	if (c == '"' || c == '\\')
		fprintf(f, "\\%c", c);
	else if (c >= '\b' && c <= '\r' && c != '\v')
		fprintf(f, "\\%c", names[c - '\b']);
	else
		fprintf(f, "\\u%04X", c);
}

void
json_stream_text(FILE *f, const char *text)
{
	const char *from = text ? text : "";

	putc('"', f);
	for (;;) {
		const char *to = from;

		while ((unsigned char)*to >= ' ' && *to != '"' && *to != '\\')
			to++;
		fwrite(from, 1, (size_t)(to - from), f);
		if (!*to)
			break;
		put_escaped(f, (unsigned char)*to);
		from = to + 1;
	}
	putc('"', f);
}

void
json_stream_next(FILE *f, bool *has_begun)
{
	fputs(*has_begun ? ",\n" : "", f);
	*has_begun = true;
}
