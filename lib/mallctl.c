/* mallctl.c -- see mallctl.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mallctl.h"

#include <errno.h>
#include <string.h>

int gcprof_je_mallctlnametomib(const char *, size_t *, size_t *);

enum { BACKGROUND_THREAD, OPT_TCACHE, N_ANSWERS, MAX_DEPTH = 4 };

/* All are of type bool. */
static struct {
	const char *name;
	bool is_constant;
	bool value;   /* atomic */
	size_t depth; /* atomic; of mib, which is set before; 0 = not yet known */
	size_t mib[MAX_DEPTH];
} answers[N_ANSWERS] = {
	[BACKGROUND_THREAD] = {.name = "background_thread"},
	[OPT_TCACHE] = {.name = "opt.tcache", .is_constant = true, .value = true},
};

int
mallctl_of_name(const char *name)
{
	int i;

	for (i = 0; i < N_ANSWERS; i++)
		if (strcmp(name, answers[i].name) == 0)
			return i;
	return -1;
}

int
mallctl_of_mib(const size_t *mib, size_t n)
{
	int i;

	for (i = 0; i < N_ANSWERS; i++) {
		size_t depth = acquire_load(&answers[i].depth);

		if (!depth) {
			/* Threads that do this at once write the same. */
			depth = MAX_DEPTH;
			if (gcprof_je_mallctlnametomib(answers[i].name, answers[i].mib,
						       &depth))
				continue;
			release_store(&answers[i].depth, depth);
		}
		if (n == depth && memcmp(mib, answers[i].mib, n * sizeof *mib) == 0)
			return i;
	}
	return -1;
}

int
mallctl_answer(int which, void *old, size_t *old_bytes, const void *new, size_t new_bytes)
{
	bool value = relaxed_load(&answers[which].value);

	if (answers[which].is_constant && (new || new_bytes))
		return EPERM;
	if (new &&new_bytes != sizeof value)
		return EINVAL;
	if (old && old_bytes) {
		if (*old_bytes != sizeof value) { /* as much as there is room for */
			*old_bytes = *old_bytes < sizeof value ? *old_bytes : sizeof value;
			memcpy(old, &value, *old_bytes);
			return EINVAL;
		}
		memcpy(old, &value, sizeof value);
	}
	if (new)
		relaxed_store(&answers[which].value, *(const bool *)new);
	return 0;
}
