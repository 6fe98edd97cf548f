/* findings.c -- findings as JUnit XML and as GitHub's annotations.
 *
 * In:   struct report_source.
 * Out:  XML; lines for GitHub Actions.
 * Not here: SARIF (report/sarif.c).
 *
 * Neither format has a standard.  JUnit is what the readers of CI systems agree
 * on: they do not all show the attributes of a failure, so its text repeats
 * them; and a rule without a finding is a test case that passed, so that a run
 * without findings is seen to have run.  An annotation ends with its line, so
 * ends of lines and what begins a property are escaped as the runner wants it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

/* ---- texts of a finding ---- */

/* Call write with a stream whose text is then given back, for free(3). */
#define TO_TEXT(f, text, statements)                                                     \
	do {                                                                             \
		size_t to_text_n;                                                        \
		FILE *f = open_memstream(&(text), &to_text_n);                           \
		if (f) {                                                                 \
			statements;                                                      \
			if (fclose(f) != 0) {                                            \
				free(text);                                              \
				(text) = NULL;                                           \
			}                                                                \
		}                                                                        \
	} while (0)

static void
put_stack(const struct report_source *s, FILE *f, uint32_t node)
{
	struct stack stack;

	if (stack_get(s->heap, s->symbols, node, &stack) != 0)
		return;
	for (size_t i = 0; i < stack.n; i++) {
		fputs("    ", f);
		places_put_frame(s->places, f, s->heap, &stack.frames[i]);
		fputc('\n', f);
	}
	stack_free(&stack);
}

/* Summary, evidence and stacks. */
static void
put_finding(const struct report_source *s, FILE *f, const struct finding *x)
{
	fprintf(f, "%s%s\n", x->novelty == FINDING_KNOWN ? "(known) " : "", x->summary);
	for (size_t i = 0; i < x->n_evidence; i++)
		fprintf(f, "%s\n", x->evidence[i]);
	if (x->advice)
		fprintf(f, "%s\n", x->advice);
	put_stack(s, f, x->site);
	if (x->alloc_site) {
		fputs("allocated at\n", f);
		put_stack(s, f, x->alloc_site);
	}
}

/* The function to blame, its file and line; file may be NULL. */
struct blame {
	char *function, *file;
	unsigned line;
};

static struct blame
blame(const struct report_source *s, const struct finding *x)
{
	struct blame b = {NULL, NULL, 0};
	const struct stack_frame *frame;
	struct stack stack;

	if (stack_get(s->heap, s->symbols, x->site, &stack) != 0)
		return b;
	frame = &stack.frames[places_blame(s->heap, &stack)];
	if (frame->file)
		b.file = places_path(s->places, frame->file);
	b.line = frame->line;
	if (frame->function)
		b.function = strdup(frame->function);
	else
		TO_TEXT(f, b.function, places_put_frame(s->places, f, s->heap, frame));
	stack_free(&stack);
	return b;
}

static void
blame_free(struct blame *b)
{
	free(b->function);
	free(b->file);
}

/* ---- JUnit ---- */

/* Text and attributes of XML 1.0: no control characters but tab and ends of
 * lines, and neither U+FFFE nor U+FFFF, not even escaped. */
static void
put_xml(FILE *f, const char *bytes)
{
	char *text = text_utf8(bytes, strlen(bytes), false);

	for (const char *p = text; p && *p; p++)
		if (*p == '&')
			fputs("&amp;", f);
		else if (*p == '<')
			fputs("&lt;", f);
		else if (*p == '>')
			fputs("&gt;", f);
		else if (*p == '"')
			fputs("&quot;", f);
		else if (strncmp(p, "\xef\xbf\xbe", 3) == 0 ||
			 strncmp(p, "\xef\xbf\xbf", 3) == 0)
			fputs("\xef\xbf\xbd", f), p += 2;
		else if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			fputs("\xef\xbf\xbd", f);
		else
			fputc(*p, f);
	free(text);
}

static bool
is_failure(const struct report_source *s, const struct finding *x)
{
	return x->novelty != FINDING_KNOWN && x->level <= s->fails_at;
}

static void
write_case(const struct report_source *s, FILE *f, const struct finding *x)
{
	const struct finding_kind *rule = &finding_kinds[x->id];
	bool fails = is_failure(s, x);
	struct blame b = blame(s, x);
	char *text = NULL;

	TO_TEXT(t, text, put_finding(s, t, x));
	fprintf(f, "    <testcase classname=\"gcprof.%s\" name=\"", rule->rule);
	if (b.file) {
		put_xml(f, b.file);
		fprintf(f, ":%u: ", b.line);
	}
	put_xml(f, b.function ? b.function : "unknown place");
	fprintf(f, " [%s]\">\n", x->fingerprint);
	if (fails) {
		fprintf(f, "      <failure type=\"%s\" message=\"", rule->rule);
		put_xml(f, x->summary);
		fputs("\">", f);
	} else {
		fputs("      <system-out>", f);
	}
	fprintf(f, "%s: ", finding_level_name(x->level));
	put_xml(f, text ? text : x->summary);
	fputs(fails ? "</failure>\n" : "</system-out>\n", f);
	fputs("    </testcase>\n", f);
	free(text);
	blame_free(&b);
}

void
report_begin_junit(FILE *f)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "
	      "name=\"gcprof\">\n",
	      f);
}

void
report_write_junit(const struct report_source *s, FILE *f)
{
	size_t n_tests = s->findings->n, n_failures = 0;
	bool is_hit[FINDING_N_KINDS] = {false};

	for (size_t i = 0; i < s->findings->n; i++) {
		n_failures += is_failure(s, &s->findings->list[i]);
		is_hit[s->findings->list[i].id] = true;
	}
	for (size_t i = 0; i < FINDING_N_KINDS; i++)
		n_tests += !is_hit[i];
	/* The same in each run, so that its history can be followed: no name of a file
	 * that a run makes for itself. */
	fputs("  <testsuite name=\"gcprof ", f);
	put_xml(f, s->heap->info.executable.n
			   ? text_basename(s->heap->info.executable.bytes)
			   : s->snapshot);
	fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
		n_tests, n_failures);
	for (size_t i = 0; i < FINDING_N_KINDS; i++)
		if (!is_hit[i])
			fprintf(f,
				"    <testcase classname=\"gcprof.%s\" name=\"none\"/>\n",
				finding_kinds[i].rule);
	for (size_t i = 0; i < s->findings->n && !ferror(f); i++)
		write_case(s, f, &s->findings->list[i]);
	fputs("  </testsuite>\n", f);
}

void
report_end_junit(FILE *f)
{
	fputs("</testsuites>\n", f);
}

/* ---- GitHub ---- */

/* A message, or a property, which also ends at commas and colons. */
static void
put_escaped(FILE *f, const char *bytes, bool is_property)
{
	char *text = text_utf8(bytes, strlen(bytes), false);

	for (const char *p = text; p && *p; p++)
		if (*p == '%' || *p == '\r' || *p == '\n' ||
		    (is_property && (*p == ':' || *p == ',')))
			fprintf(f, "%%%02X", (unsigned char)*p);
		else if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			fputs("\xef\xbf\xbd", f); /* a log is read on terminals, too */
		else
			fputc(*p, f);
	free(text);
}

void
report_write_github(const struct report_source *s, FILE *f)
{
	static const char *const commands[] = {"error", "warning", "notice"};

	for (size_t i = 0; i < s->findings->n && !ferror(f); i++) {
		const struct finding *x = &s->findings->list[i];
		struct blame b = blame(s, x);
		char *text = NULL;
		size_t n;

		TO_TEXT(t, text, put_finding(s, t, x));
		fprintf(f, "::%s ", commands[x->level]);
		if (b.file) {
			fputs("file=", f);
			put_escaped(f, b.file, true);
			fprintf(f, ",line=%u,", b.line ? b.line : 1);
		}
		fprintf(f, "title=gcprof%%3A %s::", x->what);
		n = text ? strlen(text) : 0;
		if (n && text[n - 1] == '\n')
			text[n - 1] = '\0';
		put_escaped(f, text ? text : x->summary, false);
		fputc('\n', f);
		free(text);
		blame_free(&b);
	}
}
