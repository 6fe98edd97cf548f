/* sources.c -- see sources.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names/stacks.h"
#include "util/text.h"
#include "util/texts.h"

enum {
	LINES_BEFORE = 40,
	LINES_AFTER = 40,
	MOST_LETTERS = 1000, /* of a line: more is left out */
};

struct sources {
	struct texts names;
	const char *root;
};

static int
add(struct sources *s, const char *file)
{
	char *valid = text_utf8(file, strlen(file), false);
	bool is_same = valid && strcmp(valid, file) == 0;
	int failed = !valid || (is_same && !texts_put(&s->names, file)) ? -1 : 0;

	free(valid);
	return failed;
}

/* Of one node's own frames. */
static int
add_node(struct sources *s, const struct heap *heap, struct symbols *symbols, uint32_t node)
{
	struct stack stack;
	int failed = stack_node_get(heap, symbols, node, &stack);

	if (failed)
		return failed;
	for (size_t i = 0; i < stack.n && !failed; i++)
		if (stack.frames[i].file)
			failed = add(s, stack.frames[i].file);
	stack_free(&stack);
	return failed;
}

struct sources *
sources_new(const struct heap *heap, struct symbols *symbols, const char *root)
{
	struct sources *s = calloc(1, sizeof(*s));
	int failed = s ? 0 : -1;

	for (uint32_t node = 1; symbols && node <= heap->n_nodes && !failed; node++)
		failed = add_node(s, heap, symbols, node);
	if (failed) {
		sources_free(s);
		return NULL;
	}
	s->root = root;
	return s;
}

void
sources_free(struct sources *s)
{
	if (!s)
		return;
	texts_fini(&s->names);
	free(s);
}

/* The name as debug information has it, or NULL. */
static const char *
named(const struct sources *s, const char *file)
{
	for (uint32_t i = 1; i <= s->names.numbers.n; i++)
		if (strcmp(s->names.list[i], file) == 0)
			return s->names.list[i];
	return NULL;
}

/* Returns NULL with errno set. */
static FILE *
open_file(const struct sources *s, const char *name, struct source_lines *ret)
{
	int root = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC), error = 0;
	/* A pipe would keep us waiting, and a terminal could become ours. */
	int fd = root < 0
			 ? -1
			 : openat(root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = EINVAL;
	else if (!(f = fdopen(fd, "r")))
		error = errno;
	else
		ret->changed_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
				  (uint64_t)st.st_mtim.tv_nsec;
	if (!f && fd >= 0)
		(void)close(fd);
	if (root >= 0)
		(void)close(root);
	errno = error;
	return f;
}

static void
take_line(struct source_lines *l, const char *line)
{
	size_t n = strcspn(line, "\r\n");

	l->lines[l->n] = strndup(line, n < MOST_LETTERS ? n : MOST_LETTERS);
	l->n += l->lines[l->n] != NULL;
}

enum sources_result
sources_read(const struct sources *s, const char *file, uint32_t line,
	     struct source_lines *ret)
{
	const char *name = named(s, file);
	struct source_lines l = {.first = line > LINES_BEFORE ? line - LINES_BEFORE : 1};
	char *text = NULL;
	size_t n_text = 0;
	uint64_t at = 0;
	FILE *f;

	if (!name)
		return SOURCES_UNNAMED;
	f = open_file(s, name, &l);
	if (!f)
		return SOURCES_UNREADABLE;
	l.lines = calloc(LINES_BEFORE + 1 + LINES_AFTER, sizeof(*l.lines));
	while (l.lines && ++at <= (uint64_t)line + LINES_AFTER &&
	       getline(&text, &n_text, f) > 0)
		if (at >= l.first)
			take_line(&l, text);
	free(text);
	(void)fclose(f);
	*ret = l;
	return SOURCES_READ;
}

void
source_lines_fini(struct source_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->lines[i]);
	free(l->lines);
}
