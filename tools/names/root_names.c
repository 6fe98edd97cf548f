/* root_names.c -- what people call a root, and what a word in memory leads to.
 *
 * In:   roots, words of blocks; symbols if there are any.
 * Out:  texts: of a variable, a thread's stack, thread-local storage, a mapping; of a
 *       vtable or a function that a word points to.
 * Not here: what holds what (explain/holders.c), functions of stacks (function_names.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/root_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "util/text.h"

/* Where glibc on x86-64 keeps a thread's first 32 key values, from the thread
 * pointer; the root of kind KEY begins there.
 * Source: glibc 2.36, nptl/descr.h (struct pthread, specific_1stblock). */
enum { GLIBC_KEYS = 0x310, GLIBC_FIRST_KEYS = 32, TP_ALIGN = 64 };

struct names {
	const struct heap *heap;
	struct symbols *symbols;
	struct variables *variables;
	uint32_t executable; /* module, or 0 */
};

/* ---- variables ---- */

/* The thread pointer of a thread, or 0. */
static uint64_t
thread_pointer(const struct heap *h, uint32_t thread)
{
	for (size_t i = 0; i < h->n_roots; i++) {
		const struct heap_root *r = &h->roots[i];
		uint64_t tp = r->address - GLIBC_KEYS;

		if (r->kind == HEAPFILE_ROOT_KEY && r->owner == thread)
			return tp % TP_ALIGN == 0 && tp < r->address ? tp : 0;
	}
	return 0;
}

bool
names_variable(struct names *n, const struct heap_root *root, uint64_t word,
	       struct variable *ret)
{
	uint64_t address = root->address + word * 8, tp, below;

	if (root->kind == HEAPFILE_ROOT_GLOBAL && root->owner)
		return variables_find(n->variables, root->owner,
				      address - n->heap->modules[root->owner].bias, false,
				      ret);
	if (root->kind != HEAPFILE_ROOT_TLS || !n->executable)
		return false;
	tp = thread_pointer(n->heap, root->owner);
	if (address >= tp || tp == 0 || root->address + root->bytes <= tp)
		return false;
	below = variables_tls_offset(n->variables, n->executable);
	return tp - address <= below && variables_find(n->variables, n->executable,
						       below - (tp - address), true, ret);
}

/* "server.clients.head (in serve())", of the bytes from first to last. */
static char *
variable_text(struct names *n, const struct variable *v, uint64_t first, uint64_t last)
{
	char member[256] = "", *text = NULL;

	if (last != NAMES_WHOLE)
		variables_member(n->variables, v, first, last, member, sizeof(member));
	if (asprintf(&text, "%s%s%s%s%s", v->name, member, v->function ? " (in " : "",
		     v->function ? v->function : "", v->function ? ")" : "") < 0)
		return NULL;
	return text;
}

static char *
module_text(const struct heap *h, uint32_t module)
{
	const char *path = text_basename(h->modules[module].path.bytes);

	return text_utf8(path, strlen(path), true);
}

/* ---- roots ---- */

static char *
thread_text(uint64_t tid, const struct heap_text *raw_name)
{
	char *name = text_utf8(raw_name->bytes, raw_name->n, true), *text = NULL;
	int n;

	if (name && *name)
		n = asprintf(&text, "thread %" PRIu64 " (%.40s)", tid, name);
	else
		n = asprintf(&text, "thread %" PRIu64, tid);
	free(name);
	return n < 0 ? NULL : text;
}

char *
names_thread(const struct heap *h, uint32_t thread)
{
	const struct heap_thread *t = &h->threads[thread];

	return thread ? thread_text(t->tid, &t->name) : strdup("an unknown thread");
}

const struct heap_text *
names_owner(const struct heap *h, const struct heap_root *r, uint64_t word,
	    uint64_t *ret_tid)
{
	const struct heap_stack *s;

	switch (r->kind) {
	case HEAPFILE_ROOT_STACK:
	case HEAPFILE_ROOT_REGISTERS:
	case HEAPFILE_ROOT_TLS:
	case HEAPFILE_ROOT_KEY:
	case HEAPFILE_ROOT_ALT_STACK:
		break;
	default:
		return NULL;
	}
	if (r->owner) {
		*ret_tid = h->threads[r->owner].tid;
		return &h->threads[r->owner].name;
	}
	/* One that never allocated: its stack may say whose it is. */
	s = heap_stack(h, 0, r->address + word * 8);
	if (!s)
		return NULL;
	*ret_tid = s->tid;
	return &s->name;
}

static char *
global_text(const struct heap *h, const struct heap_root *r, uint64_t address,
	    const char *variable)
{
	char *module = module_text(h, r->owner), *text = NULL;
	int n;

	if (!module || r->owner == 0)
		n = asprintf(&text, "memory at 0x%" PRIx64, address);
	else if (variable)
		n = asprintf(&text, "%s in %.80s", variable, module);
	else
		n = asprintf(&text, "a variable of %.80s at 0x%" PRIx64, module,
			     address - h->modules[r->owner].bias);
	free(module);
	return n < 0 ? NULL : text;
}

/* "a mapping of the program (made in pool_new())" */
static char *
mapping_text(struct names *n, uint64_t address)
{
	const struct heap *h = n->heap;
	char *text = NULL;

	for (size_t i = 0; i < h->n_mappings; i++) {
		const struct heap_mapping *m = &h->mappings[i];
		const char *function;
		struct stack s;

		if (address < m->start || address - m->start >= m->bytes ||
		    stack_get(h, n->symbols, m->site, &s) != 0)
			continue;
		function = names_function(h, &s);
		if (function &&
		    asprintf(&text, "a mapping of the program (made in %s)", function) < 0)
			text = NULL;
		stack_free(&s);
		if (text)
			return text;
	}
	return strdup("a mapping of the program");
}

/* What is inlined where a frame stands, the innermost first, and last its function; or NULL. */
static const struct symbols_frame *
frame_calls(struct names *n, const struct heap_frame *f, size_t *ret_n)
{
	*ret_n = 0;
	return n->symbols ? symbols_find(n->symbols, f->module, f->offset,
					 f->flags & HEAPFILE_FRAME_EXACT, ret_n)
			  : NULL;
}

/* The function whose frame it is: what was inlined into it has none of its own, and may be
 * long done, or about to begin, with what the frame's variables hold. */
static const struct symbols_frame *
frame_names(struct names *n, const struct heap_frame *f)
{
	size_t n_calls;
	const struct symbols_frame *s = frame_calls(n, f, &n_calls);

	return n_calls ? s + n_calls - 1 : NULL;
}

const char *
names_stack_function(struct names *n, const struct heap_frame *f)
{
	const struct symbols_frame *s = frame_names(n, f);

	return s ? s->function : NULL;
}

/* "serve() server.c:120", or NULL. */
static char *
call_text(const struct symbols_frame *s)
{
	char plain[256], place[160] = "", *text = NULL;

	if (!s || !s->function)
		return NULL;
	if (s->file && s->line)
		snprintf(place, sizeof(place), " %.128s:%u", text_basename(s->file),
			 s->line);
	if (asprintf(&text, "%s()%s", names_plain(s->function, plain, sizeof(plain)),
		     place) < 0)
		return NULL;
	return text;
}

static char *
frame_text(struct names *n, const struct heap_frame *f)
{
	return call_text(frame_names(n, f));
}

static bool
is_runtime(const struct heap *h, const struct heap_frame *f)
{
	const struct stack_frame frame = {.module = f->module};

	return stack_is_runtime(h, &frame);
}

const struct heap_frame *
names_stack_frame(const struct heap *h, const struct heap_root *r, uint64_t word)
{
	uint64_t address = r->address + word * 8;
	const struct heap_stack *s;

	if (r->kind != HEAPFILE_ROOT_STACK && r->kind != HEAPFILE_ROOT_ALT_STACK &&
	    r->kind != HEAPFILE_ROOT_REGISTERS)
		return NULL;
	s = heap_stack(h, r->owner, address);
	if (!s || s->n_frames == 0)
		return NULL;
	/* What is in registers is the innermost function's, or its callers'. */
	return r->kind == HEAPFILE_ROOT_REGISTERS ? &s->frames[0] : heap_frame(s, address);
}

/* ", in serve() server.c:120"; of a library's function, with who of the program has
 * called it; "" if nothing is known. */
static char *
in_frame_text(struct names *n, const struct heap_root *r, uint64_t word)
{
	const struct heap_frame *f = names_stack_frame(n->heap, r, word), *caller, *end;
	const struct heap_stack *s = heap_stack(n->heap, r->owner, r->address + word * 8);
	char *in = NULL, *by = NULL, *text = NULL;

	if (f)
		in = frame_text(n, f);
	if (in && is_runtime(n->heap, f)) {
		end = s->frames + s->n_frames;
		for (caller = f; caller < end && is_runtime(n->heap, caller);)
			caller++;
		if (caller < end)
			by = frame_text(n, caller);
	}
	if (asprintf(&text, "%s%s%s%s", in ? ", in " : "", in ? in : "",
		     by ? ", called by " : "", by ? by : "") < 0)
		text = NULL;
	free(in);
	free(by);
	return text;
}

bool
names_local(struct names *n, const struct heap_root *r, uint64_t word, uint64_t last_word,
	    struct name_local *ret)
{
	const struct heap_frame *f = r->kind == HEAPFILE_ROOT_REGISTERS
					     ? NULL
					     : names_stack_frame(n->heap, r, word);
	uint64_t address = r->address + word * 8;
	struct name_slot slot;

	if (!f || f->bytes == 0 || !n->symbols)
		return false;
	slot = (struct name_slot){
		.address = f->offset - !(f->flags & HEAPFILE_FRAME_EXACT),
		.first = (int64_t)(address - f->sp - f->bytes),
		.frame_bytes = (int64_t)f->bytes,
	};
	slot.last = slot.first;
	if (last_word != NAMES_WHOLE)
		slot.last += (int64_t)(last_word - word) * 8;
	if (!symbols_local(n->symbols, f->module, &slot, ret))
		return false;
	if (last_word == NAMES_WHOLE)
		ret->name[strcspn(ret->name, ".[")] = '\0';
	return true;
}

/* The program's own outermost frame, while there are others of the program inside. */
static bool
is_outermost(const struct heap *h, const struct heap_stack *s, const struct heap_frame *f)
{
	uint32_t inner = 0, at = (uint32_t)(f - s->frames);

	while (inner < at && is_runtime(h, &s->frames[inner]))
		inner++;
	for (uint32_t i = at + 1; i < s->n_frames; i++)
		if (!is_runtime(h, &s->frames[i]))
			return false;
	return inner < at && s->is_complete;
}

bool
names_is_local_owner(struct names *n, const struct heap_root *r, uint64_t word)
{
	struct name_local local;

	if (!names_local(n, r, word, word, &local))
		return false;
	return !local.is_pointer ||
	       (local.n_inlined == 0 &&
		is_outermost(n->heap, heap_stack(n->heap, r->owner, r->address + word * 8),
			     names_stack_frame(n->heap, r, word)));
}

/* "jobs in main() app.cc:40", or NULL. */
static char *
local_text(struct names *n, const struct heap_root *r, uint64_t word, uint64_t last_word)
{
	const struct symbols_frame *calls;
	struct name_local local;
	char *in, *text = NULL;
	size_t n_calls;

	if (!names_local(n, r, word, last_word, &local))
		return NULL;
	calls = frame_calls(n, names_stack_frame(n->heap, r, word), &n_calls);
	in = local.n_inlined < n_calls ? call_text(&calls[n_calls - 1 - local.n_inlined])
				       : NULL;
	if (in && asprintf(&text, "%s in %s", local.name, in) < 0)
		text = NULL;
	free(in);
	return text;
}

static char *
thread_root_text(struct names *n, const struct heap_root *r, uint64_t word,
		 uint64_t last_word, const char *variable)
{
	static const char *const kinds[] = {
		[HEAPFILE_ROOT_STACK] = "the stack of",
		[HEAPFILE_ROOT_REGISTERS] = "a register of",
		[HEAPFILE_ROOT_TLS] = "thread-local storage of",
		[HEAPFILE_ROOT_KEY] = "a pthread key of",
		[HEAPFILE_ROOT_ALT_STACK] = "the signal stack of",
	};
	const struct heap_text *name;
	char *thread, *text = NULL, *module = NULL;
	char *frame = NULL, *local;
	uint64_t tid;
	int length = -1;

	name = names_owner(n->heap, r, word, &tid);
	thread = name ? thread_text(tid, name) : names_thread(n->heap, 0);
	if (thread && variable) {
		module = module_text(n->heap, n->executable);
		length = asprintf(&text, "%s in %.80s, thread-local of %s", variable,
				  module ? module : "", thread);
	} else if (thread && r->kind == HEAPFILE_ROOT_KEY &&
		   word < UINT64_C(2) * GLIBC_FIRST_KEYS &&
		   thread_pointer(n->heap, r->owner)) {
		length = asprintf(&text, "pthread key %" PRIu64 " of %s", word / 2, thread);
	} else if (thread && (local = local_text(n, r, word, last_word))) {
		length = asprintf(&text, "%s, on %s %s", local, kinds[r->kind], thread);
		free(local);
	} else if (thread) {
		frame = in_frame_text(n, r, word);
		length = asprintf(&text, "%s %s%s", kinds[r->kind], thread,
				  frame ? frame : "");
	}
	free(thread);
	free(module);
	free(frame);
	return length < 0 ? NULL : text;
}

char *
names_root(struct names *n, const struct heap_root *r, uint64_t word, uint64_t last_word)
{
	uint64_t address = r->address + word * 8;
	struct variable v;
	char *variable = NULL, *text = NULL;

	if (names_variable(n, r, word, &v)) {
		uint64_t at =
			r->kind == HEAPFILE_ROOT_GLOBAL
				? address - n->heap->modules[r->owner].bias
				: variables_tls_offset(n->variables, n->executable) -
					  (thread_pointer(n->heap, r->owner) - address);

		variable = variable_text(n, &v, at - v.start,
					 last_word == NAMES_WHOLE
						 ? NAMES_WHOLE
						 : at - v.start + (last_word - word) * 8);
	}
	switch (r->kind) {
	case HEAPFILE_ROOT_GLOBAL:
		text = global_text(n->heap, r, address, variable);
		break;
	case HEAPFILE_ROOT_STACK:
	case HEAPFILE_ROOT_REGISTERS:
	case HEAPFILE_ROOT_TLS:
	case HEAPFILE_ROOT_KEY:
	case HEAPFILE_ROOT_ALT_STACK:
		text = thread_root_text(n, r, word, last_word, variable);
		break;
	case HEAPFILE_ROOT_MAPPING:
		text = mapping_text(n, address);
		break;
	case HEAPFILE_ROOT_REGISTERED:
		text = strdup("a registered region");
		break;
	default:
		if (asprintf(&text, "memory at 0x%" PRIx64, address) < 0)
			text = NULL;
		break;
	}
	free(variable);
	return text;
}

char *
names_dynamic_tls(struct names *n, uint32_t block, uint64_t word)
{
	const struct heap *h = n->heap;
	uint32_t node = stack_top(h, h->blocks[block].site);
	struct stack_frame f = {.module = h->nodes[node].module};
	char *variable = NULL, *module = NULL, *text = NULL;
	struct variable v;

	/* The loader allocates it for the library that asks for an address. */
	if (!node || strncmp(text_basename(h->modules[f.module].path.bytes), "ld-", 3) != 0)
		return NULL;
	for (; node && stack_is_runtime(h, &f); node = h->nodes[node].parent)
		f.module = h->nodes[node].module;
	if (!f.module || stack_is_runtime(h, &f) ||
	    !variables_find(n->variables, f.module, word * 8, true, &v))
		return NULL;
	variable = variable_text(n, &v, word * 8 - v.start, word * 8 - v.start);
	module = module_text(h, f.module);
	if (variable && module &&
	    asprintf(&text, "%s in %.80s, thread-local", variable, module) < 0)
		text = NULL;
	free(variable);
	free(module);
	return text;
}

/* ---- what a word leads to ---- */

/* "Session" if a word leads to its vtable. */
static char *
vtable_type(struct names *n, const struct heap_object *o)
{
	static const char mark[] = "vtable for ";
	struct variable v;

	if (!variables_find(n->variables, o->module, o->offset, false, &v) ||
	    strncmp(v.name, mark, sizeof(mark) - 1) != 0)
		return NULL;
	return strdup(v.name + sizeof(mark) - 1);
}

char *
names_class(struct names *n, const struct heap_object *o)
{
	return vtable_type(n, o);
}

/* "handler()" if a word leads to the beginning of a function, or into one. */
static char *
function_type(struct names *n, const struct heap_object *o)
{
	const struct symbols_frame *f = NULL;
	size_t n_frames = 0;
	char *text = NULL, plain[256];

	if (n->symbols)
		f = symbols_find(n->symbols, o->module, o->offset, true, &n_frames);
	if (n_frames == 0 || !f[n_frames - 1].function)
		return NULL;
	f += n_frames - 1;
	(void)names_callable(f->function, plain, sizeof(plain));
	if (asprintf(&text, "%s()", plain) < 0)
		return NULL;
	return text;
}

char *
names_type(struct names *n, uint32_t block)
{
	const struct heap_object_word *words;
	char *name = NULL;
	size_t n_words;

	words = heap_block_objects(n->heap, block, &n_words);
	for (size_t i = 0; i < n_words && !name; i++)
		name = vtable_type(n, &n->heap->objects[words[i].object]);
	for (size_t i = 0; i < n_words && !name; i++)
		name = function_type(n, &n->heap->objects[words[i].object]);
	return name;
}

/* ---- the whole ---- */

struct names *
names_new(const struct heap *heap, struct symbols *symbols)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->heap = heap;
	n->symbols = symbols;
	n->variables = variables_new(symbols, heap->n_modules);
	if (!n->variables) {
		free(n);
		return NULL;
	}
	n->executable = heap_program_module(heap);
	return n;
}

struct symbols *
names_symbols(const struct names *n)
{
	return n->symbols;
}

void
names_free(struct names *n)
{
	if (!n)
		return;
	variables_free(n->variables);
	free(n);
}
