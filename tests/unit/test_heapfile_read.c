/* test_heapfile_read.c -- the decoder refuses each broken rule by name.
 *
 * In:   files of heapmaker.c, right ones and ones with a single thing wrong.
 * Not here: what records mean together (test_heap.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "heapfile_read.h"
#include "heapmaker.h"

struct file {
	uint8_t *bytes;
	size_t n;
};

/* A test's fixture: a maker with the sample in it. */
static int
setup(void **state)
{
	struct maker *m = calloc(1, sizeof(*m));

	if (!m)
		return -1;
	maker_sample(m);
	*state = m;
	return 0;
}

static int
teardown(void **state)
{
	maker_free(*state);
	free(*state);
	return 0;
}

static struct hf_error
decode(const uint8_t *bytes, size_t n)
{
	static const struct hf_sink nothing;
	struct hf_error e;
	int r = hf_decode(bytes, n, 0, &nothing, &e);

	assert_int_equal(r, e.code == HF_OK ? 0 : -1);
	return e;
}

/* Births may be added then. */
static void
without_periods_of_births(struct maker *m)
{
	maker_section(m, HEAPFILE_BIRTH_PERIODS)->n_records = 0;
	maker_section(m, HEAPFILE_BIRTH_PERIODS)->n = 0;
}

static struct hf_error
decode_maker(const struct maker *m)
{
	struct file f;
	struct hf_error e;

	f.bytes = maker_finish(m, &f.n);
	e = decode(f.bytes, f.n);
	free(f.bytes);
	return e;
}

static void
refused(struct hf_error e, enum hf_code code, const char *section, const char *message)
{
	char line[200];

	hf_error_format(&e, line, sizeof(line));
	if (e.code != code || strcmp(e.section, section) != 0 ||
	    !strstr(e.message, message))
		fail_msg("wanted code %d, %s, %s; got code %d: %s", code, section,
			 message, e.code, line);
}

/* ---- the whole file ---- */

static void
a_right_file_is_read(void **state)
{
	assert_int_equal(decode_maker(*state).code, HF_OK);
}

static void
a_file_without_sections_is_read(void **state)
{
	const struct maker m = {.n_sections = 0};

	(void)state;
	assert_int_equal(decode_maker(&m).code, HF_OK);
}

static void
every_changed_byte_is_noticed(void **state)
{
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	for (size_t i = 0; i < f.n; i++) {
		const uint8_t changes[] = {0x01, 0x80, 0xff};

		for (size_t c = 0; c < sizeof(changes); c++) {
			f.bytes[i] ^= changes[c];
			if (decode(f.bytes, f.n).code == HF_OK)
				fail_msg("byte %zu changed by 0x%02x was not noticed", i,
					 changes[c]);
			f.bytes[i] ^= changes[c];
		}
	}
	assert_int_equal(decode(f.bytes, f.n).code, HF_OK);
	free(f.bytes);
}

static void
every_truncation_is_noticed(void **state)
{
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	for (size_t n = 0; n < f.n; n++) {
		/* A copy of just that length, for the address sanitizer. */
		uint8_t *copy = malloc(n + 1);
		struct hf_error e;

		assert_non_null(copy);
		copy = realloc(copy, n ? n : 1);
		assert_non_null(copy);
		memcpy(copy, f.bytes, n);
		e = decode(copy, n);
		free(copy);
		if (n == 0)
			assert_int_equal(e.code, HF_NOT_HEAP);
		else
			assert_int_equal(e.code, HF_TRUNCATED);
		if (n >= 1)
			assert_int_equal(e.offset, n);
	}
	free(f.bytes);
}

static void
bytes_after_the_end_are_refused(void **state)
{
	struct file f;
	uint8_t *longer;

	f.bytes = maker_finish(*state, &f.n);
	longer = calloc(1, f.n + 1);
	assert_non_null(longer);
	memcpy(longer, f.bytes, f.n);
	refused(decode(longer, f.n + 1), HF_LAYOUT, "file", "after the end");
	free(longer);
	free(f.bytes);
}

static void
another_kind_of_file_is_no_heap_file(void **state)
{
	static const uint8_t elf[100] = "\x7f"
					"ELF";

	(void)state;
	refused(decode(elf, sizeof(elf)), HF_NOT_HEAP, "header", "not a .heap file");
	refused(decode(elf, 3), HF_NOT_HEAP, "header", "not a .heap file");
}

static void
an_error_is_one_line_with_section_and_byte(void **state)
{
	struct hf_error e = {.code = HF_RECORD,
			     .offset = 4096,
			     .section = "SITES section",
			     .message = "bad varint"};
	char line[100];

	(void)state;
	assert_string_equal(hf_error_format(&e, line, sizeof(line)),
			    "SITES section: bad varint at byte 4096");
}

static void
the_checksum_is_that_of_zlib(void **state)
{
	struct file f;
	struct heapfile_header h;

	f.bytes = maker_finish(*state, &f.n);
	memcpy(&h, f.bytes, sizeof(h));
	assert_int_equal(h.header_crc, crc32(0, f.bytes, 60));
	/* The well-known check value of CRC-32/ISO-HDLC. */
	assert_int_equal(crc32(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
	free(f.bytes);
}

/* ---- header and table ---- */

/* Overwrite bytes of the finished file, seal it again and decode. */
static struct hf_error
decode_patched(const struct maker *m, size_t at, const void *bytes, size_t n)
{
	struct file f;
	struct hf_error e;

	f.bytes = maker_finish(m, &f.n);
	assert_true(at + n <= f.n);
	memcpy(f.bytes + at, bytes, n);
	maker_reseal(f.bytes, f.n);
	e = decode(f.bytes, f.n);
	free(f.bytes);
	return e;
}

#define PATCH_HEADER(m, field, type, value)                                              \
	decode_patched(m, offsetof(struct heapfile_header, field), &(type){value},       \
		       sizeof(type))

static void
each_rule_of_the_header_is_checked(void **state)
{
	struct maker *m = *state;

	refused(PATCH_HEADER(m, major, uint16_t, 2), HF_VERSION, "header", "version 2 ");
	refused(PATCH_HEADER(m, required_features, uint32_t, 1u << 5), HF_FEATURE,
		"header", "required feature bit 5");
	refused(PATCH_HEADER(m, header_bytes, uint16_t, 72), HF_LAYOUT, "header",
		"header size");
	refused(PATCH_HEADER(m, byte_order, uint8_t, 2), HF_LAYOUT, "header", "byte order");
	refused(PATCH_HEADER(m, pointer_bytes, uint8_t, 4), HF_LAYOUT, "header",
		"pointers");
	refused(PATCH_HEADER(m, reserved[1], uint32_t, 1), HF_LAYOUT, "header", "reserved");
	refused(PATCH_HEADER(m, file_bytes, uint64_t, 1u << 20), HF_TRUNCATED, "file",
		"truncated");
	refused(PATCH_HEADER(m, file_bytes, uint64_t, 64), HF_LAYOUT, "file", "after");
	refused(PATCH_HEADER(m, table_offset, uint64_t, UINT64_MAX - 8), HF_LAYOUT,
		"header", "table");
	refused(PATCH_HEADER(m, table_offset, uint64_t, 0), HF_LAYOUT, "header", "table");
}

static void
sections_are_counted(void **state)
{
	struct file f;
	uint32_t n = HEAPFILE_MAX_SECTIONS + 1;

	f.bytes = maker_finish(*state, &f.n);
	/* Sealed by hand: reseal would follow the wrong count. */
	memcpy(f.bytes + offsetof(struct heapfile_header, n_sections), &n, sizeof(n));
	n = (uint32_t)crc32(0, f.bytes, 60);
	memcpy(f.bytes + 60, &n, sizeof(n));
	refused(decode(f.bytes, f.n), HF_LAYOUT, "header", "too many sections");
	free(f.bytes);
}

static void
other_minor_versions_and_optional_features_are_read(void **state)
{
	struct maker *m = *state;

	for (int minor = 0; minor < 8; minor++)
		assert_int_equal(PATCH_HEADER(m, minor, uint16_t, (uint16_t)minor).code,
				 HF_OK);
	assert_int_equal(PATCH_HEADER(m, optional_features, uint32_t, ~0u).code, HF_OK);
}

static struct hf_error
decode_patched_entry(const struct maker *m, uint32_t section, size_t field,
		     uint64_t value, size_t size)
{
	size_t at = sizeof(struct heapfile_header);

	for (uint32_t i = 0; i < m->n_sections; i++)
		at += m->sections[i].n;
	at += section * sizeof(struct heapfile_section) + field;
	return decode_patched(m, at, &value, size);
}

#define PATCH_ENTRY(m, i, field, value)                                                  \
	decode_patched_entry(m, i, offsetof(struct heapfile_section, field), value,      \
			     sizeof(((struct heapfile_section *)0)->field))

static void
sections_follow_one_another(void **state)
{
	struct maker *m = *state;

	refused(PATCH_ENTRY(m, 1, offset, 64), HF_LAYOUT, "table", "follow");
	refused(PATCH_ENTRY(m, 1, offset, UINT64_MAX), HF_LAYOUT, "table", "follow");
	refused(PATCH_ENTRY(m, 1, bytes, UINT64_MAX), HF_LAYOUT, "table", "follow");
	refused(PATCH_ENTRY(m, m->n_sections - 1, bytes, 9), HF_LAYOUT, "table",
		"bytes between");
	refused(PATCH_ENTRY(m, 1, flags, 2), HF_LAYOUT, "table", "reserved");
	refused(PATCH_ENTRY(m, 1, reserved, 2), HF_LAYOUT, "table", "reserved");
	maker_bytes(maker_section(m, 77), "x", 1);
	refused(PATCH_ENTRY(m, 0, type, 77), HF_LAYOUT, "table", "two sections of type 77");
	refused(PATCH_ENTRY(m, 1, type, HEAPFILE_INFO), HF_LAYOUT, "table",
		"two sections of type 1");
}

static void
more_records_than_bytes_are_refused_before_anything_is_allocated(void **state)
{
	struct maker *m = *state;

	for (uint32_t i = 0; i < m->n_sections; i++) {
		char section[40];

		snprintf(section, sizeof(section), "%s section",
			 hf_section_name(m->sections[i].type));
		refused(PATCH_ENTRY(m, i, n_records, UINT64_MAX), HF_LAYOUT, section,
			"more records");
		refused(PATCH_ENTRY(m, i, n_records, 1ull << 40), HF_LAYOUT, section,
			"more records");
	}
}

static void
an_unknown_section_is_skipped_unless_required(void **state)
{
	struct maker *m = *state;
	struct maker_section *s = maker_section(m, 77);

	maker_bytes(s, "anything", 8);
	s->n_records = UINT64_MAX;
	assert_int_equal(decode_maker(m).code, HF_OK);
	s->flags = HEAPFILE_SECTION_REQUIRED;
	refused(decode_maker(m), HF_FEATURE, "table", "required section of type 77");
}

static void
damage_in_an_unknown_section_is_damage(void **state)
{
	struct maker *m = *state;
	struct file f;
	size_t at = sizeof(struct heapfile_header);

	maker_bytes(maker_section(m, 77), "anything", 8);
	for (uint32_t i = 0; i < m->n_sections; i++)
		at += m->sections[i].n;
	f.bytes = maker_finish(m, &f.n);
	f.bytes[at - 1] ^= 1;
	refused(decode(f.bytes, f.n), HF_CHECKSUM, "section 77", "checksum");
	free(f.bytes);
}

static void
a_wrong_record_count_is_noticed(void **state)
{
	struct maker *m = *state;

	maker_section(m, HEAPFILE_BLOCKS)->n_records--;
	refused(decode_maker(m), HF_RECORD, "BLOCKS section", "after the last record");
	maker_section(m, HEAPFILE_BLOCKS)->n_records++;
	maker_section(m, HEAPFILE_MODULES)->n_records++;
	refused(decode_maker(m), HF_RECORD, "MODULES section", "bad varint");
}

/* ---- records ---- */

/* Append one raw record of varints to a section of the sample. */
static struct hf_error
decode_with(struct maker *m, uint32_t type, const uint64_t *values, size_t n)
{
	struct maker_section *s = maker_section(m, type);
	size_t before = s->n;
	struct hf_error e;

	for (size_t i = 0; i < n; i++)
		maker_varint(s, values[i]);
	s->n_records++;
	e = decode_maker(m);
	s->n = before;
	s->n_records--;
	return e;
}

#define WITH(m, type, ...)                                                               \
	decode_with(m, type, (uint64_t[]){__VA_ARGS__},                                  \
		    sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

#define TOO_MUCH (1ull << 32)

static void
varints_have_at_most_64_bits(void **state)
{
	struct maker *m = *state;
	struct maker_section *s = maker_section(m, HEAPFILE_MARKS);
	const uint8_t largest[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0";
	const uint8_t over[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\0";
	const uint8_t eleven[] = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0";

	s->n = 0;
	s->n_records = 1;
	maker_bytes(s, largest, 11);
	maker_varint(s, 0);
	assert_int_equal(decode_maker(m).code, HF_OK);
	s->n = 0;
	maker_bytes(s, over, 11);
	maker_varint(s, 0);
	refused(decode_maker(m), HF_RECORD, "MARKS section", "bad varint");
	s->n = 0;
	maker_bytes(s, eleven, 11);
	maker_varint(s, 0);
	refused(decode_maker(m), HF_RECORD, "MARKS section", "bad varint");
	s->n = 0;
	maker_bytes(s, "\0\0\x80", 3);
	refused(decode_maker(m), HF_RECORD, "MARKS section", "bad varint");
}

static void
texts_end_within_their_section(void **state)
{
	struct maker *m = *state;
	struct maker_section *s = maker_section(m, HEAPFILE_INFO);

	refused(WITH(m, HEAPFILE_MARKS, 1, 1, 1), HF_RECORD, "MARKS section", "text runs");
	refused(WITH(m, HEAPFILE_MARKS, 1, 1, UINT64_MAX), HF_RECORD, "MARKS section",
		"text runs");
	refused(WITH(m, HEAPFILE_MODULES, 1, 1, 1, 0, 0, 0, 99), HF_RECORD,
		"MODULES section", "text runs");
	refused(WITH(m, HEAPFILE_THREADS, 1, 1, 1, 99), HF_RECORD, "THREADS section",
		"text runs");
	s->n_records++;
	maker_bytes(s, "\1\7abc", 5);
	refused(decode_maker(m), HF_RECORD, "INFO section", "name runs");
}

static void
info_is_number_or_text(void **state)
{
	struct maker *m = *state;
	struct maker_section *s = maker_section(m, HEAPFILE_INFO);

	s->n_records++;
	maker_bytes(s, "\3\1ab", 4);
	refused(decode_maker(m), HF_RECORD, "INFO section", "neither number nor text");
	s->n -= 4;
	maker_bytes(s, "\1\1x\x80", 4);
	refused(decode_maker(m), HF_RECORD, "INFO section", "bad varint");
	s->n -= 4;
	maker_bytes(s, "\1", 1);
	refused(decode_maker(m), HF_RECORD, "INFO section", "cut off");
}

static void
a_name_stands_once(void **state)
{
	struct maker *m = *state;

	maker_number(m, "pid", 1);
	refused(decode_maker(m), HF_RECORD, "INFO section", "there before");
}

/* Sections of the sample begin with INFO; a higher minor makes the file later. */
static void
unknown_flags_and_kinds_are_for_later_versions(void **state)
{
	static const struct {
		uint32_t type;
		const char *section;
		uint64_t values[6];
		size_t n;
	} records[] = {
		{HEAPFILE_SITES, "SITES section", {1, 4, 0, 1, 0, 0}, 6},
		{HEAPFILE_SITES, "SITES section", {1, 1, 0, 7, 0, 0}, 6},
		{HEAPFILE_THREADS, "THREADS section", {1, 1, 8, 0}, 4},
		{HEAPFILE_BIRTHS, "BIRTHS section", {0, 0, 2}, 3},
		{HEAPFILE_MAPPINGS, "MAPPINGS section", {1, 1, 0, 0, 32}, 5},
		{HEAPFILE_BAD_FREES, "BAD_FREES section", {4, 1, 1, 0, 0}, 5},
		{HEAPFILE_BAD_FREES, "BAD_FREES section", {0, 1, 1, 0, 0}, 5},
		{HEAPFILE_ROOTS, "ROOTS section", {0, 0, 0, 0, 0}, 5},
		{HEAPFILE_ROOTS, "ROOTS section", {10, 0, 0, 0, 0}, 5},
	};
	struct maker *m = *state;

	without_periods_of_births(m);
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		struct maker_section *s = maker_section(m, records[i].type);
		size_t before = s->n;

		refused(decode_with(m, records[i].type, records[i].values, records[i].n),
			HF_RECORD, records[i].section, "unknown");
		for (size_t v = 0; v < records[i].n; v++)
			maker_varint(s, records[i].values[v]);
		s->n_records++;
		assert_int_equal(PATCH_HEADER(m, minor, uint16_t, HEAPFILE_MINOR + 1).code,
				 HF_OK);
		s->n_records--;
		s->n = before;
	}
}

static void
modules_lie_in_the_address_space(void **state)
{
	refused(WITH(*state, HEAPFILE_MODULES, UINT64_MAX, 1, 0, 0, 0, 0, 0), HF_RECORD,
		"MODULES section", "address overflow");
}

static void
parents_come_before_their_children(void **state)
{
	struct maker *m = *state;

	/* The sample has three sites; this is number four. */
	assert_int_equal(WITH(m, HEAPFILE_SITES, 1, 0, 0, 1, 0, 0).code, HF_OK);
	assert_int_equal(WITH(m, HEAPFILE_SITES, 4, 0, 0, 1, 0, 0).code, HF_OK);
	refused(WITH(m, HEAPFILE_SITES, 0, 0, 0, 1, 0, 0), HF_RECORD, "SITES section",
		"parent");
	refused(WITH(m, HEAPFILE_SITES, 5, 0, 0, 1, 0, 0), HF_RECORD, "SITES section",
		"parent");
	refused(WITH(m, HEAPFILE_SITES, 1, TOO_MUCH, 0, 1, 0, 0), HF_RECORD,
		"SITES section", "32 bits");
}

static void
references_lead_to_records(void **state)
{
	struct maker *m = *state;

	refused(WITH(m, HEAPFILE_SITES, 1, 0, 3, 1, 0, 0), HF_RECORD, "SITES section",
		"MODULES");
	refused(WITH(m, HEAPFILE_BIRTHS, 0, 3, 0), HF_RECORD, "BIRTHS section", "THREADS");
	refused(WITH(m, HEAPFILE_BLOCKS, 1, 4, 1, 64, 8), HF_RECORD, "BLOCKS section",
		"SITES");
	refused(WITH(m, HEAPFILE_BLOCKS, 1, 1, 5, 64, 8), HF_RECORD, "BLOCKS section",
		"BIRTHS");
	refused(WITH(m, HEAPFILE_BLOCKS, 1, TOO_MUCH + 1, 1, 64, 8), HF_RECORD,
		"BLOCKS section", "SITES");
	refused(WITH(m, HEAPFILE_MAPPINGS, 1, 1, 4, 1, 0), HF_RECORD, "MAPPINGS section",
		"SITES");
	refused(WITH(m, HEAPFILE_MAPPINGS, 1, 1, 1, 5, 0), HF_RECORD, "MAPPINGS section",
		"BIRTHS");
	refused(WITH(m, HEAPFILE_BAD_FREES, 1, 1, 1, 4, 0), HF_RECORD,
		"BAD_FREES section", "SITES");
	refused(WITH(m, HEAPFILE_BAD_FREES, 1, 1, 1, 0, 4), HF_RECORD,
		"BAD_FREES section", "SITES");
}

static void
births_stay_within_64_bits(void **state)
{
	struct maker *m = *state;

	without_periods_of_births(m);
	/* The sample's last birth is of epoch 10: 10 down is 0, 11 is too far. */
	assert_int_equal(WITH(m, HEAPFILE_BIRTHS, 19, 0, 0).code, HF_OK);
	refused(WITH(m, HEAPFILE_BIRTHS, 21, 0, 0), HF_RECORD, "BIRTHS section",
		"epoch overflow");
}

static void
epochs_are_in_order_and_not_empty(void **state)
{
	struct maker *m = *state;

	refused(WITH(m, HEAPFILE_EPOCHS, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), HF_RECORD,
		"EPOCHS section", "order");
	refused(WITH(m, HEAPFILE_EPOCHS, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), HF_RECORD,
		"EPOCHS section", "no epoch");
	refused(WITH(m, HEAPFILE_EPOCHS, 11, UINT64_MAX, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		HF_RECORD, "EPOCHS section", "overflow");
}

static void
blocks_lie_in_the_address_space_and_have_bytes(void **state)
{
	struct maker *m = *state;

	refused(WITH(m, HEAPFILE_BLOCKS, UINT64_MAX, 1, 1, 64, 8), HF_RECORD,
		"BLOCKS section", "address overflow");
	refused(WITH(m, HEAPFILE_BLOCKS, UINT64_MAX / 16, 1, 1, 64, 8), HF_RECORD,
		"BLOCKS section", "address overflow");
	refused(WITH(m, HEAPFILE_BLOCKS, UINT64_MAX / 16 - 0x2004, 1, 1, 0x1000 << 3, 0),
		HF_RECORD, "BLOCKS section", "address overflow");
	refused(WITH(m, HEAPFILE_BLOCKS, 1, 1, 1, UINT64_MAX, 8), HF_RECORD,
		"BLOCKS section", "too large");
	refused(WITH(m, HEAPFILE_BLOCKS, 1, 1, 1, 64, UINT64_MAX), HF_RECORD,
		"BLOCKS section", "too large");
	refused(WITH(m, HEAPFILE_BLOCKS, 1, 1, 1, 0, 0), HF_RECORD, "BLOCKS section",
		"without an address or without bytes");
	refused(WITH(m, HEAPFILE_MAPPINGS, UINT64_MAX, 1, 1, 1, 0), HF_RECORD,
		"MAPPINGS section", "address overflow");
}

/* ---- the graph ---- */

static uint64_t
sample_usable(void *arg, uint32_t block)
{
	static const uint64_t usable[] = {1024, 112, 48, 16};

	(void)arg;
	assert_in_range(block, 1, 4);
	return usable[block - 1];
}

/* The sample, whose graph is replaced by one raw record of a section. */
static struct hf_error
decode_graph(struct maker *m, uint32_t type, const uint64_t *values, size_t n)
{
	struct hf_sink sink = {.usable = sample_usable};
	struct maker_section *s = maker_section(m, type);
	struct hf_error e;
	struct file f;

	s->n = 0;
	s->n_records = 1;
	for (size_t i = 0; i < n; i++)
		maker_varint(s, values[i]);
	f.bytes = maker_finish(m, &f.n);
	(void)hf_decode(f.bytes, f.n, 0, &sink, &e);
	free(f.bytes);
	return e;
}

#define GRAPH(m, type, ...)                                                              \
	decode_graph(m, type, (uint64_t[]){__VA_ARGS__},                                 \
		     sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* The first number of an edge: the way to the target, skip and inside or not. */
#define WAY(way, skip, inside)                                                           \
	(((uint64_t)(way) << 1 ^ (uint64_t)((int64_t)(way) >> 63)) << 2 | (skip) << 1 |  \
	 (inside))

static void
edges_lead_from_a_block_into_a_block(void **state)
{
	static const struct {
		uint64_t values[6];
		size_t n;
		const char *message; /* NULL: it is right */
	} rows[] = {
		{{3, 1, WAY(1, 0, 0)}, 3, NULL},
		{{3, 1, WAY(-2, 1, 1), 5, 1023 << 2 | 3}, 5, NULL},
		{{4, 2, WAY(0, 0, 0), WAY(0, 0, 1), 15 << 2}, 5, NULL},
		{{0, 1, WAY(1, 0, 0)}, 3, "two records of one block"},
		{{5, 1, WAY(-1, 0, 0)}, 3, "BLOCKS section's records"},
		{{3, 0, 0}, 3, "record of no edge"},
		{{3, 2, WAY(1, 0, 0)}, 3, "more edges than bytes"},
		{{3, UINT64_MAX, WAY(1, 0, 0)}, 3, "more edges than bytes"},
		{{3, 1, WAY(2, 0, 0)}, 3, "BLOCKS section's records"},
		{{3, 1, WAY(-3, 0, 0)}, 3, "BLOCKS section's records"},
		{{3, 1, UINT64_MAX & ~3ull}, 3, "BLOCKS section's records"},
		{{3, 1, WAY(1, 1, 0), 6}, 4, "beyond its holder's end"},
		{{3, 1, WAY(1, 1, 0), UINT64_MAX}, 4, "beyond its holder's end"},
		{{4, 3, 0, 0, 0}, 5, "beyond its holder's end"},
		{{3, 1, WAY(1, 0, 1), 0 << 2}, 4, "beside its target"},
		{{3, 1, WAY(1, 0, 1), 16 << 2}, 4, "beside its target"},
		{{3, 1, WAY(1, 0, 1), UINT64_MAX}, 4, "beside its target"},
		{{3, 1, WAY(1, 0, 1)}, 3, "bad varint"},
	};
	struct maker *m = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hf_error e =
			decode_graph(m, HEAPFILE_EDGES, rows[i].values, rows[i].n);

		if (rows[i].message)
			refused(e, HF_RECORD, "EDGES section", rows[i].message);
		else if (e.code != HF_OK)
			fail_msg("row %zu: %s", i, e.message);
	}
}

static void
roots_have_an_owner_of_their_kind(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_GLOBAL, 2, 8, 8, 0).code,
			 HF_OK);
	assert_int_equal(
		GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_STACK, 0, 8, 8, 1, WAY(4, 0, 0)).code,
		HF_OK);
	refused(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_GLOBAL, 3, 8, 8, 0), HF_RECORD,
		"ROOTS section", "MODULES section's records");
	refused(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_TLS, 3, 8, 8, 0), HF_RECORD,
		"ROOTS section", "THREADS section's records");
	refused(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_MAPPING, 1, 8, 8, 0), HF_RECORD,
		"ROOTS section", "has an owner");
	refused(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_STACK, 1, 8, UINT64_MAX, 0),
		HF_RECORD, "ROOTS section", "address overflow");
	refused(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_STACK, 1, 8, 8, 1, 0), HF_RECORD,
		"ROOTS section", "BLOCKS section's records");
	refused(GRAPH(m, HEAPFILE_ROOTS, HEAPFILE_ROOT_STACK, 1, 8, 8, 1, WAY(1, 1, 0), 1),
		HF_RECORD, "ROOTS section", "beyond its holder's end");
}

static void
object_words_are_one_to_four_of_a_block(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_OBJECT_WORDS, 4, 2, 0, 1, 9, 1, 2, 9).code,
			 HF_OK);
	refused(GRAPH(m, HEAPFILE_OBJECT_WORDS, 4, 0, 0, 1, 9), HF_RECORD,
		"OBJECT_WORDS section", "one to four");
	refused(GRAPH(m, HEAPFILE_OBJECT_WORDS, 4, 5, 0, 1, 9), HF_RECORD,
		"OBJECT_WORDS section", "one to four");
	refused(GRAPH(m, HEAPFILE_OBJECT_WORDS, 4, 1, 2, 1, 9), HF_RECORD,
		"OBJECT_WORDS section", "beyond its block's end");
	refused(GRAPH(m, HEAPFILE_OBJECT_WORDS, 4, 1, 0, 3, 9), HF_RECORD,
		"OBJECT_WORDS section", "MODULES");
	refused(GRAPH(m, HEAPFILE_OBJECT_WORDS, 4, 1, 0, 0, 9), HF_RECORD,
		"OBJECT_WORDS section", "no object");
}

static void
contents_fit_their_blocks(void **state)
{
	struct maker *m = *state;
	struct maker_section *s = maker_section(m, HEAPFILE_CONTENTS);

	assert_int_equal(GRAPH(m, HEAPFILE_CONTENTS, 4, 2, 'a', 'b').code, HF_OK);
	refused(GRAPH(m, HEAPFILE_CONTENTS, 5, 0), HF_RECORD, "CONTENTS section", "BLOCKS");
	refused(GRAPH(m, HEAPFILE_CONTENTS, 4, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		      0, 0, 0, 0),
		HF_RECORD, "CONTENTS section", "more bytes than the block");
	s->n_records = 1;
}

static void
periods_are_at_most_256(void **state)
{
	struct maker *m = *state;

	for (int i = 2; i < 256; i++)
		maker_period(m, &(struct hf_period){.end_ns = 1});
	/* Its book has too few of them now. */
	maker_section(m, HEAPFILE_BOOKS)->n_records = 0;
	maker_section(m, HEAPFILE_BOOKS)->n = 0;
	assert_int_equal(decode_maker(m).code, HF_OK);
	maker_period(m, &(struct hf_period){.end_ns = 1});
	refused(decode_maker(m), HF_RECORD, "PERIODS section", "256");
}

static void
each_birth_has_a_period_that_exists(void **state)
{
	struct maker *m = *state;

	maker_birth_period(m, 0);
	refused(decode_maker(m), HF_RECORD, "BIRTH_PERIODS section", "each birth");
	without_periods_of_births(m);
	for (int i = 0; i < 4; i++)
		maker_birth_period(m, i == 3 ? 2 : 1);
	refused(decode_maker(m), HF_RECORD, "BIRTH_PERIODS section", "PERIODS");
}

static void
books_are_of_a_site(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_BOOKS, 1, 0, 4, 1, 1, 2, 3, 1, 4, 1, 9, 0, 0,
			       3, 9, 4, 9, 0, 0, 0, 0, 0)
				 .code,
			 HF_OK);
	refused(GRAPH(m, HEAPFILE_BOOKS, 0, 0, 4, 1, 1, 2, 3, 0, 1, 9, 0, 0, 3, 9, 4, 9,
		      0, 0, 0, 0, 0),
		HF_RECORD, "BOOKS section", "no site");
	refused(GRAPH(m, HEAPFILE_BOOKS, 1, 9, 4, 1, 1, 2, 3, 0, 1, 9, 0, 0, 3, 9, 4, 9,
		      0, 0, 0, 0, 0),
		HF_RECORD, "BOOKS section", "SITES");
	refused(GRAPH(m, HEAPFILE_BOOKS, 1, 0, 4, 1, 1, 2, 3, 65, 1, 9, 0, 0, 3, 9, 4, 9,
		      0, 0, 0, 0, 0),
		HF_RECORD, "BOOKS section", "64 ages");
	refused(GRAPH(m, HEAPFILE_BOOKS, 1, 0, 4, 1, 1, 2, 3, 0, 1, 9, 0, 0, 3, 9, 4, 9,
		      0, 0, 0, 0),
		HF_RECORD, "BOOKS section", "cut off");
}

static void
frames_are_of_threads_and_modules_and_at_most_256(void **state)
{
	struct maker *m = *state;
	struct hf_stack s = {.tid = 9, .n_frames = HEAPFILE_MAX_FRAMES};

	/* thread, tid, name, flags, n_frames; flags, module, offset, sp, bytes */
	assert_int_equal(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 1, 7, 2, 9, 32, 16).code,
			 HF_OK);
	refused(GRAPH(m, HEAPFILE_FRAMES, 3, 9, 0, 1, 0), HF_RECORD, "FRAMES section",
		"THREADS");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 2, 0), HF_RECORD, "FRAMES section",
		"unknown flags");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 9, 1, 0), HF_RECORD, "FRAMES section",
		"runs over");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 1, 8, 2, 9, 32, 16), HF_RECORD,
		"FRAMES section", "unknown flags");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 1, 0, 3, 9, 32, 16), HF_RECORD,
		"FRAMES section", "MODULES");
	/* Below 0, and beyond the end. */
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 1, 0, 2, 9, 1, 0), HF_RECORD,
		"FRAMES section", "address overflow");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 1, 0, 2, 9, 32, UINT64_MAX),
		HF_RECORD, "FRAMES section", "address overflow");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 2, 0, 2, 9, 32, 16), HF_RECORD,
		"FRAMES section", "cut off");
	refused(GRAPH(m, HEAPFILE_FRAMES, 2, 9, 0, 1, 257), HF_RECORD, "FRAMES section",
		"256");
	maker_section(m, HEAPFILE_FRAMES)->n = 0;
	maker_section(m, HEAPFILE_FRAMES)->n_records = 0;
	maker_stack(m, &s);
	assert_int_equal(decode_maker(m).code, HF_OK);
}

static void
growth_is_of_a_site(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_GROWN, 1, 2, 3).code, HF_OK);
	refused(GRAPH(m, HEAPFILE_GROWN, 0, 2, 3), HF_RECORD, "GROWN section", "no site");
	refused(GRAPH(m, HEAPFILE_GROWN, 9, 2, 3), HF_RECORD, "GROWN section", "SITES");
}

static void
an_estimate_is_of_a_site(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_ESTIMATES, 1, 256, 300).code, HF_OK);
	refused(GRAPH(m, HEAPFILE_ESTIMATES, 0, 256, 300), HF_RECORD, "ESTIMATES section",
		"no site");
	refused(GRAPH(m, HEAPFILE_ESTIMATES, 9, 256, 300), HF_RECORD, "ESTIMATES section",
		"SITES");
	refused(GRAPH(m, HEAPFILE_ESTIMATES, 1, 256), HF_RECORD, "ESTIMATES section",
		"cut off");
}

static void
a_peak_is_of_a_site(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_PEAK, 1, 2, 300).code, HF_OK);
	refused(GRAPH(m, HEAPFILE_PEAK, 0, 2, 300), HF_RECORD, "PEAK section", "no site");
	refused(GRAPH(m, HEAPFILE_PEAK, 9, 2, 300), HF_RECORD, "PEAK section", "SITES");
	refused(GRAPH(m, HEAPFILE_PEAK, 1, 256), HF_RECORD, "PEAK section", "cut off");
}

static void
waste_is_of_a_site_and_has_no_more_contents_than_blocks(void **state)
{
	struct maker *m = *state;

	assert_int_equal(GRAPH(m, HEAPFILE_WASTE, 1, 2, 3, 4, 5, 6, 7, 7, 8).code, HF_OK);
	refused(GRAPH(m, HEAPFILE_WASTE, 0, 2, 3, 4, 5, 6, 7, 7, 8), HF_RECORD,
		"WASTE section", "no site");
	refused(GRAPH(m, HEAPFILE_WASTE, 9, 2, 3, 4, 5, 6, 7, 7, 8), HF_RECORD,
		"WASTE section", "SITES");
	refused(GRAPH(m, HEAPFILE_WASTE, 1, 2, 3, 4, 5, 6, 7, 8, 8), HF_RECORD,
		"WASTE section", "more contents than blocks");
	refused(GRAPH(m, HEAPFILE_WASTE, 1, 256, 3, 4, 5, 6, 7, 7), HF_RECORD,
		"WASTE section", "cut off");
}

/* ---- what arrives ---- */

struct seen {
	struct hf_block blocks[8];
	size_t n_blocks;
	uint64_t began[HEAPFILE_WASTE + 1];
	int last_type;
	size_t stop_after;
};

static int
see_begin(void *arg, enum heapfile_type type, uint64_t n)
{
	struct seen *seen = arg;

	assert_true((int)type > seen->last_type);
	seen->last_type = (int)type;
	seen->began[type] = n;
	return 0;
}

static int
see_block(void *arg, const struct hf_block *b)
{
	struct seen *seen = arg;

	assert_in_range(seen->n_blocks, 0, 7);
	seen->blocks[seen->n_blocks++] = *b;
	return seen->stop_after && seen->n_blocks == seen->stop_after;
}

static void
sections_arrive_by_type_whatever_their_order_in_the_file(void **state)
{
	struct maker *m = *state;
	struct maker_section first = m->sections[0];
	struct seen seen = {.n_blocks = 0};
	struct hf_sink sink = {.arg = &seen, .begin = see_begin, .block = see_block};
	struct hf_error e;
	struct file f;

	m->sections[0] = m->sections[m->n_sections - 1];
	m->sections[m->n_sections - 1] = first;
	f.bytes = maker_finish(m, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), 0);
	assert_int_equal(seen.began[HEAPFILE_SITES], 3);
	assert_int_equal(seen.n_blocks, 4);
	free(f.bytes);
}

static void
gaps_count_from_the_end_rounded_up_to_16(void **state)
{
	struct seen seen = {.n_blocks = 0};
	struct hf_sink sink = {.arg = &seen, .begin = see_begin, .block = see_block};
	struct hf_error e;
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), 0);
	assert_int_equal(seen.blocks[0].address, 0x10000);
	assert_int_equal(seen.blocks[0].usable, 1024);
	assert_int_equal(seen.blocks[1].address, 0x10400);
	assert_int_equal(seen.blocks[2].address, 0x20000);
	assert_int_equal(seen.blocks[3].address, 0x20030);
	assert_int_equal(seen.blocks[3].requested, 8);
	assert_int_equal(seen.blocks[3].kind, HEAPFILE_KIND_NEW);
	free(f.bytes);
}

struct seen_graph {
	struct hf_edge edges[8];
	size_t n_edges, n_holders, n_roots, n_words, n_contents;
};

static int
see_holder(void *arg, const struct hf_holder *r)
{
	assert_in_range(r->block, 3, 4);
	((struct seen_graph *)arg)->n_holders++;
	return 0;
}

static int
see_root(void *arg, const struct hf_root *r)
{
	assert_in_range(r->n_edges, 1, 1);
	((struct seen_graph *)arg)->n_roots++;
	return 0;
}

static int
see_edge(void *arg, const struct hf_edge *e)
{
	struct seen_graph *seen = arg;

	assert_in_range(seen->n_edges, 0, 7);
	seen->edges[seen->n_edges++] = *e;
	return 0;
}

static int
see_word(void *arg, const struct hf_object_word *r)
{
	struct seen_graph *seen = arg;

	assert_int_equal(r->block, 1);
	assert_int_equal(r->word, seen->n_words * 2);
	seen->n_words++;
	return 0;
}

static int
see_content(void *arg, const struct hf_content *r)
{
	assert_int_equal(r->block, 3);
	assert_int_equal(r->bytes.n, 16);
	((struct seen_graph *)arg)->n_contents++;
	return 0;
}

static void
the_graph_arrives_as_it_was_written(void **state)
{
	struct seen_graph seen = {.n_edges = 0};
	struct hf_sink sink = {
		.arg = &seen,
		.holder = see_holder,
		.root = see_root,
		.edge = see_edge,
		.object_word = see_word,
		.content = see_content,
		.usable = sample_usable,
	};
	struct hf_error e;
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), 0);
	assert_int_equal(seen.n_holders, 2);
	assert_int_equal(seen.n_roots, 2);
	assert_int_equal(seen.n_words, 2);
	assert_int_equal(seen.n_contents, 1);
	assert_int_equal(seen.n_edges, 4);
	assert_int_equal(seen.edges[0].target, 4);
	assert_int_equal(seen.edges[0].word, 2);
	assert_int_equal(seen.edges[0].inside, 0);
	assert_int_equal(seen.edges[1].target, 3);
	assert_int_equal(seen.edges[1].word, 0);
	assert_int_equal(seen.edges[1].inside, 8);
	assert_int_equal(seen.edges[1].hint, HEAPFILE_INSIDE_PLAIN);
	assert_int_equal(seen.edges[2].target, 1);
	assert_int_equal(seen.edges[3].target, 2);
	assert_int_equal(seen.edges[3].word, 7);
	assert_int_equal(seen.edges[3].inside, 16);
	free(f.bytes);
}

static int
see_period(void *arg, const struct hf_period *p)
{
	assert_true(p->allocations == 500 || p->live_bytes == 1148);
	((struct seen_graph *)arg)->n_holders++;
	return 0;
}

static int
see_birth_period(void *arg, uint32_t period)
{
	((struct seen_graph *)arg)->n_words += period;
	return 0;
}

static int
see_book(void *arg, const struct hf_book *b)
{
	assert_int_equal(b->site, 2);
	assert_int_equal(b->freed_at, 3);
	assert_int_equal(b->deaths, 4);
	assert_int_equal(b->later, 1);
	assert_int_equal(b->earlier, 1);
	assert_int_equal(b->same, 2);
	assert_int_equal(b->foreign, 3);
	assert_int_equal(b->n_ages, 2);
	assert_int_equal(b->ages[0], 3);
	assert_int_equal(b->n_periods, 2);
	assert_int_equal(b->periods[0].born_bytes, 100);
	assert_int_equal(b->periods[1].died, 4);
	assert_int_equal(b->last_later, 1);
	assert_int_equal(b->last_same, 2);
	assert_int_equal(b->periods[0].last_born, 1);
	assert_int_equal(b->periods[1].last_born, 3);
	((struct seen_graph *)arg)->n_roots++;
	return 0;
}

static void
the_books_arrive_as_they_were_written(void **state)
{
	struct seen_graph seen = {.n_edges = 0};
	struct hf_sink sink = {
		.arg = &seen,
		.period = see_period,
		.birth_period = see_birth_period,
		.book = see_book,
	};
	struct hf_error e;
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), 0);
	assert_int_equal(seen.n_holders, 2);
	assert_int_equal(seen.n_words, 3);
	assert_int_equal(seen.n_roots, 1);
	free(f.bytes);
}

static int
see_stack(void *arg, const struct hf_stack *s)
{
	struct seen_graph *seen = arg;

	if (seen->n_roots++ == 0) {
		assert_int_equal(s->thread, 2);
		assert_int_equal(s->flags, HEAPFILE_FRAMES_COMPLETE);
		assert_int_equal(s->n_frames, 3);
		assert_int_equal(s->frames[0].module, 1);
		assert_int_equal(s->frames[0].offset, 0x1200);
		assert_int_equal(s->frames[0].sp, 0x7fff000000);
		assert_int_equal(s->frames[1].flags, HEAPFILE_FRAME_SIGNAL);
		assert_int_equal(s->frames[1].bytes, 0);
		assert_int_equal(s->frames[2].sp, 0x7ffe000020); /* downwards */
		assert_int_equal(s->frames[2].bytes, 32);
	} else {
		assert_int_equal(s->thread, 0);
		assert_int_equal(s->tid, 4713);
		assert_int_equal(s->name.n, 4);
		assert_memory_equal(s->name.bytes, "idle", 4);
		assert_int_equal(s->flags, 0);
	}
	return 0;
}

static int
see_grown(void *arg, const struct hf_grown *g)
{
	assert_int_equal(g->site, 2);
	assert_int_equal(g->count, 7);
	assert_int_equal(g->bytes, 4096);
	((struct seen_graph *)arg)->n_words++;
	return 0;
}

static int
see_estimate(void *arg, const struct hf_estimate *e)
{
	assert_int_equal(e->site, 2);
	assert_int_equal(e->allocations, 2560);
	assert_int_equal(e->bytes, 70000);
	((struct seen_graph *)arg)->n_words++;
	return 0;
}

static void
frames_growth_and_estimates_arrive_as_they_were_written(void **state)
{
	struct seen_graph seen = {.n_edges = 0};
	struct hf_sink sink = {.arg = &seen,
			       .stack = see_stack,
			       .grown = see_grown,
			       .estimate = see_estimate};
	struct hf_error e;
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), 0);
	assert_int_equal(seen.n_roots, 2);
	assert_int_equal(seen.n_words, 2);
	free(f.bytes);
}

static int
see_live(void *arg, const struct hf_live *r)
{
	assert_int_equal(r->site, 2);
	assert_int_equal(r->blocks, 300);
	assert_int_equal(r->bytes, 70000);
	assert_int_equal(r->old_blocks, 200);
	assert_int_equal(r->old_bytes, 50000);
	assert_int_equal(r->first_epoch, 9);
	++*(int *)arg;
	return 0;
}

/* Returns how many records arrive. */
static int
read_live(struct maker *m, const struct hf_live *r, enum hf_code wanted)
{
	int n = 0;
	struct hf_sink sink = {.arg = &n, .live = see_live};
	struct hf_error e = {.code = HF_OK};
	struct file f;

	maker_live(m, r);
	f.bytes = maker_finish(m, &f.n);
	(void)hf_decode(f.bytes, f.n, 0, &sink, &e);
	assert_int_equal(e.code, wanted);
	free(f.bytes);
	return n;
}

static int
see_before(void *arg, const struct hf_text *r)
{
	assert_null(*(const char **)arg);
	assert_int_equal(r->n, 70);
	*(const char **)arg = r->bytes;
	return 0;
}

/* Any bytes: whether they are a file is for who loads it. */
static void
the_heap_before_arrives_as_bytes(void **state)
{
	struct maker *m = *state;
	const char bytes[70] = "what a file may be", *seen = NULL;
	const struct hf_sink sink = {.arg = &seen, .before = see_before};
	struct hf_error e;
	struct file f;

	maker_before(m, bytes, sizeof(bytes));
	f.bytes = maker_finish(m, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), 0);
	assert_memory_equal(seen, bytes, sizeof(bytes));
	free(f.bytes);
	maker_section(m, HEAPFILE_BEFORE)->n = 64;
	assert_int_equal(decode_maker(m).code, HF_OK);
	maker_section(m, HEAPFILE_BEFORE)->n = 63;
	refused(decode_maker(m), HF_LAYOUT, "BEFORE section", "more records");
	/* The first one takes all. */
	maker_section(m, HEAPFILE_BEFORE)->n = 0;
	maker_section(m, HEAPFILE_BEFORE)->n_records = 0;
	maker_before(m, bytes, sizeof(bytes));
	maker_before(m, bytes, sizeof(bytes));
	refused(decode_maker(m), HF_RECORD, "BEFORE section", "cut off");
}

static void
sums_of_live_blocks_arrive_as_they_were_written(void **state)
{
	assert_int_equal(
		read_live(*state, &(struct hf_live){2, 300, 70000, 200, 50000, 9}, HF_OK),
		1);
}

static void
sums_of_no_site_or_more_old_blocks_than_blocks_are_refused(void **state)
{
	static const struct hf_live wrong[] = {
		{0, 300, 70000, 200, 50000, 9},
		{2, 300, 70000, 301, 50000, 9},
		{2, 300, 70000, 200, 70001, 9},
	};

	for (size_t i = 0; i < 3; i++) {
		void *m = NULL;

		assert_int_equal(setup(&m), 0);
		assert_int_equal(read_live(m, &wrong[i], HF_RECORD), 0);
		(void)teardown(&m);
	}
	(void)state;
}

static void
a_sink_can_stop(void **state)
{
	struct seen seen = {.stop_after = 2};
	struct hf_sink sink = {.arg = &seen, .begin = see_begin, .block = see_block};
	struct hf_error e;
	struct file f;

	f.bytes = maker_finish(*state, &f.n);
	assert_int_equal(hf_decode(f.bytes, f.n, 0, &sink, &e), -1);
	assert_int_equal(e.code, HF_STOPPED);
	assert_int_equal(seen.n_blocks, 2);
	free(f.bytes);
}

/* ---- files ---- */

static void
files_are_read_and_refused_from_disk(void **state)
{
	char name[] = "test_heapfile_read.XXXXXX";
	int fd = mkstemp(name);
	uint8_t *bytes = NULL;
	struct hf_error e;
	struct file f;
	size_t n = 0;

	assert_true(fd >= 0);
	f.bytes = maker_finish(*state, &f.n);
	assert_int_equal(write(fd, f.bytes, f.n), (ssize_t)f.n);
	assert_int_equal(hf_read_file(name, &bytes, &n, &e), 0);
	assert_int_equal(n, f.n);
	assert_memory_equal(bytes, f.bytes, n);
	free(bytes);
	/* One byte too many must reach the decoder. */
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(hf_read_file(name, &bytes, &n, &e), 0);
	assert_int_equal(n, f.n + 1);
	free(bytes);
	assert_int_equal(ftruncate(fd, 40), 0);
	assert_int_equal(hf_read_file(name, &bytes, &n, &e), -1);
	refused(e, HF_TRUNCATED, "header", "truncated");
	close(fd);
	unlink(name);
	assert_int_equal(hf_read_file(name, &bytes, &n, &e), -1);
	assert_int_equal(e.code, HF_IO);
	assert_int_equal(hf_read_file("/", &bytes, &n, &e), -1);
	assert_int_equal(e.code, HF_IO);
	free(f.bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_right_file_is_read),
		TEST(a_file_without_sections_is_read),
		TEST(every_changed_byte_is_noticed),
		TEST(every_truncation_is_noticed),
		TEST(bytes_after_the_end_are_refused),
		TEST(another_kind_of_file_is_no_heap_file),
		TEST(an_error_is_one_line_with_section_and_byte),
		TEST(the_checksum_is_that_of_zlib),
		TEST(each_rule_of_the_header_is_checked),
		TEST(sections_are_counted),
		TEST(other_minor_versions_and_optional_features_are_read),
		TEST(sections_follow_one_another),
		TEST(more_records_than_bytes_are_refused_before_anything_is_allocated),
		TEST(an_unknown_section_is_skipped_unless_required),
		TEST(damage_in_an_unknown_section_is_damage),
		TEST(a_wrong_record_count_is_noticed),
		TEST(varints_have_at_most_64_bits),
		TEST(texts_end_within_their_section),
		TEST(info_is_number_or_text),
		TEST(a_name_stands_once),
		TEST(unknown_flags_and_kinds_are_for_later_versions),
		TEST(modules_lie_in_the_address_space),
		TEST(parents_come_before_their_children),
		TEST(references_lead_to_records),
		TEST(births_stay_within_64_bits),
		TEST(epochs_are_in_order_and_not_empty),
		TEST(blocks_lie_in_the_address_space_and_have_bytes),
		TEST(edges_lead_from_a_block_into_a_block),
		TEST(roots_have_an_owner_of_their_kind),
		TEST(object_words_are_one_to_four_of_a_block),
		TEST(contents_fit_their_blocks),
		TEST(periods_are_at_most_256),
		TEST(each_birth_has_a_period_that_exists),
		TEST(books_are_of_a_site),
		TEST(the_books_arrive_as_they_were_written),
		TEST(frames_are_of_threads_and_modules_and_at_most_256),
		TEST(growth_is_of_a_site),
		TEST(an_estimate_is_of_a_site),
		TEST(a_peak_is_of_a_site),
		TEST(waste_is_of_a_site_and_has_no_more_contents_than_blocks),
		TEST(frames_growth_and_estimates_arrive_as_they_were_written),
		TEST(the_heap_before_arrives_as_bytes),
		TEST(sums_of_live_blocks_arrive_as_they_were_written),
		TEST(sums_of_no_site_or_more_old_blocks_than_blocks_are_refused),
		TEST(the_graph_arrives_as_it_was_written),
		TEST(sections_arrive_by_type_whatever_their_order_in_the_file),
		TEST(gaps_count_from_the_end_rounded_up_to_16),
		TEST(a_sink_can_stop),
		TEST(files_are_read_and_refused_from_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
