/* words.h -- a command line that is put together word by word.
 *
 * In:   words.
 * Out:  a list for execvp.
 *
 * There is nothing to fall back to when memory is short, as a word left out is another
 * command line: the process ends.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WORDS_H
#define GCPROF_WORDS_H

#include <stddef.h>

/* Zero it to begin with. */
struct words {
	char **list; /* ends with NULL once there is one */
	size_t n;
};

/* p itself; NULL, of malloc and the like, ends the process. */
void *words_need(void *p);

/* A new text. */
char *words_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* word is taken over. */
void words_add(struct words *w, char *word);
void words_add_all(struct words *w, const struct words *from);

void words_clear(struct words *w);

#endif
