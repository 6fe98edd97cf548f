/* stress-plugin.c -- a library that allocates, and is unloaded before its block is freed.
 *
 * Where LOADING names a descriptor, the loader is not done with it before there is
 * something to read.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <unistd.h>

void *stress_plugin_get(size_t bytes);

__attribute__((constructor)) static void
begin(void)
{
	const char *fd = getenv("LOADING");
	char byte = 0;

	if (fd && (write(atoi(fd), &byte, 1) != 1 || read(atoi(fd), &byte, 1) != 1))
		abort();
}

void *
stress_plugin_get(size_t bytes)
{
	return malloc(bytes);
}
