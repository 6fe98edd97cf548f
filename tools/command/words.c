/* words.c -- a command line that is put together word by word.
 *
 * In/Out: words.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/launch.h"
#include "util/complain.h"

void *
words_need(void *p)
{
	if (!p) {
		complain("out of memory");
		_exit(EXIT_NOT_RUN);
	}
	return p;
}

char *
words_text(const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	return words_need(n < 0 ? NULL : s);
}

void
words_add(struct words *w, char *word)
{
	w->list = words_need(reallocarray(w->list, w->n + 2, sizeof(*w->list)));
	w->list[w->n++] = word;
	w->list[w->n] = NULL;
}

void
words_add_all(struct words *w, const struct words *from)
{
	for (size_t i = 0; i < from->n; i++)
		words_add(w, words_text("%s", from->list[i]));
}

void
words_clear(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
	*w = (struct words){NULL, 0};
}
