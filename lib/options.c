/* options.c -- see options.h.
 *
 * Runs before libc is ready: no libc call but memory and string functions that
 * need no set-up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"
#include "secure.h"
#include "sys.h"

#include <string.h>

struct options options;

static const struct {
	const char *name, *dflt;
} table[N_OPTIONS] = {
#define OPTION(name, opt, arg, dflt, help) {"GCPROF_" #name, dflt},
#include "options.def"
#undef OPTION
};

static const char *refused[N_OPTIONS]; /* values that were invalid */
static const char *in_force[N_OPTIONS];

/* In place of what the environment asks for. */
static void
be_quiet(void)
{
	int o;

	for (o = 0; o < N_OPTIONS; o++) {
		(void)option_values_take(&options, (enum option_name)o, table[o].dflt);
		in_force[o] = table[o].dflt;
	}
	options.is_secure = true;
	options.at_exit = options.at_signal = options.at_fatal = options.at_peak = false;
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
		(void)option_values_take(&options, (enum option_name)o, table[o].dflt);
		for (v = environment; v && *v; v++)
			if (strncmp(*v, name, n) == 0 && (*v)[n] == '=') {
				const char *value = *v + n + 1;

				/* Empty is as good as not set. A refused value may have
				 * been half taken. */
				if (*value &&
				    !option_values_take(&options, (enum option_name)o,
							value)) {
					refused[o] = value;
					(void)option_values_take(&options,
								 (enum option_name)o,
								 table[o].dflt);
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
	       options.at_peak || options.interval_ns || options.growth_percent ||
	       options.limit_bytes;
}

/* By a user. */
static bool
is_given(enum option_name o)
{
	return in_force[o] != table[o].dflt &&
	       (o != OPT_SNAPSHOT || strcmp(in_force[o], OPTIONS_SNAPSHOT_OF_RUN) != 0);
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
