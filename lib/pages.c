/* pages.c -- see pages.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pages.h"
#include "arch.h"
#include "sys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

enum { MOST = 1024, N_REGIONS = 256, TEXT = 16 << 10 };
static const uintptr_t sparse = 1ul << 30;       /* bytes from which smaps is asked */
static const uintptr_t largest_read = 1ul << 36; /* bytes whose pagemap is read through */

typedef void visit(uintptr_t start, uintptr_t end, void *with);

struct walk {
	uintptr_t start, end;
	visit *f;
	void *with;
	uint64_t found; /* pages */
};

/* A run of pages, of which the range may begin and end inside. */
static void
show(struct walk *w, uintptr_t start, uintptr_t end)
{
	w->found += (end - start) / ARCH_PAGE;
	start = start > w->start ? start : w->start;
	end = end < w->end ? end : w->end;
	if (start < end)
		w->f(start, end, w->with);
}

/* ---- PAGEMAP_SCAN ---------------------------------------------------------- */

/* As Linux 6.7's linux/fs.h defines them; older headers do not. */
struct region {
	uint64_t start, end, categories;
};
struct scan {
	uint64_t size, flags, start, end, walk_end, regions, n_regions, most_pages;
	uint64_t inverted, all_of, any_of, shown;
};
#define SCAN _IOWR('f', 16, struct scan)
enum { IS_PRESENT = 1 << 3, IS_SWAPPED = 1 << 4, IS_ZERO_PAGE = 1 << 5 };

/* Returns how far it came: w->end, or the start if the kernel has no such call. */
static uintptr_t
by_scan(int fd, struct walk *w, uintptr_t page)
{
	static struct region regions[N_REGIONS];
	uintptr_t end = (w->end + ARCH_PAGE - 1) & ~(uintptr_t)(ARCH_PAGE - 1);

	while (page < end) {
		struct scan s = {.size = sizeof s,
				 .start = page,
				 .end = end,
				 .regions = (uintptr_t)regions,
				 .n_regions = N_REGIONS,
				 .inverted = IS_ZERO_PAGE,
				 .all_of = IS_ZERO_PAGE,
				 .any_of = IS_PRESENT | IS_SWAPPED};
		long n = sys_ioctl(fd, SCAN, &s), i;

		if (n < 0 || s.walk_end <= page)
			break;
		for (i = 0; i < n; i++)
			show(w, regions[i].start, regions[i].end);
		page = s.walk_end;
	}
	return page < end ? page : w->end;
}

/* ---- without it ------------------------------------------------------------- */

static void
by_pagemap(int fd, struct walk *w, uintptr_t page)
{
	static uint64_t entries[MOST];
	const uint64_t there = 3ull << 62; /* present, or swapped out */

	while (page < w->end) {
		size_t want = (w->end - page + ARCH_PAGE - 1) / ARCH_PAGE, i;
		long got;

		if (want > MOST)
			want = MOST;
		got = fd < 0 ? -1 : sys_pread(fd, entries, want * 8, page / ARCH_PAGE * 8);
		for (i = 0; i < want; i++, page += ARCH_PAGE)
			if (got < (long)((i + 1) * 8) || entries[i] & there)
				show(w, page, page + ARCH_PAGE);
	}
}

/* Until so many pages were found. */
static void
by_mincore(struct walk *w, uintptr_t page, uint64_t most)
{
	static union {
		unsigned char page[64 * MOST];
		uint64_t eight[8 * MOST];
	} resident;

	while (page < w->end && w->found < most) {
		size_t want = (w->end - page + ARCH_PAGE - 1) / ARCH_PAGE, i;
		bool is_known;

		if (want > sizeof resident.page)
			want = sizeof resident.page;
		is_known = sys_mincore((void *)page, want * ARCH_PAGE, resident.page) == 0;
		for (i = 0; i < want; i++) {
			if (is_known && i % 8 == 0 && i + 8 <= want &&
			    !resident.eight[i / 8])
				i += 7;
			else if (!is_known || resident.page[i] & 1)
				show(w, page + i * ARCH_PAGE, page + (i + 1) * ARCH_PAGE);
		}
		page += want * ARCH_PAGE;
	}
}

static uint64_t
number(const char *at, unsigned base)
{
	uint64_t v = 0;

	for (;; at++) {
		unsigned digit =
			*at >= 'a' ? (unsigned)(*at - 'a') + 10 : (unsigned)(*at - '0');

		if (digit >= base)
			return v;
		v = v * base + digit;
	}
}

static uint64_t
kib_after(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0)
		return 0;
	for (line += n; *line == ' '; line++)
		;
	return number(line, 10);
}

/* A mapping begins with "7f00-8f00 rw-p ..."; lines about it follow. */
struct about {
	uintptr_t addr;
	bool is_in;
	uint64_t resident, swapped; /* KiB */
};

static void
read_line(const char *line, void *with)
{
	struct about *a = with;
	const char *dash = strchr(line, '-');

	if ((*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f'))
		a->is_in = dash && number(line, 16) <= a->addr &&
			   a->addr < number(dash + 1, 16);
	if (!a->is_in)
		return;
	a->resident += kib_after(line, "Rss:");
	a->swapped += kib_after(line, "Swap:");
}

/* What smaps tells of the mapping that holds an address.  Returns false if it is not to
 * be read. */
static bool
ask_smaps(uintptr_t addr, struct about *ret)
{
	static char text[TEXT];

	*ret = (struct about){.addr = addr};
	return sys_read_lines("/proc/thread-self/smaps", text, sizeof text, read_line,
			      ret) == 0;
}

void
pages_walk_shared(int parent, uintptr_t start, uintptr_t end, visit *f, void *with)
{
	struct walk w = {start, end, f, with, 0};
	uintptr_t page = start & ~(uintptr_t)(ARCH_PAGE - 1);
	char name[32];
	int fd;

	by_mincore(&w, page, UINT64_MAX);
	if (w.found || !parent)
		return;
	(void)sys_format(name, sizeof name, "/proc/%d/pagemap", parent);
	fd = sys_open(name, O_RDONLY, 0);
	if (fd < 0)
		return;
	page = by_scan(fd, &w, page);
	if (page < end && end - page <= largest_read)
		by_pagemap(fd, &w, page);
	(void)sys_close(fd);
}

void
pages_walk(int fd, uintptr_t start, uintptr_t end, visit *f, void *with)
{
	struct walk w = {start, end, f, with, 0};
	uintptr_t page = start & ~(uintptr_t)(ARCH_PAGE - 1);
	struct about about;

	if (fd >= 0)
		page = by_scan(fd, &w, page);
	if (page >= end)
		return;
	if (end - page < sparse || !ask_smaps(page, &about) || about.swapped)
		by_pagemap(fd, &w, page);
	else
		by_mincore(&w, page, w.found + about.resident / (ARCH_PAGE / 1024));
}

int
pages_open(void)
{
	return sys_open("/proc/thread-self/pagemap", O_RDONLY, 0);
}
