/* lsan.c -- a program with what LeakSanitizer asks for, built without it: nothing exports it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

int __lsan_is_turned_off(void);
const char *__lsan_default_suppressions(void);

static int n_arguments;
static void *volatile sink;

int
__lsan_is_turned_off(void)
{
	return n_arguments == 1;
}

const char *
__lsan_default_suppressions(void)
{
	return "leak:lose_known\n";
}

static NOINLINE void
lose_known(void)
{
	sink = malloc(666);
}

static NOINLINE void
lose_other(void)
{
	sink = malloc(1337);
}

int
main(int argc, char **argv)
{
	(void)argv;
	n_arguments = argc;
	lose_known();
	lose_other();
	sink = NULL;
	return 0;
}
