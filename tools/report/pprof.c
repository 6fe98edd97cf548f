/* pprof.c -- the report as a pprof profile, for pprof and what reads the same.
 *
 * In:   a report.
 * Out:  a gzip'd profile.proto: alloc_objects, alloc_space, inuse_objects and
 *       inuse_space by stack; live memory with labels cohort, age, thread, kind.
 * Not here: the messages (profile.proto), which sites there are (report.c).
 *
 * Where stacks were sampled, all values are estimates of what there was; what is
 * known to have no sampled stack is left out, as the estimates stand for it.
 *
 * Messages that follow one another are one message with all their fields
 * (Protocol Buffers, "Encoding", on last-one-wins and concatenation), so each
 * sample, location and text is written as soon as it is known, and memory is
 * needed for texts and for groups of blocks only.
 *
 * Source: github.com/google/pprof, doc/README.md and proto/profile.proto.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include <profile.pb-c.h> /* made from profile.proto */

#include "names/stacks.h"
#include "report/profile.h"
#include "report/writers.h"
#include "util/hash_index.h"
#include "util/text.h"
#include "util/texts.h"
#include "util/vec.h"

typedef Gcprof__Pprof__Profile message;

enum { GZIP = 15 + 16 }; /* zlib: the largest window, gzip's header */

struct writer {
	FILE *f;
	z_stream gzip;
	uint8_t *packed; /* one message */
	size_t packed_size;
	struct texts texts;     /* from 0 on in the file */
	struct texts functions; /* name, newline, file */
	bool has_failed;        /* no memory */
};

/* ---- bytes ---- */

static void
compress_bytes(struct writer *w, const uint8_t *bytes, size_t n, int flush)
{
	uint8_t out[16384];
	int status;

	w->gzip.next_in = (uint8_t *)bytes;
	w->gzip.avail_in = (uInt)n;
	do {
		w->gzip.next_out = out;
		w->gzip.avail_out = sizeof(out);
		status = deflate(&w->gzip, flush);
		fwrite(out, 1, sizeof(out) - w->gzip.avail_out, w->f);
	} while (w->gzip.avail_out == 0 && status == Z_OK);
}

static void
put(struct writer *w, const message *m)
{
	size_t n = gcprof__pprof__profile__get_packed_size(m);

	if (VEC_RESERVE(w->packed, w->packed_size, n)) {
		w->has_failed = true;
		return;
	}
	n = gcprof__pprof__profile__pack(m, w->packed);
	compress_bytes(w, w->packed, n, Z_NO_FLUSH);
}

/* ---- texts and functions, each once ---- */

static int64_t
text(struct writer *w, const char *s)
{
	message m = GCPROF__PPROF__PROFILE__INIT;
	char *strings[] = {(char *)s};
	uint32_t n = w->texts.numbers.n, number = texts_put(&w->texts, s);

	if (number == 0) {
		w->has_failed = true;
		return 0;
	}
	if (w->texts.numbers.n > n) {
		m.n_string_table = 1;
		m.string_table = strings;
		put(w, &m);
	}
	return number - 1;
}

static uint64_t
function(struct writer *w, const struct profile_frame *x)
{
	message m = GCPROF__PPROF__PROFILE__INIT;
	Gcprof__Pprof__Function f = GCPROF__PPROF__FUNCTION__INIT, *list[] = {&f};
	const char *file = x->file ? x->file : "";
	size_t n = strlen(x->name) + strlen(file) + 2;
	char *key = malloc(n);
	uint32_t n_before = w->functions.numbers.n;

	if (!key) {
		w->has_failed = true;
		return 1;
	}
	snprintf(key, n, "%s\n%s", x->name, file);
	f.id = texts_take(&w->functions, key); /* takes the key over */
	w->has_failed |= f.id == 0;
	if (w->functions.numbers.n > n_before) {
		f.name = text(w, x->name);
		f.system_name = text(w, x->symbol ? x->symbol : x->name);
		f.filename = text(w, file);
		m.n_function = 1;
		m.function = list;
		put(w, &m);
	}
	return f.id;
}

/* ---- places ---- */

/* pprof numbers from 1; node 0, the unknown place, comes after all others. */
static uint64_t
location_id(const struct heap *h, uint32_t node)
{
	return node ? node : (uint64_t)h->n_nodes + 1;
}

enum { MAX_LINES = 64 }; /* calls inlined into one another at one place */

static void
put_location(struct writer *w, const struct profile *p, uint32_t node)
{
	const struct heap *h = p->report->heap;
	const struct heap_node *x = &h->nodes[node];
	const struct profile_node *own = &p->nodes[node];
	message m = GCPROF__PPROF__PROFILE__INIT;
	Gcprof__Pprof__Location location = GCPROF__PPROF__LOCATION__INIT,
				*list[] = {&location};
	Gcprof__Pprof__Line lines[MAX_LINES], *line_list[MAX_LINES];

	location.id = location_id(h, node);
	if (!(x->flags & HEAPFILE_SITE_SPECIAL) && node) {
		location.mapping_id = x->module;
		location.address = h->modules[x->module].bias + x->offset;
	}
	for (uint32_t i = 0; i < own->n && i < MAX_LINES; i++) {
		const struct profile_frame *f =
			&p->frames[p->frame_numbers[own->first + i]];

		gcprof__pprof__line__init(&lines[i]);
		lines[i].function_id = function(w, f);
		lines[i].line = f->line;
		line_list[i] = &lines[i];
		location.n_line++;
	}
	location.line = line_list;
	m.n_location = 1;
	m.location = list;
	put(w, &m);
}

static void
put_mapping(struct writer *w, const struct heap *h, uint32_t module)
{
	const struct heap_module *x = &h->modules[module];
	message m = GCPROF__PPROF__PROFILE__INIT;
	Gcprof__Pprof__Mapping mapping = GCPROF__PPROF__MAPPING__INIT;
	Gcprof__Pprof__Mapping *list[] = {&mapping};
	char *path = text_utf8(x->path.bytes, x->path.n, true);
	char id[2 * 64 + 1] = "";

	for (size_t j = 0; j < x->build_id.n && j < 64; j++)
		snprintf(id + 2 * j, 3, "%02x", (unsigned char)x->build_id.bytes[j]);
	mapping.id = module;
	mapping.memory_start = x->start;
	mapping.memory_limit = x->start + x->bytes;
	mapping.file_offset = x->start - x->bias;
	mapping.filename = text(w, path ? path : "");
	mapping.build_id = text(w, id);
	/* No reader need look for names again. */
	mapping.has_functions = mapping.has_filenames = true;
	mapping.has_line_numbers = mapping.has_inline_frames = true;
	m.n_mapping = 1;
	m.mapping = list;
	put(w, &m);
	free(path);
}

/* The first one is what readers call the program.  Source: google/pprof, proto/profile.proto,
 * on Profile.mapping. */
static void
put_mappings(struct writer *w, const struct heap *h)
{
	uint32_t program = heap_program_module(h);

	if (program)
		put_mapping(w, h, program);
	for (uint32_t i = 1; i <= h->n_modules && !w->has_failed; i++)
		if (i != program)
			put_mapping(w, h, i);
}

/* ---- live blocks in groups ---- */

struct group {
	uint32_t site, thread;
	uint32_t age; /* in epochs: exact below 16, then the power of two below */
	uint8_t kind;
	bool is_old, is_known; /* is_known: its birth, and so age and cohort, is */
	double blocks, bytes;  /* that they stand for: heap_weight() */
};

struct groups {
	struct group *list;
	size_t n, size;
	struct hash_index numbers; /* index + 1 */
};

static uint32_t
rough_age(uint64_t age)
{
	if (age < 16)
		return (uint32_t)age;
	return age >> 31 ? 1u << 31 : 1u << (31 - __builtin_clz((uint32_t)age));
}

static bool
is_same_group(const void *groups, uint32_t number, const void *key)
{
	const struct group *a = &((const struct groups *)groups)->list[number - 1],
			   *b = key;

	return a->site == b->site && a->thread == b->thread && a->age == b->age &&
	       a->kind == b->kind && a->is_old == b->is_old && a->is_known == b->is_known;
}

static uint64_t
hash(const struct group *x)
{
	uint64_t h = ((uint64_t)x->site << 32 | x->thread) * 0x9e3779b97f4a7c15ull;

	return (h ^ h >> 31) + (x->age * 16ull + x->kind);
}

static int
groups_add(struct groups *g, const struct group *x, double weight, uint64_t bytes)
{
	uint32_t number;

	if (VEC_RESERVE(g->list, g->size, g->n + 1))
		return -1;
	number = hash_index_put(&g->numbers, hash(x), is_same_group, g, x);
	if (number == 0)
		return -1;
	if (number > g->n)
		g->list[g->n++] = *x;
	g->list[number - 1].blocks += weight;
	g->list[number - 1].bytes += weight * (double)bytes;
	return 0;
}

/* Live blocks of the report's sites.  Returns 0, or -1: no memory. */
static int
groups_collect(struct groups *g, const struct profile *p)
{
	const struct heap *h = p->report->heap;
	bool *is_listed = calloc((size_t)h->n_nodes + 1, sizeof(*is_listed));
	int failed = !is_listed;

	for (size_t i = 0; i < p->n_rows && !failed; i++)
		is_listed[p->rows[i]] = !heap_is_unsampled(h, p->rows[i]);
	for (uint32_t i = 0; i < h->n_blocks && !failed; i++) {
		const struct heap_block *b = &h->blocks[i];
		const struct heap_birth *birth = &h->births[b->birth];
		struct group x = {
			.site = b->site,
			.thread = birth->thread,
			.age = rough_age(birth->age),
			.kind = (uint8_t)heap_block_kind(b),
			.is_old = birth->is_old,
			.is_known = birth->is_known,
		};

		if (is_listed[b->site] &&
		    heap_filter_passes(h, &p->report->options.filter, b->birth))
			failed = groups_add(
				g, &x, heap_weight(h, b->site, heap_block_requested(b)),
				heap_block_requested(b));
	}
	free(is_listed);
	return failed ? -1 : 0;
}

/* ---- samples ---- */

enum { N_VALUES = 4, MAX_LABELS = 5 };

static void
put_sample(struct writer *w, const struct heap *h, uint32_t node, int64_t *values,
	   Gcprof__Pprof__Label **labels, size_t n_labels)
{
	message m = GCPROF__PPROF__PROFILE__INIT;
	Gcprof__Pprof__Sample sample = GCPROF__PPROF__SAMPLE__INIT, *list[] = {&sample};
	uint64_t *ids;
	size_t n = 0;

	node = stack_top(h, node);
	for (uint32_t i = node; i; i = h->nodes[i].parent)
		n++;
	ids = calloc(n + 1, sizeof(*ids));
	if (!ids) {
		w->has_failed = true;
		return;
	}
	n = 0;
	do {
		ids[n++] = location_id(h, node);
		node = h->nodes[node].parent;
	} while (node);
	sample.n_location_id = n;
	sample.location_id = ids;
	sample.n_value = N_VALUES;
	sample.value = values;
	sample.n_label = n_labels;
	sample.label = labels;
	m.n_sample = 1;
	m.sample = list;
	put(w, &m);
	free(ids);
}

static void
label_text(struct writer *w, Gcprof__Pprof__Label *l, const char *key, const char *value)
{
	l->key = text(w, key);
	l->str = text(w, value);
}

static void
label_number(struct writer *w, Gcprof__Pprof__Label *l, const char *key, uint64_t value,
	     const char *unit)
{
	l->key = text(w, key);
	l->num = (int64_t)value;
	l->num_unit = unit ? text(w, unit) : 0;
}

static void
put_live(struct writer *w, const struct heap *h, const struct group *g)
{
	Gcprof__Pprof__Label labels[MAX_LABELS], *list[MAX_LABELS];
	int64_t values[N_VALUES] = {0, 0, (int64_t)(g->blocks + 0.5),
				    (int64_t)(g->bytes + 0.5)};
	size_t n = 0;

	for (size_t i = 0; i < MAX_LABELS; i++) {
		gcprof__pprof__label__init(&labels[i]);
		list[i] = &labels[i];
	}
	label_text(w, &labels[n++], "kind", text_kind_name(g->kind));
	if (g->is_known) {
		label_text(w, &labels[n++], "cohort", g->is_old ? "old" : "young");
		label_number(w, &labels[n++], "age", g->age, "epochs");
	}
	if (g->thread) {
		const struct heap_thread *t = &h->threads[g->thread];
		char *name = text_utf8(t->name.bytes, t->name.n, true);

		label_text(w, &labels[n++], "thread", name ? name : "");
		label_number(w, &labels[n++], "thread_id", t->tid, NULL);
		free(name);
	}
	put_sample(w, h, g->site, values, list, n);
}

/* Of the process so far: count and bytes.  Values of a profile are of all that there
 * was, sampled or not; so the place of what was not sampled has none. */
static void
all_allocations(const struct heap *h, uint32_t node, int64_t *ret)
{
	const struct heap_node *x = &h->nodes[node];
	struct heap_estimate all;

	if (h->info.sample_bytes == 0) {
		ret[0] = (int64_t)x->allocations;
		ret[1] = (int64_t)x->allocated_bytes;
	} else if (!heap_is_unsampled(h, node) && heap_estimate(h, node, &all)) {
		ret[0] = (int64_t)(all.allocations + 0.5);
		ret[1] = (int64_t)(all.bytes + 0.5);
	}
}

static void
put_samples(struct writer *w, const struct profile *p)
{
	const struct heap *h = p->report->heap;
	struct groups groups = {.list = NULL};

	for (size_t i = 0; i < p->n_rows && !w->has_failed; i++) {
		int64_t values[N_VALUES] = {0};

		all_allocations(h, p->rows[i], values);
		if (values[0])
			put_sample(w, h, p->rows[i], values, NULL, 0);
	}
	if (groups_collect(&groups, p) != 0)
		w->has_failed = true;
	for (size_t i = 0; i < groups.n && !w->has_failed; i++)
		put_live(w, h, &groups.list[i]);
	free(groups.list);
	hash_index_fini(&groups.numbers);
}

/* ---- the whole ---- */

static void
put_header(struct writer *w, const struct heap *h)
{
	static const char *const names[N_VALUES][2] = {
		{"alloc_objects", "count"},
		{"alloc_space", "bytes"},
		{"inuse_objects", "count"},
		{"inuse_space", "bytes"},
	};
	message m = GCPROF__PPROF__PROFILE__INIT;
	Gcprof__Pprof__ValueType types[N_VALUES + 1], *list[N_VALUES];
	char *command = text_command(h->info.command.bytes, h->info.command.n);
	int64_t comment;

	(void)text(w, ""); /* number 0 */
	for (int i = 0; i < N_VALUES; i++) {
		gcprof__pprof__value_type__init(&types[i]);
		types[i].type = text(w, names[i][0]);
		types[i].unit = text(w, names[i][1]);
		list[i] = &types[i];
	}
	gcprof__pprof__value_type__init(&types[N_VALUES]);
	types[N_VALUES].type = text(w, "space");
	types[N_VALUES].unit = text(w, "bytes");
	comment = text(w, command ? command : "");
	m.n_sample_type = N_VALUES;
	m.sample_type = list;
	m.period_type = &types[N_VALUES];
	m.period = h->info.sample_bytes ? (int64_t)h->info.sample_bytes : 1;
	m.time_nanos = (int64_t)h->info.snapshot_time_ns;
	m.duration_nanos = (int64_t)h->info.uptime_ns;
	m.default_sample_type = text(w, "inuse_space");
	m.n_comment = 1;
	m.comment = &comment;
	put(w, &m);
	free(command);
}

int
report_write_pprof(const struct report *r, FILE *f)
{
	struct writer w = {.f = f};
	struct profile *p = profile_new(r);

	w.has_failed = !p || deflateInit2(&w.gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
					  GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK;
	if (!w.has_failed) {
		put_header(&w, r->heap);
		put_mappings(&w, r->heap);
		for (uint32_t i = 0; i <= r->heap->n_nodes && !w.has_failed; i++)
			if (p->nodes[i].n)
				put_location(&w, p, i);
		put_samples(&w, p);
		compress_bytes(&w, NULL, 0, Z_FINISH);
		deflateEnd(&w.gzip);
	}
	texts_fini(&w.texts);
	texts_fini(&w.functions);
	free(w.packed);
	profile_free(p);
	return w.has_failed ? -1 : 0;
}
