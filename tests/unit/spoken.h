/* spoken.h -- for tests: a command line as gcprof-analyze reads it, and what it says of it.
 *
 * In:   words.
 * Out:  settings, the answer, and what stood on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TESTS_SPOKEN_H
#define GCPROF_TESTS_SPOKEN_H

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/options.h"

enum { MOST_WORDS = 40 };

static struct settings settings;
static char said[2048];
static char *given[MOST_WORDS + 1]; /* argv; options may be cut in place */
static int n_given;

/* What call() writes to standard error is in `said`. */
static void
listen(void (*call)(void *arg), void *arg)
{
	FILE *f = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t n;

	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	call(arg);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	fclose(f);
}

static void
forget(void)
{
	options_free(&settings);
	memset(&settings, 0, sizeof(settings));
	for (int i = 0; i < n_given; i++)
		free(given[i]);
	n_given = 0;
}

static void
parse_given(void *ret_answer)
{
	optind = 0; /* glibc: from the start */
	*(enum options_answer *)ret_answer = options_parse(&settings, n_given, given);
}

/* words ends with NULL.  Settings hold until the next command line. */
static enum options_answer
parse(const char *const *words)
{
	enum options_answer answer;

	forget();
	given[n_given++] = strdup("gcprof-analyze");
	for (; *words; words++)
		given[n_given++] = strdup(*words);
	given[n_given] = NULL;
	listen(parse_given, &answer);
	return answer;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

#endif
