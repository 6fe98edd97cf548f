/* symbolize.c -- names for places in modules; the door to libiberty.
 *
 * In:   a module by path and build-id, an offset in its file.
 * Out:  function, file and line, one frame for each inlined call.
 * Not here: which places are worth a name (report.c), which file is the right one
 *       (module_files.c), what stands in it (dwarf_names.c, elf_symbols.c).
 *
 * The sources of names are asked in order for one answer (name_source.h); what they say
 * is demangled here, and kept.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/symbolize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* demangle.h wants to declare basename() its own way otherwise. */
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

#include "names/module_files.h"
#include "names/name_source.h"
#include "names/runtime.h"
#include "util/hash_index.h"
#include "util/vec.h"

/* Who is asked, in this order. */
static const struct name_source *const sources[] = {
	&dwarf_names,
	&elf_symbols,
};

enum { N_SOURCES = sizeof(sources) / sizeof(*sources) };

struct module {
	struct module_file *file; /* NULL = no memory, or module 0 */
	void *opened[N_SOURCES];  /* by source; NULL = it has nothing for this module */
	bool has_opened[N_SOURCES];
};

/* What is known of one place. */
struct place {
	struct name_place at;
	uint32_t n;
	struct symbols_frame *frames;
};

struct symbols {
	const struct heap *heap;
	struct symbols_options options;
	struct module **modules; /* NULL = unused; 0 stands for code in no module */
	struct place *places;
	size_t n_places, places_size;
	struct hash_index numbers; /* of places: index + 1 */
	char **wrappers;           /* functions, as in symbols_frame */
	size_t n_wrappers, wrappers_size;
	uint64_t n_lookups;
	struct symbols *brief; /* symbols_brief() */
	bool is_brief, is_brief_in_runtime;
	int (*prepare)(const struct heap *heap, struct symbols *s); /* NULL = done */
};

/* ---- names ---- */

static char *
copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* Demangle, or copy what is not mangled.  D is asked for by name as libiberty
 * does not try it by itself. */
static char *
demangle(const char *name)
{
	char *plain = NULL;

	if (!name)
		return NULL;
	if (name[0] == '_' && name[1] == 'D')
		plain = dlang_demangle(name, DMGL_PARAMS);
	else if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R'))
		plain = cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
	return plain ? plain : copy(name);
}

bool
name_is_mangled(const char *name)
{
	return name[0] == '_' && name[1] && strchr("ZRD", name[1]);
}

char *
symbols_demangle(const char *name)
{
	return demangle(name);
}

/* ---- modules ---- */

/* Returns NULL if there is no memory. */
static struct module *
module_of(struct symbols *s, uint32_t number)
{
	struct module *m = s->modules[number];

	if (m)
		return m;
	m = s->modules[number] = calloc(1, sizeof(*m));
	if (!m || number == 0)
		return m;
	if (s->options.progress)
		s->options.progress(s->options.progress_arg, "reading symbols",
				    s->n_lookups, 0);
	m->file = module_file_open(&s->heap->modules[number], &s->options);
	return m;
}

/* What a source has for a module, or NULL. */
static void *
opened_source(struct symbols *s, uint32_t number, size_t i)
{
	struct module *m = module_of(s, number);

	if (s->is_brief && sources[i] != &elf_symbols)
		return NULL;
	if (m && !m->has_opened[i]) {
		m->opened[i] = sources[i]->open(
			&(struct name_input){s->heap, &s->options, number, m->file});
		m->has_opened[i] = true;
	}
	return m ? m->opened[i] : NULL;
}

static void
module_free(struct module *m)
{
	for (size_t i = 0; i < N_SOURCES; i++)
		if (m->opened[i])
			sources[i]->close(m->opened[i]);
	module_file_close(m->file);
	free(m);
}

enum symbols_state
symbols_module_state(const struct symbols *s, uint32_t module)
{
	const struct module *m = s->modules[module];

	return m && m->file ? m->file->state : SYMBOLS_UNUSED;
}

enum symbols_gap
symbols_module_gap(const struct symbols *s, uint32_t module)
{
	const struct module *m = s->modules[module];

	return m && m->file ? module_file_gap(m->file) : SYMBOLS_NO_GAP;
}

/* ---- data ---- */

void
symbols_each_datum(struct symbols *s, uint32_t module, name_datum_call *call, void *arg)
{
	for (size_t i = 0; module && i < N_SOURCES; i++) {
		void *opened = sources[i]->each_datum ? opened_source(s, module, i) : NULL;

		if (opened)
			sources[i]->each_datum(opened, call, arg);
	}
}

bool
symbols_variable(struct symbols *s, uint32_t module, uint64_t address,
		 const char **ret_name, const char **ret_function)
{
	for (size_t i = 0; module && i < N_SOURCES; i++) {
		void *opened =
			sources[i]->find_variable ? opened_source(s, module, i) : NULL;

		if (opened &&
		    sources[i]->find_variable(opened, address, ret_name, ret_function))
			return true;
	}
	return false;
}

char *
symbols_member(struct symbols *s, uint32_t module, uint64_t address, bool is_tls,
	       uint64_t first, uint64_t last, char *buf, size_t n)
{
	*buf = '\0';
	for (size_t i = 0; module && i < N_SOURCES; i++) {
		void *opened = sources[i]->put_member ? opened_source(s, module, i) : NULL;

		if (opened &&
		    sources[i]->put_member(opened, address, is_tls, first, last, buf, n))
			break;
	}
	return buf;
}

bool
symbols_local(struct symbols *s, uint32_t module, const struct name_slot *slot,
	      struct name_local *ret)
{
	for (size_t i = 0; module && i < N_SOURCES; i++) {
		void *opened = sources[i]->find_local ? opened_source(s, module, i) : NULL;

		if (opened && sources[i]->find_local(opened, slot, ret))
			return true;
	}
	return false;
}

uint64_t
symbols_tls_offset(struct symbols *s, uint32_t module)
{
	struct module *m = module ? module_of(s, module) : NULL;

	return m && m->file ? module_file_tls_offset(m->file) : 0;
}

/* ---- the cache ---- */

static uint64_t
place_hash(const struct name_place *at)
{
	return at->address ^ (uint64_t)at->module << 40 ^ at->epoch << 20;
}

static bool
is_same_place(const void *symbols, uint32_t number, const void *key)
{
	const struct name_place *a =
		&((const struct symbols *)symbols)->places[number - 1].at;
	const struct name_place *b = key;

	return a->module == b->module && a->address == b->address && a->epoch == b->epoch;
}

static bool
is_wrapper(const struct symbols *s, const char *function)
{
	for (size_t i = 0; function && i < s->n_wrappers; i++)
		if (strcmp(s->wrappers[i], function) == 0)
			return true;
	for (size_t i = 0; function && i < s->options.n_wrappers; i++)
		if (regexec(&s->options.wrappers[i], function, 0, NULL, 0) == 0)
			return true;
	return false;
}

/* Keep an answer in the words of those who asked.  Takes the files' names. */
static void
place_keep(const struct symbols *s, struct place *p, const struct name_answer *answer)
{
	p->frames = answer->n ? calloc(answer->n, sizeof(*p->frames)) : NULL;
	for (unsigned i = 0; i < answer->n; i++) {
		const struct name_frame *f = &answer->frames[i];

		if (p->frames)
			p->frames[i] = (struct symbols_frame){
				.function = demangle(f->symbol),
				.symbol = copy(f->symbol),
				.file = f->file,
				.line = f->line,
				.is_inlined = f->is_inlined,
				.returns = f->returns,
			};
		else
			free(f->file);
		if (p->frames)
			p->frames[i].is_wrapper = is_wrapper(s, p->frames[i].function);
	}
	p->n = p->frames ? answer->n : 0;
}

static void
place_fill(struct symbols *s, struct place *p)
{
	struct name_answer answer;

	if (s->options.progress && ++s->n_lookups % 64 == 0)
		s->options.progress(s->options.progress_arg, "reading symbols",
				    s->n_lookups, 0);
	memset(&answer, 0, sizeof(answer));
	for (size_t i = 0; i < N_SOURCES; i++) {
		void *opened = opened_source(s, p->at.module, i);

		if (opened)
			sources[i]->find(opened, &p->at, &answer);
	}
	place_keep(s, p, &answer);
}

/* Is there a source for code that is in no module? */
static bool
has_runtime_names(struct symbols *s)
{
	for (size_t i = 0; i < N_SOURCES; i++)
		if (opened_source(s, 0, i))
			return true;
	return false;
}

static void
prepare_first(struct symbols *s)
{
	int (*f)(const struct heap *heap, struct symbols *s) = s->prepare;

	s->prepare = NULL;
	if (f)
		(void)f(s->heap, s); /* without memory, names are without its marks */
}

/* Is the brief name of a place enough now? */
static bool
is_brief_enough(struct symbols *s, uint32_t module)
{
	return s->is_brief_in_runtime && module &&
	       runtime_is_library(s->heap->modules[module].path.bytes) && symbols_brief(s);
}

static const struct symbols_frame *
find_place(struct symbols *s, const struct name_place *place, bool is_exact, size_t *ret_n)
{
	struct name_place at = *place;
	struct place *p;
	uint32_t number;

	*ret_n = 0;
	if (is_brief_enough(s, place->module))
		return find_place(s->brief, place, is_exact, ret_n);
	/* The call that returns to an address is before it, maybe the last of its
	 * function; the address itself may lie in the next one. */
	if (!is_exact)
		at.address--;
	if (at.module)
		at.epoch = NAME_EPOCH_UNKNOWN;
	else if (!has_runtime_names(s))
		return NULL;
	if (VEC_RESERVE(s->places, s->places_size, s->n_places + 1))
		return NULL;
	number = hash_index_put(&s->numbers, place_hash(&at), is_same_place, s, &at);
	if (number == 0)
		return NULL;
	p = &s->places[number - 1];
	if (number > s->n_places) {
		s->n_places++;
		*p = (struct place){.at = at};
		place_fill(s, p);
	}
	*ret_n = p->n;
	return p->frames;
}

const struct symbols_frame *
symbols_find_place(struct symbols *s, const struct name_place *place, bool is_exact,
		   size_t *ret_n)
{
	prepare_first(s);
	return find_place(s, place, is_exact, ret_n);
}

const struct symbols_frame *
symbols_find_unprepared(struct symbols *s, uint32_t module, uint64_t offset,
			bool is_exact, size_t *ret_n)
{
	return find_place(s, &(struct name_place){module, offset, NAME_EPOCH_UNKNOWN},
			  is_exact, ret_n);
}

const struct symbols_frame *
symbols_find(struct symbols *s, uint32_t module, uint64_t offset, bool is_exact,
	     size_t *ret_n)
{
	return symbols_find_place(s,
				  &(struct name_place){module, offset, NAME_EPOCH_UNKNOWN},
				  is_exact, ret_n);
}

/* ---- wrappers ---- */

void
symbols_prepare_by(struct symbols *s,
		   int (*prepare)(const struct heap *heap, struct symbols *s))
{
	s->prepare = prepare;
}

int
symbols_add_wrapper(struct symbols *s, const char *function)
{
	char *name = strdup(function);

	if (!name || VEC_PUSH(s->wrappers, s->n_wrappers, s->wrappers_size, name) != 0) {
		free(name);
		return -1;
	}
	for (size_t i = 0; i < s->n_places; i++)
		for (uint32_t k = 0; k < s->places[i].n; k++) {
			struct symbols_frame *f = &s->places[i].frames[k];

			f->is_wrapper |= f->function && strcmp(f->function, name) == 0;
		}
	return 0;
}

/* ---- the whole ---- */

struct symbols *
symbols_new(const struct heap *heap, const struct symbols_options *o)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->heap = heap;
	s->options = *o;
	s->modules = calloc((size_t)heap->n_modules + 1, sizeof(*s->modules));
	if (!s->modules) {
		free(s);
		return NULL;
	}
	return s;
}

bool
symbols_be_brief_in_runtime(struct symbols *s, bool is_brief)
{
	bool was = s && s->is_brief_in_runtime;

	if (s)
		s->is_brief_in_runtime = is_brief;
	return was;
}

struct symbols *
symbols_brief(struct symbols *s)
{
	if (s && !s->brief) {
		s->brief = symbols_new(s->heap, &s->options);
		if (s->brief)
			s->brief->is_brief = true;
	}
	return s ? s->brief : NULL;
}

static void
place_free(struct place *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		free((char *)p->frames[i].function);
		free((char *)p->frames[i].symbol);
		free((char *)p->frames[i].file);
	}
	free(p->frames);
}

void
symbols_free(struct symbols *s)
{
	if (!s)
		return;
	symbols_free(s->brief);
	for (size_t i = 0; i <= s->heap->n_modules; i++)
		if (s->modules[i])
			module_free(s->modules[i]);
	for (size_t i = 0; i < s->n_places; i++)
		place_free(&s->places[i]);
	for (size_t i = 0; i < s->n_wrappers; i++)
		free(s->wrappers[i]);
	free(s->wrappers);
	free(s->places);
	hash_index_fini(&s->numbers);
	free(s->modules);
	free(s);
}
