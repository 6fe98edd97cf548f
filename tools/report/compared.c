/* compared.c -- stacks of joined sites, as reports of several snapshots write them.
 *
 * In/Out: report/compared.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/compared.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "report/frames.h"
#include "util/text.h"

void
report_joint_stack(FILE *f, const struct joint_frame *frames, size_t n, size_t most)
{
	size_t shown = most ? joint_shown_frames(frames, n) : n, i;

	for (i = 0; i < shown; i++) {
		/* "... 1 more" would take the line of the frame that it hides. */
		if (most && i >= most && i + 1 < shown)
			break;
		layout_frame_in(f, frames[i].module, &frames[i].frame);
	}
	if (i < shown)
		fprintf(f, "%*s... %zu more\n", LAYOUT_STACK_INDENT, "", shown - i);
}

/* What a frame is called, safe to show; for free(3). */
static char *
name_of(const struct joint_frame *x)
{
	const char *name = x->frame.special ? x->frame.special : x->frame.function;
	char buf[4200];

	if (!name) {
		snprintf(buf, sizeof(buf), "%s%s0x%" PRIx64,
			 x->module ? text_basename(x->module) : "", x->module ? "+" : "",
			 x->frame.offset);
		name = buf;
	}
	return text_utf8(name, strlen(name), true);
}

void
report_joint_folded(FILE *f, const struct joint_frame *frames, size_t n)
{
	for (size_t i = n; i > 0; i--) {
		char *name = name_of(&frames[i - 1]);

		/* Semicolons part frames. */
		for (char *p = name; p && *p; p++)
			putc(*p == ';' ? ':' : *p, f);
		if (i > 1)
			putc(';', f);
		free(name);
	}
}

static void
put_quoted(FILE *f, const struct joint_frame *x)
{
	char *name = name_of(x);

	for (const char *p = name; p && *p; p++) {
		if (*p == '"')
			putc('"', f);
		putc(*p, f);
	}
	free(name);
}

static void
begin_cell(FILE *f, const struct joint_frame *x)
{
	char *name = name_of(x);

	putc('"', f);
	if (name && text_is_formula(name))
		putc('\'', f);
	free(name);
}

void
report_joint_csv(FILE *f, const struct joint_frame *frames, size_t n)
{
	const struct joint_frame *headline = &frames[joint_headline_frame(frames, n)];

	begin_cell(f, headline);
	put_quoted(f, headline);
	fputs("\",", f);
	if (n > 0)
		begin_cell(f, &frames[0]);
	else
		putc('"', f);
	for (size_t i = 0; i < n; i++) {
		if (i)
			putc('\n', f);
		put_quoted(f, &frames[i]);
	}
	putc('"', f);
}

/* ---- JSON ---- */

void
report_joint_put(json_t *object, const char *key, json_t *value)
{
	/* jansson owns value from here, even if it has no memory for the key. */
	(void)json_object_set_new_nocheck(object, key, value);
}

json_t *
report_joint_text(const char *s)
{
	char *valid = s ? text_utf8(s, strlen(s), false) : NULL;
	json_t *json = valid ? json_string_nocheck(valid) : NULL;

	free(valid);
	return json ? json : json_null();
}

json_t *
report_joint_number(uint64_t v)
{
	/* JSON's integers in jansson are signed. */
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

json_t *
report_joint_count(const struct heap_count *c)
{
	json_t *o = json_object();

	report_joint_put(o, "blocks", report_joint_number(c->blocks));
	report_joint_put(o, "bytes", report_joint_number(c->bytes));
	return o;
}

json_t *
report_joint_json(const struct joint_frame *frames, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct stack_frame *x = &frames[i].frame;
		json_t *o = json_object();

		report_joint_put(o, "function",
				 report_joint_text(x->special ? x->special : x->function));
		report_joint_put(o, "module", report_joint_text(frames[i].module));
		report_joint_put(o, "file", report_joint_text(x->file));
		report_joint_put(o, "line",
				 x->line ? report_joint_number(x->line) : json_null());
		/* Where several places of a function stand together there is none. */
		report_joint_put(o, "offset",
				 x->special || (x->function && !x->offset)
					 ? json_null()
					 : report_joint_number(x->offset));
		report_joint_put(o, "inlined", json_boolean(x->is_inlined));
		if (x->special)
			report_joint_put(o, "special", json_true());
		if (frames[i].is_library)
			report_joint_put(o, "library", json_true());
		if (names_is_allocator(x))
			report_joint_put(o, "allocator", json_true());
		(void)json_array_append_new(array, o);
	}
	return array;
}

void
report_joint_headline(json_t *object, const struct joint_frame *frames, size_t n)
{
	const struct joint_frame *x = &frames[joint_headline_frame(frames, n)];
	char *name = name_of(x);

	report_joint_put(object, "function", report_joint_text(name));
	report_joint_put(object, "module", report_joint_text(x->module));
	free(name);
}
