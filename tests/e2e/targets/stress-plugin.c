/* stress-plugin.c -- a library that allocates, and is unloaded before its block is freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

void *stress_plugin_get(size_t bytes);

void *
stress_plugin_get(size_t bytes)
{
	return malloc(bytes);
}
