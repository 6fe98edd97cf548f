/* figures.c -- see figures.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "figures.h"
#include "arch.h"
#include "backend.h"
#include "epochs.h"
#include "mappings.h"
#include "mem.h"
#include "sandbox.h"
#include "sys.h"
#include "thread.h"

#include <string.h>

static uint64_t most_used; /* atomic: of the heap, since it last gave memory back */
static uint64_t low_since_ns; /* atomic: since when it has had less than half; 0 = it has not */

/* The number behind a word in a file like /proc/meminfo, in its unit. */
static uint64_t
number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (at += strlen(word); *at == ' ' || *at == '\t'; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		v = v * 10 + (uint64_t)(*at - '0');
	return v;
}

/* statm begins: size, resident, shared; in pages. */
static const char *
behind_blank(const char *text)
{
	const char *at = text ? strchr(text, ' ') : NULL;

	return at ? at + 1 : NULL;
}

uint64_t
figures_rss(void)
{
	static uint64_t last;
	char text[128];
	const char *second;

	if (sys_read_file("/proc/thread-self/statm", text, sizeof text) <= 0)
		return sandbox_is_on() ? relaxed_load(&last) : 0; /* as it was before */
	second = behind_blank(text);
	relaxed_store(&last, second ? number_after(second, "") * ARCH_PAGE : 0);
	return relaxed_load(&last);
}

uint64_t
figures_rss_file(void)
{
	char text[128];
	const char *third;

	if (sys_read_file("/proc/thread-self/statm", text, sizeof text) <= 0)
		return 0;
	third = behind_blank(behind_blank(text));
	return third ? number_after(third, "") * ARCH_PAGE : 0;
}

uint64_t
figures_heap_used(void)
{
	struct epochs_counts c;

	thread_sum(&c);
	return c.allocated_bytes > c.freed_bytes ? c.allocated_bytes - c.freed_bytes : 0;
}

/* Where large blocks end an epoch each, as it was a moment ago: four system calls cost more
 * than the kernel takes to move such a block.  Context: an epoch's end, one at a time. */
static uint64_t
rss_lately(void)
{
	const uint64_t moment = 1000000;
	static uint64_t at_ns, rss;
	uint64_t now = sys_now_ns();

	if (now - at_ns >= moment || !rss) {
		rss = figures_rss();
		at_ns = now;
	}
	return rss;
}

void
figures_measure_epoch(struct epochs_memory *ret)
{
	ret->rss = rss_lately();
	ret->heap_total = backend_mapped_bytes(true);
	ret->heap_used = figures_heap_used();
	ret->external = mappings_bytes();
}

void
figures_measure(struct gcprof_memory *ret, bool may_lock)
{
	char text[512];

	memset(ret, 0, sizeof *ret);
	ret->rss = figures_rss();
	ret->heap_total = backend_mapped_bytes(may_lock);
	ret->heap_used = figures_heap_used();
	ret->external = mappings_bytes();
	ret->profiler = mem_resident_bytes();
	if (sys_read_file("/proc/meminfo", text, sizeof text) > 0) {
		ret->total_memory = number_after(text, "MemTotal:") * 1024;
		ret->free_memory = number_after(text, "MemAvailable:") * 1024;
	}
}

void
figures_give_back(uint64_t used, uint64_t now_ns, bool is_at_once)
{
	const uint64_t least = 16 << 20, second = 1000000000;
	uint64_t most = relaxed_load(&most_used);
	uint64_t since = relaxed_load(&low_since_ns);

	if (used > most)
		relaxed_store(&most_used, used);
	if (used + least > most || used > most / 2) {
		relaxed_store(&low_since_ns, 0);
	} else if (is_at_once || (since && now_ns - since >= second)) {
		relaxed_store(&low_since_ns, 0);
		(void)backend_trim(0);
		relaxed_store(&most_used, used);
	} else if (!since) {
		relaxed_store(&low_since_ns, now_ns);
	}
}
