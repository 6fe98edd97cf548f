/* test_programs.c -- which programs are the system's, and which a pattern names.
 *
 * In:   nothing.
 * Out:  nothing but tests; fnmatch(3) is what patterns are held against.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "glob.h"
#include "system_programs.h"

static void
what_a_distribution_installs_is_the_systems(void **state)
{
	static const char *const programs[] = {
		"/bin/sh",
		"/sbin/ldconfig",
		"/usr/bin/sed",
		"/usr/sbin/nologin",
		"/usr/lib/git-core/git",
		"/usr/lib64/ld-linux-x86-64.so.2",
		"/usr/libexec/getconf/POSIX",
		"/lib64/ld-linux-x86-64.so.2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (!system_programs_has(programs[i]))
			fail_msg("%s is not", programs[i]);
}

static void
what_somebody_built_is_not(void **state)
{
	static const char *const programs[] = {
		"/usr/local/bin/sed", "/home/u/usr/bin/sed", "/opt/x/bin/x", "/binary/x",
		"/usr/library",       "/library/x",          "/usr/bin",     "",
		"usr/bin/sed",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (system_programs_has(programs[i]))
			fail_msg("%s is", programs[i]);
}

static void
what_runs_suites_is_known_by_its_name(void **state)
{
	static const char *const is[] = {"/usr/local/bin/ctest", "/home/u/cmake/bin/cmake",
					 "/opt/bin/make", "/ninja"};
	static const char *const is_not[] = {"/usr/local/bin/ctest2", "/opt/ctest/parser",
					     "/opt/bin/xmake", "ctest", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++)
		if (!system_programs_runs_suites(is[i]))
			fail_msg("%s does not", is[i]);
	for (size_t i = 0; i < sizeof(is_not) / sizeof(*is_not); i++)
		if (system_programs_runs_suites(is_not[i]))
			fail_msg("%s does", is_not[i]);
}

static void
no_directory_of_a_project_has_the_system_in_it(void **state)
{
	static const char *const have[] = {"/",         "/usr",        "/usr/bin",
					   "/bin",      "/usr/lib",    "/usr/lib64",
					   "/usr/sbin", "/usr/libexec"};
	static const char *const have_not[] = {"/usr/local", "/usr/lib/x", "/usr/bin/x",
					       "/home",      "/us",        "/usr/li"};

	(void)state;
	for (size_t i = 0; i < sizeof(have) / sizeof(*have); i++)
		if (!system_programs_are_below(have[i]))
			fail_msg("%s has not", have[i]);
	for (size_t i = 0; i < sizeof(have_not) / sizeof(*have_not); i++)
		if (system_programs_are_below(have_not[i]))
			fail_msg("%s has", have_not[i]);
}

/* All texts of up to so many of these bytes, in turn; false after the last. */
static bool
next_text(char *text, size_t most, const char *bytes)
{
	size_t i = 0;

	for (; i < most; i++) {
		const char *at = text[i] ? strchr(bytes, text[i]) + 1 : bytes;

		if (*at) {
			text[i] = *at;
			return true;
		}
		text[i] = bytes[0];
	}
	return false;
}

static void
a_pattern_matches_what_fnmatch_says(void **state)
{
	char pattern[6] = "";

	(void)state;
	do {
		char name[5] = "";

		do {
			bool is = glob_matches(pattern, name);

			if (is != (fnmatch(pattern, name, 0) == 0))
				fail_msg("'%s' and '%s': %d", pattern, name, is);
		} while (next_text(name, 4, "ab/"));
	} while (next_text(pattern, 5, "ab*?/"));
}

static void
a_pattern_has_sets_and_literals(void **state)
{
	static const struct {
		const char *pattern, *name;
	} all[] = {
		{"[ab]", "a"},
		{"[ab]", "c"},
		{"[!ab]", "c"},
		{"[!ab]", "a"},
		{"[a-c]x", "bx"},
		{"[a-c]x", "dx"},
		{"[]a]", "]"},
		{"[]a]", "b"},
		{"[!]a]", "b"},
		{"[a-]", "-"},
		{"[", "["},
		{"a[b", "a[b"},
		{"\\*", "*"},
		{"\\*", "a"},
		{"*/bin/s[eh]d", "/usr/bin/sed"},
		{"[\\]]x", "]x"},
		{"*.so*", "x.so.1"},
		{"py*3", "python3"},
		{"*a*b*c", "aabbc"},
		{"*a*b*c", "aabb"},
		{"[a-a-z]", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		bool is = glob_matches(all[i].pattern, all[i].name);

		if (is != (fnmatch(all[i].pattern, all[i].name, 0) == 0))
			fail_msg("'%s' and '%s': %d", all[i].pattern, all[i].name, is);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_distribution_installs_is_the_systems),
		cmocka_unit_test(what_somebody_built_is_not),
		cmocka_unit_test(what_runs_suites_is_known_by_its_name),
		cmocka_unit_test(no_directory_of_a_project_has_the_system_in_it),
		cmocka_unit_test(a_pattern_matches_what_fnmatch_says),
		cmocka_unit_test(a_pattern_has_sets_and_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
