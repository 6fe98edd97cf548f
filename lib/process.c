/* process.c -- see process.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "process.h"
#include "sys.h"

struct process process;

uint64_t loss[N_LOSSES];
const char *const loss_names[N_LOSSES] = {
	[LOSS_SHADOW] = "blocks",       [LOSS_SITES] = "sites",
	[LOSS_BIRTHS] = "births",       [LOSS_THREADS] = "threads",
	[LOSS_MODULES] = "modules",     [LOSS_MAPPINGS] = "mappings",
	[LOSS_BAD_FREES] = "bad_frees", [LOSS_MARKS] = "marks",
	[LOSS_SNAPSHOTS] = "snapshots", [LOSS_VERIFY] = "stacks",
};

int
process_number(void)
{
	return process.is_after_end ? process.pid : sys_getpid();
}

bool
process_is_own(void)
{
	return sys_getpid() == process.pid;
}
