/* io.h -- what all ways of using gcprof-analyze do alike: snapshots in, reports out.
 *
 * In:   paths, settings.
 * Out:  models, open files, progress on a terminal.
 * Not here: options (analyze/options.h), the order of the work (analyze/main.c,
 *           compare.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_IO_H
#define GCPROF_IO_H

#include "analyze/options.h"
#include "detect/series.h"
#include "model/heap.h"

enum { EXIT_FINDINGS = 1, EXIT_TROUBLE = 2 };

/* What text shows unless it was asked for more. */
enum {
	TEXT_TOP = 10,
	TEXT_FRAMES = 12,
};

/* A model for heap_free(), or NULL after a complaint. */
struct heap *io_load(const char *path);

/* Names for a model, with what stands for malloc marked; for symbols_free().  NULL: there are
 * to be none, or there is no memory. */
struct symbols *io_symbols(const struct settings *s, const struct heap *heap);

/* Opened when there is something to write.  False after a complaint. */
bool io_open_output(struct output *o);

/* Returns  0, or EXIT_TROUBLE if not all arrived. */
int io_close_output(struct output *o);

/* Where the report on standard output goes, and what else is to be read there. */
FILE *io_standard_output(const struct settings *s);

/* Call it once, before all else: it is then that progress begins. */
void io_begin(void);

heap_progress io_progress;
void io_end_progress(void);

/* The program may bring suppressions; they are in force from here on. */
void io_adopt_suppressions(const struct settings *s, const struct heap *heap);

/* Of two exit statuses the one that counts. */
int io_worst(int a, int b);

/* The files of the command line, those of each process together if their heads are read;
 * for free(3), or NULL after a complaint. */
struct several_file *io_sort_files(char **paths, int n, bool is_read, size_t *ret_n_groups);

/* A snapshot that is there twice counts once, after a complaint.  Returns how many are
 * left. */
size_t io_drop_doubles(struct several_file *files, size_t n);

#endif
