/* snapshot.c -- see snapshot.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "snapshot.h"
#include "arch.h"
#include "backend.h"
#include "badfrees.h"
#include "blocks.h"
#include "books.h"
#include "cut.h"
#include "epochs.h"
#include "foreign.h"
#include "frames.h"
#include "heapfile_write.h"
#include "index.h"
#include "mappings.h"
#include "maps.h"
#include "mem.h"
#include "modules.h"
#include "options.h"
#include "peek.h"
#include "roots.h"
#include "scan.h"
#include "sites.h"
#include "sys.h"
#include "thread.h"
#include "verify.h"

#include <errno.h>
#include <string.h>

enum { MAX_MARKS = 256, MARK_BYTES = 64 };
static struct mark {
	epoch_no epoch;
	uint64_t time_ns;
	uint32_t is_set; /* written last */
	char label[MARK_BYTES];
} marks[MAX_MARKS];
static uint32_t n_marks;

bool
snapshot_mark(const char *label, uint64_t uptime_ns)
{
	uint32_t i = atomic_add(&n_marks, 1);
	size_t n = strlen(label);

	if (i >= MAX_MARKS) {
		relaxed_store(&n_marks, MAX_MARKS);
		lose(LOSS_MARKS);
		return false;
	}
	memcpy(marks[i].label, label, n < MARK_BYTES ? n : MARK_BYTES - 1);
	marks[i].epoch = epochs_current();
	marks[i].time_ns = uptime_ns;
	release_store(&marks[i].is_set, 1);
	return true;
}

static void
put_string(const char *s)
{
	heapfile_put_text(s, strlen(s));
}

/* ---- blocks -------------------------------------------------------------- */

struct block_walk {
	uintptr_t end; /* of the block before */
	uint64_t blocks, bytes;
	uint64_t unread_bytes; /* roots.h */
	bool is_indexed;       /* there was memory for the index so far */
};

/* Births of a file are those that something in it has, numbered as they come up. */
static struct {
	uint32_t room;    /* of both arrays */
	uint32_t *number; /* by birth; 0 = none yet */
	birth_id *births; /* by number */
	uint32_t n;       /* numbers in use are 1 to this */
} numbered;

static void
births_begin(void)
{
	birth_id end = epochs_births_end();
	uint32_t i, room = 1 << 16;

	/* Of the file before, if that was written here too. */
	for (i = 1; i <= numbered.n; i++)
		numbered.number[numbered.births[i]] = 0;
	numbered.n = 0;
	while (room < end)
		room *= 2;
	if (room <= numbered.room)
		return;
	numbered.number = mem_map(room * sizeof *numbered.number);
	numbered.births = mem_map(room * sizeof *numbered.births);
	numbered.room = numbered.number && numbered.births ? room : 0;
}

/* 0, unknown, for one that was made after we began and is beyond our arrays, and for
 * all if there is no memory. */
static uint32_t
birth_number(birth_id birth)
{
	uint32_t *number;

	if (!birth)
		return 0;
	if (birth >= numbered.room) {
		lose(LOSS_BIRTHS);
		return 0;
	}
	number = &numbered.number[birth];
	if (!*number && numbered.n + 1 < numbered.room) {
		*number = ++numbered.n;
		numbered.births[*number] = birth;
	}
	return *number;
}

/* Where fork did not wait (forking.h), something may name what had not been made yet when
 * its page was copied.  What a reader would refuse is not written. */
static site_id
known_site(site_id site)
{
	return site < sites_end() ? site : SITE_FULL;
}

static int
ask_usable(void *with)
{
	uintptr_t *words = with;

	words[1] = backend_usable((void *)words[0]);
	return 0;
}

/* The next allocator keeps that beside the block, where the program may have taken all
 * access from the page.  BOUND: then, and where that cannot be stood, no more than what
 * was asked for counts. */
static size_t
usable_of(uintptr_t addr)
{
	uintptr_t words[2] = {addr, 0};

	if (!backend_is_system)
		return backend_usable((void *)addr);
	return peek_can_try() && peek_try(ask_usable, words) ? words[1] : 0;
}

static int
put_block(const struct block *b, void *with)
{
	struct block_walk *walk = with;
	size_t usable = usable_of(b->addr);

	if (usable < b->bytes) /* came and went while we looked */
		usable = b->bytes;
	if (!usable)
		usable = 1;
	if (b->addr < walk->end)
		return 0; /* inside the block before: one of them is just going */
	heapfile_record();
	heapfile_put((b->addr - walk->end) >> BLOCKS_GRANULE_BITS);
	heapfile_put(known_site(b->site));
	heapfile_put(birth_number(b->birth));
	heapfile_put((uint64_t)b->bytes << 3 | b->kind);
	heapfile_put(usable - b->bytes);
	if (walk->is_indexed)
		walk->is_indexed = index_add(b->addr, b->bytes);
	walk->end = (b->addr + usable + 15) & ~(uintptr_t)15;
	walk->blocks++;
	walk->bytes += b->bytes;
	return 0;
}

/* One block of each site: the first by address, as good as any. */
struct content_walk {
	uint8_t *seen; /* a bit for each site */
	uint32_t last; /* ordinal of the record before */
};

static int
put_content(const struct index_block *b, void *with)
{
	struct content_walk *walk = with;
	static uintptr_t text[OPTIONS_MAX_CONTENT / 8]; /* one writer at a time */
	struct block block;
	size_t n = b->bytes < options.content_bytes ? b->bytes : options.content_bytes, got;

	if (!n || blocks_find(b->addr, &block) != BLOCKS_LIVE ||
	    block.site >= sites_end() || walk->seen[block.site / 8] >> block.site % 8 & 1)
		return 0;
	if (n > sizeof text)
		n = sizeof text;
	got = 8 * peek_words(text, b->addr, (n + 7) / 8);
	if (got < n)
		n = got;
	if (!n)
		return 0;
	walk->seen[block.site / 8] |= (uint8_t)(1u << block.site % 8);
	heapfile_record();
	heapfile_put(b->ordinal - walk->last);
	heapfile_put_text(text, n);
	walk->last = b->ordinal;
	return 0;
}

static void
put_contents(void)
{
	struct content_walk walk = {.seen = mem_map(sites_end() / 8 + 1)};

	if (!walk.seen)
		return;
	heapfile_section(HEAPFILE_CONTENTS);
	(void)index_walk(put_content, &walk);
}

static int
put_mapping(const struct mapping *m, void *with)
{
	uintptr_t *end = with;

	heapfile_record();
	heapfile_put(m->start - *end);
	heapfile_put(m->end - m->start);
	heapfile_put(known_site(m->site));
	heapfile_put(birth_number(m->birth));
	heapfile_put(m->flags);
	*end = m->end;
	return 0;
}

/* ---- tables -------------------------------------------------------------- */

static void
put_modules(void)
{
	module_no n, end = modules_end();

	heapfile_section(HEAPFILE_MODULES);
	for (n = 1; n < end; n++) {
		const struct module *m = modules_get(n);

		heapfile_record();
		heapfile_put(m->start);
		heapfile_put(m->bytes);
		heapfile_put(m->bias);
		heapfile_put(m->loaded);
		heapfile_put(m->unloaded);
		heapfile_put_text(m->build_id, m->n_build_id);
		put_string(m->path ? m->path : "");
	}
}

static void
put_sites(void)
{
	site_id id, end = sites_end();
	module_no n_modules = modules_end();

	heapfile_section(HEAPFILE_SITES);
	for (id = 1; id < end; id++) {
		struct site s = {.step = 0};
		module_no module;
		uint64_t pc;

		heapfile_record();
		(void)sites_get(id, &s);          /* no memory for it: never used */
		if (id < SITE_FIRST || !s.step) { /* or a number that was never used */
			heapfile_put(id);
			heapfile_put(HEAPFILE_SITE_SPECIAL);
			heapfile_put(0);
			heapfile_put(id < SITE_FIRST ? id : HEAPFILE_SPECIAL_FULL);
		} else {
			module = STEP_MODULE(s.step);
			pc = STEP_PC(s.step);
			if (module >= n_modules)
				module = 0;
			heapfile_put(s.parent && s.parent < id ? id - s.parent : id);
			heapfile_put(s.step & STEP_EXACT ? HEAPFILE_SITE_EXACT : 0);
			heapfile_put(module);
			heapfile_put(module ? pc - modules_get(module)->bias : pc);
		}
		heapfile_put(s.allocations);
		heapfile_put(s.allocated_bytes);
	}
}

static bool
is_unanswered(int tid)
{
	uint32_t i;

	for (i = 0; i < cut_now.n_threads; i++)
		if (cut_now.threads[i].tid == tid)
			return cut_now.threads[i].state == CUT_ASKED;
	return false;
}

static void
put_threads(int pid)
{
	thread_no n, end = thread_records_end();

	heapfile_section(HEAPFILE_THREADS);
	for (n = 1; n < end; n++) {
		const struct thread_record *r = thread_record_get(n);
		static const struct thread_record none;
		char name[32];

		if (!r)
			r = &none;
		memcpy(name, r->name, sizeof r->name);
		name[sizeof r->name] = 0;
		if (r->is_alive)
			sys_task_name(pid, r->tid, name, sizeof name);
		heapfile_record();
		heapfile_put((uint64_t)r->tid);
		heapfile_put(r->first_epoch);
		heapfile_put((r->is_alive ? HEAPFILE_THREAD_ALIVE : 0) |
			     (r->tid == pid ? HEAPFILE_THREAD_MAIN : 0) |
			     (r->is_alive && is_unanswered(r->tid) ? HEAPFILE_THREAD_UNANSWERED
								   : 0));
		put_string(name);
	}
}

/* n_periods: as many as PERIODS will have. */
static void
put_births(uint32_t n_periods)
{
	uint32_t i, period;
	thread_no n_threads = thread_records_end();
	struct epochs_birth b;
	epoch_no before = 0;

	heapfile_section(HEAPFILE_BIRTHS);
	for (i = 1; i <= numbered.n; i++) {
		epochs_birth_get(numbered.births[i], &b);
		heapfile_record();
		heapfile_put_zigzag((int64_t)b.epoch - before);
		heapfile_put(b.thread < n_threads ? b.thread : 0);
		heapfile_put(epochs_is_early(b.epoch) ? HEAPFILE_BIRTH_PROMOTED_EARLY : 0);
		before = b.epoch;
	}
	heapfile_section(HEAPFILE_BIRTH_PERIODS);
	for (i = 1; i <= numbered.n; i++) {
		epochs_birth_get(numbered.births[i], &b);
		heapfile_record();
		period = books_period_of(b.volume);
		heapfile_put(period < n_periods ? period : n_periods - 1);
	}
}

static void
put_period(const struct books_period *p)
{
	heapfile_record();
	heapfile_put(p->end_ns);
	heapfile_put(p->allocations);
	heapfile_put(p->allocated_bytes);
	heapfile_put(p->live_blocks);
	heapfile_put(p->live_bytes);
}

/* The one that has not ended ends with the snapshot; so there is always one for
 * each birth and death. */
static void
put_periods(const struct snapshot_facts *facts, const struct epochs_counts *c, uint32_t n)
{
	const struct books_period running = {facts->uptime_ns, c->allocations,
					     c->allocated_bytes, c->allocations - c->frees,
					     c->allocated_bytes - c->freed_bytes};
	uint32_t i;

	heapfile_section(HEAPFILE_PERIODS);
	for (i = 0; i < n; i++)
		put_period(i < books_n_periods() ? books_period_get(i) : &running);
}

static void
put_books(uint32_t n_periods)
{
	uint32_t i, p;

	heapfile_section(HEAPFILE_BOOKS);
	for (i = 0; i < books_n(); i++) {
		const struct book *b = books_get(i);
		bool is_last;

		if (!b)
			continue;
		heapfile_record();
		heapfile_put(known_site(b->site));
		heapfile_put(known_site(b->freed_at));
		heapfile_put(b->n_freed);
		heapfile_put(b->n_later);
		heapfile_put(b->n_earlier);
		heapfile_put(b->n_same);
		heapfile_put(b->n_foreign);
		heapfile_put(BOOKS_AGES);
		for (p = 0; p < BOOKS_AGES; p++)
			heapfile_put(b->ages[p]);
		for (p = 0; p < n_periods; p++) {
			heapfile_put(b->born[p]);
			heapfile_put(b->born_bytes[p]);
			heapfile_put(b->died[p]);
			heapfile_put(b->died_bytes[p]);
		}
		is_last = b->newest == n_periods - 1;
		heapfile_put(is_last ? b->newest_later : 0);
		heapfile_put(is_last ? b->newest_earlier : 0);
		heapfile_put(is_last ? b->newest_same : 0);
		for (p = 0; p < n_periods; p++)
			heapfile_put(is_last ? b->newest_born[p] : 0);
	}
}

static void
put_grown(void)
{
	uint32_t i;

	heapfile_section(HEAPFILE_GROWN);
	for (i = 0; i < books_n(); i++) {
		const struct book *b = books_get(i);

		if (!b || !b->n_grown)
			continue;
		heapfile_record();
		heapfile_put(known_site(b->site));
		heapfile_put(b->n_grown);
		heapfile_put(b->grown_bytes);
	}
}

/* Only sites of which something was sampled have a record. */
static void
put_estimates(void)
{
	site_id id, end = sites_end();
	uint64_t allocations, bytes;

	heapfile_section(HEAPFILE_ESTIMATES);
	for (id = 1; id < end; id++) {
		if (!sites_weight(id, &allocations, &bytes))
			continue;
		heapfile_record();
		heapfile_put(id);
		heapfile_put(allocations);
		heapfile_put(bytes);
	}
}

static void
put_epoch(const struct epochs_record *r)
{
	heapfile_record();
	heapfile_put(r->first);
	heapfile_put(r->n);
	heapfile_put(r->end_ns);
	heapfile_put(r->allocations);
	heapfile_put(r->allocated_bytes);
	heapfile_put(r->freed_bytes);
	heapfile_put(r->survived_bytes);
	heapfile_put(r->promoted_bytes);
	heapfile_put(r->memory.rss);
	heapfile_put(r->memory.heap_total);
	heapfile_put(r->memory.heap_used);
	heapfile_put(r->memory.external);
}

static void
put_epochs(const struct snapshot_facts *facts, const struct epochs_counts *counts)
{
	struct epochs_record running;
	uint32_t i, n = epochs_n_records();
	epoch_no next = 0;

	heapfile_section(HEAPFILE_EPOCHS);
	for (i = 0; i < n; i++)
		if (epochs_is_next(epochs_record_get(i), &next))
			put_epoch(epochs_record_get(i));
	epochs_running(counts, &running);
	running.end_ns = facts->uptime_ns;
	running.memory =
		(struct epochs_memory){facts->memory.rss, facts->memory.heap_total,
				       facts->memory.heap_used, facts->memory.external};
	if (epochs_is_next(&running, &next))
		put_epoch(&running);
}

static void
put_bad_frees(void)
{
	int i;

	heapfile_section(HEAPFILE_BAD_FREES);
	for (i = 0; i < BADFREES_MAX; i++) {
		const struct badfree *b = &badfrees[i];
		uint32_t kind = acquire_load(&b->kind);

		if (!kind)
			continue;
		heapfile_record();
		heapfile_put(kind);
		heapfile_put(b->count);
		heapfile_put(b->addr);
		heapfile_put(known_site(b->site));
		heapfile_put(known_site(b->allocated));
	}
}

static void
put_marks(void)
{
	int i;

	heapfile_section(HEAPFILE_MARKS);
	for (i = 0; i < MAX_MARKS; i++) {
		if (!acquire_load(&marks[i].is_set))
			continue;
		heapfile_record();
		heapfile_put(marks[i].epoch);
		heapfile_put(marks[i].time_ns);
		put_string(marks[i].label);
	}
}

/* ---- facts --------------------------------------------------------------- */

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

static void
put_info(const struct snapshot_facts *facts, const struct epochs_counts *counts,
	 const struct block_walk *walk)
{
	bool is_complete = true;
	int i;

	heapfile_section(HEAPFILE_INFO);
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
	info_number("allocations", counts->allocations);
	info_number("allocated_bytes", counts->allocated_bytes);
	info_number("frees", counts->frees);
	info_number("freed_bytes", counts->freed_bytes);
	info_number("live_blocks", walk->blocks);
	info_number("live_bytes", walk->bytes);
	info_number("writer_bytes", mem_resident_bytes() - facts->memory.profiler);
	info_number("cut_pause_ns", cut_now.pause_ns);
	info_number("cut_threads", cut_now.n_threads);
	info_number("cut_unanswered", cut_now.n_unanswered);
	info_number("cut_in_place", cut_now.is_in_place);
	info_number("unread_bytes", walk->unread_bytes);
	if (facts->is_leak_check_off)
		info_number("leak_check_off", 1);
	if (foreign_frees)
		info_number("foreign_frees", foreign_frees);
	if (roots_left_behind_epoch())
		info_number("left_behind_epoch", roots_left_behind_epoch());
	info_number("unbooked", books_unbooked());
	info_number("period_bytes", (uint64_t)1 << (BOOKS_UNIT_BITS + books_shift));
	for (i = 0; options.verify_every && i < N_VERIFY_RESULTS; i++) {
		char name[64];

		(void)sys_format(name, sizeof name, "verify.%s", verify_names[i]);
		info_number(name, verify_count((enum verify_result)i));
	}
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
	info_file("command", "cmdline", false);
	info_text("executable", facts->executable, strlen(facts->executable));
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

/* ---- what a viewer shows ------------------------------------------------- */

struct live_site {
	uint64_t blocks, bytes, old_blocks, old_bytes;
	epoch_no first; /* birth of its oldest block; 0 = unknown */
};

struct live_walk {
	struct live_site *sites; /* by number, up to `end` */
	site_id end;
	epoch_no now;
	uint64_t blocks, bytes;
};

/* The rule of epochs.h.  A block of unknown birth has outlived what we know. */
static bool
is_old(epoch_no now, epoch_no birth)
{
	epoch_no age = now - birth;

	return !birth || age >= options.promote || (age >= 1 && epochs_is_early(birth));
}

static int
add_live(const struct block *b, void *with)
{
	struct live_walk *walk = with;
	struct live_site *s = &walk->sites[b->site < walk->end ? b->site : SITE_FULL];
	epoch_no birth = epochs_birth_epoch(b->birth);

	s->blocks++;
	s->bytes += b->bytes;
	if (is_old(walk->now, birth)) {
		s->old_blocks++;
		s->old_bytes += b->bytes;
	}
	if (s->blocks == 1 || birth < s->first)
		s->first = birth;
	walk->blocks++;
	walk->bytes += b->bytes;
	return 0;
}

static void
put_live(const struct live_walk *walk)
{
	site_id id;

	heapfile_section(HEAPFILE_LIVE);
	for (id = 1; id < walk->end; id++) {
		const struct live_site *s = &walk->sites[id];

		if (!s->blocks)
			continue;
		heapfile_record();
		heapfile_put(id);
		heapfile_put(s->blocks);
		heapfile_put(s->bytes);
		heapfile_put(s->old_blocks);
		heapfile_put(s->old_bytes);
		heapfile_put(s->first);
	}
}

static int
write_live(void *with)
{
	const struct snapshot_facts *facts = with;
	struct live_walk walk = {.end = sites_end(), .now = epochs_current()};
	struct block_walk sums = {0};
	struct epochs_counts counts;
	struct thread *t = NULL;

	walk.sites = mem_map((walk.end > SITE_FIRST ? walk.end : SITE_FIRST) *
			     sizeof *walk.sites);
	if (!walk.sites)
		return -ENOMEM;
	while ((t = thread_next(t)) != NULL)
		thread_flush(t);
	thread_sum(&counts);
	heapfile_begin(facts->name, 0600, false);
	(void)blocks_walk(add_live, &walk);
	sums.blocks = walk.blocks;
	sums.bytes = walk.bytes;
	put_epochs(facts, &counts);
	put_sites();
	put_live(&walk);
	put_modules();
	put_info(facts, &counts, &sums);
	return heapfile_finish();
}

/* ---- all of it ----------------------------------------------------------- */

/* BOUND: the functions that scan take less than DEEPER bytes of stack. */
static void
pass_over_own_frames(void)
{
	enum { DEEPER = 2048, FARTHEST = 64 << 10 };
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0), sp;

	sp = cut_now.n_threads ? cut_now.threads[0].sp : 0;
	if (sp > frame && sp - frame < FARTHEST)
		scan_pass_over(frame - DEEPER, sp);
	else /* another stack than the one that the program was on */
		scan_pass_over(0, 0);
}

static int
write_all(void *with)
{
	const struct snapshot_facts *facts = with;
	struct block_walk walk = {0};
	struct epochs_counts counts;
	struct thread *t = NULL;
	uintptr_t end = 0;
	uint32_t n_periods;

	while ((t = thread_next(t)) != NULL)
		thread_flush(t);
	thread_sum(&counts);
	walk.unread_bytes = roots_note_unread();
	births_begin();
	heapfile_begin(facts->name, options.mode, !facts->is_brief);
	/* Blocks first: what they name must be in the tables after them, even if
	 * threads run on. */
	heapfile_section(HEAPFILE_BLOCKS);
	walk.is_indexed = !facts->is_brief;
	if (walk.is_indexed)
		index_begin();
	(void)blocks_walk(put_block, &walk);
	/* Without /proc nobody knows where stacks are, and all that they hold would be lost. */
	if (walk.is_indexed)
		walk.is_indexed = maps_load();
	if (walk.is_indexed) {
		scan_begin(peek_can_try());
		pass_over_own_frames();
		scan_blocks();
		roots_write();
		frames_write();
		if (options.content_bytes)
			put_contents();
		walk.unread_bytes += scan_unread_bytes();
		maps_close();
	}
	heapfile_section(HEAPFILE_MAPPINGS);
	(void)mappings_walk(put_mapping, &end);
	put_bad_frees();
	put_epochs(facts, &counts);
	put_marks();
	n_periods = books_period_of(relaxed_load(&books_volume)) + 1;
	put_births(n_periods);
	put_periods(facts, &counts, n_periods);
	put_books(n_periods);
	put_grown();
	if (options.sample_bytes)
		put_estimates();
	put_threads(facts->pid);
	put_sites();
	put_modules();
	put_info(facts, &counts, &walk);
	return heapfile_finish();
}

/* Whether nobody else runs in the process that this is written in. */
static bool
is_alone(void)
{
	return !cut_now.is_in_place ||
	       (!cut_now.n_unanswered && (cut_now.n_threads > 1 || thread_is_alone()));
}

static int
run(int (*f)(void *with), const struct snapshot_facts *facts)
{
	int err = peek_run(is_alone(), f, (void *)facts);

	if (err == -EFAULT) {
		heapfile_abandon();
		maps_close();
	}
	return err;
}

int
snapshot_write(const struct snapshot_facts *facts)
{
	return run(write_all, facts);
}

int
snapshot_write_live(const struct snapshot_facts *facts)
{
	return run(write_live, facts);
}
