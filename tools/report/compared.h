/* compared.h -- stacks of joined sites, as reports of several snapshots write them.
 *
 * In:   frames, innermost first.
 * Out:  a stack in text, folded, in a table, in JSON.
 * Not here: the reports (report/diff_text.c, report/merge_text.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_REPORT_JOINT_H
#define GCPROF_REPORT_JOINT_H

#include <stdio.h>

#include <jansson.h>

#include "compare/cross_index.h"

/* Lines of text, `most` of them and then a hint; 0 = all, and those outside of main. */
void report_joint_stack(FILE *f, const struct joint_frame *frames, size_t n, size_t most);

/* "outermost;...;innermost" */
void report_joint_folded(FILE *f, const struct joint_frame *frames, size_t n);

/* Two quoted cells: the function, the stack. */
void report_joint_csv(FILE *f, const struct joint_frame *frames, size_t n);

/* An array of frames, with the keys that a report of one snapshot has; "library" and
 * "allocator" (another name for malloc) where they are true. */
json_t *report_joint_json(const struct joint_frame *frames, size_t n);

/* Function and module of the frame of its headline, into an object. */
void report_joint_headline(json_t *object, const struct joint_frame *frames, size_t n);

/* Pieces of JSON. */
json_t *report_joint_text(const char *s); /* null if it is NULL */
json_t *report_joint_number(uint64_t v);
json_t *report_joint_count(const struct heap_count *c);

/* Put a value, which is taken over, under a key. */
void report_joint_put(json_t *object, const char *key, json_t *value);

#endif
