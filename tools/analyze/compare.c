/* compare.c -- --diff and --merge: one report of many snapshots.
 *
 * In/Out: compare.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/compare.h"

#include <stdlib.h>

#include "analyze/io.h"
#include "compare/diff.h"
#include "compare/merge.h"
#include "detect/baseline.h"
#include "util/complain.h"

/* ---- what both do ---- */

/* A snapshot, for as long as it is looked at. */
struct loaded {
	struct heap *heap;
	struct symbols *symbols;
	struct findings *findings;
};

static bool
loaded_init(struct loaded *x, const struct settings *s, const char *path)
{
	*x = (struct loaded){.heap = io_load(path)};
	x->symbols = x->heap ? io_symbols(s, x->heap) : NULL;
	return x->heap != NULL;
}

static void
loaded_fini(struct loaded *x)
{
	findings_free(x->findings);
	symbols_free(x->symbols);
	heap_free(x->heap);
	*x = (struct loaded){NULL, NULL, NULL};
}

static bool
find(struct loaded *x, const struct settings *s)
{
	io_adopt_suppressions(s, x->heap);
	x->findings = findings_new(x->heap, x->symbols, &s->detect);
	return x->findings != NULL;
}

static bool
is_wanted(const struct settings *s, unsigned needs)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].format->needs & needs)
			return true;
	return false;
}

static int
out_of_memory(const char *path)
{
	io_end_progress();
	if (path)
		complain("'%s': out of memory", path);
	else
		complain("out of memory");
	return EXIT_TROUBLE;
}

/* How many rows and frames a format shows. */
static size_t
rows_of(const struct settings *s, const struct format *format)
{
	return s->has_top ? s->report.top : format->needs & FORMAT_TEXT ? TEXT_TOP : 0;
}

static size_t
frames_of(const struct settings *s)
{
	return s->has_frames ? s->report.frames : TEXT_FRAMES;
}

static int
close_all(struct settings *s)
{
	int status = 0;

	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].file.f)
			status = io_worst(status, io_close_output(&s->outputs[i]));
	return status;
}

/* ---- differences ---- */

/* In the order of time if all are of one process, else as they were named. */
static struct several_file *
order_files(char **paths, int n, size_t *ret_n)
{
	size_t n_groups = 0;
	struct several_file *files = io_sort_files(paths, n, true, &n_groups);

	*ret_n = (size_t)n;
	if (!files || n_groups == 1) {
		*ret_n = files ? io_drop_doubles(files, (size_t)n) : 0;
		return files;
	}
	for (int i = 0; i < n; i++)
		files[i] = (struct several_file){.path = paths[i]};
	return files;
}

/* What the first has is the baseline of the last. */
static int
find_new(const struct settings *s, struct loaded *x, struct baseline *baseline, size_t i,
	 size_t n)
{
	bool is_first = i == 0, is_last = i + 1 == n;

	if (s->fail_on == FAIL_NEVER || (!is_first && !is_last))
		return 0;
	if (!find(x, s))
		return -1;
	return is_first ? baseline_add(baseline, x->findings, NULL, NULL, "")
			: baseline_compare(baseline, x->findings);
}

static int
write_diff(struct settings *s, struct diff *d)
{
	for (int i = 0; i < s->n_outputs; i++) {
		struct output *o = &s->outputs[i];

		if (!io_open_output(o))
			return EXIT_TROUBLE;
		diff_list(d, rows_of(s, o->format), frames_of(s));
		o->is_broken = o->format->write_diff(d, o->file.f) != 0;
		if (o->is_broken)
			return out_of_memory(o->path);
	}
	return 0;
}

static enum diff_sort
diff_sort(const struct settings *s)
{
	switch (s->has_sort ? s->report.sort : ORDER_GROWTH) {
	case ORDER_LIVE:
		return DIFF_BY_LIVE;
	case ORDER_BLOCKS:
		return DIFF_BY_BLOCKS;
	case ORDER_ALLOCATIONS:
		return DIFF_BY_ALLOCATIONS;
	default:
		return DIFF_BY_GROWTH;
	}
}

/* Report what has come together; last is the last snapshot that could be read. */
static int
finish_diff(struct settings *s, struct differ *differ, const struct loaded *last)
{
	struct diff *d = differ_finish(differ);
	int status;

	if (!d)
		return out_of_memory(NULL);
	if (s->fail_on != FAIL_NEVER) {
		d->findings = last->findings;
		d->last = last->heap;
		d->symbols = last->symbols;
	}
	status = write_diff(s, d);
	if (s->fail_on != FAIL_NEVER && last->findings &&
	    findings_count(last->findings, (enum finding_level)s->fail_on))
		status = io_worst(status, EXIT_FINDINGS);
	return status;
}

/* Add all files; the last one that could be read is left loaded. */
static int
add_files(struct settings *s, struct differ *differ, struct baseline *baseline,
	  const struct several_file *files, size_t n, struct loaded *last,
	  size_t *ret_n_added)
{
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		struct loaded x;

		io_progress(NULL, "comparing", i, n);
		if (!loaded_init(&x, s, files[i].path)) {
			status = EXIT_TROUBLE;
			continue;
		}
		loaded_fini(last);
		*last = x;
		if (differ_add(differ, x.heap, x.symbols, files[i].path) ||
		    find_new(s, last, baseline, i, n))
			return out_of_memory(files[i].path);
		++*ret_n_added;
	}
	io_end_progress();
	return status;
}

int
compare_diff(struct settings *s, char **paths, int n)
{
	const struct diff_options options = {
		.filter = s->report.filter,
		.focus = s->report.focus,
		.ignore = s->report.ignore,
		.sort = diff_sort(s),
		.filter_text = s->filter_text,
		.with_types = is_wanted(s, FORMAT_TEXT | FORMAT_TYPES),
	};
	size_t n_files, n_added = 0;
	struct several_file *files = order_files(paths, n, &n_files);
	struct baseline *baseline = baseline_new();
	struct differ *differ = differ_new(&options);
	struct loaded last = {NULL, NULL, NULL};
	int status = EXIT_TROUBLE;

	if (!files || !baseline || !differ)
		(void)out_of_memory(NULL);
	else
		status = add_files(s, differ, baseline, files, n_files, &last, &n_added);
	if (n_added >= 2)
		status = io_worst(status, finish_diff(s, differ, &last));
	else if (files)
		complain("--diff takes two snapshots or more, and %zu could be read",
			 n_added);
	status = io_worst(n_added >= 2 ? 0 : EXIT_TROUBLE, io_worst(status, close_all(s)));
	loaded_fini(&last);
	differ_free(differ);
	baseline_free(baseline);
	free(files);
	return status;
}

/* ---- many processes ---- */

static int
write_merge(struct settings *s, struct merge *m)
{
	for (int i = 0; i < s->n_outputs; i++) {
		struct output *o = &s->outputs[i];

		if (!io_open_output(o))
			return EXIT_TROUBLE;
		merge_list(m, rows_of(s, o->format), frames_of(s));
		o->is_broken = o->format->write_merge(m, o->file.f) != 0;
		if (o->is_broken)
			return out_of_memory(o->path);
	}
	return 0;
}

/* Add the last snapshot of a process that can be read, if there is one. */
static int
add_process(struct settings *s, struct merger *merger, const struct several_file *files,
	    size_t n, bool with_findings)
{
	struct loaded x = {NULL, NULL, NULL};
	int status = 0;

	while (!x.heap && n > 0)
		if (!loaded_init(&x, s, files[--n].path))
			status = EXIT_TROUBLE;
	if (!x.heap)
		return status;
	if (with_findings && !find(&x, s))
		status = out_of_memory(files[n].path);
	else if (merger_add(merger, x.heap, x.symbols, x.findings, files[n].path))
		status = out_of_memory(files[n].path);
	if (x.findings && s->fail_on != FAIL_NEVER &&
	    findings_count(x.findings, (enum finding_level)s->fail_on))
		status = io_worst(status, EXIT_FINDINGS);
	loaded_fini(&x);
	return status;
}

int
compare_merge(struct settings *s, char **paths, int n)
{
	const struct merge_options options = {
		.filter = s->report.filter,
		.focus = s->report.focus,
		.ignore = s->report.ignore,
		.sort = s->has_sort ? s->report.sort : ORDER_LIVE,
		.filter_text = s->filter_text,
		.with_types = is_wanted(s, FORMAT_TEXT | FORMAT_TYPES),
	};
	bool with_findings = s->fail_on != FAIL_NEVER || options.with_types;
	size_t n_groups = 0;
	struct several_file *files = io_sort_files(paths, n, true, &n_groups);
	size_t n_files = files ? io_drop_doubles(files, (size_t)n) : 0;
	struct merger *merger = merger_new(&options);
	struct merge *m = NULL;
	int status = files && merger ? 0 : out_of_memory(NULL);

	for (size_t i = 0, end; i < n_files && merger; i = end) {
		for (end = i + 1; end < n_files && files[end].group == files[i].group; end++)
			;
		io_progress(NULL, "merging", i, n_files);
		status = io_worst(status, add_process(s, merger, files + i, end - i,
						      with_findings));
	}
	io_end_progress();
	if (merger && files)
		m = merger_finish(merger);
	if (merger && files && !m)
		status = out_of_memory(NULL);
	if (m && m->n == 0)
		complain("--merge: none of the snapshots could be read");
	else if (m)
		status = io_worst(status, write_merge(s, m));
	status = io_worst(status, close_all(s));
	merger_free(merger);
	free(files);
	return status;
}
