/* test_rules.c -- the cache of unwinding rules that all threads share.
 *
 * Its functions are static: unwind_rules.c is part of this file, and what it needs of others
 * are stubs that nobody calls.
 * Not here: what the rules say (e2e/stacks.sh, e2e/verify.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/unwind_rules.c"
#include "together.h"

#include <errno.h>

int
cfi_row(uintptr_t pc, const struct module_find *m, struct cfi_scratch *scratch,
	struct cfi_row *ret)
{
	(void)pc, (void)m, (void)scratch, (void)ret;
	return -ENOENT;
}

bool
modules_find(uintptr_t addr, struct module_find *ret)
{
	(void)addr, (void)ret;
	return false;
}

bool
mappings_is_code(uintptr_t addr)
{
	(void)addr;
	return false;
}

/* Many more keys than the first cache has room for; each has one rule only. */
enum { N_KEYS = 50000 };

static uint64_t
rule_for(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15ull | 1;
}

static void
put_and_find(unsigned number)
{
	for (uint32_t i = 0; i < 3 * N_KEYS; i++) {
		uint64_t key = 0x400000 + ((uint64_t)i * 7919 + number * 977) % N_KEYS * 5;
		uint64_t rule = table_find(key);

		check(rule == 0 || rule == rule_for(key));
		if (!rule)
			table_put(key, rule_for(key));
	}
}

static void
a_rule_is_its_key_s_or_none_whatever_is_evicted(void **state)
{
	(void)state;
	together(put_and_find);
	assert_non_null(table_now);
	assert_true(table_now->mask + 1 > FIRST_BUCKETS);
}

static void
what_was_put_last_is_found(void **state)
{
	(void)state;
	for (uint64_t key = 0x900000; key < 0x900000 + 1000; key++) {
		table_put(key, rule_for(key));
		assert_int_equal(table_find(key), rule_for(key));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_is_its_key_s_or_none_whatever_is_evicted),
		cmocka_unit_test(what_was_put_last_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
