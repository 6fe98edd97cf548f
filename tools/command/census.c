/* census.c -- see census.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/census.h"
#include "command/words.h"
#include "lib/census.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct census *table;
static char where[64];

int
census_open(void)
{
	int fd = memfd_create(CENSUS_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	/* Who has it mapped is not to be killed by a page that is gone. */
	if (ftruncate(fd, sizeof(*table)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) < 0 ||
	    (table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  0)) == MAP_FAILED) {
		table = NULL;
		(void)close(fd);
		return -1;
	}
	memcpy(table->magic, CENSUS_MAGIC, sizeof(table->magic));
	(void)snprintf(where, sizeof(where), "/proc/%d/fd/%d", (int)getpid(), fd);
	return fd;
}

void
census_spare_wrappers(void)
{
	if (table)
		table->spares_wrappers = 1;
}

/* How many there are, and the first one's name. */
static unsigned
counted(const uint32_t *number, const char *name, size_t n_name, char *ret, size_t bytes)
{
	unsigned n = __atomic_load_n(number, __ATOMIC_ACQUIRE);

	if (n)
		(void)snprintf(ret, bytes, "%.*s", (int)n_name, name);
	return n;
}

unsigned
census_n_spared(char *ret, size_t bytes)
{
	return table ? counted(&table->n_spared, table->spared, sizeof(table->spared),
			       ret, bytes)
		     : 0;
}

unsigned
census_n_passed(char *ret, size_t bytes)
{
	return table ? counted(&table->n_passed, table->passed, sizeof(table->passed),
			       ret, bytes)
		     : 0;
}

unsigned
census_n_within(void)
{
	return table ? __atomic_load_n(&table->n_within, __ATOMIC_ACQUIRE) : 0;
}

struct census *
census_table(void)
{
	return table;
}

bool
census_command_is_passed(void)
{
	return table && __atomic_load_n(&table->command_is_passed, __ATOMIC_ACQUIRE);
}

unsigned
census_n_writing(void)
{
	return table ? __atomic_load_n(&table->n_writing, __ATOMIC_ACQUIRE) : 0;
}

void
census_hand_on(void)
{
	if (table) {
		table->command = getpid();
		(void)setenv(CENSUS_VARIABLE, where, 1);
	} else {
		(void)unsetenv(CENSUS_VARIABLE);
	}
}

/* Not as a zombie, which has ended. */
static bool
still_runs(pid_t pid)
{
	char name[64], line[512], *at;
	FILE *f;
	bool runs = false;

	(void)snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return errno != ENOENT;
	if (fgets(line, sizeof(line), f) && (at = strrchr(line, ')')) != NULL && at[1])
		runs = at[2] != 'Z' && at[2] != 'X';
	(void)fclose(f);
	return runs;
}

void
census_each(void (*f)(pid_t pid, const char *program, void *with), void *with)
{
	for (size_t i = 0; table && i < CENSUS_ENTRIES; i++) {
		const struct census_entry *e = &table->entries[i];
		pid_t pid = __atomic_load_n(&e->pid, __ATOMIC_ACQUIRE);
		char program[sizeof(e->program) + 1] = {0};

		if (pid <= 0 || still_runs(pid))
			continue;
		memcpy(program, e->program, sizeof(e->program));
		f(pid, program, with);
	}
}

char *
census_mark(void)
{
	return table ? words_text("%s=%s", CENSUS_VARIABLE, where) : NULL;
}

void
census_each_snapshot(void (*f)(const struct census_snapshot *s, void *with), void *with)
{
	unsigned n = table ? __atomic_load_n(&table->n_notes, __ATOMIC_ACQUIRE) : 0;

	for (unsigned i = n > CENSUS_NOTES ? n - CENSUS_NOTES : 0; i < n; i++) {
		const struct census_note *note = &table->notes[i % CENSUS_NOTES];
		char name[sizeof(note->name) + 1] = {0};
		struct census_snapshot s = {
			.pid = __atomic_load_n(&note->pid, __ATOMIC_ACQUIRE),
			.number = note->number,
			.live_bytes = note->live_bytes,
			.peak_bytes = note->peak_bytes,
			.file = name};

		if (s.pid <= 0)
			continue;
		memcpy(s.program, note->program, sizeof(note->program));
		memcpy(name, note->name, sizeof(note->name));
		f(&s, with);
	}
}

unsigned
census_unlisted(void)
{
	return table ? __atomic_load_n(&table->n_unlisted, __ATOMIC_RELAXED) : 0;
}
