/* snapshot.c -- see snapshot.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "snapshot.h"
#include "backend.h"
#include "blocks.h"
#include "books.h"
#include "cut.h"
#include "dontfork.h"
#include "epochs.h"
#include "frames.h"
#include "heapfile_write.h"
#include "index.h"
#include "mappings.h"
#include "maps.h"
#include "mem.h"
#include "options.h"
#include "peak.h"
#include "peek.h"
#include "residence.h"
#include "roots.h"
#include "scan.h"
#include "sites.h"
#include "snapshot_tables.h"
#include "sys.h"
#include "thread.h"
#include "waste.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* ---- blocks -------------------------------------------------------------- */

struct block_walk {
	uintptr_t end; /* of the block before */
	struct snapshot_sums sums;
	bool is_indexed; /* there was memory for the index so far */
};

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
	heapfile_put(tables_known_site(b->site));
	heapfile_put(tables_birth(b->birth));
	heapfile_put((uint64_t)b->bytes << 3 | b->kind);
	heapfile_put(usable - b->bytes);
	if (walk->is_indexed)
		walk->is_indexed = index_add(b->addr, b->bytes);
	residence_add_block(b->addr, b->bytes);
	walk->end = (b->addr + usable + 15) & ~(uintptr_t)15;
	walk->sums.blocks++;
	walk->sums.bytes += b->bytes;
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
	heapfile_put(tables_known_site(m->site));
	heapfile_put(tables_birth(m->birth));
	heapfile_put(m->flags);
	*end = m->end;
	return 0;
}

static void
put_epochs(const struct snapshot_facts *facts, const struct epochs_counts *counts)
{
	const struct epochs_memory memory = {facts->memory.rss, facts->memory.heap_total,
					     facts->memory.heap_used,
					     facts->memory.external};

	tables_put_epochs(facts->uptime_ns, &memory, counts);
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
	struct snapshot_sums sums = {0};
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
	tables_put_sites();
	put_live(&walk);
	tables_put_modules();
	facts_put(facts, &counts, &sums);
	return heapfile_finish();
}

/* ---- the heap before --------------------------------------------------- */

/* A directory may be everybody's: only what is a file of ours is taken. */
static void
put_before(const char *name)
{
	int fd = sys_open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		heapfile_section(HEAPFILE_BEFORE);
		heapfile_record();
		heapfile_put_file(fd);
	}
	(void)sys_close(fd);
}

/* The recorded peak, unless this snapshot shows as much. */
static const struct peak *
peak_above(uint64_t live_bytes)
{
	const struct peak *p = peak_get();

	return p && p->bytes > live_bytes ? p : NULL;
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
	if (!facts->is_brief)
		walk.sums.unread_bytes = dontfork_begin_writing(cut_now.is_in_place);
	tables_begin();
	heapfile_begin(facts->name, options.mode, !facts->is_brief);
	/* Blocks first: what they name must be in the tables after them, even if
	 * threads run on. */
	heapfile_section(HEAPFILE_BLOCKS);
	walk.is_indexed = !facts->is_brief;
	if (walk.is_indexed) {
		index_begin();
		residence_begin();
	}
	(void)blocks_walk(put_block, &walk);
	/* Without /proc nobody knows where stacks are, and all that they hold would be lost. */
	if (walk.is_indexed)
		walk.is_indexed = maps_load(cut_now.is_in_place ? 0 : cut_now.pid);
	if (walk.is_indexed) {
		bool with_waste = options.is_waste && waste_begin();

		scan_begin(peek_can_try());
		pass_over_own_frames();
		scan_blocks(with_waste);
		if (with_waste)
			walk.sums.waste_one_in = waste_put();
		roots_write();
		frames_write();
		if (options.content_bytes)
			put_contents();
		walk.sums.unread_bytes += scan_unread_bytes();
		residence_end(&walk.sums.residence);
		maps_close();
	}
	heapfile_section(HEAPFILE_MAPPINGS);
	(void)mappings_walk(put_mapping, &end);
	tables_put_bad_frees();
	put_epochs(facts, &counts);
	tables_put_marks();
	n_periods = books_period_of(relaxed_load(&books_volume)) + 1;
	tables_put_births(n_periods);
	tables_put_periods(facts->uptime_ns, &counts, n_periods);
	tables_put_books(n_periods);
	tables_put_grown();
	if (options.sample_bytes)
		tables_put_estimates();
	walk.sums.peak = peak_above(walk.sums.bytes);
	tables_put_peak(walk.sums.peak);
	tables_put_threads(facts->pid);
	tables_put_sites();
	tables_put_modules();
	if (facts->before)
		put_before(facts->before);
	facts_put(facts, &counts, &walk.sums);
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
