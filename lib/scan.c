/* scan.c -- see scan.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "scan.h"
#include "arch.h"
#include "heapfile_write.h"
#include "index.h"
#include "maps.h"
#include "modules.h"
#include "peek.h"
#include "waste.h"

#include <string.h>

enum {
	MAX_BUFFERED = 4096, /* edges of one record found in one pass */
	SPARSE = 1 << 20,    /* bytes from which absent pages are looked for */
	OBJECT_WORDS = 4,
	OBJECT_LOOK = 8 /* words at the start of a block that are looked at for code
			 * and vtables.  BOUND: a callback further in is not seen. */
};

struct edge {
	uint64_t word; /* index of the word in the holder */
	uint32_t target;
	uint32_t how;  /* enum heapfile_inside */
	size_t inside; /* offset in the target; 0 = start */
};

/* One holder: found edges are buffered; if there are more than fit, the words
 * are gone through again and the edges written as they are found. */
static struct {
	uint64_t n;
	struct edge edges[MAX_BUFFERED];
	bool is_writing;
	uint64_t n_written, n_announced;
	uint64_t next_word; /* the word after the last edge's */
	uint32_t before;    /* ordinal of the last target */
} found;

/* Source of the three heuristics: the Valgrind manual, 4.3,
 * --leak-check-heuristics. */
static uint32_t
pointer_kind(const struct index_block *b, size_t inside)
{
	uintptr_t words[2] = {0}, other;

	if (peek_words(words, b->addr, inside >= 3 * sizeof(size_t) ? 2 : 1) == 0)
		return HEAPFILE_INSIDE_PLAIN;
	/* new[] of things with destructors: their number stands before them. */
	if (inside == sizeof(size_t) && b->bytes >= sizeof(size_t) &&
	    (words[0] == 0 ? b->bytes == sizeof(size_t)
			   : (b->bytes - sizeof(size_t)) % words[0] == 0))
		return HEAPFILE_INSIDE_ARRAY;
	/* std::string that shares its text: length, capacity, count, text. */
	if (inside == 3 * sizeof(size_t) && b->bytes >= inside + 1 &&
	    words[0] <= words[1] && b->bytes - inside == words[1] + 1)
		return HEAPFILE_INSIDE_STRING;
	/* A second base class: it begins with a pointer into read-only data of an
	 * object, as the whole does. */
	if (inside % sizeof(size_t) == 0 && inside + sizeof(size_t) <= b->bytes) {
		struct module_find whole, part;
		const struct maps_area *area;

		if (words[0] % sizeof(size_t) == 0 && words[0] > ARCH_PAGE &&
		    peek_word(b->addr + inside, &other) && other % sizeof(size_t) == 0 &&
		    modules_find(words[0], &whole) && modules_find(other, &part) &&
		    (area = maps_find(words[0])) != NULL && !area->is_writable &&
		    (area = maps_find(other)) != NULL && !area->is_writable)
			return HEAPFILE_INSIDE_INHERITANCE;
	}
	return HEAPFILE_INSIDE_PLAIN;
}

static void
write_edge(const struct edge *e)
{
	int64_t by = (int64_t)e->target - found.before;
	uint64_t zigzag = (uint64_t)by << 1 ^ (uint64_t)(by >> 63);
	/* In code, two values may seem to begin in one word. */
	uint64_t skip = e->word > found.next_word ? e->word - found.next_word : 0;

	heapfile_put(zigzag << 2 | (skip ? 2 : 0) | (e->inside ? 1 : 0));
	if (skip)
		heapfile_put(skip);
	if (e->inside)
		heapfile_put((uint64_t)e->inside << 2 | e->how);
	found.next_word += skip + 1;
	found.before = e->target;
	found.n_written++;
}

static ALWAYS_INLINE void
check_word(uintptr_t value, uint64_t word)
{
	struct index_block b;
	struct edge e;

	if (likely(value < index_lo || value >= index_hi) || !index_find(value, &b))
		return;
	e.word = word;
	e.target = b.ordinal;
	e.inside = value - b.addr;
	e.how = 0;
	if (found.is_writing) {
		if (found.n_written == found.n_announced)
			return; /* somebody runs on, and wrote a pointer between */
		if (e.inside)
			e.how = pointer_kind(&b, e.inside);
		write_edge(&e);
		return;
	}
	if (found.n < MAX_BUFFERED) {
		if (e.inside)
			e.how = pointer_kind(&b, e.inside);
		found.edges[found.n] = e;
	}
	found.n++;
}

static struct {
	uintptr_t start, end;
} own; /* frames */

void
scan_pass_over(uintptr_t start, uintptr_t end)
{
	own.start = start & ~(uintptr_t)7;
	own.end = end;
}

struct range {
	uintptr_t base; /* where the holder's words begin */
};

static struct {
	bool may_open;
	uint64_t bytes; /* that could not be read */
} unread;
static bool passes_absent;
static bool is_measured; /* what is scanned is a block that waste.h is shown */

void
scan_pass_absent(bool is_passed)
{
	passes_absent = is_passed;
}

void
scan_begin(bool may_open)
{
	unread.may_open = may_open;
	unread.bytes = 0;
}

uint64_t
scan_unread_bytes(void)
{
	return unread.bytes;
}

static void
add_unread(uintptr_t start, uintptr_t end, void *with)
{
	(void)with;
	unread.bytes += end - start;
}

/* Where to go on behind a word that cannot be read: there, if it can now, else behind
 * what cannot. */
static uintptr_t
pass_unread(uintptr_t at, uintptr_t end)
{
	const struct maps_area *a = maps_find(at);
	uintptr_t next = (at | (ARCH_PAGE - 1)) + 1;

	if (unread.may_open && maps_open(at))
		return at;
	if (is_measured)
		waste_spoil();
	if (a && !a->is_readable)
		next = a->end;
	if (next > end)
		next = end;
	/* Pages that nobody ever wrote to hold nothing. */
	if (!found.is_writing)
		maps_present(at, next, add_unread, NULL);
	return next;
}

/* Words that have been read; those that are whole may be pointers. */
static void
scan_copied(uintptr_t *words, size_t n, uintptr_t at, uintptr_t end, uintptr_t base)
{
	size_t n_set = n, n_whole, i; /* n_set: without the zeros at the end */

	if (at + 8 * n > end) /* what is behind the block is not its content */
		words[n - 1] &= ~(uintptr_t)0 >> 8 * (at + 8 * n - end);
	while (n_set && !words[n_set - 1])
		n_set--;
	n_whole = (end - at) / 8 < n_set ? (end - at) / 8 : n_set;
	for (i = 0; i < n_whole; i++)
		check_word(words[i], (at - base) / 8 + i);
	if (is_measured)
		waste_words(words, n, n_set, at);
}

static void
scan_readable(uintptr_t start, uintptr_t end, void *with)
{
	static uintptr_t words[ARCH_PAGE / 8]; /* one writer at a time */
	const struct range *r = with;
	uintptr_t at = (start + 7) & ~(uintptr_t)7;
	uintptr_t last = is_measured ? (end + 7) & ~(uintptr_t)7 : end & ~(uintptr_t)7;

	while (at < last) {
		uintptr_t stop = (at | (ARCH_PAGE - 1)) + 1;
		size_t n = ((stop < last ? stop : last) - at) / 8, got;

		got = peek_words(words, at, n);
		if (got)
			scan_copied(words, got, at, end, r->base);
		at += got * 8;
		if (unlikely(got < n))
			at = (pass_unread(at, end) + 7) & ~(uintptr_t)7;
	}
}

static bool is_in_code; /* what is scanned are values in instructions */

/* The same of code: what its instructions load, which no compiler aligns.  Its words have
 * been scanned before, and what cannot be read has been counted. */
static void
scan_code(uintptr_t start, uintptr_t end, void *with)
{
	/* One writer at a time.  Longer than a page by what an instruction may have beyond it. */
	static union {
		uintptr_t words[ARCH_PAGE / 8 + 2];
		uint8_t bytes[ARCH_PAGE + 16];
	} code;
	_Static_assert(ARCH_CODE_POINTER <= 16, "it fits behind the page");
	const struct range *r = with;
	uintptr_t at = start & ~(uintptr_t)7, value;

	while (at + 8 <= end) {
		uintptr_t stop = (at | (ARCH_PAGE - 1)) + 1, last = stop + 16;
		size_t n = ((last < end ? last : end) - at) / 8, got, i;

		got = peek_words(code.words, at, n);
		for (i = 0; i < stop - at && i + ARCH_CODE_POINTER <= got * 8; i++)
			if (arch_code_pointer(code.bytes + i, &value))
				check_word(value, (at + i - r->base) / 8);
		at = stop;
	}
}

/* Words of a holder that begins at base. */
static void
scan_part(uintptr_t start, uintptr_t end, uintptr_t base)
{
	struct range r = {base};

	if (start >= end)
		return;
	if (passes_absent || end - start >= (is_measured ? WASTE_BY_PAGES : SPARSE))
		maps_present(start, end, is_in_code ? scan_code : scan_readable, &r);
	else
		(is_in_code ? scan_code : scan_readable)(start, end, &r);
}

/* All words of [start, end) but our own. */
static void
scan_words(uintptr_t start, uintptr_t end)
{
	if (start < own.end && end > own.start) {
		scan_part(start, own.start, start);
		scan_part(own.end, end, start);
		if (is_measured)
			waste_spoil();
	} else {
		scan_part(start, end, start);
	}
}

static void
begin(uint32_t before)
{
	found.n = 0;
	found.is_writing = false;
	found.n_written = 0;
	found.next_word = 0;
	found.before = before;
}

/* The edges that were found; [start, end) is gone through again if need be. */
static void
write_found(uintptr_t start, uintptr_t end)
{
	uint64_t i;

	heapfile_put(found.n);
	if (found.n <= MAX_BUFFERED) {
		for (i = 0; i < found.n; i++)
			write_edge(&found.edges[i]);
		return;
	}
	found.n_announced = found.n;
	found.is_writing = true;
	scan_words(start, end);
	found.is_writing = false;
	/* As many as announced, even if somebody runs on and took pointers away:
	 * the last target again. */
	while (found.n_written < found.n_announced) {
		struct edge again = {.word = found.next_word, .target = found.before};

		write_edge(&again);
	}
}

struct edges_walk {
	uint32_t last; /* ordinal of the record before */
	bool is_measured;
};

static int
put_block_edges(const struct index_block *b, void *with)
{
	struct edges_walk *walk = with;

	begin(b->ordinal);
	is_measured = walk->is_measured;
	if (is_measured)
		waste_block_begin(b);
	scan_words(b->addr, b->addr + b->bytes);
	if (is_measured)
		waste_block_end(b);
	is_measured = false;
	if (!found.n)
		return 0;
	heapfile_record();
	heapfile_put(b->ordinal - walk->last);
	walk->last = b->ordinal;
	write_found(b->addr, b->addr + b->bytes);
	return 0;
}

/* ---- words into loaded objects ------------------------------------------- */

static int
put_object_words(const struct index_block *b, void *with)
{
	uint32_t *last = with, n = 0, i, n_words = (uint32_t)(b->bytes / 8);
	uintptr_t words[OBJECT_LOOK];
	struct {
		uint32_t word;
		module_no module;
		uintptr_t offset;
	} hits[OBJECT_WORDS];

	if (n_words > OBJECT_LOOK || b->bytes / 8 > OBJECT_LOOK)
		n_words = OBJECT_LOOK;
	n_words = (uint32_t)peek_words(words, b->addr, n_words);
	for (i = 0; i < n_words && n < OBJECT_WORDS; i++) {
		uintptr_t value = words[i];
		const struct maps_area *area;
		struct module_find m;

		/* What is no address at all is the rule. */
		if (value < 65536 || value >> ARCH_ADDRESS_BITS ||
		    (value >= index_lo && value < index_hi))
			continue;
		area = maps_find(value);
		if (!area || area->is_writable || area->name == MAPS_KERNEL ||
		    !modules_find(value, &m) || !m.module)
			continue;
		hits[n].word = i;
		hits[n].module = m.module;
		hits[n].offset = value - modules_get(m.module)->bias;
		n++;
	}
	if (!n)
		return 0;
	heapfile_record();
	heapfile_put(b->ordinal - *last);
	*last = b->ordinal;
	heapfile_put(n);
	for (i = 0; i < n; i++) {
		heapfile_put(hits[i].word);
		heapfile_put(hits[i].module);
		heapfile_put(hits[i].offset);
	}
	return 0;
}

void
scan_blocks(bool with_waste)
{
	struct edges_walk edges = {.is_measured = with_waste};
	uint32_t last = 0;

	heapfile_section(HEAPFILE_EDGES);
	(void)index_walk(put_block_edges, &edges);
	heapfile_section(HEAPFILE_OBJECT_WORDS);
	(void)index_walk(put_object_words, &last);
}

/* ---- roots --------------------------------------------------------------- */

void
scan_roots_begin(void)
{
	heapfile_section(HEAPFILE_ROOTS);
}

void
scan_root(uint32_t kind, uint32_t owner, uintptr_t start, uintptr_t end)
{
	start = (start + 7) & ~(uintptr_t)7;
	if (start >= end)
		return;
	begin(0);
	scan_words(start, end);
	heapfile_record();
	heapfile_put(kind);
	heapfile_put(owner);
	heapfile_put(start);
	heapfile_put(end - start);
	write_found(start, end);
}

void
scan_root_code(uint32_t kind, uint32_t owner, uintptr_t start, uintptr_t end)
{
	is_in_code = true;
	scan_root(kind, owner, start, end);
	is_in_code = false;
}

void
scan_root_words(uint32_t kind, uint32_t owner, const uintptr_t *words, uint32_t n)
{
	uint32_t i;

	begin(0);
	for (i = 0; i < n; i++)
		check_word(words[i], i);
	heapfile_record();
	heapfile_put(kind);
	heapfile_put(owner);
	heapfile_put(0);
	heapfile_put((uint64_t)n * 8);
	write_found(0, 0);
}
