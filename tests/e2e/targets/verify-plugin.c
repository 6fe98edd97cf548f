/* verify-plugin.c -- code that comes and goes; built with frames of several sizes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

void call_back(void (*f)(int), int depth);

void
call_back(void (*f)(int), int depth)
{
	volatile char room[FRAME_BYTES];

	room[0] = 1;
	f(depth);
	free(malloc(FRAME_BYTES));
	room[0]++;
}
