/* target.h -- can this program be profiled by preloading a library?
 *
 * In:   the name of a program, as given to `gcprof run`.
 * Out:  the file that it names, and the reason if the dynamic linker would
 *       not load libgcprof.so into it.
 * Not here: running it (command/main.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TARGET_H
#define GCPROF_TARGET_H

#include <stddef.h>

/* Find the file that execvp would run.
 *
 * ret_path  room for PATH_MAX bytes.
 * Returns   0; -ENOENT, -EACCES and the like where execvp would fail so.
 */
int target_find(const char *command, char *ret_path);

/* Why the dynamic linker would not preload anything into a program.
 *
 * A script is judged by its interpreter.  What cannot be told, a file that
 * cannot be read for one, is taken for profilable.
 *
 * ret_why  one sentence, without a name and a full stop; untouched if the
 *          program can be profiled.
 * Returns  0 if it can be profiled, else -1.
 */
int target_check(const char *path, char *ret_why, size_t why_bytes);

#endif
