/* names.h -- all that names things: roots, and functions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_NAMES_H
#define GCPROF_NAMES_H

#include "names/function_names.h"
#include "names/root_names.h"

#endif
