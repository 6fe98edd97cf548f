/* test_values.c -- numbers, sizes and lengths of time, and the library's options that have some.
 *
 * In:   nothing.
 * Out:  nothing but tests.
 *
 * SPDX-License-Identifier: MIT
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"
#include "values.h"

typedef bool read_value(const char *s, const char *end, uint64_t *ret);

enum { UNTOUCHED = 77 };

static void
is(read_value *read, const char *text, uint64_t wanted)
{
	uint64_t v = UNTOUCHED;

	if (!read(text, text + strlen(text), &v))
		fail_msg("'%s' is refused", text);
	if (v != wanted)
		fail_msg("'%s' is %llu, not %llu", text, (unsigned long long)v,
			 (unsigned long long)wanted);
}

static void
is_refused(read_value *read, const char *text)
{
	uint64_t v = UNTOUCHED;

	if (read(text, text + strlen(text), &v))
		fail_msg("'%s' is taken for %llu", text, (unsigned long long)v);
	assert_int_equal(v, UNTOUCHED);
}

/* ---- numbers ---- */

static void
a_number_is_all_digits(void **state)
{
	static const char *const wrong[] = {"",    "-1",  "+1", " 1", "1 ",  "1x",
					    "0x1", "1.5", "/",  ":",  "1/2", "1:2"};

	(void)state;
	is(values_number, "0", 0);
	is(values_number, "007", 7);
	is(values_number, "9876543210", 9876543210);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		is_refused(values_number, wrong[i]);
}

static void
a_number_ends_where_it_is_said_to(void **state)
{
	static const char text[] = "1234";
	uint64_t v;

	(void)state;
	assert_true(values_number(text, text + 2, &v));
	assert_int_equal(v, 12);
	v = UNTOUCHED;
	assert_false(values_number(text, text, &v));
	assert_int_equal(v, UNTOUCHED);
}

/* BOUND: the last few numbers below 2^64 are refused as well. */
static void
a_number_beyond_64_bits_is_refused(void **state)
{
	(void)state;
	is(values_number, "18446744073709551600", 18446744073709551600u);
	is_refused(values_number, "18446744073709551616");
	is_refused(values_number, "18446744073709551620");
	is_refused(values_number, "99999999999999999999");
	is_refused(values_number, "184467440737095516150");
}

/* ---- sizes ---- */

static void
a_size_may_have_a_unit(void **state)
{
	(void)state;
	is(values_bytes, "0", 0);
	is(values_bytes, "4096", 4096);
	is(values_bytes, "1k", 1024);
	is(values_bytes, "16K", 16384);
	is(values_bytes, "3m", 3u << 20);
	is(values_bytes, "2G", 2ull << 30);
	is(values_bytes, "1T", 1ull << 40);
	is(values_bytes, "16MB", 16u << 20);
	is(values_bytes, "16MiB", 16u << 20);
	is(values_bytes, "16mib", 16u << 20);
}

static void
a_size_has_nothing_behind_its_unit(void **state)
{
	static const char *const wrong[] = {
		"",    "K",    "-1K",   "1 K", "1KK",   "1Kx",  "1Ki", "1P", "1B",
		"1iB", "1.5G", "16MBs", "1K1", "1MiBB", "0x10", "1K ", "%"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		is_refused(values_bytes, wrong[i]);
}

static void
a_size_beyond_64_bits_is_refused(void **state)
{
	(void)state;
	is(values_bytes, "16777215T", 16777215ull << 40);
	is_refused(values_bytes, "16777216T");
	is(values_bytes, "18014398509481983K", 18014398509481983ull << 10);
	is_refused(values_bytes, "18014398509481984K");
	is_refused(values_bytes, "18446744073709551616");
}

static void
a_size_ends_where_it_is_said_to(void **state)
{
	static const char text[] = "16MiB";
	uint64_t v;

	(void)state;
	assert_true(values_bytes(text, text + 2, &v));
	assert_int_equal(v, 16);
	assert_true(values_bytes(text, text + 3, &v));
	assert_int_equal(v, 16 << 20);
	assert_false(values_bytes(text, text + 4, &v)); /* 16Mi */
}

/* ---- lengths of time ---- */

static void
a_time_is_in_seconds_unless_it_has_a_unit(void **state)
{
	(void)state;
	is(values_interval, "0", 0);
	is(values_interval, "10", 10000000000);
	is(values_interval, "10s", 10000000000);
	is(values_interval, "500ms", 500000000);
	is(values_interval, "2m", 120000000000);
	is(values_interval, "1h", 3600000000000);
}

static void
a_time_has_a_unit_that_is_known(void **state)
{
	static const char *const wrong[] = {"",    "s",  "-1s",  "1 s",  "1S",  "1ss",
					    "1us", "1d", "1mss", "1.5s", "1s ", "1hm"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		is_refused(values_interval, wrong[i]);
}

static void
a_time_is_at_most_so_long_that_it_has_nanoseconds(void **state)
{
	(void)state;
	is(values_interval, "1000000000", 1000000000000000000);
	is(values_interval, "277777h", 277777 * 3600000000000u);
	is_refused(values_interval, "1000000001");
	is_refused(values_interval, "277778h");
	is_refused(values_interval, "6000000h"); /* 2^64 ns are less */
	is_refused(values_interval, "400000000m");
	is_refused(values_interval, "99999999999999999999s");
}

/* ---- options of the library ---- */

/* As the kernel lays it out: behind the variables is what it says of the process, where the
 * library looks whether that is set-user-ID. */
static void
environment_is(const char *text)
{
	static char copy[256];
	static struct {
		char *variables[2];
		Elf64_auxv_t auxiliary[2];
	} stack = {{copy, NULL}, {{AT_SECURE, {0}}, {AT_NULL, {0}}}};

	memset(copy, 0, sizeof(copy));
	strncpy(copy, text, sizeof(copy) - 1);
	options_parse(stack.variables);
}

static void
growth_is_in_percent(void **state)
{
	(void)state;
	environment_is("GCPROF_SNAPSHOT=growth=20%");
	assert_int_equal(options.growth_percent, 20);
	assert_false(options.at_exit);
	environment_is("GCPROF_SNAPSHOT=exit,growth=150");
	assert_int_equal(options.growth_percent, 150);
	assert_true(options.at_exit);
	environment_is("GCPROF_SNAPSHOT=growth=1000000%,interval=2m");
	assert_int_equal(options.growth_percent, 1000000);
	assert_int_equal(options.interval_ns, 120000000000);
}

/* The default is exit,signal. */
static void
a_value_that_is_refused_leaves_the_default(void **state)
{
	static const char *const wrong[] = {
		"GCPROF_SNAPSHOT=growth=0%",       "GCPROF_SNAPSHOT=growth=%",
		"GCPROF_SNAPSHOT=growth=5%%",      "GCPROF_SNAPSHOT=growth=1000001%",
		"GCPROF_SNAPSHOT=growth=x",        "GCPROF_SNAPSHOT=interval=0",
		"GCPROF_SNAPSHOT=interval=2d",     "GCPROF_SNAPSHOT=fatal,sometimes",
		"GCPROF_SNAPSHOT=fatal,growth=-1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		environment_is(wrong[i]);
		assert_true(options.at_exit);
		assert_true(options.at_signal);
		assert_false(options.at_fatal);
		assert_int_equal(options.growth_percent, 0);
		assert_int_equal(options.interval_ns, 0);
	}
	environment_is("GCPROF_YOUNG=4095");
	assert_int_equal(options.young_bytes, 16 << 20);
	environment_is("GCPROF_YOUNG=4K");
	assert_int_equal(options.young_bytes, 4096);
	environment_is("GCPROF_CONTENT=4097");
	assert_int_equal(options.content_bytes, 0);
	environment_is("GCPROF_CONTENT=4k");
	assert_int_equal(options.content_bytes, 4096);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_all_digits),
		cmocka_unit_test(a_number_ends_where_it_is_said_to),
		cmocka_unit_test(a_number_beyond_64_bits_is_refused),
		cmocka_unit_test(a_size_may_have_a_unit),
		cmocka_unit_test(a_size_has_nothing_behind_its_unit),
		cmocka_unit_test(a_size_beyond_64_bits_is_refused),
		cmocka_unit_test(a_size_ends_where_it_is_said_to),
		cmocka_unit_test(a_time_is_in_seconds_unless_it_has_a_unit),
		cmocka_unit_test(a_time_has_a_unit_that_is_known),
		cmocka_unit_test(a_time_is_at_most_so_long_that_it_has_nanoseconds),
		cmocka_unit_test(growth_is_in_percent),
		cmocka_unit_test(a_value_that_is_refused_leaves_the_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
