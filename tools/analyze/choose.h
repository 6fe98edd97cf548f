/* choose.h -- which snapshots a report is of, where the command line leaves that open.
 *
 * In:   the files of the working directory, or of the command line.
 * Out:  those of one process: the one whose last snapshot is the latest.
 * Not here: which files belong to one process (detect/series.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CHOOSE_H
#define GCPROF_CHOOSE_H

#include <stdbool.h>

#include "detect/series.h"

/* Nobody has named a file: take those of the newest process in the working directory, or its
 * last one if is_one; say so.
 *
 * ret      ends with NULL; for choose_free().
 * Returns  how many; 0 after a complaint. */
int choose_here(bool is_one, char ***ret);

void choose_free(char **paths);

/* Of the files of several processes leave those of the newest, and say so.  Files that do not
 * say whose they are stay.
 *
 * files    as several_sort() has them.
 * Returns  how many are left; counts their processes again. */
size_t choose_newest(struct several_file *files, size_t n, size_t *n_groups);

#endif
