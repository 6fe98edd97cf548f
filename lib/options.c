/* options.c -- see options.h.
 *
 * Runs before libc is ready: no libc call but memory and string functions that
 * need no set-up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"
#include "libc_inside.h"
#include "secure.h"
#include "sys.h"
#include "values.h"

#include <signal.h>
#include <string.h>

struct options options;

enum option_name {
#define OPTION(name, opt, arg, dflt, help) OPT_##name,
#include "options.def"
#undef OPTION
	N_OPTIONS
};

static const struct {
	const char *name, *dflt;
} table[N_OPTIONS] = {
#define OPTION(name, opt, arg, dflt, help) {"GCPROF_" #name, dflt},
#include "options.def"
#undef OPTION
};

static const char *refused[N_OPTIONS]; /* values that were invalid */
static const char *in_force[N_OPTIONS];

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
parse_snapshot(const char *s)
{
	bool at_exit = false, at_signal = false, at_fatal = false, has_look = false;
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
	options.at_exit = at_exit;
	options.has_look = has_look;
	options.at_signal = at_signal;
	options.at_fatal = at_fatal;
	options.interval_ns = interval_ns;
	options.growth_percent = (uint32_t)growth;
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
copy_text(char *to, size_t bytes, const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n >= bytes)
		return false;
	memcpy(to, s, n + 1);
	return true;
}

static bool
parse_one(enum option_name o, const char *s)
{
	uint64_t v;

	switch (o) {
	case OPT_OUTPUT:
		return copy_text(options.output, sizeof options.output, s);
	case OPT_MODE:
		return parse_mode(s, &options.mode);
	case OPT_SNAPSHOT:
		return parse_snapshot(s);
	case OPT_SIGNAL:
		options.signal_name = s;
		return parse_signal(s, &options.signal);
	case OPT_CUT_SIGNAL:
		options.cut_signal_name = s;
		return parse_signal(s, &options.cut_signal) &&
		       options.cut_signal != options.signal;
	case OPT_YOUNG:
		if (!values_bytes(s, s + strlen(s), &v) || v < OPTIONS_MIN_YOUNG ||
		    v > 1ull << 40)
			return false;
		options.young_bytes = v;
		return true;
	case OPT_PROMOTE:
		if ((s[0] != '1' && s[0] != '2') || s[1])
			return false;
		options.promote = (uint32_t)(s[0] - '0');
		return true;
	case OPT_SAMPLE:
		return values_bytes(s, s + strlen(s), &options.sample_bytes);
	case OPT_LIMIT:
		return values_bytes(s, s + strlen(s), &options.limit_bytes);
	case OPT_WATCH: /* a rule that is no use leaves the others in force: watch.c */
		return copy_text(options.watch, sizeof options.watch, s);
	case OPT_LIVE:
		options.live_directory[0] = 0;
		if (parse_bool(s, &options.is_live))
			return true;
		options.is_live = copy_text(options.live_directory,
					    sizeof options.live_directory, s);
		return options.is_live;
	case OPT_CONTENT:
		if (!values_bytes(s, s + strlen(s), &v) || v > OPTIONS_MAX_CONTENT)
			return false;
		options.content_bytes = v;
		return true;
	case OPT_TRACE:
		options.trace_file[0] = 0;
		if (parse_bool(s, &options.is_trace))
			return true;
		options.is_trace =
			copy_text(options.trace_file, sizeof options.trace_file, s);
		return options.is_trace;
	case OPT_ALLOCATOR:
		options.is_system_allocator = strcmp(s, "system") == 0;
		return options.is_system_allocator || strcmp(s, "jemalloc") == 0;
	case OPT_HUGEPAGES:
		return parse_bool(s, &options.is_hugepages);
	case OPT_FOLLOW:
		return parse_bool(s, &options.is_follow);
	case OPT_ABORT:
		return values_number(s, s + strlen(s), &options.abort_at);
	case OPT_VERIFY:
		return values_number(s, s + strlen(s), &options.verify_every);
	case OPT_VERBOSE:
		return parse_bool(s, &options.is_verbose);
	case N_OPTIONS:
		break;
	}
	return false;
}

/* In place of what the environment asks for. */
static void
be_quiet(void)
{
	int o;

	for (o = 0; o < N_OPTIONS; o++) {
		(void)parse_one((enum option_name)o, table[o].dflt);
		in_force[o] = table[o].dflt;
	}
	options.is_secure = true;
	options.at_exit = options.at_signal = options.at_fatal = false;
	options.has_look = false;
	/* No stacks and no ends of epochs: nobody is ever told of them. */
	options.sample_bytes = (uint64_t)1 << 50;
	options.young_bytes = (uint64_t)1 << 40;
}

void
options_parse(char **environment)
{
	char **v;
	int o;

	if (secure_is_on(environment)) {
		secure_clean(environment);
		be_quiet();
		return;
	}
	for (v = environment; v && *v; v++) {
		if (strncmp(*v, "GCPROF_ANALYZE=", 15) == 0)
			options.analyzer = *v + 15;
		if (strncmp(*v, "GCPROF_RUN=", 11) == 0)
			options.run = *v + 11;
	}
	for (o = 0; o < N_OPTIONS; o++) {
		const char *name = table[o].name;
		size_t n = strlen(name);

		in_force[o] = table[o].dflt;
		(void)parse_one((enum option_name)o, table[o].dflt);
		for (v = environment; v && *v; v++)
			if (strncmp(*v, name, n) == 0 && (*v)[n] == '=') {
				const char *value = *v + n + 1;

				/* Empty is as good as not set. A refused value may have
				 * been half taken. */
				if (*value && !parse_one((enum option_name)o, value)) {
					refused[o] = value;
					(void)parse_one((enum option_name)o, table[o].dflt);
				} else if (*value) {
					in_force[o] = value;
				}
				break;
			}
	}
}

size_t
options_text(char *to, size_t bytes)
{
	size_t n = 0;
	int o;

	for (o = 0; o < N_OPTIONS; o++) {
		const char *name = table[o].name + sizeof "GCPROF_" - 1;
		size_t all = strlen(name) + 1 + strlen(in_force[o]) + 1;

		if (all > bytes - n)
			break;
		n += sys_format(to + n, bytes - n, "%s=%s", name, in_force[o]) + 1;
	}
	return n;
}

bool
options_want_snapshots(void)
{
	return options.at_exit || options.at_signal || options.at_fatal ||
	       options.interval_ns || options.growth_percent || options.limit_bytes;
}

/* Not by the default value of an option. */
static bool
is_given(enum option_name o)
{
	return in_force[o] != table[o].dflt;
}

bool
options_ask_for_signal(void)
{
	return options.at_signal && (is_given(OPT_SNAPSHOT) || is_given(OPT_SIGNAL));
}

bool
options_ask_for_running(void)
{
	return options_ask_for_signal() || options.interval_ns ||
	       options.growth_percent || options.limit_bytes || is_given(OPT_CUT_SIGNAL);
}

void
options_complain(void)
{
	int o;

	for (o = 0; o < N_OPTIONS; o++)
		if (refused[o]) {
			sys_log("invalid value for %s: '%s'; using '%s'", table[o].name,
				refused[o], table[o].dflt);
			refused[o] = NULL;
		}
}
