/* process.c -- see process.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "process.h"
#include "sys.h"

#include <string.h>

struct process process;

uint64_t loss[N_LOSSES];
const char *const loss_names[N_LOSSES] = {
	[LOSS_SHADOW] = "blocks",       [LOSS_SITES] = "sites",
	[LOSS_BIRTHS] = "births",       [LOSS_THREADS] = "threads",
	[LOSS_MODULES] = "modules",     [LOSS_MAPPINGS] = "mappings",
	[LOSS_BAD_FREES] = "bad_frees", [LOSS_MARKS] = "marks",
	[LOSS_SNAPSHOTS] = "snapshots", [LOSS_VERIFY] = "stacks",
};

/* As a word: an argument is any text, and a name of memfd_create any name. */
static const char *
as_word(const char *name)
{
	static char word[64];
	size_t n = 0;

	for (; *name && n + 1 < sizeof word; name++)
		word[n++] = (unsigned char)*name <= ' ' ? '_' : *name;
	word[n] = 0;
	return word;
}

/* One file may be several programs, by its links, and a script is not its interpreter.  What
 * fexecve was given has no name but what the caller says. */
static const char *
program_name(void)
{
	const char *executed = sys_executed_name();
	const char *argument = sys_base_name(sys_first_argument());
	bool is_descriptor = strncmp(executed, "/dev/fd/", 8) == 0 ||
			     strncmp(executed, "/proc/", 6) == 0;

	if (!is_descriptor && *sys_base_name(executed))
		return sys_base_name(executed);
	return as_word(*argument ? argument : sys_base_name(process.executable));
}

void
process_find_names(void)
{
	long n = sys_executable(process.executable, sizeof process.executable - 1);

	process.executable[n > 0 ? n : 0] = 0;
	process.program = program_name();
}

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
