/* folded.c -- stacks with values for flame graphs: collapsed and speedscope.
 *
 * In:   a report.
 * Out:  collapsed: a line "outermost;...;innermost VALUE" for each site;
 *       speedscope: one JSON object with a profile for each kind of value.
 * Not here: which sites there are and in which order (report.c).
 *
 * Sources  README of the FlameGraph tools, "Fold stacks"; speedscope's
 *          file-format-schema.json.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/json_stream.h"
#include "report/profile.h"
#include "report/writers.h"
#include "util/text.h"

/* ---- collapsed ---- */

static enum profile_value
value_of_sort(enum order sort)
{
	switch (sort) {
	case ORDER_OLD:
		return PROFILE_OLD_BYTES;
	case ORDER_ALLOCATIONS:
		return PROFILE_ALLOCATIONS;
	case ORDER_BLOCKS:
		return PROFILE_LIVE_BLOCKS;
	default:
		return PROFILE_LIVE_BYTES;
	}
}

/* Semicolons part frames, and the last space parts the value. */
static void
write_folded_name(const char *name, FILE *f)
{
	for (; *name; name++)
		fputc(*name == ';' ? ':' : *name, f);
}

int
report_write_collapsed(const struct report *r, FILE *f)
{
	enum profile_value which = value_of_sort(r->options.sort);
	struct profile *p = profile_new(r);
	const uint32_t *stack;

	if (!p)
		return -1;
	for (size_t i = 0; i < p->n_rows && !ferror(f); i++) {
		uint64_t value = profile_value(p, p->rows[i], which);
		size_t n = value ? profile_stack(p, p->rows[i], &stack) : 0;

		for (size_t j = n; j > 0; j--) {
			write_folded_name(p->frames[stack[j - 1]].name, f);
			if (j > 1)
				fputc(';', f);
		}
		if (n)
			fprintf(f, " %" PRIu64 "\n", value);
	}
	profile_free(p);
	return 0;
}

/* ---- speedscope ---- */

static void
write_frames(const struct profile *p, FILE *f)
{
	for (size_t i = 0; i < p->n_frames && !ferror(f); i++) {
		const struct profile_frame *x = &p->frames[i];

		fprintf(f, "%s\n{\"name\":", i ? "," : "");
		json_stream_text(f, x->name);
		if (x->file) {
			fputs(",\"file\":", f);
			json_stream_text(f, x->file);
		}
		if (x->line)
			fprintf(f, ",\"line\":%u", x->line);
		fputc('}', f);
	}
}

/* Samples, then their weights: two passes over the same sites. */
static void
write_samples(struct profile *p, enum profile_value which, FILE *f)
{
	const char *separator = "";
	const uint32_t *stack;

	fputs(",\"samples\":[", f);
	for (size_t i = 0; i < p->n_rows && !ferror(f); i++) {
		size_t n;

		if (!profile_value(p, p->rows[i], which))
			continue;
		n = profile_stack(p, p->rows[i], &stack);
		fprintf(f, "%s\n[", separator);
		for (size_t j = n; j > 0; j--)
			fprintf(f, "%" PRIu32 "%s", stack[j - 1], j > 1 ? "," : "");
		fputc(']', f);
		separator = ",";
	}
	fputs("],\"weights\":[", f);
	separator = "";
	for (size_t i = 0; i < p->n_rows && !ferror(f); i++) {
		uint64_t value = profile_value(p, p->rows[i], which);

		if (!value)
			continue;
		fprintf(f, "%s%" PRIu64, separator, value);
		separator = ",";
	}
	fputc(']', f);
}

static uint64_t
total(const struct profile *p, enum profile_value which)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n_rows; i++)
		sum += profile_value(p, p->rows[i], which);
	return sum;
}

int
report_write_speedscope(const struct report *r, FILE *f)
{
	static const struct {
		enum profile_value value;
		const char *name;
	} profiles[] = {
		{PROFILE_LIVE_BYTES, "live bytes"},
		{PROFILE_OLD_BYTES, "old bytes"},
		{PROFILE_LIVE_BLOCKS, "live blocks"},
		{PROFILE_ALLOCATED_BYTES, "allocated bytes"},
		{PROFILE_ALLOCATIONS, "allocations"},
	};
	struct profile *p = profile_new(r);
	char *command;

	if (!p)
		return -1;
	command = text_command(r->heap->info.command.bytes, r->heap->info.command.n);
	fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
	      "\"exporter\":\"gcprof-analyze\",\"name\":",
	      f);
	json_stream_text(f, command ? command : "");
	fputs(",\"activeProfileIndex\":0,\"shared\":{\"frames\":[", f);
	write_frames(p, f);
	fputs("]},\n\"profiles\":[", f);
	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
		enum profile_value which = profiles[i].value;
		bool is_bytes = strcmp(profile_unit(which), "bytes") == 0;

		fprintf(f,
			"%s\n{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"%s\","
			"\"startValue\":0,\"endValue\":%" PRIu64,
			i ? "," : "", profiles[i].name, is_bytes ? "bytes" : "none",
			total(p, which));
		write_samples(p, which, f);
		fputc('}', f);
	}
	fputs("]}\n", f);
	free(command);
	profile_free(p);
	return 0;
}
