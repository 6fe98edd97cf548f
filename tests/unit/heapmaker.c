/* heapmaker.c -- .heap files made to order, for tests.
 *
 * In:   records.
 * Out:  the bytes of a file.
 * Not here: any check; wrong files are what half of the tests want.
 *
 * SPDX-License-Identifier: MIT
 */
#include "heapmaker.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static uint32_t
crc(const uint8_t *p, size_t n)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), p, (uInt)n);
}

struct maker_section *
maker_section(struct maker *m, uint32_t type)
{
	for (uint32_t i = 0; i < m->n_sections; i++)
		if (m->sections[i].type == type)
			return &m->sections[i];
	if (m->n_sections == MAKER_SECTIONS)
		abort();
	m->sections[m->n_sections].type = type;
	return &m->sections[m->n_sections++];
}

void
maker_bytes(struct maker_section *s, const void *bytes, size_t n)
{
	if (s->n + n > s->size) {
		s->size = (s->n + n) * 2;
		s->bytes = realloc(s->bytes, s->size);
		if (!s->bytes)
			abort();
	}
	if (n)
		memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
}

void
maker_varint(struct maker_section *s, uint64_t v)
{
	uint8_t buf[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		buf[n++] = (uint8_t)(v | 0x80);
	buf[n++] = (uint8_t)v;
	maker_bytes(s, buf, n);
}

static void
text_n(struct maker_section *s, const char *text, size_t n)
{
	maker_varint(s, n);
	maker_bytes(s, text, n);
}

void
maker_text(struct maker_section *s, const char *text)
{
	text_n(s, text, strlen(text));
}

static struct maker_section *
info(struct maker *m, uint8_t kind, const char *name)
{
	struct maker_section *s = maker_section(m, HEAPFILE_INFO);
	uint8_t head[2] = {kind, (uint8_t)strlen(name)};

	s->n_records++;
	maker_bytes(s, head, 2);
	maker_bytes(s, name, strlen(name));
	return s;
}

void
maker_number(struct maker *m, const char *name, uint64_t v)
{
	maker_varint(info(m, HEAPFILE_INFO_NUMBER, name), v);
}

void
maker_info_text(struct maker *m, const char *name, const char *text, size_t n)
{
	text_n(info(m, HEAPFILE_INFO_TEXT, name), text, n);
}

uint32_t
maker_module(struct maker *m, uint64_t start, uint64_t bytes, uint64_t bias,
	     const char *build_id, const char *path)
{
	struct maker_section *s = maker_section(m, HEAPFILE_MODULES);

	maker_varint(s, start);
	maker_varint(s, bytes);
	maker_varint(s, bias);
	maker_varint(s, 0);
	maker_varint(s, 0);
	maker_text(s, build_id);
	maker_text(s, path);
	return (uint32_t)++s->n_records;
}

uint32_t
maker_site(struct maker *m, uint32_t parent, uint32_t flags, uint32_t module,
	   uint64_t offset, uint64_t allocations, uint64_t allocated_bytes)
{
	struct maker_section *s = maker_section(m, HEAPFILE_SITES);

	maker_varint(s, ++s->n_records - parent);
	maker_varint(s, flags);
	maker_varint(s, module);
	maker_varint(s, offset);
	maker_varint(s, allocations);
	maker_varint(s, allocated_bytes);
	return (uint32_t)s->n_records;
}

uint32_t
maker_thread(struct maker *m, uint64_t tid, const char *name)
{
	struct maker_section *s = maker_section(m, HEAPFILE_THREADS);

	maker_varint(s, tid);
	maker_varint(s, 0);
	maker_varint(s, HEAPFILE_THREAD_ALIVE);
	maker_text(s, name);
	return (uint32_t)++s->n_records;
}

uint32_t
maker_birth(struct maker *m, uint64_t epoch, uint32_t thread, uint32_t flags)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BIRTHS);
	int64_t delta = (int64_t)(epoch - s->last);

	maker_varint(s, (uint64_t)delta << 1 ^ (uint64_t)(delta >> 63));
	maker_varint(s, thread);
	maker_varint(s, flags);
	s->last = epoch;
	return (uint32_t)++s->n_records;
}

void
maker_period(struct maker *m, const struct hf_period *p)
{
	struct maker_section *s = maker_section(m, HEAPFILE_PERIODS);

	maker_varint(s, p->end_ns);
	maker_varint(s, p->allocations);
	maker_varint(s, p->allocated_bytes);
	maker_varint(s, p->live_blocks);
	maker_varint(s, p->live_bytes);
	s->n_records++;
}

void
maker_birth_period(struct maker *m, uint32_t period)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BIRTH_PERIODS);

	maker_varint(s, period);
	s->n_records++;
}

void
maker_book(struct maker *m, const struct hf_book *b)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BOOKS);

	maker_varint(s, b->site);
	maker_varint(s, b->freed_at);
	maker_varint(s, b->deaths);
	maker_varint(s, b->later);
	maker_varint(s, b->earlier);
	maker_varint(s, b->same);
	maker_varint(s, b->foreign);
	maker_varint(s, b->n_ages);
	for (uint32_t i = 0; i < b->n_ages; i++)
		maker_varint(s, b->ages[i]);
	for (uint32_t i = 0; i < b->n_periods; i++) {
		maker_varint(s, b->periods[i].born);
		maker_varint(s, b->periods[i].born_bytes);
		maker_varint(s, b->periods[i].died);
		maker_varint(s, b->periods[i].died_bytes);
	}
	maker_varint(s, b->last_later);
	maker_varint(s, b->last_earlier);
	maker_varint(s, b->last_same);
	for (uint32_t i = 0; i < b->n_periods; i++)
		maker_varint(s, b->periods[i].last_born);
	s->n_records++;
}

void
maker_stack(struct maker *m, const struct hf_stack *stack)
{
	struct maker_section *s = maker_section(m, HEAPFILE_FRAMES);
	uint64_t end = 0;

	maker_varint(s, stack->thread);
	maker_varint(s, stack->tid);
	maker_varint(s, stack->name.n);
	maker_bytes(s, stack->name.bytes, stack->name.n);
	maker_varint(s, stack->flags);
	maker_varint(s, stack->n_frames);
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct hf_frame *f = &stack->frames[i];
		int64_t delta = (int64_t)(f->sp - end);

		maker_varint(s, f->flags);
		maker_varint(s, f->module);
		maker_varint(s, f->offset);
		maker_varint(s, (uint64_t)delta << 1 ^ (uint64_t)(delta >> 63));
		maker_varint(s, f->bytes);
		end = f->sp + f->bytes;
	}
	s->n_records++;
}

void
maker_grown(struct maker *m, const struct hf_grown *g)
{
	struct maker_section *s = maker_section(m, HEAPFILE_GROWN);

	maker_varint(s, g->site);
	maker_varint(s, g->count);
	maker_varint(s, g->bytes);
	s->n_records++;
}

void
maker_estimate(struct maker *m, const struct hf_estimate *e)
{
	struct maker_section *s = maker_section(m, HEAPFILE_ESTIMATES);

	maker_varint(s, e->site);
	maker_varint(s, e->allocations);
	maker_varint(s, e->bytes);
	s->n_records++;
}

void
maker_peak(struct maker *m, const struct hf_peak *p)
{
	struct maker_section *s = maker_section(m, HEAPFILE_PEAK);

	maker_varint(s, p->site);
	maker_varint(s, p->blocks);
	maker_varint(s, p->bytes);
	s->n_records++;
}

void
maker_waste(struct maker *m, const struct hf_waste *w)
{
	struct maker_section *s = maker_section(m, HEAPFILE_WASTE);

	maker_varint(s, w->site);
	maker_varint(s, w->zero_blocks);
	maker_varint(s, w->zero_bytes);
	maker_varint(s, w->tail_blocks);
	maker_varint(s, w->tail_bytes);
	maker_varint(s, w->untouched_bytes);
	maker_varint(s, w->compared);
	maker_varint(s, w->distinct);
	maker_varint(s, w->copy_bytes);
	s->n_records++;
}

void
maker_live(struct maker *m, const struct hf_live *r)
{
	struct maker_section *s = maker_section(m, HEAPFILE_LIVE);

	maker_varint(s, r->site);
	maker_varint(s, r->blocks);
	maker_varint(s, r->bytes);
	maker_varint(s, r->old_blocks);
	maker_varint(s, r->old_bytes);
	maker_varint(s, r->first_epoch);
	s->n_records++;
}

void
maker_epochs(struct maker *m, const struct hf_epochs *e)
{
	struct maker_section *s = maker_section(m, HEAPFILE_EPOCHS);
	const uint64_t fields[] = {
		e->first_epoch,    e->n_epochs,        e->end_ns,
		e->allocations,    e->allocated_bytes, e->freed_bytes,
		e->survived_bytes, e->promoted_bytes,  e->rss,
		e->heap_total,     e->heap_used,       e->external,
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		maker_varint(s, fields[i]);
	s->n_records++;
}

void
maker_block(struct maker *m, const struct hf_block *b)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BLOCKS);

	maker_varint(s, (b->address - s->last) / 16);
	maker_varint(s, b->site);
	maker_varint(s, b->birth);
	maker_varint(s, b->requested << 3 | b->kind);
	maker_varint(s, b->usable - b->requested);
	s->last = b->address + ((b->usable + 15) & ~15ull);
	s->n_records++;
}

void
maker_mapping(struct maker *m, const struct hf_mapping *r)
{
	struct maker_section *s = maker_section(m, HEAPFILE_MAPPINGS);

	maker_varint(s, r->start - s->last);
	maker_varint(s, r->bytes);
	maker_varint(s, r->site);
	maker_varint(s, r->birth);
	maker_varint(s, r->flags);
	s->last = r->start + r->bytes;
	s->n_records++;
}

void
maker_bad_free(struct maker *m, const struct hf_bad_free *r)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BAD_FREES);

	maker_varint(s, r->kind);
	maker_varint(s, r->count);
	maker_varint(s, r->address);
	maker_varint(s, r->site);
	maker_varint(s, r->alloc_site);
	s->n_records++;
}

void
maker_mark(struct maker *m, uint64_t epoch, uint64_t time_ns, const char *label)
{
	struct maker_section *s = maker_section(m, HEAPFILE_MARKS);

	maker_varint(s, epoch);
	maker_varint(s, time_ns);
	maker_text(s, label);
	s->n_records++;
}

static void
edges(struct maker_section *s, uint32_t last, const struct hf_edge *e, size_t n)
{
	uint64_t next = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t way = (int64_t)e[i].target - last;
		uint64_t zigzag = (uint64_t)way << 1 ^ (uint64_t)(way >> 63);
		uint64_t skip = e[i].word - next;

		maker_varint(s, zigzag << 2 | (skip ? 2 : 0) | (e[i].inside ? 1 : 0));
		if (skip)
			maker_varint(s, skip);
		if (e[i].inside)
			maker_varint(s, e[i].inside << 2 | e[i].hint);
		last = e[i].target;
		next = e[i].word + 1;
	}
}

void
maker_holder(struct maker *m, uint32_t block, const struct hf_edge *e, size_t n)
{
	struct maker_section *s = maker_section(m, HEAPFILE_EDGES);

	maker_varint(s, block - s->last);
	maker_varint(s, n);
	edges(s, block, e, n);
	s->last = block;
	s->n_records++;
}

void
maker_root(struct maker *m, const struct hf_root *r, const struct hf_edge *e)
{
	struct maker_section *s = maker_section(m, HEAPFILE_ROOTS);

	maker_varint(s, r->kind);
	maker_varint(s, r->owner);
	maker_varint(s, r->address);
	maker_varint(s, r->bytes);
	maker_varint(s, r->n_edges);
	edges(s, 0, e, r->n_edges);
	s->n_records++;
}

void
maker_object_words(struct maker *m, const struct hf_object_word *words, size_t n)
{
	struct maker_section *s = maker_section(m, HEAPFILE_OBJECT_WORDS);

	maker_varint(s, words[0].block - s->last);
	maker_varint(s, n);
	for (size_t i = 0; i < n; i++) {
		maker_varint(s, words[i].word);
		maker_varint(s, words[i].module);
		maker_varint(s, words[i].offset);
	}
	s->last = words[0].block;
	s->n_records++;
}

void
maker_content(struct maker *m, uint32_t block, const char *bytes, size_t n)
{
	struct maker_section *s = maker_section(m, HEAPFILE_CONTENTS);

	maker_varint(s, block - s->last);
	text_n(s, bytes, n);
	s->last = block;
	s->n_records++;
}

void
maker_before(struct maker *m, const void *file, size_t n)
{
	struct maker_section *s = maker_section(m, HEAPFILE_BEFORE);

	maker_bytes(s, file, n);
	s->n_records++;
}

/* Tests run on little-endian machines, as does the library. */
uint8_t *
maker_finish(const struct maker *m, size_t *ret_n)
{
	struct heapfile_header h = {
		.major = HEAPFILE_MAJOR,
		.minor = HEAPFILE_MINOR,
		.header_bytes = sizeof(h),
		.byte_order = HEAPFILE_LITTLE_ENDIAN,
		.pointer_bytes = 8,
		.n_sections = m->n_sections,
		.entry_bytes = sizeof(struct heapfile_section),
	};
	uint64_t at = sizeof(h);
	uint8_t *bytes;

	for (uint32_t i = 0; i < m->n_sections; i++)
		at += m->sections[i].n;
	h.table_offset = at;
	h.file_bytes = at + m->n_sections * sizeof(struct heapfile_section);
	bytes = calloc(1, h.file_bytes);
	if (!bytes)
		abort();
	memcpy(h.magic, HEAPFILE_MAGIC, HEAPFILE_MAGIC_BYTES);
	memcpy(bytes, &h, sizeof(h));
	at = sizeof(h);
	for (uint32_t i = 0; i < m->n_sections; i++) {
		const struct maker_section *s = &m->sections[i];
		struct heapfile_section e = {
			.type = s->type,
			.flags = s->flags,
			.offset = at,
			.bytes = s->n,
			.n_records = s->n_records,
		};

		if (s->n)
			memcpy(bytes + at, s->bytes, s->n);
		memcpy(bytes + h.table_offset + i * sizeof(e), &e, sizeof(e));
		at += s->n;
	}
	maker_reseal(bytes, h.file_bytes);
	*ret_n = h.file_bytes;
	return bytes;
}

void
maker_reseal(uint8_t *bytes, size_t n)
{
	struct heapfile_header h;

	memcpy(&h, bytes, sizeof(h));
	for (uint32_t i = 0; i < h.n_sections && h.table_offset <= n; i++) {
		struct heapfile_section e;
		uint8_t *entry;

		if (n - h.table_offset < (i + 1) * sizeof(e))
			break;
		entry = bytes + h.table_offset + i * sizeof(e);
		memcpy(&e, entry, sizeof(e));
		if (e.offset <= n && e.bytes <= n - e.offset)
			e.crc = crc(bytes + e.offset, e.bytes);
		memcpy(entry, &e, sizeof(e));
	}
	if (h.table_offset <= n)
		h.table_crc = crc(bytes + h.table_offset, n - h.table_offset);
	memcpy(bytes, &h, sizeof(h));
	h.header_crc = crc(bytes, offsetof(struct heapfile_header, header_crc));
	memcpy(bytes, &h, sizeof(h));
}

void
maker_free(struct maker *m)
{
	for (uint32_t i = 0; i < m->n_sections; i++)
		free(m->sections[i].bytes);
	memset(m, 0, sizeof(*m));
}

static void
sample_process(struct maker *m)
{
	static const char command[] = "demo\0--size\0007";

	maker_number(m, "pid", 4711);
	maker_number(m, "snapshot_number", 1);
	maker_number(m, "snapshot_time_ns", 1700000000000000000ull);
	maker_number(m, "uptime_ns", 12500000000ull);
	maker_number(m, "epoch", 10);
	maker_number(m, "young_bytes", 16 << 20);
	maker_number(m, "promote", 2);
	maker_number(m, "complete", 1);
	maker_number(m, "rss", 50 << 20);
	maker_number(m, "heap_total", 24 << 20);
	maker_number(m, "heap_used", 1148);
	maker_number(m, "external", 1 << 20);
	maker_number(m, "total_memory", 8ull << 30);
	maker_number(m, "free_memory", 4ull << 30);
	maker_number(m, "profiler_bytes", 2 << 20);
	maker_number(m, "allocations", 1000);
	maker_number(m, "allocated_bytes", 123456);
	maker_number(m, "frees", 996);
	maker_number(m, "freed_bytes", 122308);
	maker_number(m, "peak_blocks", 820);
	maker_number(m, "peak_bytes", 100700);
	maker_number(m, "peak_ns", 6000000000ull);
	maker_number(m, "peak_epoch", 5);
	maker_number(m, "waste_one_in", 1);
	maker_info_text(m, "command", command, sizeof(command));
	maker_info_text(m, "executable", "/opt/demo", 9);
	maker_info_text(m, "reason", "exit", 4);
	maker_info_text(m, "allocator", "jemalloc", 8);
}

static void
sample_epochs(struct maker *m)
{
	const struct hf_epochs old = {
		.first_epoch = 0,
		.n_epochs = 8,
		.end_ns = 8000000000,
		.allocations = 600,
		.survived_bytes = 4000,
		.promoted_bytes = 1100,
	};
	const struct hf_epochs recent = {
		.first_epoch = 8,
		.n_epochs = 1,
		.end_ns = 9000000000,
		.allocations = 300,
		.survived_bytes = 2000,
	};
	const struct hf_epochs last = {
		.first_epoch = 9,
		.n_epochs = 2,
		.end_ns = 12500000000,
		.allocations = 100,
		.survived_bytes = 500,
	};

	maker_epochs(m, &old);
	maker_epochs(m, &recent);
	maker_epochs(m, &last);
}

static void
sample_graph(struct maker *m, uint32_t module, uint32_t thread)
{
	const struct hf_root global = {HEAPFILE_ROOT_GLOBAL, module, 0x408000, 0x100, 1};
	const struct hf_root stack = {HEAPFILE_ROOT_STACK, thread, 0x7ffe000000, 64, 1};
	const struct hf_object_word words[] = {{1, 1, 0, 0x1040}, {1, 2, 2, 0x2100}};

	maker_holder(m, 3, &(struct hf_edge){.target = 4, .word = 2}, 1);
	maker_holder(m, 4, &(struct hf_edge){.target = 3, .word = 0, .inside = 8}, 1);
	maker_root(m, &global, &(struct hf_edge){.target = 1, .word = 3});
	maker_root(m, &stack, &(struct hf_edge){.target = 2, .word = 7, .inside = 16});
	maker_object_words(m, words, 2);
	maker_content(m, 3, "hello, world\0\1\2\3", 16);
}

/* Two periods; the first site has lost four blocks, one born in the first. */
static void
sample_books(struct maker *m, uint32_t site, uint32_t freed_at)
{
	struct hf_book b = {.site = site,
			    .freed_at = freed_at,
			    .deaths = 4,
			    .later = 1,
			    .earlier = 1,
			    .same = 2,
			    .foreign = 3,
			    .n_ages = 2,
			    .n_periods = 2};

	b.ages[0] = 3;
	b.ages[1] = 1;
	b.periods[0] = (struct hf_book_period){1, 100, 0, 0, 1};
	b.periods[1] = (struct hf_book_period){3, 300, 4, 400, 3};
	b.last_later = 1;
	b.last_same = 2;
	maker_period(m, &(struct hf_period){4000000000, 500, 50000, 40, 3000});
	maker_period(m, &(struct hf_period){9000000000, 1000, 123456, 4, 1148});
	maker_birth_period(m, 0);
	maker_birth_period(m, 1);
	maker_birth_period(m, 1);
	maker_birth_period(m, 1);
	maker_book(m, &b);
}

/* The worker in a handler, on a stack above what it interrupted; and a thread that
 * never allocated. */
static void
sample_stacks(struct maker *m, uint32_t module, uint32_t library, uint32_t worker)
{
	struct hf_stack s = {.thread = worker,
			     .tid = 4712,
			     .flags = HEAPFILE_FRAMES_COMPLETE,
			     .n_frames = 3};

	s.frames[0] = (struct hf_frame){0, module, 0x1200, 0x7fff000000, 64};
	s.frames[1] =
		(struct hf_frame){HEAPFILE_FRAME_SIGNAL, library, 0x50, 0x7fff000040, 0};
	s.frames[2] = (struct hf_frame){HEAPFILE_FRAME_EXACT | HEAPFILE_FRAME_GAP, module,
					0x1300, 0x7ffe000020, 32};
	maker_stack(m, &s);
	s = (struct hf_stack){.tid = 4713, .name = {"idle", 4}, .n_frames = 1};
	s.frames[0] = (struct hf_frame){HEAPFILE_FRAME_EXACT, 0, 0x7d0000000010,
					0x7ffd000000, 16};
	maker_stack(m, &s);
}

void
maker_sample(struct maker *m)
{
	uint32_t exe, lib, root, leaf, other, thread, worker, births[4];

	sample_process(m);
	exe = maker_module(m, 0x400000, 0x10000, 0x400000, "0123456789abcdef", "/opt/demo");
	lib = maker_module(m, 0x7f0000000000, 0x20000, 0x7f0000000000, "",
			   "/opt/libx.so.1");
	root = maker_site(m, 0, 0, exe, 0x1040, 0, 0);
	leaf = maker_site(m, root, 0, lib, 0x2100, 900, 120000);
	other = maker_site(m, root, 0, exe, 0x1080, 100, 3456);
	thread = maker_thread(m, 4711, "demo");
	worker = maker_thread(m, 4712, "worker");
	births[0] = maker_birth(m, 3, thread, 0);
	births[1] = maker_birth(m, 9, thread, HEAPFILE_BIRTH_PROMOTED_EARLY);
	births[2] = maker_birth(m, 9, worker, 0);
	births[3] = maker_birth(m, 10, worker, 0);
	sample_epochs(m);
	maker_block(m, &(struct hf_block){0x10000, 1000, 1024, leaf, births[0], 0});
	maker_block(m, &(struct hf_block){0x10400, 100, 112, leaf, births[1], 1});
	maker_block(m, &(struct hf_block){0x20000, 40, 48, other, births[2], 4});
	maker_block(m, &(struct hf_block){0x20030, 8, 16, other, births[3], 4});
	maker_mapping(
		m, &(struct hf_mapping){0x7e0000000000, 1 << 20, other, births[0],
					HEAPFILE_MAPPING_READ | HEAPFILE_MAPPING_WRITE});
	maker_bad_free(
		m, &(struct hf_bad_free){HEAPFILE_BAD_DOUBLE, 2, 0x30000, leaf, other});
	maker_mark(m, 5, 5000000000, "warm");
	sample_graph(m, exe, worker);
	sample_books(m, leaf, other);
	sample_stacks(m, exe, lib, worker);
	maker_grown(m, &(struct hf_grown){leaf, 7, 4096});
	maker_estimate(m, &(struct hf_estimate){leaf, 2560, 70000});
	maker_peak(m, &(struct hf_peak){leaf, 800, 100000});
	maker_peak(m, &(struct hf_peak){other, 20, 700});
	maker_waste(m, &(struct hf_waste){leaf, 1, 16, 2, 60, 0, 3, 1, 200});
}
