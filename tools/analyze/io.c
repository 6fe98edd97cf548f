/* io.c -- snapshots in, reports out, and progress on a terminal.
 *
 * In/Out: io.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heapfile_read.h"
#include "names/wrappers.h"
#include "util/complain.h"
#include "util/pager.h"
#include "util/terminal.h"

/* ---- progress ---- */

static struct {
	bool is_wanted, is_shown;
	double begin, last;
} progress;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
io_begin(void)
{
	progress.is_wanted = isatty(STDERR_FILENO);
	progress.begin = now();
}

/* After the first second, ten times a second at most. */
void
io_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	double t;

	(void)arg;
	if (!progress.is_wanted || pager_is_on())
		return;
	t = now();
	if (t - progress.begin < 1 || t - progress.last < 0.1)
		return;
	progress.last = t;
	progress.is_shown = true;
	if (total)
		fprintf(stderr, "\r\033[K%s: %d %%", what,
			(int)(100.0 * (double)done / (double)total));
	else
		fprintf(stderr, "\r\033[K%s: %" PRIu64, what, done);
	fflush(stderr);
}

void
io_end_progress(void)
{
	if (progress.is_shown)
		fputs("\r\033[K", stderr);
	progress.is_shown = false;
}

/* ---- snapshots ---- */

struct heap *
io_load(const char *path)
{
	struct hf_error error;
	struct heap *heap = NULL;
	uint8_t *bytes = NULL;
	char message[256];
	size_t n;

	if (hf_read_file(path, &bytes, &n, &error) == 0)
		heap = heap_load(bytes, n, 0, io_progress, NULL, &error);
	free(bytes);
	io_end_progress();
	if (heap && heap->before_error.code)
		complain("'%s': section BEFORE: %s; it is left out", path,
			 hf_error_format(&heap->before_error, message, sizeof(message)));
	if (!heap)
		complain("'%s': %s", path,
			 hf_error_format(&error, message, sizeof(message)));
	return heap;
}

struct symbols *
io_symbols(const struct settings *s, const struct heap *heap)
{
	struct symbols *symbols = s->no_symbols ? NULL : symbols_new(heap, &s->symbols);

	if (symbols)
		symbols_prepare_by(symbols, wrappers_find);
	return symbols;
}

struct several_file *
io_sort_files(char **paths, int n, bool is_read, size_t *ret_n_groups)
{
	struct several_file *files = calloc((size_t)n, sizeof(*files));

	if (!files) {
		complain("out of memory");
		return NULL;
	}
	for (int i = 0; i < n; i++)
		if (n > 1 && is_read)
			several_identify(paths[i], &files[i]);
		else
			files[i].path = paths[i];
	*ret_n_groups = several_sort(files, (size_t)n);
	return files;
}

size_t
io_drop_doubles(struct several_file *files, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (files[i].is_double)
			complain("'%s' is the same snapshot as '%s', and was skipped",
				 files[i].path, files[i - 1].path);
	for (size_t i = 0; i < n; i++)
		if (!files[i].is_double)
			files[left++] = files[i];
	return left;
}

void
io_adopt_suppressions(const struct settings *s, const struct heap *heap)
{
	const struct heap_text *text = &heap->info.default_suppressions;

	if (suppressions_add_text(s->detect.suppressions, "__lsan_default_suppressions()",
				  text->bytes, text->n, false))
		complain("%s; the remaining suppressions are ignored",
			 s->detect.suppressions->message);
}

/* ---- output ---- */

/* Opened when the first snapshot could be read, so that a wrong name does not
 * cost an earlier report. */
bool
io_open_output(struct output *o)
{
	if (o->file.f)
		return true;
	if (!o->path) {
		o->file.f = pager_open(o->pager, io_end_progress);
		terminal_adopt(o->file.f);
	} else if (outfile_open(&o->file, o->path) != 0) {
		complain("'%s': %s", o->path, strerror(errno));
	}
	if (o->file.f && o->format && o->format->begin)
		o->format->begin(o->file.f);
	return o->file.f != NULL;
}

/* Flush, and see whether all arrived.  A reader that went away has seen what
 * it wanted: no message then, and no failure if a person left the pager. */
int
io_close_output(struct output *o)
{
	bool failed;

	if (o->format && o->format->end)
		o->format->end(o->file.f);
	report_seen_fini(&o->seen);
	failed = outfile_close(&o->file, !o->is_broken) != 0 && !pager_was_left();
	if (failed && errno != EPIPE)
		complain("'%s': %s", o->path ? o->path : "standard output",
			 errno ? strerror(errno) : "write error");
	return failed ? EXIT_TROUBLE : 0;
}

FILE *
io_standard_output(const struct settings *s)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (!s->outputs[i].path && s->outputs[i].file.f)
			return s->outputs[i].file.f;
	return stdout;
}

int
io_worst(int a, int b)
{
	return a > b ? a : b;
}
