/* ending.c -- see ending.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ending.h"
#include "base.h"

#include <pthread.h>

static pthread_key_t key;
static bool has_key;

void
ending_init(void (*f)(void *))
{
	has_key = pthread_key_create(&key, f) == 0;
}

void
ending_watch(void)
{
	if (has_key)
		(void)pthread_setspecific(key, &key); /* low keys need no memory */
}
