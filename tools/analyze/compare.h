/* compare.h -- --diff and --merge: one report of many snapshots.
 *
 * In:   settings and files.
 * Out:  the report in each format that was asked for; the exit status.
 * Not here: what has changed (diff.h), what is merged (merge.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_COMPARE_H
#define GCPROF_COMPARE_H

#include "analyze/options.h"

/* Both return the exit status, after a complaint if it is not what it should be. */
int compare_diff(struct settings *s, char **paths, int n);
int compare_merge(struct settings *s, char **paths, int n);

#endif
