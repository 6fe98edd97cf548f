/* beside.h -- where gcprof-analyze is.
 *
 * In:   GCPROF_ANALYZE; the path by which the loader found this library.
 * Out:  the analyzer that was named, or that was built or installed together with the
 *       library; the environment that it is to have.
 * Not here: what it is run for (session.c, watch.c).
 *
 * `make install prefix=DIR`, a package's DESTDIR and a directory that was moved put the
 * library elsewhere than configure was told; what is found then must be of the same
 * version.  In this order: of a build tree, lib/.libs and tools; in ../bin; in ../../bin, for
 * lib/x86_64-linux-gnu; as configured.  tools/command/launch.c finds the library from the other side.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BESIDE_H
#define GCPROF_BESIDE_H

#include "base.h"

/* Remember where the library is: a relative path is one of the working directory that the
 * program has at its start.  Context: inside the guard. */
void beside_init(void);

/* The analyzer as `gcprof run` or the user names it, or its absolute name beside the
 * library; as configured, if it is not there.
 * Context  any; one thread at a time. */
const char *beside_analyzer(void);

/* The program's environment, but nothing preloaded; and no watches, for if we are in
 * /etc/ld.so.preload the analyzer would be watched, and its analyzer, and so on without
 * end.  Context: a child of ours. */
char *const *beside_environment(void);

#endif
