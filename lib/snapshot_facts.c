/* snapshot_facts.c -- see snapshot_facts.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "snapshot_facts.h"
#include "arch.h"
#include "books.h"
#include "cut.h"
#include "epochs.h"
#include "foreign.h"
#include "heapfile_write.h"
#include "mem.h"
#include "options.h"
#include "peak.h"
#include "process.h"
#include "roots.h"
#include "sys.h"
#include "verify.h"

#include <string.h>

static void
info(uint8_t kind, const char *name)
{
	size_t n = strlen(name);

	heapfile_record();
	heapfile_put_byte(kind);
	heapfile_put_byte((uint8_t)n);
	for (; n; n--)
		heapfile_put_byte((uint8_t)*name++);
}

static void
info_number(const char *name, uint64_t v)
{
	info(HEAPFILE_INFO_NUMBER, name);
	heapfile_put(v);
}

static void
info_text(const char *name, const char *text, size_t n)
{
	info(HEAPFILE_INFO_TEXT, name);
	heapfile_put_text(text, n);
}

/* A fact of the process, the same in the child.  The main thread, which is what
 * /proc/PID shows, may have ended. */
static void
info_file(const char *name, const char *file, bool is_link)
{
	static char text[64 << 10]; /* one writer at a time */
	char path[64];
	long n;

	(void)sys_format(path, sizeof path, "/proc/thread-self/%s", file);
	n = is_link ? sys_readlink(path, text, sizeof text)
		    : sys_read_file(path, text, sizeof text);
	if (n > 0)
		info_text(name, text, (size_t)n);
}

/* Parts of rss. */
static void
put_residence(const struct snapshot_facts *facts, const struct residence *r)
{
	if (!r->is_known || !facts->memory.rss)
		return;
	info_number("rss_file", facts->rss_file);
	info_number("heap_resident", r->heap);
	info_number("live_resident", r->live);
	info_number("external_resident", r->external);
}

/* Settings, and what was measured. */
static void
put_numbers(const struct snapshot_facts *facts, const struct epochs_counts *counts,
	    const struct snapshot_sums *sums)
{
	info_number("pid", (uint64_t)facts->pid);
	info_number("ppid", (uint64_t)facts->ppid);
	info_number("snapshot_number", facts->number);
	info_number("start_time_ns", facts->start_ns);
	info_number("snapshot_time_ns", facts->time_ns);
	info_number("uptime_ns", facts->uptime_ns);
	info_number("epoch", epochs_current());
	info_number("young_bytes", options.young_bytes);
	info_number("promote", options.promote);
	info_number("sample_bytes", options.sample_bytes);
	info_number("page_bytes", ARCH_PAGE);
	info_number("rss", facts->memory.rss);
	info_number("heap_total", facts->memory.heap_total);
	info_number("heap_used", facts->memory.heap_used);
	info_number("external", facts->memory.external);
	info_number("total_memory", facts->memory.total_memory);
	info_number("free_memory", facts->memory.free_memory);
	info_number("profiler_bytes", facts->memory.profiler);
	put_residence(facts, &sums->residence);
	info_number("allocations", counts->allocations);
	info_number("allocated_bytes", counts->allocated_bytes);
	info_number("frees", counts->frees);
	info_number("freed_bytes", counts->freed_bytes);
	info_number("live_blocks", sums->blocks);
	info_number("live_bytes", sums->bytes);
	info_number("writer_bytes", mem_resident_bytes() - facts->memory.profiler);
	info_number("cut_pause_ns", cut_now.pause_ns);
	info_number("cut_threads", cut_now.n_threads);
	info_number("cut_unanswered", cut_now.n_unanswered);
	info_number("cut_in_place", cut_now.is_in_place);
	info_number("unread_bytes", sums->unread_bytes);
	if (facts->is_leak_check_off)
		info_number("leak_check_off", 1);
	if (foreign_frees)
		info_number("foreign_frees", foreign_frees);
	if (roots_left_behind_epoch())
		info_number("left_behind_epoch", roots_left_behind_epoch());
	info_number("unbooked", books_unbooked());
	if (sums->peak) {
		info_number("peak_blocks", sums->peak->blocks);
		info_number("peak_bytes", sums->peak->bytes);
		info_number("peak_ns", sums->peak->time_ns - process.start_ns);
		info_number("peak_epoch", sums->peak->epoch);
	}
	if (sums->waste_one_in)
		info_number("waste_one_in", sums->waste_one_in);
	info_number("period_bytes", (uint64_t)1 << (BOOKS_UNIT_BITS + books_shift));
}

static void
put_verified(void)
{
	int i;

	for (i = 0; options.verify_every && i < N_VERIFY_RESULTS; i++) {
		char name[64];

		(void)sys_format(name, sizeof name, "verify.%s", verify_names[i]);
		info_number(name, verify_count((enum verify_result)i));
	}
}

/* What went unrecorded.  The snapshot is complete if that is nothing. */
static void
put_losses(void)
{
	bool is_complete = true;
	int i;

	for (i = 0; i < N_LOSSES; i++) {
		uint64_t n = relaxed_load(&loss[i]);
		char name[64];

		if (!n)
			continue;
		if (i != LOSS_SNAPSHOTS) /* of others, not of this one */
			is_complete = false;
		(void)sys_format(name, sizeof name, "loss.%s", loss_names[i]);
		info_number(name, n);
	}
	info_number("complete", is_complete);
}

static void
put_texts(const struct snapshot_facts *facts)
{
	info_file("command", "cmdline", false);
	info_text("executable", facts->executable, strlen(facts->executable));
	info_text("program", process.program, strlen(process.program));
	info_file("cwd", "cwd", true);
	if (facts->suppressions)
		info_text("default_suppressions", facts->suppressions,
			  strlen(facts->suppressions));
	info_text("reason", facts->reason, strlen(facts->reason));
	info_text("allocator", options.is_system_allocator ? "system" : "jemalloc",
		  options.is_system_allocator ? 6 : 8);
	info_text("version", PACKAGE_VERSION, strlen(PACKAGE_VERSION));
	info_text("machine", ARCH_NAME, sizeof ARCH_NAME - 1);
}

void
facts_put(const struct snapshot_facts *facts, const struct epochs_counts *counts,
	  const struct snapshot_sums *sums)
{
	heapfile_section(HEAPFILE_INFO);
	put_numbers(facts, counts, sums);
	put_verified();
	put_losses();
	put_texts(facts);
}
