/* dontfork.c -- see dontfork.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dontfork.h"
#include "arch.h"
#include "heapfile.h"
#include "mappings.h"
#include "maps.h"
#include "sys.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

enum {
	MAX_AREAS = 1 << 14, /* BOUND: more are counted, and left as they are */
	TEXT = 32 << 10,
	/* The parts of area.advice. */
	DONTFORK = 1,
	WIPED = 2
};
/* So much takes the kernel some tens of milliseconds to share. */
static const uint64_t MOST_BYTES = 4ull << 30;

/* One mapping of the kernel's. */
struct area {
	uintptr_t start, end;
	uint64_t there;  /* bytes that are resident or swapped out */
	uint8_t advice;  /* DONTFORK, WIPED */
	uint8_t changed; /* which of these are undone just now */
	bool is_memory;  /* not a device's */
};

static int advised;   /* atomic; DONTFORK, WIPED: what the program ever gave as advice */
static bool has_gone; /* some of what a parent had is not here */

static struct {
	bool is_known; /* smaps could be read */
	uint32_t n;
	uint64_t beyond; /* bytes of what found no room */
	struct area areas[MAX_AREAS];
} kept;
static char text[TEXT]; /* one reader at a time */

void
dontfork_advised(int advice)
{
	if (advice == MADV_DONTFORK)
		(void)__atomic_fetch_or(&advised, DONTFORK, __ATOMIC_RELAXED);
	else if (advice == MADV_WIPEONFORK)
		(void)__atomic_fetch_or(&advised, WIPED, __ATOMIC_RELAXED);
}

bool
dontfork_after_fork_child(void)
{
	int all = relaxed_load(&advised);

	kept.n = 0;
	kept.is_known = false;
	if (all & DONTFORK)
		has_gone = true;
	/* What is wiped is so in its children, too. */
	relaxed_store(&advised, all & WIPED);
	return all != 0;
}

/* ---- what the kernel says ----------------------------------------------------- */

static uint64_t
decimal(const char *at)
{
	uint64_t v = 0;

	while (*at == ' ' || *at == '\t')
		at++;
	for (; *at >= '0' && *at <= '9'; at++)
		v = v * 10 + (uint64_t)(*at - '0');
	return v;
}

static uint64_t
bytes_after(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 ? decimal(line + n) * 1024 : 0;
}

/* Two letters and a space each. */
static bool
has_flag(const char *line, const char *flag)
{
	const char *at = strstr(line, flag);

	return at && at[-1] == ' ';
}

static void
add(const struct area *a)
{
	if (kept.n < MAX_AREAS)
		kept.areas[kept.n++] = *a;
	else
		kept.beyond += a->there;
}

/* Of smaps: a mapping's lines, of which that of its flags is the last. */
static void
read_mapping(const char *line, void *with)
{
	struct area *a = with, next = {0};

	if ((*line < 'A' || *line > 'Z') && maps_range(&line, &next.start, &next.end)) {
		*a = next;
	} else if (*line == 'R' || *line == 'S' || *line == 'P') {
		a->there += bytes_after(line, "Rss:") + bytes_after(line, "Swap:") +
			    bytes_after(line, "Shared_Hugetlb:") +
			    bytes_after(line, "Private_Hugetlb:");
	} else if (strncmp(line, "VmFlags:", 8) == 0) {
		a->is_memory = !has_flag(line, "io") && !has_flag(line, "pf");
		a->advice = (uint8_t)((has_flag(line, "dc") ? DONTFORK : 0) |
				      (has_flag(line, "wf") ? WIPED : 0));
		if (a->advice)
			add(a);
	}
}

static bool
look(void)
{
	struct area a = {0};

	kept.n = 0;
	kept.beyond = 0;
	return sys_read_lines("/proc/thread-self/smaps", text, sizeof text, read_mapping,
			      &a) == 0;
}

/* ---- gone ---------------------------------------------------------------------- */

static void
forget_before(const char *line, void *with)
{
	uintptr_t *behind = with, start, end;

	if (!maps_range(&line, &start, &end))
		return;
	if (start > *behind)
		mappings_remove(*behind, start);
	*behind = end;
}

void
dontfork_forget_gone(void)
{
	uintptr_t behind = ARCH_PAGE;

	if (!has_gone)
		return;
	has_gone = false;
	(void)sys_read_lines("/proc/thread-self/maps", text, sizeof text, forget_before,
			     &behind);
}

/* ---- for the moment of a fork ---------------------------------------------------- */

static void
add_pinned(const char *line, void *with)
{
	uint64_t *bytes = with;

	*bytes += bytes_after(line, "VmPin:") + bytes_after(line, "VmLck:");
}

/* Whether a device may write to pages, and a fork would have it write to pages of
 * nobody's.  What is pinned is counted in either of the two. */
static bool
is_pinned(void)
{
	struct utsname u;
	uint64_t major, bytes = 0;
	const char *dot;

	if (sys_call(SYS_uname, (long)&u, 0, 0) == 0) {
		major = decimal(u.release);
		dot = strchr(u.release, '.');
		if (major > 5 || (major == 5 && dot && decimal(dot + 1) >= 13))
			return false;
	}
	return sys_read_lines("/proc/thread-self/status", text, sizeof text, add_pinned,
			      &bytes) != 0 ||
	       bytes != 0;
}

static bool
is_wanted(const struct area *a)
{
	return a->is_memory && a->there;
}

static bool
may_advise(const struct area *a, int to, int back)
{
	return sys_may(SYS_madvise, (long)a->start, (long)(a->end - a->start), to) &&
	       sys_may(SYS_madvise, (long)a->start, (long)(a->end - a->start), back);
}

static bool
advise(const struct area *a, int advice)
{
	return sys_madvise((void *)a->start, a->end - a->start, advice) == 0;
}

static void
open_one(struct area *a)
{
	/* What can be done must be possible to undo. */
	if (a->advice & WIPED && may_advise(a, MADV_KEEPONFORK, MADV_WIPEONFORK) &&
	    advise(a, MADV_KEEPONFORK))
		a->changed |= WIPED;
	if (a->advice & DONTFORK && may_advise(a, MADV_DOFORK, MADV_DONTFORK) &&
	    advise(a, MADV_DOFORK))
		a->changed |= DONTFORK;
}

void
dontfork_open(bool is_still)
{
	uint64_t all = 0;
	uint32_t i;

	kept.n = 0;
	kept.is_known = relaxed_load(&advised) && look();
	if (!kept.is_known)
		return;
	for (i = 0; i < kept.n; i++)
		if (is_wanted(&kept.areas[i]))
			all += kept.areas[i].there;
	if (!all || all > MOST_BYTES || !is_still || is_pinned())
		return;
	for (i = 0; i < kept.n; i++)
		if (is_wanted(&kept.areas[i]))
			open_one(&kept.areas[i]);
}

/* Nothing but memory of the kernel's own can be missing, for a moment: it has had as many
 * mappings before. */
static void
advise_back(const struct area *a, int advice)
{
	int tries = 1000;

	while (!advise(a, advice) && tries--)
		sys_yield();
	if (tries < 0)
		sys_log("cannot advise memory at %lx to be kept from children, as it was",
			(unsigned long)a->start);
}

bool
dontfork_close(void)
{
	bool was_open = false;
	uint32_t i;

	for (i = 0; i < kept.n; i++) {
		struct area *a = &kept.areas[i];

		if (a->changed & DONTFORK)
			advise_back(a, MADV_DONTFORK);
		if (a->changed & WIPED)
			advise_back(a, MADV_WIPEONFORK);
		was_open |= a->changed != 0;
		a->changed = 0;
	}
	return was_open;
}

/* ---- in the writer ------------------------------------------------------------------ */

/* Advice that nobody told us of: a mapping that is not there.  BOUND: one that lacks its
 * first page. */
static int
add_if_missing(const struct mapping *m, void *with)
{
	struct area a = {.start = m->start,
			 .end = m->end,
			 .there = m->end - m->start,
			 .advice = DONTFORK,
			 .is_memory = true};
	unsigned char resident;

	(void)with;
	if (m->flags & HEAPFILE_MAPPING_READ &&
	    sys_mincore((void *)m->start, ARCH_PAGE, &resident) != 0)
		add(&a);
	return 0;
}

static bool
is_missing(const struct area *a)
{
	return a->changed != a->advice;
}

uint64_t
dontfork_begin_writing(bool is_in_place)
{
	uint64_t bytes;
	uint32_t i;

	if (is_in_place || !kept.is_known) {
		kept.n = 0;
		kept.beyond = 0;
	}
	if (!is_in_place && !kept.is_known)
		(void)mappings_walk(add_if_missing, NULL);
	bytes = kept.beyond;
	for (i = 0; i < kept.n; i++)
		if (is_missing(&kept.areas[i]) && kept.areas[i].is_memory)
			bytes += kept.areas[i].there;
	return bytes;
}

bool
dontfork_missing(uintptr_t addr, uintptr_t *ret_start, uintptr_t *ret_end)
{
	uint32_t lo = 0, hi = kept.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (kept.areas[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	while (lo < kept.n && !is_missing(&kept.areas[lo]))
		lo++;
	if (lo == kept.n)
		return false;
	*ret_start = kept.areas[lo].start;
	*ret_end = kept.areas[lo].end;
	return true;
}
