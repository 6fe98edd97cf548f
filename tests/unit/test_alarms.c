/* test_alarms.c -- rules of GCPROF_WATCH, and what is remembered of them.
 *
 * In:   texts; figures.
 * Not here: whole looks, which tests/e2e/watch.sh has.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "detect/alarms.h"
#include "watch_rules.h"

static char text[2 * WATCH_TEXT_BYTES];
static struct watch_rules rules;

static const struct watch_rule *
parse(const char *s)
{
	snprintf(text, sizeof(text), "%s", s);
	watch_rules_parse(text, &rules);
	return &rules.rule[0];
}

static void
a_rule_has_a_pattern_a_figure_and_a_limit(void **state)
{
	const struct watch_rule *r = parse("cache_.*:count>10000");

	(void)state;
	assert_int_equal(rules.n, 1);
	assert_null(r->trouble);
	assert_int_equal(r->n_pattern, 8);
	assert_string_equal(r->text + r->limit_at, "10000");
	assert_int_equal(r->n_condition, strlen("cache_.*:count>10000"));
	assert_false(r->is_bytes);
	assert_int_equal(r->limit, 10000);
	assert_int_equal(r->action, WATCH_SAY);
	assert_int_equal(rules.every_ns, 10000000000);
}

static void
a_pattern_may_have_colons(void **state)
{
	const struct watch_rule *r = parse("^std::count:Map::count:bytes>64M:snapshot");

	(void)state;
	assert_null(r->trouble);
	assert_int_equal(r->n_pattern, strlen("^std::count:Map::count"));
	assert_true(r->is_bytes);
	assert_int_equal(r->limit, 64 << 20);
	assert_int_equal(r->action, WATCH_SNAPSHOT);
}

static void
a_command_may_have_everything(void **state)
{
	const struct watch_rule *r = parse(":count>1:exec=a:count>2\\; b: c ; x:count>3");

	(void)state;
	assert_int_equal(rules.n, 2);
	assert_int_equal(r->n_pattern, 0);
	assert_int_equal(r->limit, 1);
	assert_int_equal(r->action, WATCH_EXEC);
	assert_string_equal(r->command, "a:count>2; b: c");
	assert_int_equal(rules.rule[1].limit, 3);
}

static void
words_need_no_blanks_and_may_have_some(void **state)
{
	(void)state;
	parse(" ; every=1m;\n\ta:count>1 ;none;;b:count>2;");
	assert_int_equal(rules.n, 2);
	assert_string_equal(rules.rule[0].text, "a:count>1");
	assert_string_equal(rules.rule[1].text, "b:count>2");
	assert_int_equal(rules.every_ns, 60000000000);
	parse("every=0s");
	assert_int_equal(rules.n, 0);
	assert_int_equal(rules.every_ns, 0);
	parse("");
	assert_int_equal(rules.n, 0);
}

static void
what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *rule, *words;
	} rows[] = {
		{"a", "missing :count"},
		{"a:count=1", "missing :count"},
		{"a:count>", "must be a number"},
		{"a:count>-1", "must be a number"},
		{"a:count>1K", "must be a number"},
		{"a:count>1:", "action"},
		{"a:bytes>K", "must be a number"},
		{"a:bytes>1KB2", "must be a number"},
		{"a:count>1:exec=", "action"},
		{"a:count>1:snapshots", "action"},
		{"every=x", "must be a duration"},
		{"a:count>99999999999999999999", "must be a number"},
		{"a:count>18446744073709551615", "must be a number"},
		{"a:bytes>18446744073709551615", "must be a number"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct watch_rule *r = parse(rows[i].rule);

		if (rules.n != 1 || !r->trouble || !strstr(r->trouble, rows[i].words))
			fail_msg("'%s': %s", rows[i].rule,
				 r->trouble ? r->trouble : "fine");
	}
}

static void
too_many_rules_are_said_and_kept_out(void **state)
{
	char many[40 * 12] = "";

	(void)state;
	for (int i = 0; i < 33; i++)
		strcat(many, "a:count>1;");
	parse(many);
	assert_int_equal(rules.n, WATCH_MAX_RULES);
	assert_null(rules.rule[30].trouble);
	assert_non_null(rules.rule[31].trouble);
}

static void
an_alarm_comes_once_and_again_when_doubled_or_after_a_fall(void **state)
{
	static const struct {
		uint64_t figure;
		bool is_alarm;
	} rows[] = {{0, false},  {10, false}, {11, true},  {21, false}, {22, true},
		    {43, false}, {15, false}, {44, true},  {11, false}, {10, false},
		    {11, true},  {0, false},  {1000, true}};
	watch_state s = WATCH_CALM;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool is_alarm;

		s = watch_rules_next(s, 10, rows[i].figure, &is_alarm);
		if (is_alarm != rows[i].is_alarm)
			fail_msg("figure %zu of the list", i);
	}
}

static void
a_rule_that_is_off_stays_so(void **state)
{
	bool is_alarm;

	(void)state;
	assert_true(watch_rules_next(WATCH_OFF, 1, 100, &is_alarm) == WATCH_OFF);
	assert_false(is_alarm);
}

static void
by_hand_a_rule_that_is_no_use_is_an_error(void **state)
{
	struct alarms_options o = {.rules = "good:count>1;[:count>1"};
	char message[256] = "";
	struct alarms *a;

	(void)state;
	assert_null(alarms_new(&o, message, sizeof(message)));
	assert_non_null(strstr(message, "'[:count>1'"));
	o.state = "0,0"; /* the library's look goes on with the others */
	a = alarms_new(&o, message, sizeof(message));
	assert_non_null(a);
	alarms_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_has_a_pattern_a_figure_and_a_limit),
		cmocka_unit_test(a_pattern_may_have_colons),
		cmocka_unit_test(a_command_may_have_everything),
		cmocka_unit_test(words_need_no_blanks_and_may_have_some),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(too_many_rules_are_said_and_kept_out),
		cmocka_unit_test(an_alarm_comes_once_and_again_when_doubled_or_after_a_fall),
		cmocka_unit_test(a_rule_that_is_off_stays_so),
		cmocka_unit_test(by_hand_a_rule_that_is_no_use_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
