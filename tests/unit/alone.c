/* alone.c -- for tests of one file of the library, what others have for all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "aside.h"
#include "base.h"
#include "thread.h"

uint64_t loss[N_LOSSES];
__thread struct thread_tls thread_tls __attribute__((tls_model("initial-exec")));

bool
aside_is_switch(uintptr_t pc)
{
	(void)pc;
	return false;
}
