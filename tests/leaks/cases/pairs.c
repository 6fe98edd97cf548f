/* pairs.c -- twenty ways to lose a block, each beside the way that does not.
 *
 * "name" loses, "name-clean" frees all it allocates or keeps it on purpose.
 *
 * SPDX-License-Identifier: MIT
 */
#include "case.h"

#include <ctype.h>
#include <stdbool.h>
#include <wchar.h>

static volatile bool yes = true, no;
static volatile int five = 5;
static void *volatile kept;

static void
never(bool is_clean)
{
	char *p = malloc(50);

	strcpy(p, "never freed");
	if (is_clean)
		free(p);
}

static void
branch(bool is_clean)
{
	char *p = calloc(5, 10);

	if (no || is_clean)
		free(p);
}

static void
early(bool is_clean)
{
	char *p = malloc(40);

	if (yes) {
		if (is_clean)
			free(p);
		return;
	}
	free(p);
}

static void
loop(bool is_clean)
{
	char *p = NULL;
	int i;

	for (i = 0; i < five; i++) {
		if (is_clean)
			free(p);
		p = malloc(10);
		p[0] = (char)i;
	}
	free(p);
}

static void
overwrite(bool is_clean)
{
	char *volatile p = malloc(30);

	if (is_clean)
		free(p);
	p = malloc(31);
	free(p);
}

static void
grow(bool is_clean)
{
	char *p = malloc(20), *q = realloc(p, 2000);

	q[1999] = 1;
	if (is_clean)
		free(q);
}

static void
copy(bool is_clean)
{
	char *p = strdup("a copy of text");

	p[0] = (char)toupper((unsigned char)p[0]);
	if (is_clean)
		free(p);
}

static void
part(bool is_clean)
{
	char *p = strndup("the first part", (size_t)five + 4);

	if (is_clean)
		free(p);
}

static void
wide(bool is_clean)
{
	wchar_t *p = malloc(15 * sizeof *p);

	wcscpy(p, L"wide");
	if (is_clean)
		free(p);
}

static NOINLINE char *
made(size_t n)
{
	return malloc(n);
}

static void
result(bool is_clean)
{
	char *p = made(64);

	if (is_clean)
		free(p);
}

static NOINLINE void
fill(char **ret)
{
	*ret = malloc(65);
}

static void
argument(bool is_clean)
{
	char *p;

	fill(&p);
	if (is_clean)
		free(p);
}

struct pair {
	char *name, *value;
};

static void
members(bool is_clean)
{
	struct pair *p = malloc(sizeof *p);

	p->name = malloc(12);
	p->value = malloc(13);
	if (is_clean) {
		free(p->name);
		free(p->value);
	}
	free(p);
}

static void
one_member(bool is_clean)
{
	struct pair p = {malloc(14), malloc(15)};

	free(p.name);
	if (is_clean)
		free(p.value);
}

static void
rows(bool is_clean)
{
	char **row = malloc(4 * sizeof *row);
	int i;

	for (i = 0; i < 4; i++)
		row[i] = malloc(100);
	for (i = 0; i < 4 && is_clean; i++)
		free(row[i]);
	if (is_clean)
		free(row);
	row = NULL;
}

static void
stepped(bool is_clean)
{
	char *p = malloc(21), *at = p;

	for (*at = 'x'; at < p + 5;)
		*++at = 'y';
	if (is_clean)
		free(p);
}

static void
line(bool is_clean)
{
	FILE *f = fopen("/dev/null", "w+");
	char *text = NULL;
	size_t n = 0;

	fputs("", f);
	(void)!getline(&text, &n, f);
	fclose(f);
	if (is_clean)
		free(text);
}

static void
printed(bool is_clean)
{
	char *p;

	if (asprintf(&p, "%d bottles of something", five) > 0 && is_clean)
		free(p);
}

static void
aligned(bool is_clean)
{
	void *p;

	if (posix_memalign(&p, 256, 512) == 0 && is_clean)
		free(p);
}

static void
twice(bool is_clean)
{
	static char *volatile cache;
	int i;

	for (i = 0; i < 2; i++)
		if (!cache || !is_clean)
			cache = malloc(33);
}

static void
by_goto(bool is_clean)
{
	char *a = malloc(11), *b = malloc(22);

	if (yes && !is_clean)
		goto out;
	free(b);
out:
	free(a);
}

#define PAIRS(X)                                                                         \
	X(never, "1/50 0/0 0/0") \
	X(branch, "1/50 0/0 0/0") \
	X(early, "1/40 0/0 0/0") \
	X(loop, "4/40 0/0 0/0") \
	X(overwrite, "1/30 0/0 0/0") \
	X(grow, "1/2000 0/0 0/0") \
	X(copy, "1/15 0/0 0/0") \
	X(part, "1/10 0/0 0/0") \
	X(wide, "1/60 0/0 0/0") \
	X(result, "1/64 0/0 0/0") \
	X(argument, "1/65 0/0 0/0") \
	X(members, "2/25 0/0 0/0") \
	X(one_member, "1/15 0/0 0/0") \
	X(rows, "1/32 4/400 0/0")                                                        \
	X(stepped, "1/21 0/0 0/0") \
	X(line, "1/120 0/0 0/0") \
	X(printed, "1/23 0/0 0/0") \
	X(aligned, "1/512 0/0 0/0") \
	X(twice, "1/33 0/0 0/0") \
	X(by_goto, "1/22 0/0 0/0") 

/* The pointer must be in nobody's frame or register by chance. */
#define RUNS(name, lost)                                                                 \
	static void bad_##name(void *volatile *frame)                                    \
	{                                                                                \
		(void)frame;                                                             \
		name(no);                                                                \
	}                                                                                \
	static void good_##name(void *volatile *frame)                                   \
	{                                                                                \
		(void)frame;                                                             \
		name(yes);                                                               \
	}
PAIRS(RUNS)

#define ROWS(name, lost)                                                                 \
	{#name, bad_##name, lost, "-"}, {#name "-clean", good_##name, NOTHING, "-"},

static const struct leak_case cases[] = {PAIRS(ROWS){NULL, NULL, NULL, NULL}};

int
main(int argc, char **argv)
{
	void *volatile frame[64] = {0};

	kept = malloc(10);
	return run_case(cases, argc, argv, frame);
}
