/* marks.c -- see marks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "marks.h"
#include "epochs.h"

#include <string.h>

static struct mark marks[MARKS_MAX];
static uint32_t n_marks;

bool
marks_add(const char *label, uint64_t uptime_ns)
{
	uint32_t i = atomic_add(&n_marks, 1);
	size_t n = strlen(label);

	if (i >= MARKS_MAX) {
		relaxed_store(&n_marks, MARKS_MAX);
		lose(LOSS_MARKS);
		return false;
	}
	memcpy(marks[i].label, label, n < MARKS_BYTES ? n : MARKS_BYTES - 1);
	marks[i].epoch = epochs_current();
	marks[i].time_ns = uptime_ns;
	release_store(&marks[i].is_set, 1);
	return true;
}

const struct mark *
marks_get(uint32_t i)
{
	return i < MARKS_MAX && acquire_load(&marks[i].is_set) ? &marks[i] : NULL;
}
