/* large.c -- programs that live on large blocks, as numeric, image and video ones do.
 *
 *     large again N      buffers of 1 to 31 MiB that come, are filled and go
 *     large realloc N    a block that grows from 1 to 256 MiB
 *     large calloc N     zeros of which little is used
 *     large vectors N    vectors of 1 to 24 MiB allocated, filled, added, freed
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MB = 1 << 20 };
static uint64_t sum;

static void
again(int i)
{
	static const int sizes[] = {1, 2, 4, 8, 9, 16, 31};
	size_t n = (size_t)sizes[i % 7] * MB;
	char *p = malloc(n);

	memset(p, i, n);
	sum += (unsigned char)p[n - 1];
	free(p);
}

static void
grow(int i)
{
	size_t n = MB, was;
	char *p = malloc(n);

	memset(p, i, n);
	while (n < 256u * MB) {
		was = n;
		n += 1 << 20;
		p = realloc(p, n);
		p[was] = (char)i;
	}
	sum += (unsigned char)p[MB - 1];
	free(p);
}

static void
zeros(int i)
{
	size_t n = (size_t)(1 + i % 4) * MB;
	char *p = calloc(1, n);

	p[(size_t)i * 4096 % n] = 1;
	sum += (unsigned char)p[(size_t)i * 4096 % n] + (unsigned char)p[n - 1];
	free(p);
}

static void
vectors(int i)
{
	size_t n = (size_t)(1 + i % 24) * MB / sizeof(double), k;
	double *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b), *c = malloc(n * sizeof *c);

	for (k = 0; k < n; k++) {
		a[k] = (double)k;
		b[k] = (double)i;
	}
	for (k = 0; k < n; k++)
		c[k] = a[k] + b[k];
	sum += (uint64_t)c[n - 1];
	free(a);
	free(b);
	free(c);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*f)(int);
	} modes[] = {{"again", again}, {"realloc", grow}, {"calloc", zeros}, {"vectors", vectors}};
	int n = argc > 2 ? atoi(argv[2]) : 0, i;
	size_t k;

	for (k = 0; k < 4 && argc > 1; k++)
		for (i = 0; i < n && strcmp(argv[1], modes[k].name) == 0; i++)
			modes[k].f(i);
	printf("%llu\n", (unsigned long long)sum);
	return 0;
}
