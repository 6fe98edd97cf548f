/* option_values.c -- see option_values.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "option_values.h"
#include "libc_inside.h"
#include "values.h"

#include <signal.h>
#include <string.h>

static bool
parse_bool(const char *s, bool *ret)
{
	if ((s[0] != '0' && s[0] != '1') || s[1])
		return false;
	*ret = s[0] == '1';
	return true;
}

static bool
has_word(const char *s, const char *end, const char *word)
{
	return (size_t)(end - s) == strlen(word) && memcmp(s, word, (size_t)(end - s)) == 0;
}

static bool
parse_snapshot(struct options *to, const char *s)
{
	bool at_exit = false, at_signal = false, at_fatal = false, has_look = false,
	     at_peak = false;
	uint64_t interval_ns = 0, growth = 0;

	while (*s) {
		const char *end = strchr(s, ',');

		while (*s == ' ')
			s++;
		if (!end)
			end = s + strlen(s);
		if (has_word(s, end, "exit"))
			at_exit = has_look = true;
		else if (has_word(s, end, "exit=only"))
			at_exit = true;
		else if (has_word(s, end, "signal"))
			at_signal = true;
		else if (has_word(s, end, "fatal"))
			at_fatal = true;
		else if (has_word(s, end, "peak"))
			at_peak = true;
		else if (end - s > 9 && memcmp(s, "interval=", 9) == 0) {
			if (!values_interval(s + 9, end, &interval_ns) || !interval_ns)
				return false;
		} else if (end - s > 7 && memcmp(s, "growth=", 7) == 0) {
			if (!values_number(s + 7, end[-1] == '%' ? end - 1 : end, &growth) ||
			    growth == 0 || growth > 1000000)
				return false;
		} else if (!has_word(s, end, "none") && end != s) {
			return false;
		}
		s = *end ? end + 1 : end;
	}
	to->at_exit = at_exit;
	to->has_look = has_look;
	to->at_signal = at_signal;
	to->at_fatal = at_fatal;
	to->at_peak = at_peak;
	to->interval_ns = interval_ns;
	to->growth_percent = (uint32_t)growth;
	return true;
}

/* Numbers of Linux on x86-64 and arm64: signal(7). */
static bool
parse_signal(const char *s, int *ret)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"HUP", SIGHUP},     {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
		     {"USR2", SIGUSR2},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
		     {"URG", SIGURG},     {"PROF", SIGPROF}, {"VTALRM", SIGVTALRM},
		     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR}};
	const int rtmin = LIBC_SIGRTMIN, rtmax = LIBC_SIGRTMAX;
	uint64_t v;
	size_t i;

	if (memcmp(s, "SIG", strlen(s) < 3 ? strlen(s) + 1 : 3) == 0)
		s += 3;
	if (values_number(s, s + strlen(s), &v)) {
		if (v < 1 || v > (uint64_t)rtmax || v == SIGKILL || v == SIGSTOP ||
		    LIBC_SIGNALS >> (v - 1) & 1)
			return false;
		*ret = (int)v;
		return true;
	}
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(s, names[i].name) == 0) {
			*ret = names[i].number;
			return true;
		}
	if (strcmp(s, "RTMIN") == 0 || strcmp(s, "RTMAX") == 0) {
		*ret = strcmp(s, "RTMIN") == 0 ? rtmin : rtmax;
		return true;
	}
	if (strncmp(s, "RTMIN+", 6) == 0 && values_number(s + 6, s + strlen(s), &v) &&
	    v <= 30) {
		*ret = rtmin + (int)v;
		return true;
	}
	if (strncmp(s, "RTMAX-", 6) == 0 && values_number(s + 6, s + strlen(s), &v) &&
	    v <= 30) {
		*ret = rtmax - (int)v;
		return true;
	}
	return false;
}

/* Octal; the owner can read and write, and nobody execute. */
static bool
parse_mode(const char *s, int *ret)
{
	int v = 0, n = 0;

	for (; *s >= '0' && *s <= '7' && n < 5; s++, n++)
		v = v * 8 + (*s - '0');
	if (*s || (v & 0600) != 0600 || v & ~0666)
		return false;
	*ret = v;
	return true;
}

static bool
copy_text(char *ret, size_t bytes, const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n >= bytes)
		return false;
	memcpy(ret, s, n + 1);
	return true;
}

bool
option_values_take(struct options *to, enum option_name o, const char *s)
{
	uint64_t v;

	switch (o) {
	case OPT_OUTPUT:
		return copy_text(to->output, sizeof to->output, s);
	case OPT_MODE:
		return parse_mode(s, &to->mode);
	case OPT_SNAPSHOT:
		return parse_snapshot(to, s);
	case OPT_SIGNAL:
		to->signal_name = s;
		return parse_signal(s, &to->signal);
	case OPT_CUT_SIGNAL:
		to->cut_signal_name = s;
		return parse_signal(s, &to->cut_signal) && to->cut_signal != to->signal;
	case OPT_YOUNG:
		if (!values_bytes(s, s + strlen(s), &v) || v < OPTIONS_MIN_YOUNG ||
		    v > 1ull << 40)
			return false;
		to->young_bytes = v;
		return true;
	case OPT_PROMOTE:
		if ((s[0] != '1' && s[0] != '2') || s[1])
			return false;
		to->promote = (uint32_t)(s[0] - '0');
		return true;
	case OPT_SAMPLE:
		return values_bytes(s, s + strlen(s), &to->sample_bytes);
	case OPT_LIMIT:
		return values_bytes(s, s + strlen(s), &to->limit_bytes);
	case OPT_WATCH: /* a rule that is no use leaves the others in force: watch.c */
		return copy_text(to->watch, sizeof to->watch, s);
	case OPT_LIVE:
		to->live_directory[0] = 0;
		if (parse_bool(s, &to->is_live))
			return true;
		to->is_live = copy_text(to->live_directory, sizeof to->live_directory, s);
		return to->is_live;
	case OPT_CONTENT:
		if (!values_bytes(s, s + strlen(s), &v) || v > OPTIONS_MAX_CONTENT)
			return false;
		to->content_bytes = v;
		return true;
	case OPT_WASTE:
		return parse_bool(s, &to->is_waste);
	case OPT_TRACE:
		to->trace_file[0] = 0;
		if (parse_bool(s, &to->is_trace))
			return true;
		to->is_trace = copy_text(to->trace_file, sizeof to->trace_file, s);
		return to->is_trace;
	case OPT_ALLOCATOR:
		to->is_system_allocator = strcmp(s, "system") == 0;
		return to->is_system_allocator || strcmp(s, "jemalloc") == 0;
	case OPT_HUGEPAGES:
		return parse_bool(s, &to->is_hugepages);
	case OPT_FOLLOW:
		return parse_bool(s, &to->is_follow);
	case OPT_ABORT:
		return values_number(s, s + strlen(s), &to->abort_at);
	case OPT_VERIFY:
		return values_number(s, s + strlen(s), &to->verify_every);
	case OPT_VERBOSE:
		return parse_bool(s, &to->is_verbose);
	case N_OPTIONS:
		break;
	}
	return false;
}
