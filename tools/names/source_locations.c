/* source_locations.c -- where in the sources a finding is, for those who show sources.
 *
 * In:   a stack, the directory of the sources.
 * Out:  the frame to blame; paths relative to that directory.
 * Not here: the formats (report/sarif.c and its like).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/source_locations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/own_code.h"
#include "util/text.h"

int
places_init(struct places *p, const char *root)
{
	char *real = realpath(root ? root : ".", NULL);
	size_t n = real ? strlen(real) : 0;

	p->root = real ? malloc(n + 2) : NULL;
	if (p->root) {
		memcpy(p->root, real, n + 1);
		if (n == 0 || real[n - 1] != '/')
			memcpy(p->root + n, "/", 2);
	}
	free(real);
	return p->root ? 0 : -1;
}

void
places_fini(struct places *p)
{
	free(p->root);
	p->root = NULL;
}

/* A line in what stands for malloc tells nobody what to change: its caller's does. */
size_t
places_blame(const struct heap *h, const struct stack *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (own_code_has_source(h, &s->frames[i]) &&
		    !names_is_wrapper(&s->frames[i]))
			return i;
	for (size_t i = 0; i < s->n; i++)
		if (own_code_has_source(h, &s->frames[i]))
			return i;
	for (size_t i = 0; i < s->n; i++)
		if (s->frames[i].module && !stack_is_runtime(h, &s->frames[i]))
			return i;
	for (size_t i = 0; i < s->n; i++)
		if (s->frames[i].file)
			return i;
	return 0;
}

/* Take "//", "." and ".." out of a path, in place. */
static void
normalize(char *path)
{
	bool is_absolute = *path == '/';
	char *begin = path + is_absolute, *to = begin, *p = begin;
	const char *end = path + strlen(path); /* its NUL may go before it is met */

	while (p < end) {
		size_t n = strcspn(p, "/");
		char *next = p + n + (p[n] == '/');
		char *before = to > begin ? to - 1 : begin;

		while (before > begin && before[-1] != '/')
			before--;
		if (n == 0 || (n == 1 && *p == '.')) {
			/* nothing */
		} else if (n == 2 && memcmp(p, "..", 2) == 0 && to > begin &&
			   strncmp(before, "../", 3) != 0) {
			to = before;
		} else if (n == 2 && memcmp(p, "..", 2) == 0 && is_absolute) {
			/* above the root is the root */
		} else {
			memmove(to, p, n);
			to += n;
			*to++ = '/';
		}
		p = next;
	}
	if (to > begin)
		to--;
	*to = '\0';
}

char *
places_path(const struct places *p, const char *file)
{
	size_t n = strlen(p->root);
	/* Where a link leads counts, if the file is here at all. */
	char *real = *file == '/' ? realpath(file, NULL) : NULL;
	/* normalize() may write a slash where the end was. */
	char *path = malloc(strlen(file) + 2);

	if (!path) {
		free(real);
		return NULL;
	}
	memcpy(path, file, strlen(file) + 1);
	normalize(path);
	if (real && strncmp(real, p->root, n) == 0 && strncmp(path, p->root, n) != 0) {
		free(path);
		path = real;
		real = NULL;
	}
	free(real);
	if (strncmp(path, p->root, n) == 0)
		memmove(path, path + n, strlen(path + n) + 1);
	return path;
}

void
places_put_frame(const struct places *p, FILE *f, const struct heap *h,
		 const struct stack_frame *frame)
{
	const struct heap_module *m = &h->modules[frame->module];
	const char *name = frame->special ? frame->special : frame->function;
	char *function = name ? text_utf8(name, strlen(name), true) : NULL;
	char *file = frame->file ? places_path(p, frame->file) : NULL;
	const char *base = text_basename(m->path.bytes);
	char *module = text_utf8(base, strlen(base), true);
	char *path = file ? text_utf8(file, strlen(file), true) : NULL;

	fputs(function ? function : "", f);
	if (path && frame->line)
		fprintf(f, "%s%s:%u", function ? " " : "", path, frame->line);
	else if (path)
		fprintf(f, "%s%s", function ? " " : "", path);
	else if (!frame->special)
		fprintf(f, "%s%s+0x%" PRIx64 "%s", function ? " (" : "",
			module && *module ? module : "?", frame->offset,
			function ? ")" : "");
	free(function);
	free(file);
	free(module);
	free(path);
}
