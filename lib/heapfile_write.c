/* heapfile_write.c -- see heapfile_write.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "heapfile_write.h"
#include "newfile.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

enum { BUFFER = 64 << 10 };

static struct {
	int fd, err;
	uint64_t offset; /* of the buffer's first byte in the file */
	size_t n;
	uint32_t crc; /* of the section so far, without the buffer */
	uint32_t n_sections;
	struct heapfile_section table[HEAPFILE_MAX_SECTIONS];
	uint8_t buffer[BUFFER];
} w;

/* ---- CRC-32, eight bytes at a time --------------------------------------- */

static uint32_t crc_table[8][256];

static void
crc_init(void)
{
	uint32_t i, k;

	for (i = 0; i < 256; i++) {
		uint32_t c = i;

		for (k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		crc_table[0][i] = c;
	}
	for (i = 0; i < 256; i++)
		for (k = 1; k < 8; k++) {
			uint32_t c = crc_table[k - 1][i];

			crc_table[k][i] = c >> 8 ^ crc_table[0][c & 255];
		}
}

static uint32_t
crc_add(uint32_t crc, const uint8_t *p, size_t n)
{
	uint32_t c = ~crc;

	for (; n >= 8; n -= 8, p += 8) {
		uint32_t lo, hi;

		memcpy(&lo, p, 4);
		memcpy(&hi, p + 4, 4);
		lo ^= c;
		c = crc_table[7][lo & 255] ^ crc_table[6][lo >> 8 & 255] ^
		    crc_table[5][lo >> 16 & 255] ^ crc_table[4][lo >> 24] ^
		    crc_table[3][hi & 255] ^ crc_table[2][hi >> 8 & 255] ^
		    crc_table[1][hi >> 16 & 255] ^ crc_table[0][hi >> 24];
	}
	for (; n; n--)
		c = c >> 8 ^ crc_table[0][(c ^ *p++) & 255];
	return ~c;
}

/* ---- bytes --------------------------------------------------------------- */

static void
write_all(const void *bytes, size_t n, uint64_t offset)
{
	const char *p = bytes;

	while (n && !w.err) {
		long got = sys_pwrite(w.fd, p, n, offset);

		if (got == -EINTR)
			continue;
		if (got <= 0) {
			w.err = got ? (int)got : -ENOSPC;
			return;
		}
		p += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
}

static void
flush(void)
{
	w.crc = crc_add(w.crc, w.buffer, w.n);
	write_all(w.buffer, w.n, w.offset);
	w.offset += w.n;
	w.n = 0;
}

/* Room for n more bytes, at most 16. */
static ALWAYS_INLINE uint8_t *
room(size_t n)
{
	if (unlikely(w.n + n > BUFFER))
		flush();
	return &w.buffer[w.n];
}

void
heapfile_put(uint64_t v)
{
	uint8_t *p = room(10);

	while (v >= 128) {
		*p++ = (uint8_t)v | 128;
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	w.n = (size_t)(p - w.buffer);
}

void
heapfile_put_zigzag(int64_t v)
{
	heapfile_put((uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void
heapfile_put_byte(uint8_t v)
{
	*room(1) = v;
	w.n++;
}

void
heapfile_put_text(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	heapfile_put(n);
	for (; n; n--)
		heapfile_put_byte(*p++);
}

void
heapfile_put_file(int fd)
{
	long n;

	do {
		flush();
		n = sys_read(fd, w.buffer, BUFFER);
		w.n = n > 0 ? (size_t)n : 0;
	} while ((n > 0 && !w.err) || n == -EINTR);
}

/* ---- file ---------------------------------------------------------------- */

static void
end_section(void)
{
	struct heapfile_section *s;

	flush();
	if (!w.n_sections)
		return;
	s = &w.table[w.n_sections - 1];
	s->bytes = w.offset - s->offset;
	s->crc = w.crc;
}

void
heapfile_begin(const char *name, int mode, bool is_lasting)
{
	if (!crc_table[0][1])
		crc_init();
	w.n = 0;
	w.n_sections = 0;
	memset(w.table, 0, sizeof w.table);
	w.fd = newfile_begin(name, mode, is_lasting);
	w.err = w.fd < 0 ? w.fd : 0;
	w.offset = sizeof(struct heapfile_header);
}

void
heapfile_section(enum heapfile_type type)
{
	end_section();
	if (w.n_sections == HEAPFILE_MAX_SECTIONS) {
		w.err = w.err ? w.err : -E2BIG;
		return;
	}
	w.table[w.n_sections].type = type;
	w.table[w.n_sections].offset = w.offset;
	w.n_sections++;
	w.crc = 0;
}

void
heapfile_record(void)
{
	w.table[w.n_sections - 1].n_records++;
}

void
heapfile_abandon(void)
{
	if (w.fd < 0)
		return;
	(void)newfile_finish(-ECANCELED);
	w.fd = -1;
}

int
heapfile_finish(void)
{
	struct heapfile_header h = {.magic = {0}};
	size_t table_bytes;

	if (w.fd < 0)
		return w.err;
	end_section();
	table_bytes = w.n_sections * sizeof w.table[0];
	write_all(w.table, table_bytes, w.offset);
	memcpy(h.magic, HEAPFILE_MAGIC, HEAPFILE_MAGIC_BYTES);
	h.major = HEAPFILE_MAJOR;
	h.minor = HEAPFILE_MINOR;
	h.header_bytes = sizeof h;
	h.byte_order = HEAPFILE_LITTLE_ENDIAN;
	h.pointer_bytes = sizeof(void *);
	h.table_offset = w.offset;
	h.file_bytes = w.offset + table_bytes;
	h.n_sections = w.n_sections;
	h.entry_bytes = sizeof w.table[0];
	h.table_crc = crc_add(0, (const uint8_t *)w.table, table_bytes);
	h.header_crc = crc_add(0, (const uint8_t *)&h,
			       offsetof(struct heapfile_header, header_crc));
	write_all(&h, sizeof h, 0);
	w.err = newfile_finish(w.err);
	w.fd = -1;
	return w.err;
}
