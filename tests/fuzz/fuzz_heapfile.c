/* fuzz_heapfile.c -- any bytes at all through reader, model and reports.
 *
 * In:   bytes from libFuzzer, AFL++ or replay.c.
 * Out:  nothing; a crash or a sanitizer's word is the result.
 * Not here: names of functions (libdw reads other files than ours).
 *
 * Bytes that begin like a .heap file are taken as one.  All others are taken as
 * a list of sections, around which header and table are put: a mutation that
 * makes a section longer would break every offset of a real file, and a fuzzer
 * would seldom get behind the table.  Each of these sections is
 *     u8 type, u8 flags, u16 n_records, u16 bytes, bytes.
 * Checksums are ignored, for the same reason.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"
#include "model/heap.h"
#include "heapfile_read.h"
#include "report/report.h"
#include "report/findings.h"
#include "detect/suppress.h"
#include "report/writers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST_SECTIONS = 24, HEAD_BYTES = 6 };

/* A file around the sections in data; for free(3). */
static uint8_t *
wrap(const uint8_t *data, size_t n, size_t *ret_n)
{
	struct heapfile_header h = {
		.major = HEAPFILE_MAJOR,
		.header_bytes = sizeof(h),
		.byte_order = HEAPFILE_LITTLE_ENDIAN,
		.pointer_bytes = 8,
		.entry_bytes = sizeof(struct heapfile_section),
	};
	struct heapfile_section table[MOST_SECTIONS];
	uint8_t *file = malloc(sizeof(h) + n + sizeof(table));
	size_t at = sizeof(h);

	if (!file)
		abort();
	memset(table, 0, sizeof(table));
	memcpy(h.magic, HEAPFILE_MAGIC, HEAPFILE_MAGIC_BYTES);
	while (n >= HEAD_BYTES && h.n_sections < MOST_SECTIONS) {
		struct heapfile_section *e = &table[h.n_sections++];

		e->type = data[0];
		e->flags = data[1] & 1;
		e->n_records = data[2] | (uint64_t)data[3] << 8;
		e->bytes = data[4] | (uint64_t)data[5] << 8;
		e->offset = at;
		data += HEAD_BYTES;
		n -= HEAD_BYTES;
		if (e->bytes > n)
			e->bytes = n;
		memcpy(file + at, data, e->bytes);
		at += e->bytes;
		data += e->bytes;
		n -= e->bytes;
	}
	h.table_offset = at;
	h.file_bytes = at + h.n_sections * sizeof(*table);
	memcpy(file, &h, sizeof(h));
	memcpy(file + at, table, h.n_sections * sizeof(*table));
	*ret_n = h.file_bytes;
	return file;
}

/* The formats of findings only. */
static void
write_documents(const struct heap *heap, const struct findings *findings, FILE *f)
{
	struct places places;
	struct report_source source = {
		.heap = heap,
		.findings = findings,
		.places = &places,
		.snapshot = "x.heap",
		.is_first = true,
	};

	if (places_init(&places, "/"))
		abort();
	report_begin_sarif(f);
	report_write_sarif(&source, f);
	report_end_sarif(f);
	report_begin_junit(f);
	report_write_junit(&source, f);
	report_end_junit(f);
	report_write_github(&source, f);
	places_fini(&places);
}

static void
report(const struct heap *heap, const struct report_options *options,
       struct detect_options *detect)
{
	const struct heap_text *text = &heap->info.default_suppressions;
	static FILE *nowhere;
	struct findings *findings;
	struct report *r;

	detect->suppressions = suppressions_new();
	if (!detect->suppressions)
		abort();
	(void)suppressions_add_text(detect->suppressions, "f", text->bytes, text->n, false);
	findings = findings_new(heap, NULL, detect);
	r = findings ? report_new(heap, NULL, findings, options) : NULL;
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!nowhere || !r)
		abort();
	report_write_text(r, nowhere);
	report_write_json(r, nowhere);
	report_write_blocks(r, nowhere);
	report_write_sites_raw(r, nowhere);
	write_documents(heap, findings, nowhere);
	report_free(r);
	findings_free(findings);
	suppressions_free(detect->suppressions);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct report_options plain = {.frames = 12, .filter_text = ""};
	const struct report_options filtered = {
		.top = 3,
		.frames = 1,
		.sort = ORDER_AGE,
		.one_list = true,
		.with_dead = true,
		.filter = {HEAP_OLD, 2},
		.filter_text = "--min-age=2",
	};
	struct detect_options all_leaks = {
		.graph = {.roots_off = 1u << HEAPFILE_ROOT_STACK, .no_heuristics = true},
		.show_reachable = true,
		.with_retained = true,
	};
	struct hf_error error;
	struct heap *heap;
	uint8_t *file;
	char line[256];

	if (n > 0 && data[0] == (uint8_t)HEAPFILE_MAGIC[0]) {
		/* A copy: libFuzzer's buffer may have room behind it. */
		file = malloc(n);
		if (!file)
			abort();
		memcpy(file, data, n);
	} else {
		file = wrap(data, n, &n);
	}
	heap = heap_load(file, n, HF_IGNORE_CHECKSUMS, NULL, NULL, &error);
	free(file);
	if (heap) {
		report(heap, &plain, &(struct detect_options){.show_content = true});
		report(heap, &filtered, &all_leaks);
	} else {
		hf_error_format(&error, line, sizeof(line));
	}
	heap_free(heap);
	return 0;
}
