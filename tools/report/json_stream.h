/* json_stream.h -- JSON written piece by piece, without a tree of all of it.
 *
 * In:   values of jansson, texts.
 * Out:  bytes on a stream.  Errors are in the stream: ferror().
 * Not here: what is written (json.c, sarif.c, diff_json.c, ...).
 *
 * What there is one of, or one item of a list, is a value of jansson: small, and put
 * together in whatever order it is found out.  Lists that grow with the program (sites,
 * findings, types, frames, strings) are written item by item: as one tree, each number
 * would take some 50 bytes besides its key, and a report of 100,000 findings with their
 * stacks gigabytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_JSON_STREAM_H
#define GCPROF_JSON_STREAM_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* Write a value and let it go; NULL, as memory was short, is null. */
void json_stream_value(FILE *f, json_t *value);

/* Write a text, valid UTF-8, as a string; NULL is the empty one. */
void json_stream_text(FILE *f, const char *text);

/* Before each item of a list but for the first: a comma and the end of the line.  After
 * the bracket that opens it, nothing.  *has_begun is false at first. */
void json_stream_next(FILE *f, bool *has_begun);

#endif
