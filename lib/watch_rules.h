/* watch_rules.h -- the rules of GCPROF_WATCH, read alike by the library, which
 * decides when to check, and by the analyzer, which checks.
 *
 * In:   the text of the option.
 * Out:  rules, and what is wrong with those that are no use.
 * Not here: whether a pattern is a regular expression (tools/detect/alarms.c): the
 *       library has no engine for these.
 *
 *     rules  = word *( ";" word )
 *     word   = "none" / "every=" INTERVAL / rule
 *     rule   = [ PATTERN ] ":" FIGURE ">" NUMBER [ ":" ACTION ]
 *     FIGURE = "count" / "bytes"
 *     ACTION = "snapshot" / "exec=" COMMAND
 *
 * A rule's figure is the first place that looks like one.  "\;" stands for ";".
 * Blanks around a word do not count.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WATCH_RULES_H
#define GCPROF_WATCH_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum { WATCH_MAX_RULES = 32, WATCH_TEXT_BYTES = 4096 };

enum watch_action { WATCH_SAY, WATCH_SNAPSHOT, WATCH_EXEC };

struct watch_rule {
	const char *text;    /* NUL at its end */
	const char *trouble; /* what is wrong with it, as a sentence's end; NULL = nothing */
	uint32_t n_pattern;   /* bytes of text; 0: the whole heap */
	uint32_t n_condition; /* bytes of text without the action */
	uint32_t limit_at;    /* where in text the number begins */
	bool is_bytes;        /* else the figure is a number of blocks */
	uint64_t limit;
	enum watch_action action;
	const char *command; /* of WATCH_EXEC */
};

struct watch_rules {
	uint32_t n; /* of rules, with those that are no use: numbers are the same for all */
	uint64_t every_ns;
	struct watch_rule rule[WATCH_MAX_RULES];
};

/* Read the rules out of a text, which is changed, and must live as long. */
void watch_rules_parse(char *text, struct watch_rules *ret);

/* What is remembered of a rule between two checks: the figure at which it has raised
 * its alarm, or one of these. */
typedef uint64_t watch_state;
#define WATCH_CALM 0         /* its figure is within the limit, for all that is known */
#define WATCH_OFF UINT64_MAX /* its pattern is none, and that was said */

/* The state after a check that has found this figure.  ret_is_alarm: it is to be
 * raised now, for the first time since the figure was within the limit, or as it has
 * doubled since the last one. */
watch_state watch_rules_next(watch_state was, uint64_t limit, uint64_t figure,
			     bool *ret_is_alarm);

#endif
