/* alarms.c -- one check for alarms: what rules say of one snapshot.
 *
 * In:   rules, as watch_rules.h has them; what is remembered of them; a snapshot.
 * Out:  a line for each alarm on standard error, its action done; what is to be
 *       remembered, on standard output.
 * Not here: when to check (lib/watch.c).
 *
 * Names are costly, so a node of the calling-context tree is named once, only if
 * live blocks hang below it, and only if all blocks together are more than the limit
 * of a rule that has not matched further out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/alarms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names/stacks.h"
#include "util/text.h"
#include "watch_rules.h"

/* One of the rules, with what this check finds. */
struct watched {
	const struct watch_rule *rule;
	regex_t regex;
	bool has_regex, is_off;
	char pattern_error[128];
	watch_state state;
	struct heap_count live;
	bool is_alarm, is_again;
};

struct alarms {
	char *text;
	struct watch_rules rules;
	struct watched list[WATCH_MAX_RULES];
	const struct alarms_options *options;
	/* Of the check. */
	const struct heap *heap;
	struct symbols *symbols;
	struct heap_site *sites;
	uint32_t *matching; /* by node: rules, by bit, that its frames or its callers match */
	const char *file;
	bool is_kept, is_keep_failed;
};

/* ---- rules ---- */

static void
compile(struct watched *x)
{
	char *pattern = strndup(x->rule->text, x->rule->n_pattern);
	int error;

	if (!pattern) {
		x->is_off = true;
		return;
	}
	error = regcomp(&x->regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (error)
		regerror(error, &x->regex, x->pattern_error, sizeof(x->pattern_error));
	x->has_regex = error == 0;
	x->is_off = error != 0;
	free(pattern);
}

static void
read_states(struct alarms *w, const char *list)
{
	for (uint32_t i = 0; i < w->rules.n && list && *list; i++) {
		char *end;

		w->list[i].state = strtoull(list, &end, 10);
		list = *end == ',' ? end + 1 : NULL;
	}
}

/* What is wrong with one of the rules, if anything is. */
static bool
find_invalid_rule(const struct alarms *w, char *ret_message, size_t bytes)
{
	for (uint32_t i = 0; i < w->rules.n; i++) {
		const struct watched *x = &w->list[i];
		const char *trouble =
			x->rule->trouble ? x->rule->trouble : x->pattern_error;

		if (*trouble) {
			snprintf(ret_message, bytes, "invalid rule '%s': %s",
				 x->rule->text, trouble);
			return true;
		}
	}
	return false;
}

struct alarms *
alarms_new(const struct alarms_options *o, char *ret_message, size_t bytes)
{
	struct alarms *w = calloc(1, sizeof(*w));

	if (w)
		w->text = strdup(o->rules);
	if (!w || !w->text) {
		snprintf(ret_message, bytes, "out of memory");
		alarms_free(w);
		return NULL;
	}
	w->options = o;
	watch_rules_parse(w->text, &w->rules);
	for (uint32_t i = 0; i < w->rules.n; i++) {
		struct watched *x = &w->list[i];

		x->rule = &w->rules.rule[i];
		x->is_off = x->rule->trouble != NULL;
		if (!x->is_off && x->rule->n_pattern)
			compile(x);
	}
	read_states(w, o->state);
	if (!o->state && find_invalid_rule(w, ret_message, bytes)) {
		alarms_free(w);
		return NULL;
	}
	return w;
}

void
alarms_free(struct alarms *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < w->rules.n; i++)
		if (w->list[i].has_regex)
			regfree(&w->list[i].regex);
	free(w->sites);
	free(w->matching);
	free(w->text);
	free(w);
}

/* ---- lines ---- */

/* A line about the program, in one piece.  A pipe that nobody empties must not keep
 * the program's next check waiting: what does not fit is not said. */
static void log_line(const struct alarms *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void
log_line(const struct alarms *w, const char *format, ...)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	char line[PIPE_BUF / 3];
	va_list args;
	char *text;
	int n;

	n = snprintf(line, sizeof(line), "gcprof[%" PRIu64 "]: ", w->heap->info.pid);
	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	text = text_utf8(line, strlen(line), true);
	if (!text)
		return;
	n = (int)strlen(text);
	text[n++] = '\n'; /* text_utf8 has left room: it may treble */
	if (poll(&room, 1, 0) == 1 && room.revents & POLLOUT)
		while (write(STDERR_FILENO, text, (size_t)n) < 0 && errno == EINTR)
			;
	free(text);
}

/* ---- figures ---- */

static uint64_t
figure_of(const struct watched *x, const struct heap_count *live)
{
	return x->rule->is_bytes ? live->bytes : live->blocks;
}

static bool
frame_matches(const struct stack_frame *f, const regex_t *regex)
{
	return (f->function && regexec(regex, f->function, 0, NULL, 0) == 0) ||
	       (f->symbol && regexec(regex, f->symbol, 0, NULL, 0) == 0);
}

/* Rules out of `wanted`, by bit, that one of a node's own frames matches. */
static uint32_t
match_node(const struct alarms *w, uint32_t node, uint32_t wanted)
{
	struct stack s;
	uint32_t found = 0;

	if (stack_top(w->heap, node) != node || /* gcprof's own */
	    stack_node_get(w->heap, w->symbols, node, &s) != 0)
		return 0;
	for (uint32_t r = 0; r < w->rules.n; r++)
		for (size_t i = 0; wanted >> r & 1 && i < s.n; i++)
			if (frame_matches(&s.frames[i], &w->list[r].regex))
				found |= 1u << r;
	stack_free(&s);
	return found;
}

/* Which nodes have a function of which rule among their frames or their callers'. */
static bool
match_nodes(struct alarms *w, uint32_t wanted)
{
	const struct heap *h = w->heap;
	bool *has_live = calloc((size_t)h->n_nodes + 1, sizeof(*has_live));

	w->matching = calloc((size_t)h->n_nodes + 1, sizeof(*w->matching));
	if (!has_live || !w->matching) {
		free(has_live);
		return false;
	}
	for (uint32_t i = h->n_nodes; i > 0 && wanted; i--) {
		has_live[i] |= w->sites[i].live.blocks != 0;
		has_live[h->nodes[i].parent] |= has_live[i];
	}
	for (uint32_t i = 1; i <= h->n_nodes && wanted; i++) {
		uint32_t outside = w->matching[h->nodes[i].parent];

		w->matching[i] = outside;
		if (has_live[i] && wanted & ~outside)
			w->matching[i] |= match_node(w, i, wanted & ~outside);
	}
	free(has_live);
	return true;
}

static void
add(struct heap_count *to, const struct heap_count *more)
{
	to->blocks += more->blocks;
	to->bytes += more->bytes;
}

static bool
measure(struct alarms *w)
{
	static const struct heap_filter all;
	struct heap_count heap = {0, 0};
	uint32_t wanted = 0;

	w->sites = heap_aggregate(w->heap, &all);
	if (!w->sites)
		return false;
	for (uint32_t i = 0; i <= w->heap->n_nodes; i++)
		add(&heap, &w->sites[i].live);
	for (uint32_t r = 0; r < w->rules.n; r++) {
		struct watched *x = &w->list[r];

		if (x->is_off || x->state == WATCH_OFF)
			continue;
		if (!x->rule->n_pattern)
			x->live = heap;
		else if (figure_of(x, &heap) > x->rule->limit)
			wanted |= 1u << r;
	}
	if (!match_nodes(w, wanted))
		return false;
	for (uint32_t i = 1; i <= w->heap->n_nodes; i++)
		for (uint32_t r = 0; r < w->rules.n; r++)
			if (w->matching[i] >> r & 1)
				add(&w->list[r].live, &w->sites[i].live);
	return true;
}

/* ---- alarms ---- */

/* The innermost function that a rule means, in a stack that has one. */
static const char *
function_meant(const struct alarms *w, const struct watched *x, uint32_t node)
{
	const char *name = NULL;

	for (; node && !name; node = w->heap->nodes[node].parent) {
		struct stack s;

		if (stack_top(w->heap, node) != node ||
		    stack_node_get(w->heap, w->symbols, node, &s) != 0)
			continue;
		for (size_t i = 0; i < s.n && !name; i++)
			if (frame_matches(&s.frames[i], &x->regex))
				name = s.frames[i].function ? s.frames[i].function
							    : s.frames[i].symbol;
		stack_free(&s);
	}
	return name;
}

/* Whose blocks they are: the function with the largest site, and whether there are
 * others. */
static void
name_owner(const struct alarms *w, uint32_t r, char *ret, size_t bytes)
{
	const struct watched *x = &w->list[r];
	const char *name = NULL, *other;
	bool is_one_of_many = false;
	uint32_t largest = 0;

	if (!x->rule->n_pattern) {
		snprintf(ret, bytes, "in the whole heap");
		return;
	}
	for (uint32_t i = 1; i <= w->heap->n_nodes; i++)
		if (w->matching[i] >> r & 1 &&
		    figure_of(x, &w->sites[i].live) >
			    figure_of(x, &w->sites[largest].live) * (largest != 0))
			largest = i;
	name = function_meant(w, x, largest);
	for (uint32_t i = 1; i <= w->heap->n_nodes && name && !is_one_of_many; i++)
		if (w->matching[i] >> r & 1 && w->sites[i].live.blocks) {
			other = function_meant(w, x, i);
			is_one_of_many = other && strcmp(other, name) != 0;
		}
	snprintf(ret, bytes, "allocated in %.200s%s", name ? name : "unnamed functions",
		 is_one_of_many ? " and others" : "");
}

static void
raise_alarm(const struct alarms *w, uint32_t r)
{
	const struct watched *x = &w->list[r];
	const struct watch_rule *rule = x->rule;
	char count[32], size[32], owner[256], file[512] = "";
	bool is_one = x->live.blocks == 1;

	text_count(x->live.blocks, count, sizeof(count));
	text_size(x->live.bytes, size, sizeof(size));
	name_owner(w, r, owner, sizeof(owner));
	if (rule->action == WATCH_SNAPSHOT && w->is_keep_failed)
		snprintf(file, sizeof(file), "; the snapshot could not be kept");
	else if (rule->action == WATCH_SNAPSHOT)
		snprintf(file, sizeof(file), "; snapshot '%.400s'", w->file);
	log_line(w, "watch: %s%s (%s%s) %s, more than %.*s%s (rule '%.*s')%s",
		 rule->is_bytes ? size : count,
		 rule->is_bytes ? ""
		 : is_one       ? " block"
				: " blocks",
		 rule->is_bytes ? count : size,
		 !rule->is_bytes ? ""
		 : is_one        ? " block"
				 : " blocks",
		 owner, (int)(rule->n_condition - rule->limit_at),
		 rule->text + rule->limit_at,
		 x->is_again ? ", doubled since the last alarm" : "",
		 rule->n_condition < 200 ? (int)rule->n_condition : 200, rule->text, file);
}

/* A file is on the disk before it takes an older one's name, as lib/newfile.h has it. */
static bool
replace(const char *from, const char *to)
{
	struct stat st;
	bool is_replaced = lstat(to, &st) == 0;
	int fd;

	if (is_replaced && !S_ISREG(st.st_mode))
		return false;
	if (is_replaced) {
		fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return false;
		/* What has no disk behind it refuses. */
		if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
			(void)close(fd);
			return false;
		}
		(void)close(fd);
	}
	return rename(from, to) == 0;
}

/* Give the snapshot its name.  Without the library's word it has one. */
static void
keep(struct alarms *w)
{
	const struct alarms_options *o = w->options;

	w->is_kept = true;
	if (!o->keep && !o->state)
		return;
	if (o->keep && replace(w->file, o->keep))
		w->file = o->keep;
	else
		w->is_keep_failed = true;
}

static void
set_number(const char *name, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	setenv(name, text, 1);
}

/* Run a rule's command, and wait for it. */
static void
execute(const struct alarms *w, const struct watched *x)
{
	char condition[WATCH_TEXT_BYTES];
	pid_t pid;

	snprintf(condition, sizeof(condition), "%.*s", (int)x->rule->n_condition,
		 x->rule->text);
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		set_number("GCPROF_WATCH_PID", w->heap->info.pid);
		set_number("GCPROF_WATCH_COUNT", x->live.blocks);
		set_number("GCPROF_WATCH_BYTES", x->live.bytes);
		setenv("GCPROF_WATCH_RULE", condition, 1);
		setenv("GCPROF_WATCH_FILE", w->file, 1);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)close_range(3, ~0u, 0); /* files of symbols */
		execl("/bin/sh", "sh", "-c", x->rule->command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		log_line(w, "watch: cannot run '%.200s': %s", x->rule->command,
			 strerror(errno));
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Returns the number of alarms. */
static int
update_rules(struct alarms *w)
{
	int n = 0;

	for (uint32_t r = 0; r < w->rules.n; r++) {
		struct watched *x = &w->list[r];
		watch_state was = x->state;

		if (x->is_off || was == WATCH_OFF)
			continue;
		x->state = watch_rules_next(was, x->rule->limit, figure_of(x, &x->live),
					    &x->is_alarm);
		x->is_again = x->is_alarm && was != WATCH_CALM;
		n += x->is_alarm;
		if (x->is_alarm && x->rule->action == WATCH_SNAPSHOT && !w->is_kept)
			keep(w);
	}
	return n;
}

static void
report_invalid_patterns(struct alarms *w)
{
	for (uint32_t r = 0; r < w->rules.n; r++) {
		struct watched *x = &w->list[r];

		if (!*x->pattern_error || x->state == WATCH_OFF)
			continue;
		log_line(w, "invalid GCPROF_WATCH rule '%.200s': %s", x->rule->text,
			 x->pattern_error);
		x->state = WATCH_OFF;
	}
}

/* The library waits for this.  Commands may take long: it is not to wait for them. */
static void
write_states(const struct alarms *w)
{
	if (!w->options->state)
		return;
	for (uint32_t r = 0; r < w->rules.n; r++)
		printf("%s%" PRIu64, r ? "," : "", w->list[r].state);
	puts("");
	fflush(stdout);
}

int
alarms_check(struct alarms *w, const struct heap *heap, struct symbols *symbols,
	     const char *path)
{
	int n;

	w->heap = heap;
	w->symbols = symbols;
	w->file = path;
	report_invalid_patterns(w);
	if (!measure(w))
		return -1;
	n = update_rules(w);
	for (uint32_t r = 0; r < w->rules.n; r++)
		if (w->list[r].is_alarm)
			raise_alarm(w, r);
	write_states(w);
	for (uint32_t r = 0; r < w->rules.n; r++)
		if (w->list[r].is_alarm && w->list[r].rule->action == WATCH_EXEC)
			execute(w, &w->list[r]);
	return n;
}
