/* heapfile_records.c -- the records of a .heap file, one function each.
 *
 * In:   a decoder that stands in a section whose checksum and size are right.
 * Out:  a record into the sink, every number inside its range and every
 *       reference to a record that exists; or an error that names the byte.
 * Not here: header, table, files (heapfile_read.c).
 *
 * Sections are decoded by rising type, so that those which others refer to have
 * been counted, and in part given to the sink, before: an edge can be held
 * against the size of its target if the sink remembers it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "heapfile_decode.h"

#include <string.h>

/* What version 1.5 has a name for. */
enum {
	SITE_FLAGS = HEAPFILE_SITE_SPECIAL | HEAPFILE_SITE_EXACT,
	THREAD_FLAGS =
		HEAPFILE_THREAD_ALIVE | HEAPFILE_THREAD_MAIN | HEAPFILE_THREAD_UNANSWERED,
	BIRTH_FLAGS = HEAPFILE_BIRTH_PROMOTED_EARLY,
	MAPPING_FLAGS = HEAPFILE_MAPPING_READ | HEAPFILE_MAPPING_WRITE |
			HEAPFILE_MAPPING_EXEC | HEAPFILE_MAPPING_SHARED |
			HEAPFILE_MAPPING_FILE,
	STACK_FLAGS = HEAPFILE_FRAMES_COMPLETE,
	FRAME_FLAGS = HEAPFILE_FRAME_EXACT | HEAPFILE_FRAME_SIGNAL | HEAPFILE_FRAME_GAP,
};

__attribute__((noinline)) static bool
get_varint_slow(struct decoder *d, uint64_t *ret)
{
	const uint8_t *p = d->p;
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (p == d->end)
			return decode_bad(d, d->p, "bad varint (cut off)");
		/* The tenth byte has room for one bit. */
		if (shift == 63 && *p > 1)
			return decode_bad(d, d->p, "bad varint (over 64 bits)");
		v |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80)) {
			d->p = p;
			*ret = v;
			return true;
		}
	}
	return decode_bad(d, d->p, "bad varint (over 64 bits)");
}

static inline bool
get_varint(struct decoder *d, uint64_t *ret)
{
	if (d->p < d->end && *d->p < 0x80) {
		*ret = *d->p++;
		return true;
	}
	return get_varint_slow(d, ret);
}

static bool
get_u32_varint(struct decoder *d, uint32_t *ret)
{
	const uint8_t *at = d->p;
	uint64_t v;

	if (!get_varint(d, &v))
		return false;
	if (v > UINT32_MAX)
		return decode_bad(d, at, "number over 32 bits");
	*ret = (uint32_t)v;
	return true;
}

static bool
get_flags(struct decoder *d, uint32_t known, uint32_t *ret)
{
	const uint8_t *at = d->p;

	if (!get_u32_varint(d, ret))
		return false;
	return d->is_later || !(*ret & ~known) || decode_bad(d, at, "unknown flags");
}

/* Kinds and their like are numbered first..last. */
static bool
check_kind(struct decoder *d, const uint8_t *at, uint64_t kind, uint64_t first,
	   uint64_t last)
{
	return d->is_later || (kind >= first && kind <= last) ||
	       decode_bad(d, at, "unknown kind");
}

/* A number of a record of another section, 0 = none. */
static inline bool
get_reference(struct decoder *d, enum heapfile_type type, uint32_t *ret)
{
	const uint8_t *at = d->p;
	uint64_t v;

	if (!get_varint(d, &v))
		return false;
	if (v > d->counts[type])
		return decode_bad_reference(d, at, type);
	*ret = (uint32_t)v;
	return true;
}

static bool
get_text(struct decoder *d, struct hf_text *ret)
{
	const uint8_t *at = d->p;
	uint64_t n;

	if (!get_varint(d, &n))
		return false;
	if (n > (uint64_t)(d->end - d->p))
		return decode_bad(d, at, "text runs over the section's end");
	ret->bytes = (const char *)d->p;
	ret->n = (size_t)n;
	d->p += n;
	return true;
}

static bool
add(struct decoder *d, const uint8_t *at, uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret) || decode_bad(d, at, "address overflow");
}

/* Give the record to the sink; stopped is not a fault of the file. */
#define EMIT(d, function, record)                                                        \
	(!(d)->sink->function || !(d)->sink->function((d)->sink->arg, record) ||         \
	 decode_stopped(d))

static bool
note_name(struct decoder *d, const uint8_t *at, const struct hf_text *name)
{
	uint64_t n = d->number - 1 < DECODE_MAX_NAMES ? d->number - 1 : DECODE_MAX_NAMES;

	for (uint64_t i = 0; i < n; i++)
		if (d->names[i].n == name->n &&
		    memcmp(d->names[i].bytes, name->bytes, name->n) == 0)
			return decode_bad(d, at, "a name that was there before,");
	if (n < DECODE_MAX_NAMES)
		d->names[n] = *name;
	return true;
}

static bool
get_info(struct decoder *d)
{
	struct hf_info r = {0};
	const uint8_t *at = d->p;
	unsigned kind;

	if (d->end - d->p < 2)
		return decode_bad(d, at, "record cut off");
	kind = *d->p++;
	r.name.n = *d->p++;
	if (r.name.n > (size_t)(d->end - d->p))
		return decode_bad(d, at, "name runs over the section's end");
	r.name.bytes = (const char *)d->p;
	d->p += r.name.n;
	if (!note_name(d, at, &r.name))
		return false;
	if (kind != HEAPFILE_INFO_NUMBER && kind != HEAPFILE_INFO_TEXT)
		return decode_bad(d, at, "neither number nor text");
	r.is_text = kind == HEAPFILE_INFO_TEXT;
	if (r.is_text ? !get_text(d, &r.text) : !get_varint(d, &r.number))
		return false;
	return EMIT(d, info, &r);
}

static bool
get_module(struct decoder *d)
{
	struct hf_module r;
	const uint8_t *at = d->p;
	uint64_t end;

	return get_varint(d, &r.start) && get_varint(d, &r.bytes) &&
	       add(d, at, r.start, r.bytes, &end) && get_varint(d, &r.bias) &&
	       get_varint(d, &r.load_epoch) && get_varint(d, &r.unload_epoch) &&
	       get_text(d, &r.build_id) && get_text(d, &r.path) && EMIT(d, module, &r);
}

static bool
get_site(struct decoder *d)
{
	struct hf_site r;
	const uint8_t *at = d->p;
	uint64_t back;

	if (!get_varint(d, &back))
		return false;
	if (back == 0 || back > d->number)
		return decode_bad(d, at, "a site's parent does not come before it,");
	r.parent = (uint32_t)(d->number - back);
	if (!get_flags(d, SITE_FLAGS, &r.flags) ||
	    !get_reference(d, HEAPFILE_MODULES, &r.module) || !get_varint(d, &r.offset))
		return false;
	if (r.flags & HEAPFILE_SITE_SPECIAL &&
	    !check_kind(d, at, r.offset, HEAPFILE_SPECIAL_UNSAMPLED, HEAPFILE_SPECIAL_EARLY))
		return false;
	return get_varint(d, &r.allocations) && get_varint(d, &r.allocated_bytes) &&
	       EMIT(d, site, &r);
}

static bool
get_thread(struct decoder *d)
{
	struct hf_thread r;

	return get_varint(d, &r.tid) && get_varint(d, &r.first_epoch) &&
	       get_flags(d, THREAD_FLAGS, &r.flags) && get_text(d, &r.name) &&
	       EMIT(d, thread, &r);
}

static bool
get_birth(struct decoder *d)
{
	struct hf_birth r;
	const uint8_t *at = d->p;
	uint64_t zigzag, delta;

	if (!get_varint(d, &zigzag))
		return false;
	delta = (zigzag >> 1) ^ -(zigzag & 1);
	r.epoch = d->last_epoch + delta;
	/* Wrapped round: up and ended below, or down and ended above. */
	if (zigzag & 1 ? r.epoch >= d->last_epoch : r.epoch < d->last_epoch)
		return decode_bad(d, at, "epoch overflow");
	d->last_epoch = r.epoch;
	return get_reference(d, HEAPFILE_THREADS, &r.thread) &&
	       get_flags(d, BIRTH_FLAGS, &r.flags) && EMIT(d, birth, &r);
}

static bool
get_epochs(struct decoder *d)
{
	struct hf_epochs r;
	const uint8_t *at = d->p;

	if (!get_varint(d, &r.first_epoch) || !get_varint(d, &r.n_epochs))
		return false;
	if (r.n_epochs == 0)
		return decode_bad(d, at, "record of no epoch");
	if (r.first_epoch < d->next)
		return decode_bad(d, at, "epochs are not in order");
	if (__builtin_add_overflow(r.first_epoch, r.n_epochs, &d->next))
		return decode_bad(d, at, "epoch overflow");
	return get_varint(d, &r.end_ns) && get_varint(d, &r.allocations) &&
	       get_varint(d, &r.allocated_bytes) && get_varint(d, &r.freed_bytes) &&
	       get_varint(d, &r.survived_bytes) && get_varint(d, &r.promoted_bytes) &&
	       get_varint(d, &r.rss) && get_varint(d, &r.heap_total) &&
	       get_varint(d, &r.heap_used) && get_varint(d, &r.external) &&
	       EMIT(d, epochs, &r);
}

static bool
get_block(struct decoder *d)
{
	struct hf_block r;
	const uint8_t *at = d->p;
	uint64_t gap, size_kind, slack;

	if (!get_varint(d, &gap) || !get_reference(d, HEAPFILE_SITES, &r.site) ||
	    !get_reference(d, HEAPFILE_BIRTHS, &r.birth) || !get_varint(d, &size_kind) ||
	    !get_varint(d, &slack))
		return false;
	if (gap > UINT64_MAX / 16)
		return decode_bad(d, at, "address overflow");
	if (!add(d, at, d->next, gap * 16, &r.address))
		return false;
	r.requested = size_kind >> 3;
	r.kind = size_kind & 7;
	if (r.requested >= HF_SIZE_LIMIT || slack >= HF_SIZE_LIMIT - r.requested)
		return decode_bad(d, at, "block is too large");
	r.usable = r.requested + slack;
	/* A block without a granule of its own could share its address. */
	if (r.address == 0 || r.usable == 0)
		return decode_bad(d, at, "block without an address or without bytes");
	if (!add(d, at, r.address, (r.usable + 15) & ~15ull, &d->next))
		return false;
	return EMIT(d, block, &r);
}

static bool
get_mapping(struct decoder *d)
{
	struct hf_mapping r;
	const uint8_t *at = d->p;
	uint64_t gap;

	return get_varint(d, &gap) && add(d, at, d->next, gap, &r.start) &&
	       get_varint(d, &r.bytes) && add(d, at, r.start, r.bytes, &d->next) &&
	       get_reference(d, HEAPFILE_SITES, &r.site) &&
	       get_reference(d, HEAPFILE_BIRTHS, &r.birth) &&
	       get_flags(d, MAPPING_FLAGS, &r.flags) && EMIT(d, mapping, &r);
}

static bool
get_bad_free(struct decoder *d)
{
	struct hf_bad_free r;
	const uint8_t *at = d->p;

	return get_u32_varint(d, &r.kind) &&
	       check_kind(d, at, r.kind, HEAPFILE_BAD_DOUBLE, HEAPFILE_BAD_MISMATCH) &&
	       get_varint(d, &r.count) && get_varint(d, &r.address) &&
	       get_reference(d, HEAPFILE_SITES, &r.site) &&
	       get_reference(d, HEAPFILE_SITES, &r.alloc_site) && EMIT(d, bad_free, &r);
}

static bool
get_mark(struct decoder *d)
{
	struct hf_mark r;

	return get_varint(d, &r.epoch) && get_varint(d, &r.time_ns) &&
	       get_text(d, &r.label) && EMIT(d, mark, &r);
}

/* ---- the graph ---- */

/* Which block a record is of; each is of a later one than the record before. */
static bool
get_ordinal(struct decoder *d, uint32_t *ret)
{
	const uint8_t *at = d->p;
	uint64_t gap;

	if (!get_varint(d, &gap))
		return false;
	if (gap == 0)
		return decode_bad(d, at, "two records of one block");
	if (gap > d->counts[HEAPFILE_BLOCKS] - d->ordinal)
		return decode_bad_reference(d, at, HEAPFILE_BLOCKS);
	d->ordinal += gap;
	*ret = (uint32_t)d->ordinal;
	return true;
}

/* Usable bytes of a block, as far as the sink remembers them. */
static uint64_t
usable(const struct decoder *d, uint32_t block)
{
	return d->sink->usable ? d->sink->usable(d->sink->arg, block) : UINT64_MAX;
}

/* What is in v's upper bits: the way from the last target to this one. */
static bool
get_target(struct decoder *d, const uint8_t *at, uint64_t zigzag, uint32_t *last)
{
	uint64_t target = *last + ((zigzag >> 1) ^ -(zigzag & 1));

	/* In 64 bits nothing wraps round into the range: both terms are small,
	 * or far away. */
	if (target == 0 || target > d->counts[HEAPFILE_BLOCKS])
		return decode_bad_reference(d, at, HEAPFILE_BLOCKS);
	*last = (uint32_t)target;
	return true;
}

static bool
get_inside(struct decoder *d, struct hf_edge *e)
{
	const uint8_t *at = d->p;
	uint64_t v;

	if (!get_varint(d, &v))
		return false;
	e->inside = v >> 2;
	e->hint = (enum heapfile_inside)(v & 3);
	if (e->inside == 0 || e->inside >= usable(d, e->target))
		return decode_bad(d, at, "an edge leads beside its target");
	return true;
}

/* Edges of a holder of n_words aligned words.  `last` is the target before the
 * first edge.  The words rise, so checking the last of them checks all. */
static bool
get_edges(struct decoder *d, uint64_t n_edges, uint32_t last, uint64_t n_words)
{
	struct hf_edge e = {.target = 0};
	uint64_t next = 0;

	for (; n_edges > 0; n_edges--) {
		const uint8_t *at = d->p;
		uint64_t v, skip = 0;

		if (!get_varint(d, &v) || !get_target(d, at, v >> 2, &last) ||
		    (v & 2 && !get_varint(d, &skip)))
			return false;
		if (next >= n_words || skip >= n_words - next)
			return decode_bad(d, at, "an edge from beyond its holder's end");
		e.target = last;
		e.word = next + skip;
		next = e.word + 1;
		e.inside = 0;
		e.hint = HEAPFILE_INSIDE_PLAIN;
		if ((v & 1 && !get_inside(d, &e)) || !EMIT(d, edge, &e))
			return false;
	}
	return true;
}

static bool
get_n_edges(struct decoder *d, uint64_t least, uint64_t *ret)
{
	const uint8_t *at = d->p;

	if (!get_varint(d, ret))
		return false;
	if (*ret < least)
		return decode_bad(d, at, "record of no edge");
	/* Each has a byte at least. */
	if (*ret > (uint64_t)(d->end - d->p))
		return decode_bad(d, at, "more edges than bytes");
	return true;
}

static bool
get_holder(struct decoder *d)
{
	struct hf_holder r;

	return get_ordinal(d, &r.block) && get_n_edges(d, 1, &r.n_edges) &&
	       EMIT(d, holder, &r) &&
	       get_edges(d, r.n_edges, r.block, usable(d, r.block) / 8);
}

/* Whose root it is: a module, a thread, or nobody in particular. */
static bool
get_owner(struct decoder *d, struct hf_root *r)
{
	const uint8_t *at = d->p;

	switch (r->kind) {
	case HEAPFILE_ROOT_GLOBAL:
		return get_reference(d, HEAPFILE_MODULES, &r->owner);
	case HEAPFILE_ROOT_STACK:
	case HEAPFILE_ROOT_REGISTERS:
	case HEAPFILE_ROOT_TLS:
	case HEAPFILE_ROOT_KEY:
	case HEAPFILE_ROOT_ALT_STACK:
		return get_reference(d, HEAPFILE_THREADS, &r->owner);
	default:
		return get_u32_varint(d, &r->owner) &&
		       (d->is_later || r->owner == 0 ||
			decode_bad(d, at, "a root of nobody has an owner,"));
	}
}

static bool
get_root(struct decoder *d)
{
	struct hf_root r;
	const uint8_t *at = d->p;
	uint64_t end;

	if (!get_u32_varint(d, &r.kind) ||
	    !check_kind(d, at, r.kind, HEAPFILE_ROOT_GLOBAL, HEAPFILE_ROOT_OTHER) ||
	    !get_owner(d, &r))
		return false;
	at = d->p;
	return get_varint(d, &r.address) && get_varint(d, &r.bytes) &&
	       add(d, at, r.address, r.bytes, &end) && get_n_edges(d, 0, &r.n_edges) &&
	       EMIT(d, root, &r) && get_edges(d, r.n_edges, 0, r.bytes / 8);
}

static bool
get_object_words(struct decoder *d)
{
	struct hf_object_word r;
	const uint8_t *at;
	uint64_t n;

	if (!get_ordinal(d, &r.block))
		return false;
	at = d->p;
	if (!get_varint(d, &n))
		return false;
	if (n == 0 || n > HF_MAX_OBJECT_WORDS)
		return decode_bad(d, at, "not one to four words");
	for (; n > 0; n--) {
		at = d->p;
		if (!get_varint(d, &r.word))
			return false;
		if (r.word >= usable(d, r.block) / 8)
			return decode_bad(d, at, "a word beyond its block's end");
		at = d->p;
		if (!get_reference(d, HEAPFILE_MODULES, &r.module))
			return false;
		if (r.module == 0)
			return decode_bad(d, at, "a word that points into no object");
		if (!get_varint(d, &r.offset) || !EMIT(d, object_word, &r))
			return false;
	}
	return true;
}

static bool
get_content(struct decoder *d)
{
	struct hf_content r;
	const uint8_t *at;

	if (!get_ordinal(d, &r.block))
		return false;
	at = d->p;
	if (!get_text(d, &r.bytes))
		return false;
	if (r.bytes.n > usable(d, r.block))
		return decode_bad(d, at, "more bytes than the block has");
	return EMIT(d, content, &r);
}

/* ---- the books ---- */

static bool
get_period(struct decoder *d)
{
	struct hf_period r;

	if (d->counts[HEAPFILE_PERIODS] > HF_MAX_PERIODS)
		return decode_bad(d, d->p, "more than 256 periods");
	return get_varint(d, &r.end_ns) && get_varint(d, &r.allocations) &&
	       get_varint(d, &r.allocated_bytes) && get_varint(d, &r.live_blocks) &&
	       get_varint(d, &r.live_bytes) && EMIT(d, period, &r);
}

static bool
get_birth_period(struct decoder *d)
{
	const uint8_t *at = d->p;
	uint32_t period;

	if (d->counts[HEAPFILE_BIRTH_PERIODS] != d->counts[HEAPFILE_BIRTHS])
		return decode_bad(d, at, "not one for each birth");
	if (!get_u32_varint(d, &period))
		return false;
	if (period >= d->counts[HEAPFILE_PERIODS])
		return decode_bad_reference(d, at, HEAPFILE_PERIODS);
	return !d->sink->birth_period || !d->sink->birth_period(d->sink->arg, period) ||
	       decode_stopped(d);
}

static bool
get_ages(struct decoder *d, struct hf_book *r)
{
	const uint8_t *at = d->p;

	if (!get_u32_varint(d, &r->n_ages))
		return false;
	if (r->n_ages > HF_MAX_AGES)
		return decode_bad(d, at, "more than 64 ages");
	for (uint32_t i = 0; i < r->n_ages; i++)
		if (!get_varint(d, &r->ages[i]))
			return false;
	return true;
}

static bool
get_book(struct decoder *d)
{
	struct hf_book r;
	const uint8_t *at = d->p;

	if (!get_reference(d, HEAPFILE_SITES, &r.site))
		return false;
	if (r.site == 0)
		return decode_bad(d, at, "books of no site");
	if (!get_reference(d, HEAPFILE_SITES, &r.freed_at) || !get_varint(d, &r.deaths) ||
	    !get_varint(d, &r.later) || !get_varint(d, &r.earlier) ||
	    !get_varint(d, &r.same) || !get_varint(d, &r.foreign) || !get_ages(d, &r))
		return false;
	r.n_periods = (uint32_t)d->counts[HEAPFILE_PERIODS];
	for (uint32_t i = 0; i < r.n_periods; i++) {
		struct hf_book_period *p = &r.periods[i];

		if (!get_varint(d, &p->born) || !get_varint(d, &p->born_bytes) ||
		    !get_varint(d, &p->died) || !get_varint(d, &p->died_bytes))
			return false;
	}
	if (!get_varint(d, &r.last_later) || !get_varint(d, &r.last_earlier) ||
	    !get_varint(d, &r.last_same))
		return false;
	for (uint32_t i = 0; i < r.n_periods; i++)
		if (!get_varint(d, &r.periods[i].last_born))
			return false;
	return EMIT(d, book, &r);
}

/* ---- threads at the cut ---- */

/* end: of the frame before. */
static bool
get_frame(struct decoder *d, uint64_t *end, struct hf_frame *r)
{
	const uint8_t *at;
	uint64_t zigzag;

	if (!get_flags(d, FRAME_FLAGS, &r->flags) ||
	    !get_reference(d, HEAPFILE_MODULES, &r->module) || !get_varint(d, &r->offset))
		return false;
	at = d->p;
	if (!get_varint(d, &zigzag) || !get_varint(d, &r->bytes))
		return false;
	r->sp = *end + ((zigzag >> 1) ^ -(zigzag & 1));
	/* Wrapped round: up and ended below, or down and ended above. */
	if (zigzag & 1 ? r->sp >= *end : r->sp < *end)
		return decode_bad(d, at, "address overflow");
	return add(d, at, r->sp, r->bytes, end);
}

static bool
get_stack(struct decoder *d)
{
	struct hf_stack r;
	const uint8_t *at;
	uint64_t end = 0;

	if (!get_reference(d, HEAPFILE_THREADS, &r.thread) || !get_varint(d, &r.tid) ||
	    !get_text(d, &r.name) || !get_flags(d, STACK_FLAGS, &r.flags))
		return false;
	at = d->p;
	if (!get_u32_varint(d, &r.n_frames))
		return false;
	if (r.n_frames > HEAPFILE_MAX_FRAMES)
		return decode_bad(d, at, "more than 256 frames");
	for (uint32_t i = 0; i < r.n_frames; i++)
		if (!get_frame(d, &end, &r.frames[i]))
			return false;
	return EMIT(d, stack, &r);
}

static bool
get_grown(struct decoder *d)
{
	struct hf_grown r;
	const uint8_t *at = d->p;

	if (!get_reference(d, HEAPFILE_SITES, &r.site))
		return false;
	if (r.site == 0)
		return decode_bad(d, at, "growth of no site");
	return get_varint(d, &r.count) && get_varint(d, &r.bytes) && EMIT(d, grown, &r);
}

static bool
get_estimate(struct decoder *d)
{
	struct hf_estimate r;
	const uint8_t *at = d->p;

	if (!get_reference(d, HEAPFILE_SITES, &r.site))
		return false;
	if (r.site == 0)
		return decode_bad(d, at, "estimate of no site");
	return get_varint(d, &r.allocations) && get_varint(d, &r.bytes) &&
	       EMIT(d, estimate, &r);
}

static bool
get_live(struct decoder *d)
{
	struct hf_live r;
	const uint8_t *at = d->p;

	if (!get_reference(d, HEAPFILE_SITES, &r.site))
		return false;
	if (r.site == 0)
		return decode_bad(d, at, "blocks of no site");
	if (!get_varint(d, &r.blocks) || !get_varint(d, &r.bytes))
		return false;
	at = d->p;
	if (!get_varint(d, &r.old_blocks) || !get_varint(d, &r.old_bytes))
		return false;
	if (r.old_blocks > r.blocks || r.old_bytes > r.bytes)
		return decode_bad(d, at, "more old blocks than blocks");
	return get_varint(d, &r.first_epoch) && EMIT(d, live, &r);
}

/* All of the section; a second one has nothing left. */
static bool
get_before(struct decoder *d)
{
	const struct hf_text r = {(const char *)d->p, (size_t)(d->end - d->p)};

	if (r.n < sizeof(struct heapfile_header))
		return decode_bad(d, d->p, "record cut off");
	d->p = d->end;
	return EMIT(d, before, &r);
}

static bool
get_peak(struct decoder *d)
{
	struct hf_peak r;
	const uint8_t *at = d->p;

	if (!get_reference(d, HEAPFILE_SITES, &r.site))
		return false;
	if (r.site == 0)
		return decode_bad(d, at, "peak of no site");
	return get_varint(d, &r.blocks) && get_varint(d, &r.bytes) && EMIT(d, peak, &r);
}

static bool
get_waste(struct decoder *d)
{
	struct hf_waste r;
	const uint8_t *at = d->p;

	if (!get_reference(d, HEAPFILE_SITES, &r.site))
		return false;
	if (r.site == 0)
		return decode_bad(d, at, "waste of no site");
	if (!get_varint(d, &r.zero_blocks) || !get_varint(d, &r.zero_bytes) ||
	    !get_varint(d, &r.tail_blocks) || !get_varint(d, &r.tail_bytes) ||
	    !get_varint(d, &r.untouched_bytes) || !get_varint(d, &r.compared))
		return false;
	at = d->p;
	if (!get_varint(d, &r.distinct))
		return false;
	if (r.distinct > r.compared)
		return decode_bad(d, at, "more contents than blocks");
	return get_varint(d, &r.copy_bytes) && EMIT(d, waste, &r);
}

bool (*const decode_getters[DECODE_N_TYPES])(struct decoder *d) = {
	[HEAPFILE_INFO] = get_info,
	[HEAPFILE_MODULES] = get_module,
	[HEAPFILE_SITES] = get_site,
	[HEAPFILE_THREADS] = get_thread,
	[HEAPFILE_BIRTHS] = get_birth,
	[HEAPFILE_EPOCHS] = get_epochs,
	[HEAPFILE_BLOCKS] = get_block,
	[HEAPFILE_MAPPINGS] = get_mapping,
	[HEAPFILE_BAD_FREES] = get_bad_free,
	[HEAPFILE_MARKS] = get_mark,
	[HEAPFILE_EDGES] = get_holder,
	[HEAPFILE_ROOTS] = get_root,
	[HEAPFILE_OBJECT_WORDS] = get_object_words,
	[HEAPFILE_CONTENTS] = get_content,
	[HEAPFILE_PERIODS] = get_period,
	[HEAPFILE_BIRTH_PERIODS] = get_birth_period,
	[HEAPFILE_BOOKS] = get_book,
	[HEAPFILE_FRAMES] = get_stack,
	[HEAPFILE_GROWN] = get_grown,
	[HEAPFILE_ESTIMATES] = get_estimate,
	[HEAPFILE_LIVE] = get_live,
	[HEAPFILE_BEFORE] = get_before,
	[HEAPFILE_PEAK] = get_peak,
	[HEAPFILE_WASTE] = get_waste,
};
