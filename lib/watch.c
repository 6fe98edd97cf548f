/* watch.c -- see watch.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "watch.h"
#include "mem.h"
#include "options.h"
#include "sys.h"
#include "watch_rules.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

/* A page that the child shares. */
struct shared {
	watch_state states[WATCH_MAX_RULES];
	bool is_kept;
	bool is_trouble_reported; /* checks fail, all for the same reason most likely */
};

enum { QUIET_LOOKS = 10 };

static struct {
	struct shared *shared; /* NULL: no watches */
	struct watch_rules rules;
	char text[WATCH_TEXT_BYTES]; /* of the rules, in pieces */
	uint64_t next_ns;            /* atomic */
	/* At the last check. */
	struct epochs_counts seen;
	uint32_t n_passed; /* since then */
} w;

/* ---- when ---------------------------------------------------------------- */

void
watch_init(void)
{
	uint32_t i, n_good = 0;

	memcpy(w.text, options.watch, sizeof w.text);
	watch_rules_parse(w.text, &w.rules);
	for (i = 0; i < w.rules.n; i++) {
		const struct watch_rule *r = &w.rules.rule[i];

		if (r->trouble)
			sys_log("invalid GCPROF_WATCH rule '%s': %s", r->text, r->trouble);
		else
			n_good++;
	}
	if (n_good)
		w.shared = mem_map_shared(NULL);
}

void
watch_after_fork(bool is_follow)
{
	if (w.shared)
		w.shared = is_follow ? mem_map_shared(w.shared) : NULL;
	w.seen = (struct epochs_counts){0};
	w.n_passed = 0;
}

uint64_t
watch_next_ns(void)
{
	return w.shared ? relaxed_load(&w.next_ns) : UINT64_MAX;
}

bool
watch_may_keep(void)
{
	uint32_t i;

	for (i = 0; i < w.rules.n; i++)
		if (!w.rules.rule[i].trouble && w.rules.rule[i].action == WATCH_SNAPSHOT)
			return true;
	return false;
}

bool
watch_has_kept(void)
{
	return w.shared && w.shared->is_kept;
}

/* Whether a check may find something, when all blocks together have this figure. */
static bool
may_alarm(const struct watch_rule *r, watch_state *state, uint64_t figure)
{
	if (r->trouble || *state == WATCH_OFF)
		return false;
	if (figure <= r->limit) {
		*state = WATCH_CALM; /* its own figure is not more */
		return false;
	}
	/* Of the whole heap there is nothing more to know. */
	return r->n_pattern || *state == WATCH_CALM || figure / 2 >= *state;
}

static bool
is_far(uint64_t was, uint64_t now)
{
	return (was > now ? was - now : now - was) >= was / 100 + 1;
}

/* Sites may grow while others shrink: now and then all that was allocated counts. */
static bool
has_changed(const struct epochs_counts *now)
{
	const struct epochs_counts *was = &w.seen;

	return is_far(was->allocations - was->frees, now->allocations - now->frees) ||
	       is_far(was->allocated_bytes - was->freed_bytes,
		      now->allocated_bytes - now->freed_bytes) ||
	       (w.n_passed >= QUIET_LOOKS && now->allocations != was->allocations);
}

bool
watch_is_wanted(uint64_t now_ns, void (*sum)(struct epochs_counts *ret))
{
	struct epochs_counts now;
	bool is_wanted = false;
	uint32_t i;

	relaxed_store(&w.next_ns, now_ns + w.rules.every_ns);
	sum(&now);
	w.n_passed++;
	if (!has_changed(&now))
		return false;
	for (i = 0; i < w.rules.n; i++) {
		const struct watch_rule *r = &w.rules.rule[i];

		is_wanted |= may_alarm(r, &w.shared->states[i],
				       r->is_bytes ? now.allocated_bytes - now.freed_bytes
						   : now.allocations - now.frees);
	}
	if (is_wanted) {
		w.seen = now;
		w.n_passed = 0;
		w.shared->is_kept = false;
	}
	return is_wanted;
}

/* ---- the check, in a child ------------------------------------------------ */

enum { STATE_BYTES = WATCH_MAX_RULES * 21 + 1 };

static void
put_states(char *to, size_t bytes)
{
	uint32_t i;
	size_t n = 0;

	for (i = 0; i < w.rules.n; i++)
		n += sys_format(to + n, bytes - n, i ? ",%lu" : "%lu",
				(unsigned long)w.shared->states[i]);
}

/* What the analyzer answers, in the same form; or it was ended before it could. */
static void
take_states(const char *text)
{
	watch_state states[WATCH_MAX_RULES] = {0};
	uint32_t i;

	for (i = 0; i < w.rules.n; i++) {
		if (*text < '0' || *text > '9')
			return;
		for (; *text >= '0' && *text <= '9'; text++)
			states[i] = states[i] * 10 + (uint64_t)(*text - '0');
		if (*text++ != (i + 1 < w.rules.n ? ',' : '\n'))
			return;
	}
	memcpy(w.shared->states, states, sizeof states);
}

static void
become_analyzer(const struct watch_check *l, int answer)
{
	static char rules[8 + WATCH_TEXT_BYTES], states[14 + STATE_BYTES + 1],
		keep[13 + PATH_MAX];
	const char *args[] = {"gcprof-analyze", rules, states, l->file, NULL, NULL};

	(void)sys_format(rules, sizeof rules, "--watch=%s", options.watch);
	memcpy(states, "--watch-state=", 14);
	put_states(states + 14, sizeof states - 14);
	if (l->keep) {
		(void)sys_format(keep, sizeof keep, "--watch-keep=%s", l->keep);
		args[3] = keep;
		args[4] = l->file;
	}
	sys_set_streams(-1, answer, sys_log_is_there() ? 2 : -1);
	sys_default_signals();
	(void)sys_exec(l->analyzer, args, l->environment);
	sys_exit(127);
}

static void
read_all(int fd, char *to, size_t bytes)
{
	size_t n = 0;
	long got;

	while (n + 1 < bytes &&
	       ((got = sys_read(fd, to + n, bytes - 1 - n)) > 0 || got == -EINTR))
		n += got > 0 ? (size_t)got : 0;
	to[n] = 0;
}

static void
report_trouble(const char *what, const char *name)
{
	if (!w.shared->is_trouble_reported)
		sys_log("watch: %s '%s'; further failures are not reported", what, name);
	w.shared->is_trouble_reported = true;
}

void
watch_failed(const char *file, const char *why)
{
	if (!w.shared->is_trouble_reported)
		sys_log("watch: cannot write '%s': %s; further failures are not "
			"reported",
			file, why);
	w.shared->is_trouble_reported = true;
}

void
watch_check(const struct watch_check *l)
{
	static char answer[STATE_BYTES + 1];
	int ends[2], child, status = 0;

	if (sys_pipe(ends) < 0)
		return;
	child = sys_fork_silent();
	if (child == 0)
		become_analyzer(l, ends[1]);
	(void)sys_close(ends[1]);
	if (child > 0) {
		read_all(ends[0], answer, sizeof answer);
		take_states(answer);
		/* Its actions may take longer.  We cannot go before it: it would be given
		 * to the program, if that is a reaper of orphans. */
		(void)sys_reap(child, true, &status);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
			report_trouble("cannot run the analyzer", l->analyzer);
	}
	w.shared->is_kept = sys_unlink(l->file) == -ENOENT;
}
