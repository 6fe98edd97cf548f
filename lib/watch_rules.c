/* watch_rules.c -- see watch_rules.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "watch_rules.h"
#include "values.h"

#include <stddef.h>
#include <string.h>

static const uint64_t default_every_ns = 10000000000;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The next word, in place, without the backslashes before semicolons.  NULL at the
 * end. */
static char *
next_word(char **at)
{
	char *from = *at, *to, *word;

	if (!from)
		return NULL;
	while (is_blank(*from))
		from++;
	word = to = from;
	while (*from && *from != ';') {
		if (from[0] == '\\' && from[1] == ';')
			from++;
		*to++ = *from++;
	}
	*at = *from ? from + 1 : NULL;
	while (to > word && is_blank(to[-1]))
		to--;
	*to = 0;
	return word;
}

static const char *
parse_action(const char *s, struct watch_rule *r)
{
	if (strcmp(s, "snapshot") == 0) {
		r->action = WATCH_SNAPSHOT;
	} else if (strncmp(s, "exec=", 5) == 0 && s[5]) {
		r->action = WATCH_EXEC;
		r->command = s + 5;
	} else {
		return "action must be snapshot or exec=COMMAND";
	}
	return NULL;
}

/* Returns what is wrong, or NULL. */
static const char *
parse_rule(const char *s, struct watch_rule *r)
{
	const char *count = strstr(s, ":count>"), *bytes = strstr(s, ":bytes>"), *figure,
		   *end;

	r->is_bytes = bytes && (!count || bytes < count);
	figure = r->is_bytes ? bytes : count;
	if (!figure)
		return "missing :count>NUMBER or :bytes>NUMBER";
	r->n_pattern = (uint32_t)(figure - s);
	r->limit_at = r->n_pattern + 7;
	end = strchr(s + r->limit_at, ':');
	if (!end)
		end = s + strlen(s);
	r->n_condition = (uint32_t)(end - s);
	if (!(r->is_bytes ? values_bytes : values_number)(s + r->limit_at, end, &r->limit) ||
	    r->limit >= UINT64_MAX / 2)
		return r->is_bytes
			       ? "limit must be a number of bytes, such as 500000 or 64M"
			       : "limit must be a number";
	return *end ? parse_action(end + 1, r) : NULL;
}

void
watch_rules_parse(char *text, struct watch_rules *ret)
{
	char *at = text, *word;

	ret->n = 0;
	ret->every_ns = default_every_ns;
	while ((word = next_word(&at)) != NULL) {
		struct watch_rule r = {.text = word};
		const char *end = word + strlen(word);

		if (!*word || strcmp(word, "none") == 0)
			continue;
		if (strncmp(word, "every=", 6) != 0)
			r.trouble = parse_rule(word, &r);
		else if (values_interval(word + 6, end, &ret->every_ns))
			continue;
		else
			r.trouble = "must be a duration, such as 10s";
		if (ret->n == WATCH_MAX_RULES) {
			ret->rule[ret->n - 1] = (struct watch_rule){
				.text = word, .trouble = "more than 32 rules"};
			return;
		}
		ret->rule[ret->n++] = r;
	}
}

watch_state
watch_rules_next(watch_state was, uint64_t limit, uint64_t figure, bool *ret_is_alarm)
{
	*ret_is_alarm = false;
	if (was == WATCH_OFF)
		return WATCH_OFF;
	if (figure <= limit)
		return WATCH_CALM;
	if (was != WATCH_CALM && figure / 2 < was)
		return was;
	*ret_is_alarm = true;
	return figure;
}
