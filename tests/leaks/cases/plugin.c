/* plugin.c -- a library that holds a block in what is its own.
 *
 * SPDX-License-Identifier: MIT
 */
static __thread void *of_thread[40];
static void *of_all;

void *volatile *plugin_tls(void);
void *volatile *plugin_global(void);

void *volatile *
plugin_tls(void)
{
	return (void *volatile *)&of_thread[17];
}

void *volatile *
plugin_global(void)
{
	return (void *volatile *)&of_all;
}
