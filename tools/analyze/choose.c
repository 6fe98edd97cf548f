/* choose.c -- see choose.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/choose.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/complain.h"

/* ---- the newest process ---- */

/* Of whose snapshots the latest is, rather one that says whose it is. */
static size_t
newest(const struct several_file *files, size_t n)
{
	const struct several_file *best = &files[0];

	for (const struct several_file *f = files; f < files + n; f++)
		if (f->is_known != best->is_known ? f->is_known
						  : f->time_ns >= best->time_ns)
			best = f;
	return best->group;
}

size_t
choose_newest(struct several_file *files, size_t n, size_t *n_groups)
{
	size_t n_known = 0, chosen = n ? newest(files, n) : 0, left = 0, last = 0;

	for (size_t i = 0; i < n; i++)
		n_known += files[i].is_known &&
			   (i == 0 || files[i].group != files[i - 1].group);
	if (n_known < 2)
		return n;
	*n_groups = 0;
	for (size_t i = 0; i < n; i++) {
		if (files[i].is_known && files[i].group != chosen)
			continue;
		*n_groups += left == 0 || files[i].group != files[left - 1].group;
		if (files[i].group == chosen)
			last = left;
		files[left++] = files[i];
	}
	complain("snapshots of %zu processes: only the newest, process %" PRIu64
		 " (%s), is reported; --each reports all",
		 n_known, files[last].pid, files[last].path);
	return left;
}

/* ---- the working directory ---- */

static int
is_heap(const struct dirent *e)
{
	static const char suffix[] = ".heap";
	size_t n = strlen(e->d_name), n_suffix = sizeof(suffix) - 1;
	struct stat st;

	return n > n_suffix && e->d_name[0] != '.' &&
	       strcmp(e->d_name + n - n_suffix, suffix) == 0 &&
	       stat(e->d_name, &st) == 0 && S_ISREG(st.st_mode);
}

/* Those that are snapshots, by process; ret has room for n. */
static size_t
identify(struct dirent **entries, size_t n, struct several_file *ret)
{
	size_t n_files = 0;

	for (size_t i = 0; i < n; i++) {
		several_identify(entries[i]->d_name, &ret[n_files]);
		n_files += ret[n_files].is_readable;
	}
	(void)several_sort(ret, n_files);
	return n_files;
}

/* The paths of that process, the last one only if the question is about one. */
static int
take(const struct several_file *files, size_t n, size_t group, bool is_one, char **ret)
{
	int n_taken = 0;

	for (size_t i = 0; i < n; i++) {
		if (files[i].group != group || files[i].is_double)
			continue;
		if (is_one && n_taken > 0)
			free(ret[--n_taken]);
		ret[n_taken] = strdup(files[i].path);
		if (!ret[n_taken])
			return -1;
		n_taken++;
	}
	ret[n_taken] = NULL;
	return n_taken;
}

static void
say_which(char **paths, int n)
{
	if (n == 1)
		complain("no snapshot given: reading the newest here, %s", paths[0]);
	else
		complain("no snapshot given: reading the %d of the newest process here, "
			 "the last %s",
			 n, paths[n - 1]);
}

int
choose_here(bool is_one, char ***ret)
{
	struct dirent **entries = NULL;
	int n_entries = scandir(".", &entries, is_heap, alphasort), n = 0;
	size_t n_names = n_entries > 0 ? (size_t)n_entries : 0, n_files = 0;
	struct several_file *files = calloc(n_names + 1, sizeof(*files));
	char **paths = calloc(n_names + 1, sizeof(*paths));

	if (files && paths) {
		n_files = identify(entries, n_names, files);
		if (n_files)
			n = take(files, n_files, newest(files, n_files), is_one, paths);
	}
	if (!files || !paths || n < 0)
		complain("out of memory");
	else if (n == 0)
		complain("no snapshot given, and none in the working directory (*.heap); "
			 "'gcprof run -- PROGRAM' writes one");
	else
		say_which(paths, n);
	for (size_t i = 0; i < n_names; i++)
		free(entries[i]);
	free(entries);
	free(files);
	if (n <= 0) {
		choose_free(paths);
		paths = NULL;
	}
	*ret = paths;
	return n > 0 ? n : 0;
}

void
choose_free(char **paths)
{
	for (size_t i = 0; paths && paths[i]; i++)
		free(paths[i]);
	free(paths);
}
