/* settings.c -- see settings.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/settings.h"

#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/launch.h"
#include "option_values.h"
#include "util/complain.h"
#include "watch_rules.h"

static const struct {
	const char *option, *argument, *dflt, *help;
} settings[N_SETTINGS] = {
#define OPTION(name, option, argument, value, help) {option, argument, value, help},
#include "options.def"
#undef OPTION
};

/* ---- values ---- */

static void
complain_of_value(int i, const char *value)
{
	static const struct {
		const char *argument, *takes;
	} kinds[] = {{"BYTES", "a number of bytes, such as 4096, 64K or 2G"},
		     {"N", "a number"},
		     {"OCTAL", "an octal number"}};
	const char *argument = settings[i].argument, *takes = NULL;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strcmp(argument, kinds[k].argument) == 0)
			takes = kinds[k].takes;
	if (!takes && strchr(argument, '|'))
		takes = argument;
	complain("--%s: invalid value '%s'; %s%s%s", settings[i].option, value,
		 takes ? takes : "", takes ? ": " : "", settings[i].help);
}

/* What is wrong with a pattern, into ret; empty: nothing. */
static void
try_pattern(const struct watch_rule *r, char *ret, size_t bytes)
{
	char pattern[WATCH_TEXT_BYTES];
	regex_t regex;
	int error;

	ret[0] = '\0';
	(void)snprintf(pattern, sizeof(pattern), "%.*s", (int)r->n_pattern, r->text);
	error = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (error)
		(void)regerror(error, &regex, ret, bytes);
	else
		regfree(&regex);
}

/* A rule that is no use would leave the others in force: nobody was asked for it. */
static int
check_watch(const char *value)
{
	static struct watch_rules rules;
	static char text[WATCH_TEXT_BYTES];

	(void)snprintf(text, sizeof(text), "%s", value);
	watch_rules_parse(text, &rules);
	for (uint32_t i = 0; i < rules.n; i++) {
		const struct watch_rule *r = &rules.rule[i];
		char error[256] = "";

		if (!r->trouble)
			try_pattern(r, error, sizeof(error));
		if (r->trouble || *error) {
			complain("--watch: invalid rule '%s': %s", r->text,
				 r->trouble ? r->trouble : error);
			return EXIT_USAGE;
		}
	}
	return 0;
}

const char *
settings_default(int code)
{
	return settings[code - SETTING_FIRST].dflt;
}

bool
settings_takes(int code, const char *value)
{
	static struct options nobody;

	return *value &&
	       option_values_take(&nobody, (enum option_name)(code - SETTING_FIRST), value);
}

int
settings_check(int code, const char *value)
{
	if (!settings_takes(code, value)) {
		complain_of_value(code - SETTING_FIRST, value);
		return EXIT_USAGE;
	}
	return code == SETTING_WATCH ? check_watch(value) : 0;
}

/* ---- files ---- */

/* The directory of a name, as far as it is known: what is before the first escape. */
static void
put_directory(const char *name, bool has_escapes, char *ret, size_t bytes)
{
	size_t n = has_escapes ? strcspn(name, "%") : strlen(name);

	while (n > 0 && name[n - 1] != '/')
		n--;
	while (n > 1 && name[n - 1] == '/')
		n--;
	(void)snprintf(ret, bytes, "%.*s", n ? (int)n : 1, n ? name : ".");
}

static int
check_directory(const char *option, const char *name, bool has_escapes)
{
	char directory[PATH_MAX];
	struct stat s;
	int error = 0;

	put_directory(name, has_escapes, directory, sizeof(directory));
	if (stat(directory, &s) < 0)
		error = errno;
	else if (!S_ISDIR(s.st_mode))
		error = ENOTDIR;
	else if (access(directory, W_OK | X_OK) < 0)
		error = errno;
	if (!error)
		return 0;
	complain("cannot write into '%s': %s; %s says where", directory, strerror(error),
		 option);
	return EXIT_NOT_RUN;
}

int
settings_check_file(const char *option, const char *name)
{
	struct stat s;

	/* A pipe or a terminal is written to where it stands. */
	if (stat(name, &s) < 0)
		return check_directory(option, name, false);
	if (S_ISDIR(s.st_mode)) {
		complain("cannot write '%s': %s; %s says where", name, strerror(EISDIR),
			 option);
		return EXIT_NOT_RUN;
	}
	if (access(name, W_OK) < 0) {
		complain("cannot write '%s': %s; %s says where", name, strerror(errno),
			 option);
		return EXIT_NOT_RUN;
	}
	return 0;
}

int
settings_check_output(const char *output)
{
	const char *when = getenv("GCPROF_SNAPSHOT"), *limit = getenv("GCPROF_LIMIT");
	struct stat st;

	if (!output || !*output)
		output = settings_default(SETTING_OUTPUT);
	if (when && strcmp(when, "none") == 0 && !(limit && *limit))
		return 0;
	if (!strchr(output, '%') && stat(output, &st) == 0 && !S_ISREG(st.st_mode)) {
		complain("cannot write snapshots to '%s': it is %s; "
			 "--output=DIRECTORY/NAME "
			 "says where",
			 output, S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
		return EXIT_NOT_RUN;
	}
	return check_directory("--output=DIRECTORY/NAME", output, true);
}
