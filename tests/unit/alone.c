/* alone.c -- for tests of one file of the library, what session.c has for all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base.h"
#include "thread.h"

uint64_t loss[N_LOSSES];
__thread struct thread_tls thread_tls __attribute__((tls_model("initial-exec")));
