/* vec.c -- arrays that grow.
 *
 * In/Out: vec.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/vec.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_ELEMENTS = 16,
	LARGE_BYTES = 1 << 20, /* from here on, room grows by half */
};

/* How many elements to have room for next, when n are too few.  UINT64_MAX: no number. */
static uint64_t
next_size(uint64_t n, size_t element)
{
	uint64_t more = n / 2;

	if (n < FIRST_ELEMENTS)
		return FIRST_ELEMENTS;
	if (n < LARGE_BYTES / element)
		more = n;
	return n > UINT64_MAX - more ? UINT64_MAX : n + more;
}

int
vec_grow(void **array, uint64_t *size, size_t element, uint64_t wanted, uint64_t most,
	 bool is_zeroed)
{
	uint64_t more = *size;
	char *larger;

	if (most > SIZE_MAX / element)
		most = SIZE_MAX / element;
	if (wanted > most)
		return -1;
	while (more < wanted)
		more = next_size(more, element);
	if (more > most)
		more = most;
	larger = realloc(*array, (size_t)more * element);
	if (!larger)
		return -1;
	if (is_zeroed)
		memset(larger + (size_t)*size * element, 0,
		       (size_t)(more - *size) * element);
	*array = larger;
	*size = more;
	return 0;
}

int
vec_grow_short(void *array, size_t element, uint64_t n)
{
	void *now, *larger;

	if (n & (n - 1))
		return 0;
	if (n > SIZE_MAX / element / 2)
		return -1;
	/* Pointers of any type have one representation, but may not stand for one
	 * another. */
	memcpy(&now, array, sizeof(now));
	larger = realloc(now, (n ? 2 * (size_t)n : 1) * element);
	if (!larger)
		return -1;
	memcpy(array, &larger, sizeof(larger));
	return 0;
}
