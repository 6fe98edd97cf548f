/* missing_names.c -- see missing_names.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/missing_names.h"

#include <stdlib.h>
#include <string.h>

#include "names/own_code.h"
#include "names/stacks.h"
#include "names/symbolize.h"
#include "report/columns.h"
#include "util/text.h"

/* " (build-id 0123...)", or "". */
static const char *
build_id_words(const struct heap_text *id, char *buf, size_t bytes)
{
	size_t n = (size_t)snprintf(buf, bytes, " (build-id ");

	for (size_t i = 0; i < id->n && n + 4 < bytes; i++)
		n += (size_t)snprintf(buf + n, bytes - n, "%02x",
				      (unsigned char)id->bytes[i]);
	(void)snprintf(buf + n, bytes - n, ")");
	return id->n ? buf : "";
}

static void
put_no_file(FILE *f, const char *name, const char *id, bool is_changed)
{
	if (is_changed)
		fprintf(f,
			"%s has been built anew since the snapshot: --sysroot=DIR says "
			"where "
			"the old file is%s.",
			name, id);
	else
		fprintf(f,
			"%s is not there: --sysroot=DIR or --debug-dir=DIR says where "
			"it, or "
			"its debug file, is%s.",
			name, id);
}

static void
put_gap(FILE *f, const char *name, const char *id, enum symbols_gap gap, bool is_systems)
{
	switch (gap) {
	case SYMBOLS_ZSTD:
		fprintf(f,
			"%s has debug information that is compressed by zstd, which this "
			"libdw cannot read: objcopy --decompress-debug-sections.",
			name);
		return;
	case SYMBOLS_SPLIT:
		fprintf(f,
			"%s has split debug information, whose .dwo files are not where "
			"it "
			"was built, or are packed as .dwp, which this libdw cannot read: "
			"keep "
			"the .dwo files, or build without -gsplit-dwarf.",
			name);
		return;
	default:
		break;
	}
	fprintf(f, "%s %s: ", name,
		gap == SYMBOLS_STRIPPED ? "has no symbols" : "has no debug information");
	if (is_systems)
		fprintf(f,
			"install its debug package, or set DEBUGINFOD_URLS to the "
			"distribution's server%s.",
			id);
	else
		fprintf(f, "build it with -g%s.",
			gap == SYMBOLS_STRIPPED ? ", and do not strip it" : "");
}

/* A sentence for free(3); NULL: nothing is missing that somebody could give. */
static char *
sentence(const struct report *r, uint32_t module)
{
	const struct heap_module *m = &r->heap->modules[module];
	enum symbols_state state = symbols_module_state(r->symbols, module);
	enum symbols_gap gap = symbols_module_gap(r->symbols, module);
	char buf[160], *text = NULL, *name;
	const char *id = build_id_words(&m->build_id, buf, sizeof(buf));
	bool is_there = state == SYMBOLS_FOUND || state == SYMBOLS_UNVERIFIED;
	size_t n;
	FILE *f;

	if (state == SYMBOLS_UNUSED || (is_there && gap == SYMBOLS_NO_GAP))
		return NULL;
	name = text_utf8(text_basename(m->path.bytes),
			 strlen(text_basename(m->path.bytes)), true);
	f = name ? open_memstream(&text, &n) : NULL;
	if (f && is_there)
		put_gap(f, name, id, gap, own_code_is_systems(m->path.bytes));
	else if (f)
		put_no_file(f, name, id, state == SYMBOLS_CHANGED);
	if (f && fclose(f) != 0) {
		free(text);
		text = NULL;
	}
	free(name);
	return text;
}

void
missing_names_write(struct missing_names *m, const struct report *r, uint32_t site,
		    size_t column, FILE *f)
{
	const struct stack_frame *frame;
	uint32_t module = 0;
	struct stack s;
	char *text;

	if (!r->symbols || stack_get(r->heap, r->symbols, site, &s) != 0)
		return;
	if (s.n) {
		frame = &s.frames[own_code_first(r->heap, &s)];
		module = frame->file ? 0 : frame->module;
	}
	stack_free(&s);
	if (!m->is_said)
		m->is_said = calloc((size_t)r->heap->n_modules + 1, sizeof(*m->is_said));
	if (!module || !m->is_said || m->is_said[module])
		return;
	m->is_said[module] = true;
	text = sentence(r, module);
	if (text)
		layout_sentence(f, text, column);
	free(text);
}

void
missing_names_fini(struct missing_names *m)
{
	free(m->is_said);
	m->is_said = NULL;
}
