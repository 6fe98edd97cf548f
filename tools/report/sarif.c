/* sarif.c -- findings as SARIF 2.1.0.
 *
 * In:   struct report_source.
 * Out:  one log with a run for each snapshot.
 * Not here: the rules (kinds.def).
 *
 * What GitHub's code scanning wants beyond the standard is here as well: a
 * location for each result, in a file below the repository if there is one,
 * and a fingerprint that no two results of a run share.
 *
 * BOUND: 25,000 results of a run and 100 frames of a stack are written, which
 * is all that readers take.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "names/own_code.h"
#include "report/findings.h"
#include "report/json_stream.h"
#include "util/text.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

enum { MOST_RESULTS = 25000, MOST_FRAMES = 100 };

static json_t *
text(const char *s)
{
	char *valid = text_utf8(s, strlen(s), false);
	json_t *json = valid ? json_string_nocheck(valid) : NULL;

	free(valid);
	return json ? json : json_string("");
}

static void
put(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new_nocheck(object, key, value);
}

static void
append(json_t *array, json_t *value)
{
	(void)json_array_append_new(array, value);
}

/* {"text": ...}, which SARIF calls a message. */
static json_t *
message(const char *s)
{
	json_t *o = json_object();

	put(o, "text", text(s));
	return o;
}

/* A path as a URI: relative ones stay so, others become file: ones. */
static json_t *
uri(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/+,=@";
	char *to, *buf = malloc(strlen(path) * 3 + 8);
	json_t *json;

	if (!buf)
		return json_string("");
	to = buf;
	if (*path == '/')
		to = stpcpy(to, "file://");
	for (const char *p = path; *p; p++)
		if (strchr(plain, *p))
			*to++ = *p;
		else
			to += snprintf(to, 4, "%%%02X", (unsigned char)*p);
	*to = '\0';
	json = json_string(buf);
	free(buf);
	return json ? json : json_string("");
}

/* ---- locations ---- */

/* Without a source the module is the file that there is; or the program, as nobody looks for
 * a fault in the C library.  For free(3), or NULL. */
static char *
module_path(const struct report_source *s, const struct stack_frame *frame)
{
	const struct heap_text *program = &s->heap->info.executable;

	if (frame->module && !stack_is_runtime(s->heap, frame))
		return places_path(s->places, s->heap->modules[frame->module].path.bytes);
	return places_path(s->places, program->n ? program->bytes : "unknown");
}

static json_t *
logical_locations(const char *function)
{
	json_t *array = json_array(), *o = json_object();

	put(o, "fullyQualifiedName", text(function));
	put(o, "kind", json_string("function"));
	append(array, o);
	return array;
}

static json_t *
location(const struct report_source *s, const struct stack_frame *frame)
{
	json_t *o = json_object(), *physical = json_object(), *artifact = json_object();
	bool is_source = own_code_has_source(s->heap, frame);
	char *path =
		is_source ? places_path(s->places, frame->file) : module_path(s, frame);
	char *words = NULL;
	size_t n;
	FILE *f = open_memstream(&words, &n);

	put(artifact, "uri", uri(path ? path : "unknown"));
	put(physical, "artifactLocation", artifact);
	if (is_source && frame->line) {
		json_t *region = json_object();

		put(region, "startLine", json_integer(frame->line));
		put(physical, "region", region);
	}
	put(o, "physicalLocation", physical);
	if (f) {
		places_put_frame(s->places, f, s->heap, frame);
		fclose(f);
	}
	put(o, "message", message(words ? words : ""));
	if (frame->function)
		put(o, "logicalLocations", logical_locations(frame->function));
	free(words);
	free(path);
	return o;
}

/* From the outermost call to the allocation: the way that the program took through its
 * sources, of which there is one frame at least. */
static json_t *
code_flow(const struct report_source *s, const struct stack *stack)
{
	json_t *flow = json_object(), *threads = json_array(), *thread = json_object();
	json_t *locations = json_array();
	size_t n = stack->n < MOST_FRAMES ? stack->n : MOST_FRAMES;

	for (size_t i = n; i > 0; i--) {
		json_t *o;

		if (!own_code_has_source(s->heap, &stack->frames[i - 1]))
			continue;
		o = json_object();
		put(o, "location", location(s, &stack->frames[i - 1]));
		append(locations, o);
	}
	put(thread, "locations", locations);
	append(threads, thread);
	put(flow, "threadFlows", threads);
	return flow;
}

static void
append_flow(const struct report_source *s, json_t *flows, const struct stack *stack)
{
	for (size_t i = 0; i < stack->n && i < MOST_FRAMES; i++)
		if (own_code_has_source(s->heap, &stack->frames[i])) {
			append(flows, code_flow(s, stack));
			return;
		}
}

static void
put_stacks(const struct report_source *s, const struct finding *x, json_t *o)
{
	json_t *locations = json_array(), *flows = json_array();
	struct stack stack;

	put(o, "locations", locations);
	put(o, "codeFlows", flows);
	if (stack_get(s->heap, s->symbols, x->site, &stack) == 0) {
		append(locations,
		       location(s, &stack.frames[places_blame(s->heap, &stack)]));
		append_flow(s, flows, &stack);
		stack_free(&stack);
	}
	if (x->alloc_site && stack_get(s->heap, s->symbols, x->alloc_site, &stack) == 0) {
		json_t *related = json_array(),
		       *where = location(s, &stack.frames[places_blame(s->heap, &stack)]);

		put(where, "message", message("allocated here"));
		append(related, where);
		put(o, "relatedLocations", related);
		append_flow(s, flows, &stack);
		stack_free(&stack);
	}
}

/* ---- results ---- */

/* SARIF's word for a finding's novelty; NULL = there was no baseline. */
static const char *
baseline_state(const struct finding *x)
{
	static const char *const words[] = {
		[FINDING_UNCOMPARED] = NULL,
		[FINDING_NEW] = "new",
		[FINDING_GROWN] = "updated",
		[FINDING_KNOWN] = "unchanged",
	};

	return words[x->novelty];
}

static json_t *
finding_message(const struct report_source *s, const struct finding *x)
{
	char *all = NULL;
	json_t *json;
	size_t n;
	FILE *f = open_memstream(&all, &n);

	if (f) {
		report_put_reason(s, x, " ", f);
		fclose(f);
	}
	json = message(all ? all : x->summary);
	free(all);
	return json;
}

static json_t *
fingerprints(const char *identity)
{
	json_t *o = json_object();

	put(o, "primaryLocationLineHash", json_string(identity));
	put(o, "gcprof/v1", json_string(identity));
	return o;
}

static json_t *
properties(const struct report_source *s, const struct finding *x)
{
	struct heap_count whole = finding_whole(x);
	json_t *o = json_object();

	put(o, "blocks", json_integer((json_int_t)whole.blocks));
	put(o, "bytes", json_integer((json_int_t)whole.bytes));
	put(o, "indirectBlocks", json_integer((json_int_t)x->indirect.blocks));
	put(o, "indirectBytes", json_integer((json_int_t)x->indirect.bytes));
	put(o, "confidence", json_real(x->confidence));
	put(o, "program", text(report_program(s)));
	return o;
}

static json_t *
result(const struct report_source *s, const struct finding *x, const char *identity)
{
	json_t *o = json_object();
	char id[64];

	snprintf(id, sizeof(id), "gcprof/%s", finding_kinds[x->id].rule);
	put(o, "ruleId", json_string(id));
	put(o, "ruleIndex", json_integer(x->id));
	put(o, "level", json_string(finding_level_name(x->level)));
	put(o, "message", finding_message(s, x));
	put(o, "rank", json_real(x->confidence * 100));
	put_stacks(s, x, o);
	put(o, "partialFingerprints", fingerprints(identity));
	if (baseline_state(x))
		put(o, "baselineState", json_string(baseline_state(x)));
	put(o, "properties", properties(s, x));
	return o;
}

/* ---- the log ---- */

static json_t *
rules(void)
{
	json_t *array = json_array();

	for (size_t i = 0; i < FINDING_N_KINDS; i++) {
		const struct finding_kind *r = &finding_kinds[i];
		json_t *o = json_object(), *configuration = json_object();
		char id[64];

		snprintf(id, sizeof(id), "gcprof/%s", r->rule);
		put(o, "id", json_string(id));
		put(o, "name", text(r->title));
		put(o, "shortDescription", message(r->title));
		put(o, "fullDescription", message(r->help));
		put(o, "help", message(r->help));
		put(configuration, "level", json_string(finding_level_name(r->level)));
		put(o, "defaultConfiguration", configuration);
		append(array, o);
	}
	return array;
}

static json_t *
tool(void)
{
	json_t *o = json_object(), *driver = json_object();

	put(driver, "name", json_string("gcprof"));
	put(driver, "version", json_string(PACKAGE_VERSION));
	put(driver, "rules", rules());
	put(o, "driver", driver);
	return o;
}

void
report_begin_sarif(FILE *f)
{
	fputs("{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
	      "\"version\": \"2.1.0\",\n\"runs\": [",
	      f);
}

/* By which several runs of one tool in a document are told apart; the last part, of the run
 * itself, is empty.  Source: SARIF 2.1.0, 3.17.3. */
static void
put_category(const struct report_source *s, FILE *f)
{
	uint32_t n = s->seen ? ++s->seen->n_reports : 1;
	char number[16] = "", id[300];
	json_t *o = json_object();

	if (n > 1)
		snprintf(number, sizeof(number), ".%" PRIu32, n);
	snprintf(id, sizeof(id), "gcprof/%.255s%s/", report_program(s), number);
	put(o, "id", text(id));
	fputs(",\n\"automationDetails\": ", f);
	json_stream_value(f, o);
}

void
report_write_sarif(const struct report_source *s, FILE *f)
{
	size_t n = s->findings->n < MOST_RESULTS ? s->findings->n : MOST_RESULTS;
	size_t *nth = report_count_same(s->findings), n_written = 0;

	fprintf(f, "%s\n{\"tool\": ", s->is_first ? "" : ",");
	json_stream_value(f, tool());
	put_category(s, f);
	fputs(",\n\"results\": [", f);
	for (size_t i = 0; nth && i < n && !ferror(f); i++) {
		const struct finding *x = &s->findings->list[i];
		char identity[REPORT_IDENTITY];

		report_put_identity(x, nth[i], identity);
		if (report_is_again(s, identity))
			continue;
		fputs(n_written++ ? ",\n" : "\n", f);
		json_stream_value(f, result(s, x, identity));
	}
	fputs("]}", f);
	free(nth);
}

void
report_end_sarif(FILE *f)
{
	fputs("\n]}\n", f);
}
