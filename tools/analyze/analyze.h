/* analyze.h -- what all ways of using gcprof-analyze do alike.
 *
 * In:   paths, settings.
 * Out:  models, open files, progress on a terminal.
 * Not here: options (analyze/options.h), the order of the work (analyze/main.c,
 *           compare.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ANALYZE_H
#define GCPROF_ANALYZE_H

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
struct heap *load(const char *path);

/* Opened when there is something to write.  False after a complaint. */
bool open_output(struct output *o);

/* Returns  0, or EXIT_TROUBLE if not all arrived. */
int close_output(struct output *o);

heap_progress show_progress;
void end_progress(void);

/* The program may bring suppressions; they are in force from here on. */
void adopt_suppressions(const struct settings *s, const struct heap *heap);

int worse(int a, int b);

/* The files of the command line, those of each process together; for free(3), or
 * NULL after a complaint.  look: read of which process each is. */
struct several_file *sort_files(char **paths, int n, bool look, size_t *ret_n_groups);

/* A snapshot that is there twice counts once, which is told.  Returns how many are
 * left. */
size_t drop_doubles(struct several_file *files, size_t n);

#endif
