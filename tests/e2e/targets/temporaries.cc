/* temporaries.cc -- who makes most allocations: some that hold nothing, or all the same.
 *
 *     temporaries planted N   2 N buffers for one line of text each, and N copies of a name, none of
 *                       which live for long; N / 2 others that do
 *     temporaries kept N      keeps all it allocates
 *     temporaries spread N    200 functions with N / 50 short-lived blocks each
 *
 *     temporaries uneven N    70 functions with N of them, and 200 with one
 *     temporaries nested N    N times two functions that call one another, ten levels deep, and keep
 *                             a record at each; one that calls itself; two that keep one after 60
 *
 * Tells on fd 3: FUNCTION ALLOCATIONS, of what is planted.
 *
 * SPDX-License-Identifier: MIT
 */
#include <list>
#include <string>

#include "truth.h"

enum { LINE = 48, NAME = 40, RECORD = 64 };

static std::list<std::string> records;

static size_t
format_line(char mark)
{
	std::string line(LINE, mark); /* the buffer of a line */
	const char *bytes = line.c_str();

	OPAQUE(bytes);
	return line.size();
}

NOINLINE static size_t
print_lines(char mark)
{
	return format_line(mark) + format_line(mark);
}

NOINLINE static size_t
print_others(char mark)
{
	return format_line(mark);
}

NOINLINE static size_t
copy_name(char mark)
{
	std::string name(NAME, mark); /* the copy of a name */
	const char *bytes = name.c_str();

	OPAQUE(bytes);
	return name.size();
}

NOINLINE static void
keep_record(char mark)
{
	records.emplace_back(RECORD, mark);
}

static size_t
planted(long n)
{
	size_t sum = 0;

	for (long i = 0; i < n; i++) {
		char mark = static_cast<char>('a' + i % 26);

		sum += i % 2 ? print_lines(mark) : print_others(mark) + print_others(mark);
		sum += copy_name(mark);
		if (i % 4 == 0)
			keep_record(mark);
	}
	say("format_line %ld", 2 * n);
	say("copy_name %ld", n);
	return sum;
}

/* ---- recursion ---- */

static void walk_right(int depth);

NOINLINE static void
walk_left(int depth)
{
	keep_record('l');
	if (depth > 1)
		walk_right(depth - 1);
	OPAQUE(depth); /* no tail call */
}

NOINLINE static void
walk_right(int depth)
{
	keep_record('r');
	if (depth > 1)
		walk_left(depth - 1);
	OPAQUE(depth);
}

NOINLINE static void
walk_down(int depth)
{
	keep_record('d');
	if (depth > 1)
		walk_down(depth - 1);
	OPAQUE(depth);
}

static void hop_right(int depth);

NOINLINE static void
hop_left(int depth)
{
	if (depth > 1)
		hop_right(depth - 1);
	OPAQUE(depth);
}

NOINLINE static void
hop_right(int depth)
{
	if (depth > 1)
		hop_left(depth - 1);
	else
		keep_record('h');
	OPAQUE(depth);
}

/* ---- many places ---- */

#define ONE(n)                                                                           \
	NOINLINE static void place_##n(void)                                             \
	{                                                                                \
		char *p = static_cast<char *>(malloc(LINE));                             \
                                                                                         \
		OPAQUE(p);                                                               \
		free(p);                                                                 \
	}
#define TEN(n)                                                                           \
	ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7)  \
		ONE(n##8) ONE(n##9)
#define HUNDRED(n)                                                                       \
	TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7)  \
		TEN(n##8) TEN(n##9)
HUNDRED(1)
HUNDRED(2)
#undef ONE
#define ONE(n) place_##n,
static void (*const places[])(void) = {HUNDRED(1) HUNDRED(2)};

static void
spread(long n)
{
	for (long i = 0; i < n / 50; i++)
		for (auto *place : places)
			place();
}

static void
uneven(long n)
{
	for (int k = 0; k < 70; k++)
		for (long i = 0; i < n; i++)
			places[k]();
	for (auto *place : places)
		place();
}

int
main(int argc, char **argv)
{
	std::string what = argc == 3 ? argv[1] : "";
	long n = argc == 3 ? atol(argv[2]) : 0;

	if (what == "planted")
		return planted(n) == 0;
	if (what == "kept")
		for (long i = 0; i < n; i++)
			keep_record('k');
	else if (what == "nested")
		for (long i = 0; i < n; i++) {
			walk_left(10);
			walk_down(10);
			hop_left(60);
		}
	else if (what == "uneven")
		uneven(n);
	else if (what == "spread")
		spread(n);
	else
		return 2;
	return 0;
}
