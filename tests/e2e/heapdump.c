/* heapdump.c -- a .heap file in plain lines, read by gcprof-heap(5) alone.
 *
 *     heapdump FILE                    all that is in it
 *     heapdump --stacks FILE           each block with its stack
 *     heapdump --compare TRUTH FILE    stacks against what a target said they are
 *
 * A second reader, written apart from the analyzer's, so that a mistake of one
 * shows against the other; and the tests' way to what the reports only sum up.
 * Fields are separated by tabs:
 *
 *     info   NAME VALUE
 *     module NUMBER START BYTES BIAS LOAD UNLOAD BUILD-ID PATH
 *     site   NUMBER PARENT FLAGS MODULE OFFSET ALLOCATIONS BYTES
 *     thread NUMBER TID FIRST-EPOCH FLAGS NAME
 *     birth  NUMBER EPOCH THREAD FLAGS
 *     epoch  FIRST N END ALLOCATIONS ALLOCATED FREED SURVIVED PROMOTED RSS TOTAL USED EXTERNAL
 *     block  ADDRESS REQUESTED USABLE KIND EPOCH TID SITE BIRTH
 *     mapping START BYTES SITE BIRTH FLAGS
 *     bad    KIND COUNT ADDRESS SITE ALLOCATION-SITE
 *     mark   EPOCH TIME LABEL
 *     period NUMBER END ALLOCATIONS ALLOCATED LIVE-BLOCKS LIVE-BYTES
 *     birth-period BIRTH PERIOD
 *     book   SITE FREED-AT DEATHS LATER EARLIER SAME FOREIGN N-AGES AGE...
 *     book-period SITE PERIOD BORN BYTES DIED BYTES
 *     book-last SITE LATER EARLIER SAME BORN...
 *     frames THREAD TID NAME FLAGS N-FRAMES
 *     frame  TID FLAGS MODULE OFFSET STACK-POINTER END PC
 *     grown  SITE COUNT BYTES
 *     estimate SITE ALLOCATIONS BYTES    both times 256
 *     before OFFSET BYTES                a file in this one
 *     peak   SITE BLOCKS BYTES
 *     waste  SITE ZERO-BLOCKS BYTES TAIL-BLOCKS BYTES UNTOUCHED COMPARED DISTINCT COPY-BYTES
 * Addresses and offsets are hexadecimal without 0x, all else is decimal.
 * --stacks prints
 *     stack ADDRESS RETURN-ADDRESS...  innermost first; special:N for what is no address
 * --compare takes such lines from TRUTH, with the innermost address somewhere in
 * the function that allocated; it prints each difference, and its exit status
 * says whether there was one; it is 1, with a line on stderr, if the file is not valid.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../lib/heapfile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	const uint8_t *at, *end;
};

struct birth {
	uint64_t epoch, thread;
};

struct site {
	uint64_t parent, flags, address; /* bias added */
};

struct block {
	uint64_t address, site;
};

static uint64_t *tids, *biases;
static struct birth *births;
static struct site *sites;
static struct block *blocks;
static uint64_t n_tids, n_births, n_sites, n_modules, n_blocks;
static FILE *out; /* the listing, or nowhere */

/* Room for one more record, numbered from 1. */
#define GROW(array, number)                                                              \
	do {                                                                             \
		if (((number) & ((number)-1)) == 0)                                      \
			(array) = realloc((array), 2 * (number) * sizeof *(array));      \
	} while (0)

__attribute__((format(printf, 1, 2), noreturn)) static void
bad(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fprintf(stderr, "heapdump: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* IEEE 802.3, bit by bit: slow, and nothing to get wrong. */
static uint32_t
crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	while (n-- > 0) {
		int bit;

		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static uint8_t
get_byte(struct bytes *b)
{
	if (b->at == b->end)
		bad("a section ends inside a record");
	return *b->at++;
}

static uint64_t
get_varint(struct bytes *b)
{
	uint64_t value = 0;
	unsigned shift;

	for (shift = 0; shift < 70; shift += 7) {
		uint8_t byte = get_byte(b);

		if (shift == 63 && byte > 1)
			bad("a varint of more than 64 bits");
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	bad("a varint of more than 10 bytes");
}

static int64_t
get_zigzag(struct bytes *b)
{
	uint64_t value = get_varint(b);

	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static void
print_text(struct bytes *b, uint64_t n, int hex)
{
	for (; n > 0; n--) {
		uint8_t byte = get_byte(b);

		if (hex)
			fprintf(out, "%02x", byte);
		else if (byte < ' ' || byte == 127)
			fprintf(out, "\\%03o", byte);
		else
			fputc(byte, out);
	}
}

static void
print_flags(struct bytes *b, uint64_t known)
{
	uint64_t flags = get_varint(b);

	if (flags & ~known)
		bad("flags %" PRIx64 " of which only %" PRIx64 " have a meaning", flags, known);
	fprintf(out, "\t%" PRIu64, flags);
}

static void
print_varints(struct bytes *b, int n)
{
	while (n-- > 0)
		fprintf(out, "\t%" PRIu64, get_varint(b));
}

static void
info(struct bytes *b, uint64_t number)
{
	uint8_t kind = get_byte(b);

	(void)number;
	fprintf(out, "info\t");
	print_text(b, get_byte(b), 0);
	fputc('\t', out);
	if (kind == HEAPFILE_INFO_NUMBER)
		fprintf(out, "%" PRIu64, get_varint(b));
	else if (kind == HEAPFILE_INFO_TEXT)
		print_text(b, get_varint(b), 0);
	else
		bad("info of unknown kind %u", kind);
}

static void
module(struct bytes *b, uint64_t number)
{
	uint64_t start = get_varint(b), bytes = get_varint(b), bias = get_varint(b);

	fprintf(out, "module\t%" PRIu64 "\t%" PRIx64 "\t%" PRIu64 "\t%" PRIx64, number, start, bytes, bias);
	print_varints(b, 2);
	fputc('\t', out);
	print_text(b, get_varint(b), 1);
	fputc('\t', out);
	print_text(b, get_varint(b), 0);
	GROW(biases, number);
	biases[number] = bias;
	n_modules = number;
}

static void
site(struct bytes *b, uint64_t number)
{
	uint64_t back = get_varint(b), flags = get_varint(b), in = get_varint(b), offset = get_varint(b);

	if (back == 0 || back > number)
		bad("site %" PRIu64 " has no parent before it", number);
	if (flags & ~(uint64_t)(HEAPFILE_SITE_SPECIAL | HEAPFILE_SITE_EXACT))
		bad("site %" PRIu64 " has unknown flags", number);
	if (in > n_modules)
		bad("site %" PRIu64 " is in module %" PRIu64 " of %" PRIu64, number, in, n_modules);
	fprintf(out, "site\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIx64, number, number - back,
		flags, in, offset);
	print_varints(b, 2);
	GROW(sites, number);
	sites[number] = (struct site){number - back, flags, offset + (in ? biases[in] : 0)};
	n_sites = number;
}

static void
thread(struct bytes *b, uint64_t number)
{
	uint64_t tid = get_varint(b);

	fprintf(out, "thread\t%" PRIu64 "\t%" PRIu64, number, tid);
	print_varints(b, 1);
	print_flags(b, HEAPFILE_THREAD_ALIVE | HEAPFILE_THREAD_MAIN | HEAPFILE_THREAD_UNANSWERED);
	fputc('\t', out);
	print_text(b, get_varint(b), 0);
	GROW(tids, number);
	tids[number] = tid;
	n_tids = number;
}

static void
birth(struct bytes *b, uint64_t number)
{
	struct birth *last;

	GROW(births, number);
	last = &births[number];
	last->epoch = (number > 1 ? last[-1].epoch : 0) + (uint64_t)get_zigzag(b);
	last->thread = get_varint(b);
	if (last->thread > n_tids)
		bad("birth %" PRIu64 " has thread %" PRIu64 " of %" PRIu64, number, last->thread, n_tids);
	fprintf(out, "birth\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, number, last->epoch, last->thread);
	print_flags(b, HEAPFILE_BIRTH_PROMOTED_EARLY);
	n_births = number;
}

static void
epoch(struct bytes *b, uint64_t number)
{
	(void)number;
	fprintf(out, "epoch");
	print_varints(b, 12);
}

static uint64_t end_of_last;

static void
check_site(uint64_t number)
{
	if (number > n_sites)
		bad("site %" PRIu64 " of %" PRIu64, number, n_sites);
}

static void
block(struct bytes *b, uint64_t number)
{
	static const char *const kinds[] = {
		"malloc", "calloc", "realloc", "aligned", "new", "new[]", "mallocx", "ignored"};
	uint64_t address = (number > 1 ? end_of_last : 0) + get_varint(b) * 16;
	uint64_t at = get_varint(b), born = get_varint(b), size = get_varint(b), slack = get_varint(b);
	uint64_t usable = (size >> 3) + slack;

	check_site(at);
	if (born > n_births)
		bad("birth %" PRIu64 " of %" PRIu64, born, n_births);
	fprintf(out, "block\t%" PRIx64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, address,
		size >> 3, usable, kinds[size & 7], born ? births[born].epoch : 0,
		born && births[born].thread ? tids[births[born].thread] : 0, at, born);
	end_of_last = address + ((usable + 15) & ~(uint64_t)15);
	GROW(blocks, number);
	blocks[number] = (struct block){address, at};
	n_blocks = number;
}

static void
mapping(struct bytes *b, uint64_t number)
{
	uint64_t start = (number > 1 ? end_of_last : 0) + get_varint(b), bytes = get_varint(b);
	uint64_t at = get_varint(b);

	check_site(at);
	fprintf(out, "mapping\t%" PRIx64 "\t%" PRIu64 "\t%" PRIu64, start, bytes, at);
	print_varints(b, 1);
	print_flags(b, HEAPFILE_MAPPING_READ | HEAPFILE_MAPPING_WRITE | HEAPFILE_MAPPING_EXEC |
			HEAPFILE_MAPPING_SHARED | HEAPFILE_MAPPING_FILE);
	end_of_last = start + bytes;
}

static void
bad_free(struct bytes *b, uint64_t number)
{
	(void)number;
	fprintf(out, "bad");
	print_varints(b, 2);
	fprintf(out, "\t%" PRIx64, get_varint(b));
	print_varints(b, 2);
}

static void
mark(struct bytes *b, uint64_t number)
{
	(void)number;
	fprintf(out, "mark");
	print_varints(b, 2);
	fputc('\t', out);
	print_text(b, get_varint(b), 0);
}

static uint64_t n_periods;

static void
period(struct bytes *b, uint64_t number)
{
	fprintf(out, "period\t%" PRIu64, number - 1);
	print_varints(b, 5);
	n_periods = number;
}

static void
birth_period(struct bytes *b, uint64_t number)
{
	uint64_t at = get_varint(b);

	if (number > n_births || at >= n_periods)
		bad("birth %" PRIu64 " in period %" PRIu64, number, at);
	fprintf(out, "birth-period\t%" PRIu64 "\t%" PRIu64, number, at);
}

static void
book(struct bytes *b, uint64_t number)
{
	uint64_t at = get_varint(b), n_ages, i;

	(void)number;
	check_site(at);
	fprintf(out, "book\t%" PRIu64, at);
	print_varints(b, 6);
	n_ages = get_varint(b);
	fprintf(out, "\t%" PRIu64, n_ages);
	print_varints(b, (int)n_ages);
	for (i = 0; i < n_periods; i++) {
		fprintf(out, "\nbook-period\t%" PRIu64 "\t%" PRIu64, at, i);
		print_varints(b, 4);
	}
	fprintf(out, "\nbook-last\t%" PRIu64, at);
	print_varints(b, 3 + (int)n_periods);
}

static void
frames(struct bytes *b, uint64_t number)
{
	uint64_t thread = get_varint(b), tid = get_varint(b), n, end = 0, i;

	(void)number;
	if (thread > n_tids)
		bad("frames of thread %" PRIu64 " of %" PRIu64, thread, n_tids);
	fprintf(out, "frames\t%" PRIu64 "\t%" PRIu64 "\t", thread, tid);
	print_text(b, get_varint(b), 0);
	print_flags(b, HEAPFILE_FRAMES_COMPLETE);
	n = get_varint(b);
	fprintf(out, "\t%" PRIu64, n);
	for (i = 0; i < n; i++) {
		uint64_t in, offset, sp;

		fprintf(out, "\nframe\t%" PRIu64, tid);
		print_flags(b, HEAPFILE_FRAME_EXACT | HEAPFILE_FRAME_SIGNAL | HEAPFILE_FRAME_GAP);
		in = get_varint(b);
		offset = get_varint(b);
		if (in > n_modules)
			bad("a frame in module %" PRIu64 " of %" PRIu64, in, n_modules);
		sp = end + (uint64_t)get_zigzag(b);
		end = sp + get_varint(b);
		fprintf(out, "\t%" PRIu64 "\t%" PRIx64 "\t%" PRIx64 "\t%" PRIx64 "\t%" PRIx64, in,
			offset, sp, end, offset + (in ? biases[in] : 0));
	}
}

/* A site, then so many numbers. */
static void
site_numbers(struct bytes *b, const char *name, int n)
{
	uint64_t at = get_varint(b);

	check_site(at);
	fprintf(out, "%s\t%" PRIu64, name, at);
	print_varints(b, n);
}

static void
grown(struct bytes *b, uint64_t number)
{
	(void)number;
	site_numbers(b, "grown", 2);
}

static void
estimate(struct bytes *b, uint64_t number)
{
	(void)number;
	site_numbers(b, "estimate", 2);
}

static void
live(struct bytes *b, uint64_t number)
{
	(void)number;
	site_numbers(b, "live", 5);
}

static void
peak(struct bytes *b, uint64_t number)
{
	(void)number;
	site_numbers(b, "peak", 2);
}

static void
waste(struct bytes *b, uint64_t number)
{
	(void)number;
	site_numbers(b, "waste", 8);
}

static const uint8_t *whole; /* the file */

static void
before(struct bytes *b, uint64_t number)
{
	(void)number;
	fprintf(out, "before\t%zu\t%zu", (size_t)(b->at - whole), (size_t)(b->end - b->at));
	b->at = b->end;
}

static void (*const readers[])(struct bytes *, uint64_t) = {[HEAPFILE_INFO] = info,
	[HEAPFILE_MODULES] = module,
	[HEAPFILE_SITES] = site,
	[HEAPFILE_THREADS] = thread,
	[HEAPFILE_BIRTHS] = birth,
	[HEAPFILE_EPOCHS] = epoch,
	[HEAPFILE_BLOCKS] = block,
	[HEAPFILE_MAPPINGS] = mapping,
	[HEAPFILE_BAD_FREES] = bad_free,
	[HEAPFILE_MARKS] = mark,
	[HEAPFILE_PERIODS] = period,
	[HEAPFILE_BIRTH_PERIODS] = birth_period,
	[HEAPFILE_BOOKS] = book,
	[HEAPFILE_FRAMES] = frames,
	[HEAPFILE_GROWN] = grown,
	[HEAPFILE_ESTIMATES] = estimate,
	[HEAPFILE_LIVE] = live,
	[HEAPFILE_BEFORE] = before,
	[HEAPFILE_PEAK] = peak,
	[HEAPFILE_WASTE] = waste};

static void
read_sections(const uint8_t *file, const struct heapfile_header *h)
{
	uint64_t expected = sizeof *h, i, number;
	uint32_t wanted;
	struct heapfile_section s;

	whole = file;
	/* in the order of their types, so that numbers are known before use */
	for (wanted = 1; wanted < sizeof readers / sizeof readers[0]; wanted++) {
		for (i = 0; i < h->n_sections; i++) {
			struct bytes b;

			memcpy(&s, file + h->table_offset + i * sizeof s, sizeof s);
			if (s.type != wanted || !readers[wanted])
				continue;
			b.at = file + s.offset;
			b.end = b.at + s.bytes;
			end_of_last = 0;
			for (number = 1; number <= s.n_records; number++) {
				readers[wanted](&b, number);
				fputc('\n', out);
			}
			if (b.at != b.end)
				bad("section %u has bytes after its last record", wanted);
		}
	}
	for (i = 0; i < h->n_sections; i++) {
		memcpy(&s, file + h->table_offset + i * sizeof s, sizeof s);
		if (s.offset != expected)
			bad("a gap before section %u", s.type);
		expected += s.bytes;
	}
	if (expected != h->table_offset)
		bad("a gap before the table");
}

static void
check_file(const uint8_t *file, size_t n, struct heapfile_header *h)
{
	uint64_t i;

	if (n < sizeof *h)
		bad("shorter than a header");
	memcpy(h, file, sizeof *h);
	if (memcmp(h->magic, HEAPFILE_MAGIC, HEAPFILE_MAGIC_BYTES) != 0)
		bad("not a .heap file");
	if (h->header_crc != crc32_of(file, 60))
		bad("the header's checksum is wrong");
	if (h->major != HEAPFILE_MAJOR || h->header_bytes != 64 || h->byte_order != HEAPFILE_LITTLE_ENDIAN ||
		h->pointer_bytes != 8 || h->entry_bytes != 40 || h->n_sections > HEAPFILE_MAX_SECTIONS)
		bad("a header that this reader does not know");
	if (h->file_bytes != n || h->table_offset > n || (n - h->table_offset) != h->n_sections * 40ull)
		bad("the file's size is not what the header says");
	if (h->table_crc != crc32_of(file + h->table_offset, h->n_sections * 40))
		bad("the table's checksum is wrong");
	for (i = 0; i < h->n_sections; i++) {
		struct heapfile_section s;

		memcpy(&s, file + h->table_offset + i * sizeof s, sizeof s);
		if (s.offset > n || s.bytes > n - s.offset)
			bad("section %u lies outside the file", s.type);
		if (s.crc != crc32_of(file + s.offset, s.bytes))
			bad("the checksum of section %u is wrong", s.type);
	}
}

static void
print_stacks(void)
{
	uint64_t i, at;

	for (i = 1; i <= n_blocks; i++) {
		printf("stack %" PRIx64, blocks[i].address);
		for (at = blocks[i].site; at != 0; at = sites[at].parent)
			printf(sites[at].flags & HEAPFILE_SITE_SPECIAL ? " special:%" PRIu64 : " %" PRIx64,
				sites[at].address);
		putchar('\n');
	}
}

static int
by_address(const void *key, const void *element)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct block *)element)->address;

	return a < b ? -1 : a > b;
}

enum { MOST_BYTES_OF_A_FUNCTION = 4096 };

/* line: "ADDRESS RETURN-ADDRESS...".  Returns what differs, or NULL. */
static const char *
compare_stack(char *line)
{
	uint64_t address = strtoull(line, &line, 16), at, wanted;
	const struct block *b =
		n_blocks ? bsearch(&address, blocks + 1, n_blocks, sizeof *blocks, by_address) : NULL;
	int frame;

	if (b == NULL)
		return "no such block";
	at = b->site;
	for (frame = 0;; frame++) {
		while (*line == ' ')
			line++;
		if (*line == '\n' || *line == '\0')
			return at == 0 ? NULL : "goes on beyond the reference";
		wanted = strtoull(line, &line, 16);
		if (at == 0)
			return "ends before the reference does";
		if (sites[at].flags & HEAPFILE_SITE_SPECIAL)
			return "is cut or broken";
		if (frame == 0 ? sites[at].address - wanted + MOST_BYTES_OF_A_FUNCTION > 2 * MOST_BYTES_OF_A_FUNCTION
			       : sites[at].address != wanted)
			return "has another frame";
		at = sites[at].parent;
	}
}

static void
print_difference(const char *line, const char *what)
{
	uint64_t address = strtoull(line, NULL, 16), i, at;

	printf("stack %s: reference %s", what, line);
	for (i = 1; i <= n_blocks; i++) {
		if (blocks[i].address != address)
			continue;
		printf("  snapshot  %" PRIx64, address);
		for (at = blocks[i].site; at != 0; at = sites[at].parent)
			printf(sites[at].flags & HEAPFILE_SITE_SPECIAL ? " special:%" PRIu64 : " %" PRIx64,
				sites[at].address);
		putchar('\n');
	}
}

static int
compare_stacks(const char *truth)
{
	static char line[65536];
	FILE *in = fopen(truth, "r");
	long n = 0, n_different = 0;

	if (in == NULL)
		bad("cannot read '%s'", truth);
	while (fgets(line, sizeof line, in)) {
		const char *what;

		if (strncmp(line, "stack ", 6) != 0)
			continue;
		n++;
		what = compare_stack(line + 6);
		if (what != NULL && n_different++ < 5)
			print_difference(line + 6, what);
	}
	fclose(in);
	printf("%ld stacks, %ld different\n", n, n_different);
	return n == 0 || n_different > 0;
}

static uint8_t *
load(const char *name, size_t *ret_bytes)
{
	size_t n = 0, room = 1 << 20, got;
	uint8_t *file = malloc(room);
	FILE *in = fopen(name, "rb");

	if (in == NULL)
		bad("cannot read '%s'", name);
	while ((got = fread(file + n, 1, room - n, in)) > 0) {
		n += got;
		if (n == room)
			file = realloc(file, room *= 2);
	}
	fclose(in);
	*ret_bytes = n;
	return file;
}

int
main(int argc, char **argv)
{
	struct heapfile_header h;
	int list = argc == 2, status = 0;
	uint8_t *file;
	size_t n;

	if (argc < 2)
		bad("no file");
	file = load(argv[argc - 1], &n);
	out = list ? stdout : fopen("/dev/null", "w");
	check_file(file, n, &h);
	read_sections(file, &h);
	if (argc == 3)
		print_stacks();
	else if (argc == 4)
		status = compare_stacks(argv[2]);
	return fflush(stdout) != 0 ? 1 : status;
}
