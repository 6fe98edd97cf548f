/* maps.c -- see maps.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "maps.h"
#include "mem.h"
#include "pages.h"
#include "sys.h"

#include <string.h>
#include <sys/mman.h>

enum { MAX_AREAS = 1 << 20, BUFFER = 64 << 10 };

static struct maps_area *areas; /* MAX_AREAS, touched as far as used */
static uint32_t n_areas;
static bool is_missing;      /* the file could not be opened */
static int parent_of_writer; /* 0 = this is the program itself */
static char buffer[BUFFER];  /* one reader at a time */

static uintptr_t
hex(const char **at)
{
	uintptr_t v = 0;

	for (;; ++*at) {
		char ch = **at;

		if (ch >= '0' && ch <= '9')
			v = v << 4 | (uintptr_t)(ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			v = v << 4 | (uintptr_t)(ch - 'a' + 10);
		else
			return v;
	}
}

bool
maps_range(const char **line, uintptr_t *ret_start, uintptr_t *ret_end)
{
	*ret_start = hex(line);
	if (*(*line)++ != '-')
		return false;
	*ret_end = hex(line);
	return *(*line)++ == ' ';
}

static enum maps_name
kind_of(const char *name)
{
	if (*name == 0)
		return MAPS_ANONYMOUS;
	if (*name == '/') {
		if (strncmp(name, "/dev/", 5) != 0 || strncmp(name, "/dev/shm/", 9) == 0 ||
		    strncmp(name, "/dev/zero", 9) == 0 ||
		    strncmp(name, "/dev/hugepages", 14) == 0)
			return MAPS_FILE;
		return MAPS_DEVICE;
	}
	/* Of a descriptor that is no file: rings of the kernel, devices. */
	if (strncmp(name, "anon_inode:", 11) == 0)
		return MAPS_DEVICE;
	if (strcmp(name, "[heap]") == 0)
		return MAPS_HEAP;
	if (strcmp(name, "[stack]") == 0)
		return MAPS_STACK;
	if (strncmp(name, "[anon", 5) == 0)
		return MAPS_ANONYMOUS;
	return *name == '[' ? MAPS_KERNEL : MAPS_FILE;
}

/* start-end perms offset dev inode   name */
static void
parse(const char *line, void *with)
{
	struct maps_area *a = &areas[n_areas];
	int field;

	(void)with;
	if (n_areas == MAX_AREAS)
		return;
	if (!maps_range(&line, &a->start, &a->end) || strlen(line) < 4)
		return;
	a->is_readable = line[0] == 'r';
	a->is_writable = line[1] == 'w';
	a->is_executable = line[2] == 'x';
	a->is_shared = line[3] == 's';
	for (field = 0; field < 4; field++) {
		while (*line && *line != ' ')
			line++;
		while (*line == ' ')
			line++;
	}
	a->name = kind_of(line);
	n_areas++;
}

bool
maps_is_missing(void)
{
	return is_missing;
}

/* Of this thread: those of the main thread are gone with it, if it has called
 * pthread_exit. */
bool
maps_load(int parent)
{
	parent_of_writer = parent;
	n_areas = 0;
	is_missing = false;
	if (!areas)
		areas = mem_map((size_t)MAX_AREAS * sizeof *areas);
	if (!areas)
		return false;
	is_missing = sys_read_lines("/proc/thread-self/maps", buffer, sizeof buffer,
				    parse, NULL) < 0;
	return n_areas > 0;
}

uint32_t
maps_n(void)
{
	return n_areas;
}

const struct maps_area *
maps_get(uint32_t i)
{
	return &areas[i];
}

/* Index of the first area that ends beyond addr. */
static uint32_t
first_beyond(uintptr_t addr)
{
	uint32_t lo = 0, hi = n_areas;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (areas[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct maps_area *
maps_find(uintptr_t addr)
{
	uint32_t i = first_beyond(addr);

	return i < n_areas && areas[i].start <= addr ? &areas[i] : NULL;
}

static bool
is_readable(const struct maps_area *a)
{
	return a->is_readable;
}

static ALWAYS_INLINE bool
all_are(bool (*f)(const struct maps_area *), uintptr_t start, uintptr_t end)
{
	static const struct maps_area *last; /* one reader at a time */
	uint32_t i;

	if (!n_areas)
		return true; /* nobody knows; blocks are readable as a rule */
	if (last >= areas && last < areas + n_areas && start >= last->start &&
	    end <= last->end)
		return f(last);
	last = maps_find(start);
	for (i = first_beyond(start); i < n_areas && start < end; i++) {
		if (areas[i].start > start || !f(&areas[i]))
			return false;
		start = areas[i].end;
	}
	return start >= end;
}

bool
maps_is_readable(uintptr_t start, uintptr_t end)
{
	return all_are(is_readable, start, end);
}

enum { MAX_OPENED = 1024 };
static struct maps_area *opened[MAX_OPENED];
static uint32_t n_opened;

bool
maps_open(uintptr_t addr)
{
	uint32_t i = first_beyond(addr);
	struct maps_area *a = &areas[i];

	if (i == n_areas || a->start > addr || a->is_readable || a->is_writable ||
	    a->is_executable || a->name != MAPS_ANONYMOUS || n_opened == MAX_OPENED ||
	    sys_mprotect((void *)a->start, a->end - a->start, PROT_READ) != 0)
		return false;
	a->is_readable = true;
	opened[n_opened++] = a;
	return true;
}

void
maps_close(void)
{
	while (n_opened) {
		struct maps_area *a = opened[--n_opened];

		a->is_readable = false;
		(void)sys_mprotect((void *)a->start, a->end - a->start, PROT_NONE);
	}
}

void
maps_present(uintptr_t start, uintptr_t end, void (*f)(uintptr_t, uintptr_t, void *),
	     void *with)
{
	int fd = pages_open();

	while (start < end) {
		const struct maps_area *a = maps_find(start);
		uintptr_t stop = a && a->end < end ? a->end : end;

		if (a && a->is_shared && a->is_writable)
			pages_walk_shared(parent_of_writer, start, stop, f, with);
		else
			pages_walk(fd, start, stop, f, with);
		start = stop;
	}
	if (fd >= 0)
		(void)sys_close(fd);
}
