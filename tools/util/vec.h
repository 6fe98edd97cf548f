/* vec.h -- arrays that grow.
 *
 * In:   an array, how many elements it has room for, how many it is to have.
 * Out:  room, or -1.
 *
 * An array stays what it is, a pointer beside two numbers of whatever unsigned type: it can
 * stand in any struct, and be read without a word of this file.  VEC_RESERVE and VEC_PUSH
 * are macros for that reason alone; their arguments are evaluated more than once.
 *
 * Room doubles up to a mebibyte, then grows by half: what is large counts in memory, and
 * is moved by the kernel rather than copied.  Sizes that the number or size_t cannot hold
 * are no memory.  On failure all is as it was.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_VEC_H
#define GCPROF_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for `wanted` elements of so many bytes in *array, which has room for *size; zero
 * what is new if asked to.  Room for more than `most` is not given.
 * Returns  0, or -1. */
int vec_grow(void **array, uint64_t *size, size_t element, uint64_t wanted, uint64_t most,
	     bool is_zeroed);

#define VEC_GROW_(array, size, wanted, is_zeroed)                                        \
	__extension__({                                                                  \
		void *vec_array_ = (array);                                              \
		uint64_t vec_size_ = (size);                                             \
		int vec_failed_ = vec_grow(&vec_array_, &vec_size_, sizeof(*(array)),    \
					   (wanted), (__typeof__(size))-1, (is_zeroed)); \
		(array) = vec_array_;                                                    \
		(size) = (__typeof__(size))vec_size_;                                    \
		vec_failed_;                                                             \
	})

/* Room for `wanted` elements in all.  0, or -1. */
#define VEC_RESERVE(array, size, wanted)                                                 \
	((uint64_t)(wanted) <= (size) ? 0 : VEC_GROW_(array, size, wanted, false))

/* The same, and what is new is zero: room that is indexed without having been filled. */
#define VEC_RESERVE_ZEROED(array, size, wanted)                                          \
	((uint64_t)(wanted) <= (size) ? 0 : VEC_GROW_(array, size, wanted, true))

/* Append a value to n others.  0, or -1. */
#define VEC_PUSH(array, n, size, ...)                                                    \
	(VEC_RESERVE(array, size, (uint64_t)(n) + 1)                                     \
		 ? -1                                                                    \
		 : ((array)[(n)++] = (__VA_ARGS__), 0))

/* The same for short lists that keep no size: they have room for the next power of two,
 * and are grown by this only. */
#define VEC_PUSH_SHORT(array, n, ...)                                                    \
	(vec_grow_short(&(array), sizeof(*(array)), (n))                                 \
		 ? -1                                                                    \
		 : ((array)[(n)++] = (__VA_ARGS__), 0))

/* Room for one element more in a list of n.  Returns 0, or -1. */
int vec_grow_short(void *array, size_t element, uint64_t n);

#endif
