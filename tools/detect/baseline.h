/* baseline.h -- findings of an earlier run, so that only what is new counts.
 *
 * In:   a JSON file of an earlier run; findings of this one.
 * Out:  findings marked as new, grown or known; such a file.
 * Not here: what a fingerprint is made of (detect.c).
 *
 * The file: {"schema": "gcprof-baseline/1", "findings": [{"fingerprint",
 * "what", "blocks", "bytes", "summary"} ...]}, by fingerprint, one a line, so
 * that it can be kept under version control.  Findings with one fingerprint are
 * one entry with their sums; of several snapshots the largest sum is kept.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BASELINE_H
#define GCPROF_BASELINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "detect/detect.h"

struct baseline;

/* An empty one; NULL: no memory. */
struct baseline *baseline_new(void);

/* One from a file.
 * Returns it, or NULL with what is wrong in message. */
struct baseline *baseline_load(const char *path, char *message, size_t n);

void baseline_free(struct baseline *b);

/* Mark each finding by what the baseline has of it; the known become notes.
 * 0, or -1: no memory. */
int baseline_compare(const struct baseline *b, struct findings *findings);

/* What people know a finding by; texts for free(3), or NULL: not known. */
struct baseline_place {
	char *function, *file;
};
typedef struct baseline_place baseline_name(void *arg, const struct finding *f);

/* Add what was found in one snapshot.
 *
 * name     of each finding, for who reads the file; NULL: it is not to be written.
 * program  whose snapshot it is.
 * Returns  0, or -1: no memory. */
int baseline_add(struct baseline *b, const struct findings *findings, baseline_name *name,
		 void *arg, const char *program);

/* A line for each finding, in the order of files and functions, so that a change of the file can
 * be read.  Errors are in the stream: ferror(). */
void baseline_write(const struct baseline *b, FILE *f);

#endif
