/* baseline.c -- findings of an earlier run, so that only what is new counts.
 *
 * In:   a JSON file of an earlier run; findings of this one.
 * Out:  findings marked as new, grown or known; such a file.
 * Not here: what a fingerprint is made of (detect.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/baseline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "util/bisect.h"
#include "util/text.h"
#include "util/vec.h"

#define COUNT(v) text_count(v, (char[32]){0}, 32)

static const char schema[] = "gcprof-baseline/1";

struct entry {
	char fingerprint[17];
	char *what;
	struct baseline_place place;
	char **programs; /* in order, no two alike */
	size_t n_programs;
	struct heap_count count;
};

struct baseline {
	struct entry *entries; /* by rising fingerprint */
	size_t n, size;
};

struct baseline *
baseline_new(void)
{
	return calloc(1, sizeof(struct baseline));
}

static void
entry_fini(struct entry *e)
{
	for (size_t i = 0; i < e->n_programs; i++)
		free(e->programs[i]);
	free(e->programs);
	free(e->what);
	free(e->place.function);
	free(e->place.file);
}

void
baseline_free(struct baseline *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++)
		entry_fini(&b->entries[i]);
	free(b->entries);
	free(b);
}

/* Index of a fingerprint, or of where it belongs. */
static size_t
lower_bound(const struct baseline *b, const char *fingerprint)
{
	size_t low = BISECT(b->n, at, strcmp(b->entries[at].fingerprint, fingerprint) < 0);

	return low;
}

static const struct entry *
find(const struct baseline *b, const char *fingerprint)
{
	size_t i = lower_bound(b, fingerprint);

	return i < b->n && strcmp(b->entries[i].fingerprint, fingerprint) == 0
		       ? &b->entries[i]
		       : NULL;
}

/* The entry of a fingerprint, new if need be; NULL: no memory. */
static struct entry *
intern(struct baseline *b, const char *fingerprint, const char *what)
{
	size_t at = lower_bound(b, fingerprint);
	struct entry e = {.count = {0, 0}};

	if (at < b->n && strcmp(b->entries[at].fingerprint, fingerprint) == 0)
		return &b->entries[at];
	if (VEC_RESERVE(b->entries, b->size, b->n + 1))
		return NULL;
	snprintf(e.fingerprint, sizeof(e.fingerprint), "%s", fingerprint);
	e.what = strdup(what);
	if (!e.what)
		return NULL;
	memmove(&b->entries[at + 1], &b->entries[at], (b->n++ - at) * sizeof(*b->entries));
	b->entries[at] = e;
	return &b->entries[at];
}

/* ---- reading ---- */

static bool
load_entry(struct baseline *b, json_t *o)
{
	const char *fingerprint = json_string_value(json_object_get(o, "fingerprint"));
	const char *what = json_string_value(json_object_get(o, "what"));
	json_t *blocks = json_object_get(o, "blocks"),
	       *bytes = json_object_get(o, "bytes");
	struct entry *e;

	if (!fingerprint || strlen(fingerprint) != 16 || !json_is_integer(blocks) ||
	    !json_is_integer(bytes) || json_integer_value(blocks) < 0 ||
	    json_integer_value(bytes) < 0)
		return false;
	e = intern(b, fingerprint, what ? what : "");
	if (!e)
		return false;
	e->count.blocks = (uint64_t)json_integer_value(blocks);
	e->count.bytes = (uint64_t)json_integer_value(bytes);
	return true;
}

static bool
load_entries(struct baseline *b, json_t *root, char *message, size_t n)
{
	const char *is = json_string_value(json_object_get(root, "schema"));
	json_t *list = json_object_get(root, "findings");

	if (!is || strcmp(is, schema) != 0 || !json_is_array(list)) {
		snprintf(message, n, "not a baseline of schema %s", schema);
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!load_entry(b, json_array_get(list, i))) {
			snprintf(message, n, "entry %zu is not a finding", i + 1);
			return false;
		}
	return true;
}

/* It can be opened, and then reads like an empty file. */
static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

struct baseline *
baseline_load(const char *path, char *message, size_t n)
{
	struct baseline *b = baseline_new();
	json_error_t error;
	FILE *f = b ? fopen(path, "re") : NULL;
	json_t *root = f ? json_loadf(f, JSON_REJECT_DUPLICATES, &error) : NULL;
	bool ok = false;

	if (root)
		ok = load_entries(b, root, message, n);
	else if (b && is_directory(path))
		snprintf(message, n, "%s", strerror(EISDIR));
	else if (f)
		snprintf(message, n, "not a baseline: line %d: %s", error.line, error.text);
	else
		snprintf(message, n, "%s", b ? strerror(errno) : "out of memory");
	if (f)
		(void)fclose(f); /* only read */
	json_decref(root);
	if (ok)
		return b;
	baseline_free(b);
	return NULL;
}

/* ---- comparing ---- */

/* All findings of one fingerprint. */
struct total {
	const struct finding *first;
	struct heap_count count;
};

static int
compare_totals(const void *a, const void *b)
{
	const struct total *x = a, *y = b;

	return strcmp(x->first->fingerprint, y->first->fingerprint);
}

/* One for each fingerprint, by rising fingerprint, for free(3); NULL: no
 * memory. */
static struct total *
totals_new(const struct findings *all, size_t *ret_n)
{
	struct total *totals = calloc(all->n + 1, sizeof(*totals));
	size_t n = 0;

	if (!totals)
		return NULL;
	for (size_t i = 0; i < all->n; i++)
		totals[i] = (struct total){&all->list[i], all->list[i].count};
	qsort(totals, all->n, sizeof(*totals), compare_totals);
	for (size_t i = 0; i < all->n; i++) {
		if (n && compare_totals(&totals[n - 1], &totals[i]) == 0) {
			totals[n - 1].count.blocks += totals[i].count.blocks;
			totals[n - 1].count.bytes += totals[i].count.bytes;
		} else {
			totals[n++] = totals[i];
		}
	}
	*ret_n = n;
	return totals;
}

static bool
is_same_count(const struct heap_count *a, const struct heap_count *b)
{
	return a->blocks == b->blocks && a->bytes == b->bytes;
}

/* Of several findings of one fingerprint, sites that differ in their lines: the one that is just
 * as large as what the baseline has is the one that it knows. */
static const struct finding *
known_one(const struct findings *all, const struct finding *f, const struct entry *e)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].fingerprint, f->fingerprint) == 0 &&
		    is_same_count(&all->list[i].count, &e->count))
			return &all->list[i];
	return NULL;
}

static void
compare(struct findings *all, struct finding *f, const struct entry *e,
	const struct heap_count *now)
{
	const struct finding *known =
		e && !is_same_count(now, &f->count) ? known_one(all, f, e) : NULL;

	if (!e) {
		f->novelty = FINDING_NEW;
	} else if (known && known != f) {
		f->novelty = FINDING_NEW;
		finding_add_evidence(all, f,
				     "The baseline has another site of the same kind in "
				     "this function, as large as before.");
	} else if (!known &&
		   (now->blocks > e->count.blocks || now->bytes > e->count.bytes)) {
		f->novelty = FINDING_GROWN;
		finding_add_evidence(
			all, f,
			"Grown: the baseline has %s block%s with %s bytes, this "
			"snapshot has %s with %s.",
			COUNT(e->count.blocks), e->count.blocks == 1 ? "" : "s",
			COUNT(e->count.bytes), COUNT(now->blocks), COUNT(now->bytes));
	} else {
		f->novelty = FINDING_KNOWN;
		f->level = FINDING_NOTE;
	}
}

/* What the baseline has of a finding, maybe site by site; NULL: nothing. */
static const struct entry *
find_all(const struct baseline *b, const struct finding *f, struct entry *ret_sum)
{
	const struct entry *e = find(b, f->fingerprint), *any = e;

	if (f->n_others == 0)
		return e;
	*ret_sum = (struct entry){.count = {0, 0}};
	for (size_t i = 0; i <= f->n_others; i++) {
		if (e) {
			any = e;
			ret_sum->count.blocks += e->count.blocks;
			ret_sum->count.bytes += e->count.bytes;
		}
		e = i < f->n_others ? find(b, f->others[i]) : NULL;
	}
	return any ? ret_sum : NULL;
}

int
baseline_compare(const struct baseline *b, struct findings *all)
{
	size_t n = 0;
	struct total *totals = totals_new(all, &n);

	if (!totals)
		return -1;
	for (size_t i = 0; i < all->n; i++) {
		struct finding *f = &all->list[i];
		const struct total key = {.first = f};
		const struct total *t =
			bsearch(&key, totals, n, sizeof(*totals), compare_totals);
		struct entry sum;

		compare(all, f, find_all(b, f, &sum), t ? &t->count : &f->count);
	}
	free(totals);
	findings_sort(all);
	return all->failed ? -1 : 0;
}

/* One test of a suite after the other finds the same. */
static int
add_program(struct entry *e, const char *program)
{
	size_t at = BISECT(e->n_programs, i, strcmp(e->programs[i], program) < 0);
	char *copy, **more;

	if (at < e->n_programs && strcmp(e->programs[at], program) == 0)
		return 0;
	copy = strdup(program);
	more = reallocarray(e->programs, e->n_programs + 1, sizeof(*more));
	if (more)
		e->programs = more;
	if (!copy || !more) {
		free(copy);
		return -1;
	}
	memmove(&more[at + 1], &more[at], (e->n_programs++ - at) * sizeof(*more));
	more[at] = copy;
	return 0;
}

int
baseline_add(struct baseline *b, const struct findings *all, baseline_name *name,
	     void *arg, const char *program)
{
	size_t n = 0;
	struct total *totals = totals_new(all, &n);
	int r = totals ? 0 : -1;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct finding *f = totals[i].first;
		struct entry *e = intern(b, f->fingerprint, f->what);

		if (!e || (name && add_program(e, program) != 0)) {
			r = -1;
			break;
		}
		if (name && !e->place.function && !e->place.file)
			e->place = name(arg, f);
		if (totals[i].count.blocks > e->count.blocks)
			e->count.blocks = totals[i].count.blocks;
		if (totals[i].count.bytes > e->count.bytes)
			e->count.bytes = totals[i].count.bytes;
	}
	free(totals);
	return r;
}

/* ---- writing ---- */

static json_int_t
clamp(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : (json_int_t)v;
}

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

static int
compare_places(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a;
	const struct entry *y = *(const struct entry *const *)b;
	int r = strcmp(or_empty(x->place.file), or_empty(y->place.file));

	if (r == 0)
		r = strcmp(or_empty(x->place.function), or_empty(y->place.function));
	if (r == 0)
		r = strcmp(x->what, y->what);
	return r ? r : strcmp(x->fingerprint, y->fingerprint);
}

static json_t *
json_of(const struct entry *e)
{
	json_t *programs = json_array();

	for (size_t i = 0; i < e->n_programs; i++)
		(void)json_array_append_new(programs, json_string(e->programs[i]));
	return json_pack("{s:s?, s:s?, s:s, s:I, s:I, s:o, s:s}", "file", e->place.file,
			 "function", e->place.function, "what", e->what, "blocks",
			 clamp(e->count.blocks), "bytes", clamp(e->count.bytes),
			 "programs", programs, "fingerprint", e->fingerprint);
}

void
baseline_write(const struct baseline *b, FILE *f)
{
	const struct entry **list = calloc(b->n + 1, sizeof(*list));

	fprintf(f, "{\"schema\": \"%s\", \"findings\": [", schema);
	for (size_t i = 0; list && i < b->n; i++)
		list[i] = &b->entries[i];
	if (list && b->n)
		qsort(list, b->n, sizeof(*list), compare_places);
	for (size_t i = 0; i < b->n; i++) {
		json_t *o = json_of(list ? list[i] : &b->entries[i]);

		fputs(i ? ",\n" : "\n", f);
		if (!o || json_dumpf(o, f, 0) != 0)
			fputs("null", f);
		json_decref(o);
	}
	fputs("\n]}\n", f);
	free(list);
}
