/* verify.c -- see verify.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "verify.h"
#include "libc.h"
#include "mem.h"
#include "modules.h"
#include "options.h"
#include "sites.h"
#include "sys.h"
#include "thread.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

const char *const verify_names[N_VERIFY_RESULTS] = {
	[VERIFY_EQUAL] = "equal",         [VERIFY_DIFFERS] = "different",
	[VERIFY_NO_TABLES] = "no_tables", [VERIFY_FAILED] = "failed",
	[VERIFY_NO_SITE] = "no_site",
};

bool verify_is_on;
static uint64_t counts[N_VERIFY_RESULTS]; /* atomic adds */

uint64_t
verify_count(enum verify_result result)
{
	return relaxed_load(&counts[result]);
}

void
verify_after_fork(bool had_others)
{
	memset(counts, 0, sizeof counts);
	if (had_others)
		verify_is_on = false;
}

void
verify_report(void)
{
	unsigned long n[N_VERIFY_RESULTS];
	int i;

	for (i = 0; i < N_VERIFY_RESULTS; i++)
		n[i] = (unsigned long)verify_count((enum verify_result)i);
	if (!verify_is_on)
		return;
	sys_log("verify: %lu stacks compared with libunwind's, %lu differ; "
		"not comparable: %lu in code without unwind tables, %lu "
		"where libunwind failed, %lu not recorded",
		n[VERIFY_EQUAL] + n[VERIFY_DIFFERS], n[VERIFY_DIFFERS],
		n[VERIFY_NO_TABLES], n[VERIFY_FAILED], n[VERIFY_NO_SITE]);
}

#ifndef HAVE_LIBUNWIND

void
verify_init(void)
{
	if (options.verify_every)
		sys_log("GCPROF_VERIFY: built without libunwind; no stacks are compared");
}

void
verify_site(struct verify **v, site_id site, const struct caller *c)
{
	(void)v, (void)site, (void)c;
}

void
verify_forget(void)
{
}

#else

#define UNW_LOCAL_ONLY
#include <libunwind.h>

/* ---- libunwind, by its functions' real names ------------------------------ */

enum { MOST_FRAMES = 1024, MOST_SHOWN = 4, MOST_SHOWN_FRAMES = 64 };

static struct {
	int (*getcontext)(unw_context_t *);
	int (*init_local)(unw_cursor_t *, unw_context_t *);
	int (*step)(unw_cursor_t *);
	int (*get_reg)(unw_cursor_t *, unw_regnum_t, unw_word_t *);
	int (*is_signal_frame)(unw_cursor_t *);
	int (*get_proc_info_by_ip)(unw_addr_space_t, unw_word_t, unw_proc_info_t *, void *);
	int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
	void (*flush_cache)(unw_addr_space_t, unw_word_t, unw_word_t);
	unw_addr_space_t *local_addr_space;
} lu;

/* Expanded first: the header's macros put the machine into each name. */
#define NAME_OF(macro) NAME_OF_(macro)
#define NAME_OF_(name) #name

static const struct {
	const char *name;
	void *at;
} symbols[] = {
	{NAME_OF(unw_tdep_getcontext), &lu.getcontext},
	{NAME_OF(unw_init_local), &lu.init_local},
	{NAME_OF(unw_step), &lu.step},
	{NAME_OF(unw_get_reg), &lu.get_reg},
	{NAME_OF(unw_is_signal_frame), &lu.is_signal_frame},
	{NAME_OF(unw_get_proc_info_by_ip), &lu.get_proc_info_by_ip},
	{NAME_OF(unw_set_caching_policy), &lu.set_caching_policy},
	{NAME_OF(unw_flush_cache), &lu.flush_cache},
	{NAME_OF(unw_local_addr_space), &lu.local_addr_space},
};

/* What the loader and libunwind take meanwhile is not the program's. */
static void
enter(void)
{
	thread_tls.is_verifying = true;
	thread_tls.n_ignoring++;
}

static void
leave(void)
{
	thread_tls.n_ignoring--;
	thread_tls.is_verifying = false;
}

static bool
load(void)
{
	void *library = libc_dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	size_t i;

	for (i = 0; library && i < sizeof symbols / sizeof *symbols; i++) {
		void *found = libc_dlsym(library, symbols[i].name);

		if (!found)
			return false;
		memcpy(symbols[i].at, &found, sizeof found);
	}
	return library != NULL;
}

void
verify_init(void)
{
	if (!options.verify_every)
		return;
	enter();
	verify_is_on = load();
	/* Without a lock; libunwind has another way if it cannot. */
	if (verify_is_on)
		(void)lu.set_caching_policy(*lu.local_addr_space, UNW_CACHE_PER_THREAD);
	else
		sys_log("GCPROF_VERIFY: cannot load libunwind.so.8 (Debian: "
			"libunwind8); no stacks are compared");
	leave();
}

/* ---- both stacks ----------------------------------------------------------- */

struct stack {
	size_t n;
	uintptr_t pc[MOST_FRAMES]; /* innermost first */
};

/* What libunwind said of an address; a question takes it microseconds. */
enum { N_KNOWN = 1 << 12 };
struct known {
	uintptr_t at;
	uint32_t generation;
	bool has_tables;
};

struct verify {
	uint64_t n_seen;
	struct stack ours, theirs;
	site_id end;   /* of ours: SITE_ROOT, SITE_CUT, SITE_BROKEN */
	bool is_exact; /* the cursor's address was interrupted: it is no return address */
	bool is_guessed; /* the cursor came by a frame pointer that may be anything */
	unw_context_t context;
	unw_cursor_t cursor;
	struct known known[N_KNOWN];
};
static uint32_t known_generation = 1;

void
verify_forget(void)
{
	(void)atomic_add(&known_generation, 1);
	if (verify_is_on)
		lu.flush_cache(*lu.local_addr_space, 0, 0);
}

static struct verify *
room_of(struct verify **v)
{
	if (!*v)
		*v = mem_map(sizeof **v);
	return *v;
}

/* Ours, as the file will have it. */
static void
read_site(struct verify *v, site_id site)
{
	struct site s;

	v->ours.n = 0;
	for (; site >= SITE_FIRST && sites_get(site, &s); site = s.parent) {
		if (v->ours.n == MOST_FRAMES) {
			site = SITE_CUT;
			break;
		}
		v->ours.pc[v->ours.n++] = STEP_PC(s.step);
	}
	v->end = site;
}

static uintptr_t
their_register(struct verify *v, unw_regnum_t r)
{
	unw_word_t value = 0;

	(void)lu.get_reg(&v->cursor, r, &value);
	return value;
}

static void
push(struct verify *v)
{
	if (v->theirs.n < MOST_FRAMES)
		v->theirs.pc[v->theirs.n++] = their_register(v, UNW_REG_IP);
}

/* Whether libunwind finds unwind information for an address. */
static bool
is_in_tables(struct verify *v, uintptr_t at)
{
	uint32_t generation = relaxed_load(&known_generation);
	struct known *k = &v->known[(at * 0x9e3779b97f4a7c15ull) >> 52];
	unw_proc_info_t info;
	struct module_find m;

	if (k->at == at && k->generation == generation)
		return k->has_tables;
	*k = (struct known){.at = at, .generation = generation};
	k->has_tables = lu.get_proc_info_by_ip(*lu.local_addr_space, at, &info, NULL) == 0;
	if (!modules_find(at, &m)) /* other code may stand there soon */
		k->generation = 0;
	return k->has_tables;
}

static bool
has_tables(struct verify *v)
{
	return is_in_tables(v, their_register(v, UNW_REG_IP) - !v->is_exact);
}

/* ---- one step ---------------------------------------------------------------- */

enum step { STEPPED, ENDED, FAILED, LOST };

/* Code without tables: by the frame pointer, if it keeps one.  Not left to
 * libunwind, which believes any, and has the stack pointer wrong afterwards. */
static enum step
step_by_frame_pointer(struct verify *v)
{
	uintptr_t sp = their_register(v, UNW_REG_SP),
		  bp = their_register(v, UNW_X86_64_RBP);
	greg_t *to = v->context.uc_mcontext.gregs;
	const uintptr_t *frame = (const uintptr_t *)bp;

	/* The address of a function's first byte was not pushed by a call, but put
	 * there to be returned to: makecontext ends a stack so. */
	if (bp == 0 || (!v->is_exact && is_in_tables(v, their_register(v, UNW_REG_IP))))
		return ENDED;
	if (bp < sp || bp - sp > 16384 || bp % 8 || !sys_is_readable(bp) ||
	    !sys_is_readable(bp + 8))
		return LOST;
	memset(to, 0, sizeof v->context.uc_mcontext.gregs);
	to[REG_RBX] = (greg_t)their_register(v, UNW_X86_64_RBX);
	to[REG_R12] = (greg_t)their_register(v, UNW_X86_64_R12);
	to[REG_R13] = (greg_t)their_register(v, UNW_X86_64_R13);
	to[REG_R14] = (greg_t)their_register(v, UNW_X86_64_R14);
	to[REG_R15] = (greg_t)their_register(v, UNW_X86_64_R15);
	to[REG_RBP] = (greg_t)frame[0];
	to[REG_RIP] = (greg_t)frame[1];
	to[REG_RSP] = (greg_t)bp + 16;
	return frame[1] == 0                                 ? ENDED
	       : lu.init_local(&v->cursor, &v->context) == 0 ? STEPPED
							     : FAILED;
}

static enum step
step(struct verify *v)
{
	int result;

	if (!has_tables(v)) {
		enum step how = step_by_frame_pointer(v);

		v->is_exact = false;
		v->is_guessed = true;
		return how;
	}
	result = lu.step(&v->cursor);
	if (result < 0)
		return FAILED;
	/* It says so of the frame that a signal interrupted, not of the signal's. */
	v->is_exact = lu.is_signal_frame(&v->cursor) > 0;
	/* Zero as a return address is an end as well. */
	return result > 0 && their_register(v, UNW_REG_IP) ? STEPPED : ENDED;
}

/* Through our own frames to the one that called us. */
static bool
pass_to_caller(struct verify *v, const struct caller *c)
{
	int i;

	v->is_exact = v->is_guessed = false;
	for (i = 0; i < 16; i++) {
		uintptr_t sp = their_register(v, UNW_REG_SP);

		if (sp >= c->sp)
			return sp == c->sp && their_register(v, UNW_REG_IP) == c->pc;
		if (step(v) != STEPPED)
			return false;
	}
	return false;
}

/* The cursor stands at the caller.  ret_at: the frame at which they part. */
static enum verify_result
compare(struct verify *v, size_t *ret_at)
{
	size_t i;

	push(v);
	for (i = 0; v->theirs.pc[i] == v->ours.pc[i]; i++) {
		bool is_last = i + 1 == v->ours.n, is_known = has_tables(v);
		enum step how;

		*ret_at = i + 1;
		if (is_last && v->end == SITE_CUT)
			return VERIFY_EQUAL;
		/* libunwind reads whatever memory such registers lead to. */
		if (is_last && v->end == SITE_BROKEN && (v->is_guessed || !is_known))
			return VERIFY_NO_TABLES;
		how = step(v);
		if (how == STEPPED) {
			push(v);
			if (!is_last)
				continue;
			/* Where no table says so, it was a guess that there is more. */
			return is_known ? VERIFY_DIFFERS : VERIFY_NO_TABLES;
		}
		if (how == ENDED && is_last && v->end == SITE_ROOT)
			return VERIFY_EQUAL;
		if (how == FAILED)
			return VERIFY_FAILED;
		/* Where its frame pointer leads nowhere, nobody can say how ours goes on. */
		return !is_known && (is_last || how == LOST) ? VERIFY_NO_TABLES
							     : VERIFY_DIFFERS;
	}
	*ret_at = i;
	return VERIFY_DIFFERS;
}

/* ---- what differs ------------------------------------------------------------ */

static size_t
format_frame(char *to, size_t bytes, const struct stack *s, size_t i)
{
	struct module_find m;
	const struct module *module;
	const char *name;

	if (i >= s->n)
		return sys_format(to, bytes, "%s", "-");
	module = modules_find(s->pc[i], &m) ? modules_get(m.module) : NULL;
	if (!module)
		return sys_format(to, bytes, "0x%lx", (unsigned long)s->pc[i]);
	name = strrchr(module->path, '/');
	return sys_format(to, bytes, "%s+0x%lx", name ? name + 1 : module->path,
			  (unsigned long)(s->pc[i] - module->bias));
}

/* Both lists side by side; of theirs also what comes after the difference. */
static void
show(struct verify *v, const char *what, size_t at)
{
	char ours[128], theirs[128];
	size_t i;

	while (v->theirs.n < MOST_SHOWN_FRAMES && !v->is_guessed && step(v) == STEPPED)
		push(v);
	sys_log("verify: %s at frame %lu; ours, which ends with %s, and libunwind's:", what,
		(unsigned long)at,
		v->end == SITE_ROOT  ? "the outermost frame"
		: v->end == SITE_CUT ? "a cut"
				     : "a broken one");
	for (i = 0; i < MOST_SHOWN_FRAMES && (i < v->ours.n || i < v->theirs.n); i++) {
		(void)format_frame(ours, sizeof ours, &v->ours, i);
		(void)format_frame(theirs, sizeof theirs, &v->theirs, i);
		sys_log("verify:   %s#%lu %s | %s", i == at ? "* " : "", (unsigned long)i,
			ours, theirs);
	}
}

static bool
is_to_be_shown(enum verify_result result)
{
	static int n_shown;

	return (result == VERIFY_DIFFERS || (result != VERIFY_EQUAL && options.is_verbose)) &&
	       relaxed_load(&n_shown) < MOST_SHOWN && atomic_add(&n_shown, 1) < MOST_SHOWN;
}

NOINLINE void
verify_site(struct verify **room, site_id site, const struct caller *c)
{
	struct verify *v = room_of(room);
	enum verify_result result;
	size_t at = 0;
	int saved = errno;

	if (!v || v->n_seen++ % options.verify_every != 0)
		return;
	enter();
	read_site(v, site);
	v->theirs.n = 0;
	if (v->ours.n == 0)
		result = VERIFY_NO_SITE;
	else if (lu.getcontext(&v->context) != 0 ||
		 lu.init_local(&v->cursor, &v->context) != 0 || !pass_to_caller(v, c))
		result = VERIFY_DIFFERS; /* our own frames have tables */
	else
		result = compare(v, &at);
	(void)atomic_add(&counts[result], 1);
	if (result == VERIFY_DIFFERS)
		lose(LOSS_VERIFY);
	if (is_to_be_shown(result))
		show(v, result == VERIFY_DIFFERS ? "stacks differ" : verify_names[result],
		     at);
	leave();
	errno = saved;
}

#endif
