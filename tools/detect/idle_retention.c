/* idle_retention.c -- has what a busy time took been given back?
 *
 * In/Out: detect/idle_retention.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/idle_retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"

enum role { NO_ROLE, QUIET, BUSY };

static bool
is_quiet_word(const char *label)
{
	static const char *const words[] = {"base", "baseline", "start", "ready",
					    "idle", "rest",     "quiet", "settled",
					    "done", "end"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(label, words[i]) == 0)
			return true;
	return false;
}

/* The label that stands for quiet where no known word does: the first that comes
 * again after another. */
static const char *
repeated_label(const struct heap *h)
{
	for (size_t i = 0; i < h->n_marks; i++) {
		const char *label = h->marks[i].label.bytes;
		bool is_other_between = false;

		for (size_t k = i + 1; k < h->n_marks; k++)
			if (strcmp(h->marks[k].label.bytes, label) != 0)
				is_other_between = true;
			else if (is_other_between)
				return label;
	}
	return NULL;
}

/* Roles of the marks, for free(3). */
static enum role *
roles_of(const struct heap *h)
{
	enum role *roles = calloc(h->n_marks + 1, sizeof(*roles));
	const char *quiet = NULL;
	bool is_any = false;

	for (size_t i = 0; i < h->n_marks; i++)
		is_any |= is_quiet_word(h->marks[i].label.bytes);
	if (!is_any)
		quiet = repeated_label(h);
	for (size_t i = 0; roles && i < h->n_marks; i++) {
		const char *label = h->marks[i].label.bytes;
		bool is_quiet = quiet ? strcmp(label, quiet) == 0 : is_quiet_word(label);

		roles[i] = is_quiet ? QUIET : is_any || quiet ? BUSY : NO_ROLE;
	}
	return roles;
}

const struct heap_mark *
settle_mark(const struct heap *h, uint64_t uptime_ns)
{
	const struct heap_mark *last = NULL;

	for (size_t i = 0; i < h->n_marks; i++)
		if (h->marks[i].time_ns <= uptime_ns)
			last = &h->marks[i];
	return last;
}

static enum role
role_at(const struct several *s, const struct heap *h, const enum role *roles, size_t i)
{
	const struct heap_mark *mark = settle_mark(h, s->list[i].uptime_ns);

	return mark ? roles[mark - h->marks] : NO_ROLE;
}

/* The last three times, by snapshots: of the busy one that with the most, of the
 * quiet ones the last of each, when all had come to rest; not that at the end of the
 * program, which has cleaned up by then, if there is another. */
static bool
find_three(const struct several *s, const struct heap *h, const enum role *roles,
	   size_t *ret)
{
	size_t idle = s->n, busy = s->n, k;

	while (idle > 0 && role_at(s, h, roles, idle - 1) != QUIET)
		idle--;
	if (idle > 1 && s->list[idle - 1].is_exit && role_at(s, h, roles, idle - 2) == QUIET)
		idle--;
	for (k = idle; k > 0 && role_at(s, h, roles, k - 1) == QUIET;)
		k--;
	for (; k > 0 && role_at(s, h, roles, k - 1) != QUIET; k--)
		if (role_at(s, h, roles, k - 1) == BUSY &&
		    (busy == s->n ||
		     s->list[k - 1].reachable.bytes > s->list[busy].reachable.bytes))
			busy = k - 1;
	if (k == 0 || busy == s->n)
		return false;
	ret[SETTLE_BASE] = k - 1;
	ret[SETTLE_BUSY] = busy;
	ret[SETTLE_IDLE] = idle - 1;
	return true;
}

static bool
has_snapshot(const struct several *s, const struct heap *h, size_t mark)
{
	for (size_t i = 0; i < s->n; i++)
		if (settle_mark(h, s->list[i].uptime_ns) == &h->marks[mark])
			return true;
	return false;
}

/* The last mark of a role before one, or n_marks. */
static size_t
last_of(const struct heap *h, const enum role *roles, enum role role, size_t before)
{
	while (before > 0)
		if (roles[--before] == role)
			return before;
	return h->n_marks;
}

static char *
label_of(const struct heap_mark *m)
{
	return text_utf8(m->label.bytes, m->label.n, true);
}

/* What would have to be there.  0, or -1: no memory. */
static int
format_missing(const struct several *s, const struct heap *h, const enum role *roles,
	       char **ret)
{
	size_t n = h->n_marks, busy = last_of(h, roles, BUSY, n), idle, base, n_missing = 0;
	size_t marks[SETTLE_N], n_text;
	char *label, *text = NULL;
	bool is_open;
	FILE *f;

	/* The last busy time that a quiet one follows, if there is any. */
	idle = last_of(h, roles, QUIET, n);
	if (idle < n && busy < n && idle < busy && last_of(h, roles, BUSY, idle) < n &&
	    last_of(h, roles, QUIET, last_of(h, roles, BUSY, idle)) < n)
		busy = last_of(h, roles, BUSY, idle);
	if (busy == n)
		return 0;
	base = last_of(h, roles, QUIET, busy);
	is_open = idle == n || idle < busy;
	marks[SETTLE_BASE] = base;
	marks[SETTLE_BUSY] = busy;
	marks[SETTLE_IDLE] = is_open ? n : idle;
	f = open_memstream(&text, &n_text);
	if (!f)
		return -1;
	for (int i = 0; i < SETTLE_N; i++) {
		if (marks[i] < n && has_snapshot(s, h, marks[i]))
			continue;
		label = marks[i] < n ? label_of(&h->marks[marks[i]]) : NULL;
		fputs(n_missing++ ? ", and " : "", f);
		if (label)
			fprintf(f, "a snapshot after the mark '%s'", label);
		else
			fprintf(f, "a mark '%s' %s the load and a snapshot after it",
				i == SETTLE_BASE ? "base" : "idle",
				i == SETTLE_BASE ? "before" : "after");
		free(label);
	}
	fputs(" would show what the load leaves behind", f);
	if (fclose(f) != 0 || !text)
		return -1;
	if (n_missing) {
		*ret = text;
		return 0;
	}
	free(text);
	return 0;
}

int
settle_find(const struct several *s, const struct heap *h, struct settle *ret)
{
	enum role *roles = roles_of(h);
	int status = roles ? 0 : -1;

	*ret = (struct settle){.is_known = false};
	if (roles && find_three(s, h, roles, ret->snapshots)) {
		ret->is_known = true;
		for (int i = 0; i < SETTLE_N; i++) {
			uint64_t when = s->list[ret->snapshots[i]].uptime_ns;

			ret->labels[i] = label_of(settle_mark(h, when));
			if (!ret->labels[i])
				status = -1;
		}
	} else if (roles) {
		status = format_missing(s, h, roles, &ret->missing);
	}
	free(roles);
	if (status != 0)
		settle_fini(ret);
	return status;
}

void
settle_fini(struct settle *x)
{
	for (int i = 0; i < SETTLE_N; i++)
		free(x->labels[i]);
	free(x->missing);
	*x = (struct settle){.is_known = false};
}

double
settle_share(double base, double busy, double idle)
{
	if (busy <= base)
		return -1;
	return idle > base ? (idle - base) / (busy - base) : 0;
}

const char *
settle_word(double share)
{
	return share <= SETTLE_DRAINED  ? "drained"
	       : share <= SETTLE_MOSTLY ? "mostly drained"
					: "held";
}
