/* main.c -- read snapshots and say what holds the memory.
 *
 * In:   options and .heap files.
 * Out:  reports on standard output or into files; exit status 0, 1 (findings
 *       at or above --fail-on) or 2 (usage, unreadable file, output error).
 * Not here: everything else; this file only knows the order of the work.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analysis.h"
#include "analyze/compare.h"
#include "analyze/io.h"
#include "analyze/shell.h"
#include "detect/alarms.h"
#include "model/heap.h"
#include "report/findings.h"
#include "util/complain.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "(not configured)"
#endif

/* ---- one snapshot ---- */

static void
write_document(const struct settings *s, const struct analysis *a, struct output *o)
{
	const struct report_source source = {
		.heap = a->heap,
		.symbols = a->symbols,
		.findings = a->findings,
		.places = a->places,
		.snapshot = a->path,
		.fails_at = analysis_fails_at(s),
		.is_first = a->is_first,
		.seen = &o->seen,
	};

	o->format->write_findings(&source, o->file.f);
}

/* Which of several, where nothing is compared from one process to another. */
static void
write_file(const struct analysis *a, const struct report_options *o, FILE *f)
{
	if (!o->no_file_names)
		fprintf(f, "File        %s\n", a->path);
	if (a->process && a->n_processes > 1 && !o->failing_only)
		fprintf(f,
			"%-11s process %zu of %zu: each is reported by itself, and not "
			"compared\n",
			o->no_file_names ? "Report" : "", a->process, a->n_processes);
}

static bool
write_report(const struct settings *s, const struct analysis *a, struct output *o)
{
	const struct report_options options = analysis_report_options(s, a, o->format);
	struct report *r;
	int failed;

	/* Of many checks nearly all: they need no names. */
	if (o->format->needs & FORMAT_TEXT && report_is_silent(&options, a->findings))
		return true;
	r = report_new(a->heap, a->symbols, a->findings, &options);
	io_end_progress();
	if (!r) {
		complain("out of memory");
		return false;
	}
	if (o->format->needs & FORMAT_TEXT) {
		if (!a->is_first && !s->report.findings_only)
			fputs("\n\n", o->file.f);
		if (a->is_one_of_many)
			write_file(a, &options, o->file.f);
	}
	failed = o->format->write(r, o->file.f);
	report_free(r);
	if (failed < 0)
		complain("out of memory");
	return !failed;
}

static void
write_suppressions(const struct analysis *a, FILE *f)
{
	for (size_t i = 0; i < a->findings->n; i++) {
		const struct finding *x = &a->findings->list[i];
		struct stack stack;

		if (strcmp(x->kind, "leak") != 0 ||
		    stack_get(a->heap, a->symbols, x->site, &stack) != 0)
			continue;
		fprintf(f, "# %s\n", x->summary);
		suppress_generate(f, a->heap, &stack, x->kinds,
				  graph_state_named(x->verdict), x->fingerprint);
		stack_free(&stack);
	}
}

static int
exit_status(const struct settings *s, const struct findings *findings)
{
	return s->fail_on != FAIL_NEVER &&
			       findings_count(findings, (enum finding_level)s->fail_on)
		       ? EXIT_FINDINGS
		       : 0;
}

static bool
write_output(const struct settings *s, const struct analysis *a, struct output *o)
{
	if (!io_open_output(o))
		return false;
	if (!o->format->write_findings) {
		o->is_broken = !write_report(s, a, o);
		return !o->is_broken;
	}
	write_document(s, a, o);
	return true;
}

static int
report(struct settings *s, const struct analysis *a)
{
	bool ok = true;

	for (int i = 0; i < s->n_outputs && ok; i++)
		ok = write_output(s, a, &s->outputs[i]);
	if (!ok)
		return EXIT_TROUBLE;
	if (s->gen_suppressions)
		write_suppressions(a, io_standard_output(s));
	return exit_status(s, a->findings);
}

static int
report_all(struct settings *s, char **paths, int n)
{
	return analysis_of_all(s, paths, n, report);
}

/* One check for alarms at each snapshot, of which every one begins anew. */
static int
watch(const struct settings *s, const char *path)
{
	struct symbols *symbols = NULL;
	struct heap *heap;
	struct alarms *w;
	char message[512];
	int n;

	w = alarms_new(&s->watch, message, sizeof(message));
	if (!w) {
		complain("--watch: %s", message);
		return EXIT_TROUBLE;
	}
	heap = io_load(path);
	if (!heap) {
		alarms_free(w);
		return EXIT_TROUBLE;
	}
	symbols = io_symbols(s, heap);
	n = alarms_check(w, heap, symbols, path);
	if (n < 0)
		complain("'%s': out of memory", path);
	symbols_free(symbols);
	heap_free(heap);
	alarms_free(w);
	return n < 0 ? EXIT_TROUBLE : n && s->fail_on != FAIL_NEVER ? EXIT_FINDINGS : 0;
}

static int
watch_all(struct settings *s, char **paths, int n)
{
	int status = 0;

	for (int i = 0; i < n; i++)
		status = io_worst(status, watch(s, paths[i]));
	return status;
}

/* Single blocks of one snapshot, instead of a report. */
static int
answer_questions(struct settings *s, char **paths, int n)
{
	struct output *o = &s->outputs[0];
	struct heap *heap;
	struct symbols *symbols = NULL;
	struct inspect *inspect = NULL;
	bool ok;

	if (n != 1) {
		complain("--block and the other questions take one snapshot, not %d", n);
		return EXIT_TROUBLE;
	}
	heap = io_load(paths[0]);
	if (!heap || !io_open_output(o)) {
		heap_free(heap);
		return EXIT_TROUBLE;
	}
	symbols = io_symbols(s, heap);
	if (!s->has_top)
		s->report.top = TEXT_TOP;
	if (!s->has_frames)
		s->report.frames = TEXT_FRAMES;
	io_adopt_suppressions(s, heap);
	inspect = inspect_new(heap, symbols, &s->detect.graph, &s->report, io_progress,
			      NULL);
	ok = inspect != NULL;
	for (int i = 0; i < s->n_questions && ok; i++) {
		if (i > 0)
			putc('\n', o->file.f);
		ok = s->questions[i].answer(inspect, s->questions[i].address, o->file.f) >=
		     0;
		io_end_progress();
	}
	if (ok && s->is_shell)
		ok = shell_run(heap, symbols, &s->report, &s->detect) == 0;
	if (!ok)
		complain("'%s': out of memory", paths[0]);
	inspect_free(inspect);
	symbols_free(symbols);
	heap_free(heap);
	return io_worst(ok ? 0 : EXIT_TROUBLE, io_close_output(o));
}

/* What is done with the files. */
typedef int way(struct settings *s, char **paths, int n);

static way *
way_of(const struct settings *s)
{
	if (s->watch.rules)
		return watch_all;
	if (s->n_questions || s->is_shell)
		return answer_questions;
	return s->diff ? compare_diff : s->merge ? compare_merge : report_all;
}

static void
write_version(FILE *f)
{
	fputs("gcprof-analyze " PACKAGE_VERSION "\n", f);
}

/* Show a text that was asked for. */
static int
answer(void (*write)(FILE *f))
{
	struct output o = {.file.f = stdout};

	write(stdout);
	return io_close_output(&o);
}

int
main(int argc, char **argv)
{
	struct settings s = {.symbols.progress = io_progress,
			     .detect.progress = io_progress};
	int status = EXIT_TROUBLE;

	complain_as("gcprof-analyze");
	signal(SIGPIPE, SIG_IGN);
	io_begin();
	switch (options_parse(&s, argc, argv)) {
	case OPTIONS_HELP:
		status = answer(options_write_help);
		break;
	case OPTIONS_FORMATS:
		status = answer(formats_write);
		break;
	case OPTIONS_VERSION:
		status = answer(write_version);
		break;
	case OPTIONS_WORK:
		status = way_of(&s)(&s, s.snapshots, s.n_snapshots);
		break;
	case OPTIONS_WRONG:
		break;
	}
	options_free(&s);
	return status;
}
