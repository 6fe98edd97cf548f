/* aliases.c -- allocation functions under several names.
 *
 * OWN_MALLOC: the program's own malloc and its like, each an alias (strong, or
 * weak with WEAK) of a function with another name.  Else: wrappers of malloc
 * that have a name of their own, a strong and a weak alias; three blocks are
 * lost, one by each name.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#ifdef WEAK
#define ALIAS(of) __attribute__((weak, alias(#of)))
#else
#define ALIAS(of) __attribute__((alias(#of)))
#endif

#ifdef OWN_MALLOC
static char arena[1 << 20] __attribute__((aligned(16)));
static size_t n_used;
static int n_calls;

void *
own_malloc(size_t bytes)
{
	size_t *p = (size_t *)(arena + n_used);

	bytes = (bytes + 31) & ~(size_t)15; /* and its size before it */
	if (bytes > sizeof arena - n_used)
		return NULL;
	n_used += bytes;
	n_calls++;
	*p = bytes - 16;
	return p + 2;
}

void
own_free(void *p)
{
	n_calls += p != NULL;
}

void *
own_calloc(size_t n, size_t each)
{
	return own_malloc(n * each); /* the arena is used once */
}

void *
own_realloc(void *p, size_t bytes)
{
	void *q = own_malloc(bytes);
	size_t old = p ? ((size_t *)p)[-2] : 0;

	return q ? memcpy(q, p ? p : q, old < bytes ? old : bytes) : NULL;
}

void *malloc(size_t bytes) ALIAS(own_malloc);
void free(void *p) ALIAS(own_free);
void *calloc(size_t n, size_t each) ALIAS(own_calloc);
void *realloc(void *p, size_t bytes) ALIAS(own_realloc);

int
main(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int i;

	for (i = 0; i < 100; i++)
		fprintf(out, "%d ", i);
	fclose(out);
	text = realloc(strcat(text, "end"), n + 100);
	i = text >= arena && text < arena + sizeof arena;
	free(strdup(text));
	printf("%s %d %d\n", text, i, n_calls > 5);
	free(text);
	return 7;
}
#else
NOINLINE void *
checked_malloc(size_t bytes)
{
	void *p = malloc(bytes);

	if (p == NULL)
		abort();
	return memset(p, 1, bytes);
}

void *xmalloc(size_t bytes) __attribute__((alias("checked_malloc")));
void *library_malloc(size_t bytes) __attribute__((weak, alias("checked_malloc")));

NOINLINE static void
lose(void *(*volatile f)(size_t))
{
	char *volatile p = f(123);

	p[0] = 2;
	p = NULL;
}

/* What old calls left on the stack. */
NOINLINE static void
wipe(void)
{
	volatile char old[16384];
	size_t i;

	for (i = 0; i < sizeof old; i++)
		old[i] = 0;
}

int
main(void)
{
	lose(checked_malloc);
	lose(xmalloc);
	lose(library_malloc);
	wipe();
	puts("lost");
	return 0;
}
#endif
