/* snapshot_tables.c -- see snapshot_tables.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "snapshot_tables.h"
#include "badfrees.h"
#include "books.h"
#include "cut.h"
#include "heapfile_write.h"
#include "marks.h"
#include "mem.h"
#include "modules.h"
#include "options.h"
#include "sample.h"
#include "sites.h"
#include "sys.h"
#include "thread.h"

#include <string.h>

static void
put_string(const char *s)
{
	heapfile_put_text(s, strlen(s));
}

/* ---- numbers -------------------------------------------------------------- */

/* Of the births in this file. */
static struct {
	uint32_t room;    /* of both arrays */
	uint32_t *number; /* by birth; 0 = none yet */
	birth_id *births; /* by number */
	uint32_t n;       /* numbers in use are 1 to this */
} numbered;

void
tables_begin(void)
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

uint32_t
tables_birth(birth_id birth)
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

site_id
tables_known_site(site_id site)
{
	return site < sites_end() ? site : SITE_FULL;
}

/* ---- who and where ---------------------------------------------------------- */

void
tables_put_modules(void)
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

void
tables_put_sites(void)
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

void
tables_put_threads(int pid)
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

/* ---- time ------------------------------------------------------------------- */

void
tables_put_births(uint32_t n_periods)
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
void
tables_put_periods(uint64_t uptime_ns, const struct epochs_counts *c, uint32_t n_periods)
{
	const struct books_period running = {uptime_ns, c->allocations,
					     c->allocated_bytes, c->allocations - c->frees,
					     c->allocated_bytes - c->freed_bytes};
	uint32_t i;

	heapfile_section(HEAPFILE_PERIODS);
	for (i = 0; i < n_periods; i++)
		put_period(i < books_n_periods() ? books_period_get(i) : &running);
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

void
tables_put_epochs(uint64_t uptime_ns, const struct epochs_memory *memory,
		  const struct epochs_counts *counts)
{
	struct epochs_record running;
	uint32_t i, n = epochs_n_records();
	epoch_no next = 0;

	heapfile_section(HEAPFILE_EPOCHS);
	for (i = 0; i < n; i++)
		if (epochs_is_next(epochs_record_get(i), &next))
			put_epoch(epochs_record_get(i));
	epochs_running(counts, &running);
	running.end_ns = uptime_ns;
	running.memory = *memory;
	if (epochs_is_next(&running, &next))
		put_epoch(&running);
}

/* ---- books -------------------------------------------------------------------- */

void
tables_put_books(uint32_t n_periods)
{
	uint32_t i, p;

	heapfile_section(HEAPFILE_BOOKS);
	for (i = 0; i < books_n(); i++) {
		const struct book *b = books_get(i);
		bool is_last;

		if (!b)
			continue;
		heapfile_record();
		heapfile_put(tables_known_site(b->site));
		heapfile_put(tables_known_site(b->freed_at));
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

void
tables_put_grown(void)
{
	uint32_t i;

	heapfile_section(HEAPFILE_GROWN);
	for (i = 0; i < books_n(); i++) {
		const struct book *b = books_get(i);

		if (!b || !b->n_grown)
			continue;
		heapfile_record();
		heapfile_put(tables_known_site(b->site));
		heapfile_put(b->n_grown);
		heapfile_put(b->grown_bytes);
	}
}

/* Only sites of which something was sampled have a record. */
void
tables_put_estimates(void)
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

/* A site of which hardly anything was sampled has had some block all the same. */
static uint64_t
whole(uint64_t parts)
{
	uint64_t n = (parts + SAMPLE_PARTS / 2) / SAMPLE_PARTS;

	return options.sample_bytes ? n ? n : 1 : parts;
}

void
tables_put_peak(const struct peak *peak)
{
	if (!peak)
		return;
	heapfile_section(HEAPFILE_PEAK);
	for (site_id id = 1; id < peak->end; id++) {
		const struct peak_site *p = &peak->sites[id];

		if (!p->blocks)
			continue;
		heapfile_record();
		heapfile_put(tables_known_site(id));
		heapfile_put(whole(p->blocks));
		heapfile_put(p->bytes ? whole(p->bytes) : 0);
	}
}

void
tables_put_bad_frees(void)
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
		heapfile_put(tables_known_site(b->site));
		heapfile_put(tables_known_site(b->allocated));
	}
}

void
tables_put_marks(void)
{
	uint32_t i;

	heapfile_section(HEAPFILE_MARKS);
	for (i = 0; i < MARKS_MAX; i++) {
		const struct mark *m = marks_get(i);

		if (!m)
			continue;
		heapfile_record();
		heapfile_put(m->epoch);
		heapfile_put(m->time_ns);
		put_string(m->label);
	}
}
