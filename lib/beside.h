/* beside.h -- where gcprof-analyze is.
 *
 * In:   the path by which the loader found this library.
 * Out:  the analyzer that was built or installed together with it.
 * Not here: GCPROF_ANALYZE, which goes before it (session.c).
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

/* The analyzer's absolute name; as configured, if it is not beside the library.
 * Context  any; one thread at a time. */
const char *beside_analyzer(void);

#endif
