/* heapfile_read.c -- decoder of .heap files; trusts nothing.
 *
 * In:   the bytes of a file, from anywhere.
 * Out:  records into a sink, or one error with section and byte.
 * Not here: single records (heapfile_records.c), what they mean together
 *           (tools/model/heap_load.c).
 *
 * Order of the checks, each relying on those before it: magic, header CRC,
 * version and features, lengths, table CRC, contiguity, unknown sections,
 * section CRC, number of records against bytes, then each record.  Contiguity
 * together with the CRCs makes every byte of the file count: no byte can
 * change unnoticed, and nothing can hide between sections.
 *
 * The file is read, not mapped: a file that is truncated while we look at it
 * would raise SIGBUS in a mapping.
 *
 * SPDX-License-Identifier: MIT
 */
#include "heapfile_decode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

/* Name of each section type and the fewest bytes that a record can take. */
static const struct section_kind {
	const char *name;
	unsigned least_bytes;
} kinds[DECODE_N_TYPES] = {
	[HEAPFILE_INFO] = {"INFO", 3},
	[HEAPFILE_MODULES] = {"MODULES", 7},
	[HEAPFILE_SITES] = {"SITES", 6},
	[HEAPFILE_THREADS] = {"THREADS", 4},
	[HEAPFILE_BIRTHS] = {"BIRTHS", 3},
	[HEAPFILE_EPOCHS] = {"EPOCHS", 12},
	[HEAPFILE_BLOCKS] = {"BLOCKS", 5},
	[HEAPFILE_MAPPINGS] = {"MAPPINGS", 5},
	[HEAPFILE_BAD_FREES] = {"BAD_FREES", 5},
	[HEAPFILE_MARKS] = {"MARKS", 3},
	[HEAPFILE_EDGES] = {"EDGES", 3},
	[HEAPFILE_ROOTS] = {"ROOTS", 5},
	[HEAPFILE_OBJECT_WORDS] = {"OBJECT_WORDS", 5},
	[HEAPFILE_CONTENTS] = {"CONTENTS", 2},
	[HEAPFILE_PERIODS] = {"PERIODS", 5},
	[HEAPFILE_BIRTH_PERIODS] = {"BIRTH_PERIODS", 1},
	[HEAPFILE_BOOKS] = {"BOOKS", 11},
	[HEAPFILE_FRAMES] = {"FRAMES", 5},
	[HEAPFILE_GROWN] = {"GROWN", 3},
	[HEAPFILE_ESTIMATES] = {"ESTIMATES", 3},
	[HEAPFILE_LIVE] = {"LIVE", 6},
	[HEAPFILE_BEFORE] = {"BEFORE", sizeof(struct heapfile_header)},
	[HEAPFILE_PEAK] = {"PEAK", 3},
	[HEAPFILE_WASTE] = {"WASTE", 9},
};

const char *
hf_section_name(uint32_t type)
{
	return type < DECODE_N_TYPES ? kinds[type].name : NULL;
}

const char *
hf_error_format(const struct hf_error *error, char *buf, size_t n)
{
	if (error->code == HF_IO)
		snprintf(buf, n, "%s", strerror(error->os_error));
	else if (error->code == HF_MEMORY || error->code == HF_STOPPED)
		snprintf(buf, n, "%s", error->message);
	else
		snprintf(buf, n, "%s: %s at byte %llu", error->section, error->message,
			 (unsigned long long)error->offset);
	return buf;
}

static void fill_in(struct hf_error *e, enum hf_code code, const char *section,
		    uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static void
fill_in(struct hf_error *e, enum hf_code code, const char *section, uint64_t offset,
	const char *format, ...)
{
	va_list args;

	e->code = code;
	e->os_error = 0;
	e->offset = offset;
	if (section != e->section)
		snprintf(e->section, sizeof(e->section), "%s", section);
	va_start(args, format);
	vsnprintf(e->message, sizeof(e->message), format, args);
	va_end(args);
}

/* Fill in *e; false for the convenience of the caller, which fails too. */
#define fail(...)                                                                        \
	({                                                                               \
		fill_in(__VA_ARGS__);                                                    \
		false;                                                                   \
	})

static bool
fail_os(struct hf_error *e)
{
	memset(e, 0, sizeof(*e));
	e->code = HF_IO;
	e->os_error = errno;
	return false;
}

void
decode_note_bad(struct decoder *d, const uint8_t *at, const char *message)
{
	(void)fail(d->error, HF_RECORD, d->error->section, (uint64_t)(at - d->file), "%s",
		   message);
}

void
decode_note_bad_reference(struct decoder *d, const uint8_t *at, enum heapfile_type type)
{
	(void)fail(d->error, HF_RECORD, d->error->section, (uint64_t)(at - d->file),
		   "number beyond the %s section's records", kinds[type].name);
}

bool
decode_stopped(struct decoder *d)
{
	return fail(d->error, HF_STOPPED, d->error->section, 0, "stopped");
}

/* ---- header and table ---- */

static uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t
get_u32(const uint8_t *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static uint64_t
get_u64(const uint8_t *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static uint8_t
get_u8(const uint8_t *p)
{
	return *p;
}

#define HEADER(p, field, bits) get_u##bits((p) + offsetof(struct heapfile_header, field))
#define ENTRY(p, field, bits) get_u##bits((p) + offsetof(struct heapfile_section, field))

/* zlib counts in unsigned int; a section may be larger. */
static uint32_t
checksum(const uint8_t *p, uint64_t n)
{
	uLong crc = crc32(0, NULL, 0);

	while (n > 0) {
		uInt part = n < (1u << 30) ? (uInt)n : 1u << 30;

		crc = crc32(crc, p, part);
		p += part;
		n -= part;
	}
	return (uint32_t)crc;
}

static bool
check_version(const uint8_t *h, unsigned options, struct hf_error *e)
{
	bool sound = options & HF_IGNORE_CHECKSUMS ||
		     checksum(h, offsetof(struct heapfile_header, header_crc)) ==
			     HEADER(h, header_crc, 32);
	unsigned major = HEADER(h, major, 16);

	/* Another major version may keep its checksum elsewhere. */
	if (major != HEAPFILE_MAJOR)
		return fail(e, HF_VERSION, "header",
			    offsetof(struct heapfile_header, major),
			    sound ? "version %u is not known here"
				  : "damaged, or of version %u,",
			    major);
	if (!sound)
		return fail(e, HF_CHECKSUM, "header",
			    offsetof(struct heapfile_header, header_crc), "wrong checksum");
	return true;
}

static bool
check_features(const uint8_t *h, struct hf_error *e)
{
	uint32_t required = HEADER(h, required_features, 32);

	if (required)
		return fail(e, HF_FEATURE, "header",
			    offsetof(struct heapfile_header, required_features),
			    "required feature bit %d is not known here",
			    __builtin_ctz(required));
	return true;
}

/* The first 64 bytes by themselves. */
static bool
check_header(const uint8_t *h, size_t n, unsigned options, struct hf_error *e)
{
	size_t magic = n < HEAPFILE_MAGIC_BYTES ? n : HEAPFILE_MAGIC_BYTES;

	if (n == 0)
		return fail(e, HF_NOT_HEAP, "header", 0, "the file is empty,");
	if (memcmp(h, HEAPFILE_MAGIC, magic) != 0)
		return fail(e, HF_NOT_HEAP, "header", 0, "not a .heap file: wrong magic");
	if (n < sizeof(struct heapfile_header))
		return fail(e, HF_TRUNCATED, "header", n, "truncated");
	if (!check_version(h, options, e) || !check_features(h, e))
		return false;
	if (HEADER(h, header_bytes, 16) != sizeof(struct heapfile_header))
		return fail(e, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, header_bytes),
			    "wrong header size");
	if (HEADER(h, byte_order, 8) != HEAPFILE_LITTLE_ENDIAN)
		return fail(e, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, byte_order),
			    "unknown byte order");
	if (HEADER(h, pointer_bytes, 8) != 8)
		return fail(e, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, pointer_bytes),
			    "pointers are not of 8 bytes");
	if (HEADER(h, entry_bytes, 32) != sizeof(struct heapfile_section))
		return fail(e, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, entry_bytes),
			    "wrong size of table entries");
	if (HEADER(h, n_sections, 32) > HEAPFILE_MAX_SECTIONS)
		return fail(e, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, n_sections),
			    "too many sections");
	/* A later minor version may have given the reserved words a meaning. */
	if (HEADER(h, minor, 16) <= HEAPFILE_MINOR &&
	    (HEADER(h, reserved[0], 32) || HEADER(h, reserved[1], 32)))
		return fail(e, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, reserved),
			    "reserved bytes are not zero");
	return true;
}

/* Lengths: header, sections, table and nothing else. */
static bool
check_lengths(struct decoder *d)
{
	const uint8_t *h = d->file;
	uint64_t file_bytes = HEADER(h, file_bytes, 64);
	uint64_t table = HEADER(h, table_offset, 64);
	uint64_t table_bytes =
		HEADER(h, n_sections, 32) * (uint64_t)sizeof(struct heapfile_section);

	if (d->n < file_bytes)
		return fail(d->error, HF_TRUNCATED, "file", d->n,
			    "truncated (%llu bytes are missing)",
			    (unsigned long long)(file_bytes - d->n));
	if (d->n > file_bytes)
		return fail(d->error, HF_LAYOUT, "file", file_bytes, "bytes after the end");
	if (table < sizeof(struct heapfile_header) || table > d->n ||
	    d->n - table != table_bytes)
		return fail(d->error, HF_LAYOUT, "header",
			    offsetof(struct heapfile_header, table_offset),
			    "the table does not end where the file ends,");
	d->table = h + table;
	d->is_later = HEADER(h, minor, 16) > HEAPFILE_MINOR;
	if (!(d->options & HF_IGNORE_CHECKSUMS) &&
	    checksum(d->table, table_bytes) != HEADER(h, table_crc, 32))
		return fail(d->error, HF_CHECKSUM, "table", table, "wrong checksum");
	return true;
}

/* One table entry; *next is where its section has to start. */
static bool
check_entry(struct decoder *d, const uint8_t *entry, uint64_t *next)
{
	uint64_t at = (uint64_t)(entry - d->file);
	uint64_t offset = ENTRY(entry, offset, 64), bytes = ENTRY(entry, bytes, 64);
	uint64_t n_records = ENTRY(entry, n_records, 64);
	uint32_t type = ENTRY(entry, type, 32);
	const char *name = hf_section_name(type);
	uint64_t limit = (uint64_t)(d->table - d->file);

	if (offset != *next || bytes > limit - offset)
		return fail(d->error, HF_LAYOUT, "table", at,
			    "a section does not follow the one before it,");
	*next = offset + bytes;
	if (!d->is_later && (ENTRY(entry, reserved, 32) ||
			     ENTRY(entry, flags, 32) & ~HEAPFILE_SECTION_REQUIRED))
		return fail(d->error, HF_LAYOUT, "table", at, "reserved bits are not zero");
	if (!name) {
		if (ENTRY(entry, flags, 32) & HEAPFILE_SECTION_REQUIRED)
			return fail(d->error, HF_FEATURE, "table", at,
				    "required section of type %u is not known here", type);
		return true;
	}
	snprintf(d->error->section, sizeof(d->error->section), "%s section", name);
	if (n_records > bytes / kinds[type].least_bytes || n_records >= UINT32_MAX)
		return fail(d->error, HF_LAYOUT, d->error->section, offset,
			    "more records than its bytes can hold");
	d->counts[type] = n_records;
	return true;
}

/* Table entry of a type; NULL if there is none. */
static const uint8_t *
find_entry(const struct decoder *d, uint32_t type, uint32_t from)
{
	uint32_t n = HEADER(d->file, n_sections, 32);

	for (uint32_t i = from; i < n; i++) {
		const uint8_t *entry = d->table + i * sizeof(struct heapfile_section);

		if (ENTRY(entry, type, 32) == type)
			return entry;
	}
	return NULL;
}

static bool
check_table(struct decoder *d)
{
	uint32_t n = HEADER(d->file, n_sections, 32);
	uint64_t next = sizeof(struct heapfile_header);

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *entry = d->table + i * sizeof(struct heapfile_section);
		uint32_t type = ENTRY(entry, type, 32);

		if (!check_entry(d, entry, &next))
			return false;
		if (find_entry(d, type, i + 1))
			return fail(d->error, HF_LAYOUT, "table",
				    (uint64_t)(entry - d->file),
				    "two sections of type %u", type);
	}
	if (next != (uint64_t)(d->table - d->file))
		return fail(d->error, HF_LAYOUT, "table", next,
			    "bytes between the last section and the table");
	return true;
}

/* Sections that we skip are checked too: damage is damage. */
static bool
check_sums(struct decoder *d)
{
	uint32_t n = HEADER(d->file, n_sections, 32);

	if (d->options & HF_IGNORE_CHECKSUMS)
		return true;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *entry = d->table + i * sizeof(struct heapfile_section);
		uint64_t offset = ENTRY(entry, offset, 64);
		uint32_t type = ENTRY(entry, type, 32);
		char name[sizeof(d->error->section)];

		if (checksum(d->file + offset, ENTRY(entry, bytes, 64)) ==
		    ENTRY(entry, crc, 32))
			continue;
		if (hf_section_name(type))
			snprintf(name, sizeof(name), "%s section", hf_section_name(type));
		else
			snprintf(name, sizeof(name), "section %u", type);
		return fail(d->error, HF_CHECKSUM, name, offset, "wrong checksum");
	}
	return true;
}

static bool
get_section(struct decoder *d, enum heapfile_type type, const uint8_t *entry)
{
	uint64_t n_records = ENTRY(entry, n_records, 64);

	snprintf(d->error->section, sizeof(d->error->section), "%s section",
		 kinds[type].name);
	d->p = d->file + ENTRY(entry, offset, 64);
	d->end = d->p + ENTRY(entry, bytes, 64);
	d->last_epoch = d->next = d->ordinal = 0;
	if (d->sink->begin && d->sink->begin(d->sink->arg, type, n_records))
		return decode_stopped(d);
	for (d->number = 1; d->number <= n_records; d->number++)
		if (!decode_getters[type](d))
			return false;
	if (d->p != d->end)
		return decode_bad(d, d->p, "bytes after the last record");
	return true;
}

int
hf_decode(const uint8_t *bytes, size_t n, unsigned options, const struct hf_sink *sink,
	  struct hf_error *error)
{
	struct decoder d = {
		.file = bytes,
		.n = n,
		.options = options,
		.sink = sink,
		.error = error,
	};

	memset(error, 0, sizeof(*error));
	if (!check_header(bytes, n, options, error) || !check_lengths(&d) ||
	    !check_table(&d) || !check_sums(&d))
		return -1;
	for (uint32_t type = 1; type < DECODE_N_TYPES; type++) {
		const uint8_t *entry = find_entry(&d, type, 0);

		if (entry && !get_section(&d, type, entry))
			return -1;
	}
	memset(error, 0, sizeof(*error));
	return 0;
}

/* ---- files ---- */

/* Read until n bytes are there or the file ends; the number, or -1. */
static ssize_t
read_fully(int fd, uint8_t *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = read(fd, p + done, n - done);

		if (r == 0)
			break;
		if (r > 0)
			done += (size_t)r;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)done;
}

/* Read the rest after the header's bytes.  The buffer grows with what really
 * arrives, never with what the header claims. */
static bool
read_rest(int fd, uint8_t **bytes, size_t *n, uint64_t claimed, struct hf_error *e)
{
	size_t size = *n;

	/* One byte more than claimed, to notice bytes after the end. */
	while (*n <= claimed) {
		uint64_t want = size < (1u << 20) ? 1u << 20 : size + size / 2;
		uint8_t *larger;
		ssize_t r;

		if (want > claimed)
			want = claimed + 1;
		larger = want > SIZE_MAX / 2 ? NULL : realloc(*bytes, (size_t)want);
		if (!larger)
			return fail(e, HF_MEMORY, "file", *n, "out of memory");
		*bytes = larger;
		size = (size_t)want;
		r = read_fully(fd, *bytes + *n, size - *n);
		if (r < 0)
			return fail_os(e);
		*n += (size_t)r;
		if (*n < size)
			break;
	}
	return true;
}

int
hf_read_file(const char *path, uint8_t **ret_bytes, size_t *ret_n, struct hf_error *error)
{
	size_t n = sizeof(struct heapfile_header);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = malloc(n);
	bool ok = false;
	ssize_t r;

	memset(error, 0, sizeof(*error));
	if (fd < 0)
		fail_os(error);
	else if (!bytes)
		fail(error, HF_MEMORY, "file", 0, "out of memory");
	else if ((r = read_fully(fd, bytes, n)) < 0)
		fail_os(error);
	else {
		n = (size_t)r;
		ok = check_header(bytes, n, 0, error) &&
		     read_rest(fd, &bytes, &n, HEADER(bytes, file_bytes, 64), error);
	}
	if (fd >= 0)
		close(fd);
	if (!ok) {
		free(bytes);
		return -1;
	}
	*ret_bytes = bytes;
	*ret_n = n;
	return 0;
}
