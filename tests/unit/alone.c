/* alone.c -- for tests of one file of the library, what session.c has for all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base.h"

uint64_t loss[N_LOSSES];
