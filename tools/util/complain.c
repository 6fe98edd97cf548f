/* complain.c -- see complain.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/complain.h"

#include <stdarg.h>

#include "util/text.h"

static const char *command = "gcprof";

void
complain_as(const char *name)
{
	command = name;
}

void
complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_complain(command, format, args);
	va_end(args);
}
