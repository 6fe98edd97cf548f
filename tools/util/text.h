/* text.h -- words and figures that are safe to show.
 *
 * In:   any bytes, any number.
 * Out:  valid UTF-8; short figures for people.
 * Not here: where they stand in a report (report/).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TEXT_H
#define GCPROF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A heap text, or any bytes, as valid UTF-8 for free(3): U+FFFD stands for what is not, for
 * marks that turn the direction of text, for DEL and for C1 controls.
 *
 * is_terminal  also replace C0 controls, which the caller does not escape otherwise.
 */
char *text_utf8(const char *bytes, size_t n, bool is_terminal);

/* A command line, whose arguments end with NULs, as one line of UTF-8 for free(3). */
char *text_command(const char *bytes, size_t n);

/* Would a spreadsheet take a cell with this text for a formula?  An apostrophe before it
 * keeps it text.  Source: OWASP, "CSV Injection". */
bool text_is_formula(const char *s);

/* Part of a path after its last slash. */
const char *text_basename(const char *path);

/* "malloc" and the like, of enum heapfile_kind. */
const char *text_kind_name(unsigned kind);

/* What it means that something was lost: words for the name of a loss, or NULL for
 * a later version's. */
const char *text_loss_meaning(const char *name, size_t n);

/* A size with three digits or so: "12.3 MiB".  Returns buf, as does the next. */
const char *text_size(uint64_t bytes, char *buf, size_t n);

/* A count with commas: "1,234,567". */
const char *text_count(uint64_t v, char *buf, size_t n);

/* A p-value: "p < 0.001", "p = 0.012". */
const char *text_p_value(double p, char *buf, size_t n);

/* A time: "12.3 s", "5 min 2 s", "1 h 4 min". */
const char *text_duration(uint64_t ns, char *buf, size_t n);

#endif
