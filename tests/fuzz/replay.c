/* replay.c -- run a fuzz target over files, without a fuzzer.
 *
 * In:   files and directories of files, as arguments; without any, the corpus
 *       of heapfile below $srcdir.
 * Out:  TAP: one line for each file that did not crash; an empty corpus fails.
 * Not here: what is done with the bytes (fuzz_*.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned n_run;

static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t n = 0, size = 0;

	if (!f) {
		printf("not ok %u - %s cannot be opened\n", ++n_run, path);
		return -1;
	}
	do {
		size = size ? size * 2 : 4096;
		bytes = realloc(bytes, size);
		if (!bytes)
			abort();
		n += fread(bytes + n, 1, size - n, f);
	} while (n == size);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	printf("ok %u - %s\n", ++n_run,
	       strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	fflush(stdout);
	return 0;
}

static int
run(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n, failed = 0;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return run_file(path);
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			failed |= run_file(name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return failed;
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char corpus[4096];
	int failed = 0;

	snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/heapfile",
		 srcdir ? srcdir : ".");
	for (int i = 1; i < argc; i++)
		failed |= run(argv[i]);
	if (argc < 2)
		failed = run(corpus);
	printf("1..%u\n", n_run);
	return failed || n_run == 0;
}
