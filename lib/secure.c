/* secure.c -- see secure.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "secure.h"

#include <elf.h>
#include <string.h>

bool
secure_is_on(char *const *environment)
{
	const Elf64_auxv_t *v;
	char *const *end = environment;

	if (!end)
		return true;
	while (*end)
		end++;
	/* The loader, or a constructor, that took variables out has moved those behind
	 * them, and left a NULL in more than one place.  No entry's first word is one:
	 * AT_NULL is the last. */
	while (!*end)
		end++;
	for (v = (const void *)end; v->a_type != AT_NULL; v++)
		if (v->a_type == AT_SECURE)
			return v->a_un.a_val != 0;
	return true;
}

void
secure_clean(char **environment)
{
	char **to = environment, **from;

	for (from = environment; from && *from; from++)
		if (strncmp(*from, "GCPROF_", 7) != 0)
			*to++ = *from;
	if (to)
		*to = NULL;
}
