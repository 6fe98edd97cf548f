/* text.c -- words and figures that are safe to show.
 *
 * In:   any bytes, any number.
 * Out:  valid UTF-8; short figures for people.
 * Not here: where they stand in a report (report/).
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heapfile.h"

const char *
text_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *
text_kind_name(unsigned kind)
{
	static const char *const names[] = {
		[HEAPFILE_KIND_MALLOC] = "malloc",   [HEAPFILE_KIND_CALLOC] = "calloc",
		[HEAPFILE_KIND_REALLOC] = "realloc", [HEAPFILE_KIND_ALIGNED] = "aligned",
		[HEAPFILE_KIND_NEW] = "new",         [HEAPFILE_KIND_NEW_ARRAY] = "new[]",
		[HEAPFILE_KIND_MALLOCX] = "mallocx",
	};

	return kind < sizeof(names) / sizeof(*names) ? names[kind] : "unknown";
}

/* ---- UTF-8 ---- */

/* Bytes of the UTF-8 sequence at p, 0 if it is not a valid one (overlong,
 * surrogate, beyond U+10FFFF, cut off). */
static size_t
utf8_length(const unsigned char *p, size_t n)
{
	size_t length = p[0] < 0x80   ? 1
			: p[0] < 0xc2 ? 0
			: p[0] < 0xe0 ? 2
			: p[0] < 0xf0 ? 3
			: p[0] < 0xf5 ? 4
				      : 0;

	if (length == 0 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

/* C0, DEL and C1 (two bytes in UTF-8). */
static bool
is_control(const unsigned char *p, size_t length)
{
	return (length == 1 && (p[0] < 0x20 || p[0] == 0x7f)) ||
	       (length == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

/* Marks that turn the direction of what follows: a name with one can look like another.
 * Source: Unicode Standard Annex #9, 2: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066
 * to U+2069. */
static bool
is_directional(const unsigned char *p, size_t length)
{
	if (length == 2)
		return p[0] == 0xd8 && p[1] == 0x9c;
	return length == 3 && p[0] == 0xe2 &&
	       ((p[1] == 0x80 &&
		 (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae))) ||
		(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

char *
text_utf8(const char *bytes, size_t n, bool is_terminal)
{
	const unsigned char *p = (const unsigned char *)bytes;
	char *text = n > (SIZE_MAX - 1) / 3 ? NULL : malloc(n * 3 + 1);
	char *to = text;

	if (!text)
		return NULL;
	for (size_t i = 0, length; i < n; i += length) {
		length = utf8_length(p + i, n - i);
		if (length > 0 && !is_directional(p + i, length) &&
		    !(is_control(p + i, length) && (is_terminal || p[i] >= 0x7f))) {
			memcpy(to, p + i, length);
			to += length;
		} else {
			memcpy(to, "\xef\xbf\xbd", 3); /* U+FFFD */
			to += 3;
			if (length == 0)
				length = 1;
		}
		/* The caller has one string: no NUL may end it early. */
		if (to[-1] == '\0')
			to[-1] = ' ';
	}
	*to = '\0';
	return text;
}

bool
text_is_formula(const char *s)
{
	return *s && strchr("=+-@\t\r", *s);
}

/* ---- figures ---- */

char *
text_command(const char *bytes, size_t n)
{
	char *line, *valid;

	while (n > 0 && bytes[n - 1] == '\0')
		n--;
	line = malloc(n + 1);
	if (!line)
		return NULL;
	for (size_t i = 0; i < n; i++)
		line[i] = bytes[i] ? bytes[i] : ' ';
	valid = text_utf8(line, n, true);
	free(line);
	return valid;
}

const char *
text_loss_meaning(const char *name, size_t n)
{
	static const char *const meanings[][2] = {
		{"blocks", "live blocks not recorded (out of memory)"},
		{"sites", "call stacks not recorded (out of memory)"},
		{"births", "blocks of unknown epoch and thread"},
		{"threads", "threads not numbered"},
		{"modules", "loaded objects not recorded"},
		{"mappings", "mappings not recorded"},
		{"bad_frees", "more wrong frees than are listed"},
		{"marks", "more marks than are listed"},
		{"snapshots", "snapshots not taken (another was being written)"},
		{"stacks", "stacks that differ from libunwind's (GCPROF_VERIFY)"},
	};

	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (strlen(meanings[i][0]) == n && memcmp(meanings[i][0], name, n) == 0)
			return meanings[i][1];
	return NULL;
}

const char *
text_size(uint64_t bytes, char *buf, size_t n)
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
					    "TiB", "PiB", "EiB"};
	double v = (double)bytes;
	unsigned unit = 0;

	while (v >= 1023.95 && unit < 6) {
		v /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(buf, n, "%" PRIu64 " B", bytes);
	else
		snprintf(buf, n, "%.1f %s", v, units[unit]);
	return buf;
}

const char *
text_count(uint64_t v, char *buf, size_t n)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	size_t at = 0;

	for (int i = 0; i < length && at + 2 < n; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

const char *
text_p_value(double p, char *buf, size_t n)
{
	if (p < 0.001)
		snprintf(buf, n, "p < 0.001");
	else
		snprintf(buf, n, "p = %.*f", p < 0.01 ? 3 : 2, p);
	return buf;
}

const char *
text_duration(uint64_t ns, char *buf, size_t n)
{
	double s = (double)ns / 1e9;

	if (s < 60)
		snprintf(buf, n, "%.3g s", s);
	else if (s < 3600)
		snprintf(buf, n, "%d min %d s", (int)s / 60, (int)s % 60);
	else
		snprintf(buf, n, "%" PRIu64 " h %d min", (uint64_t)(s / 3600),
			 (int)(s / 60) % 60);
	return buf;
}
