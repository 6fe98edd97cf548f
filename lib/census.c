/* census.c -- see census.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "census.h"
#include "base.h"
#include "glob.h"
#include "mem.h"
#include "sys.h"
#include "system_programs.h"

#include <fcntl.h>
#include <string.h>

static struct {
	struct census *table;     /* NULL: none */
	struct census_entry *own; /* NULL: not entered */
	int pid;
	bool is_to_leave, is_passed, is_forked;
	const char *program;
} c;

_Static_assert(sizeof(struct census_note) == 1024, "notes have no holes");

/* Without a NUL if it fills its field. */
static void
put_name(char *to, size_t bytes, const char *name)
{
	size_t n = strlen(name);

	memset(to, 0, bytes);
	memcpy(to, name, n < bytes ? n : bytes);
}

static void
put_program(char *to, size_t bytes)
{
	put_name(to, bytes, c.program);
}

/* NULL: it is not entered. */
static struct census_entry *
entry_of(int pid)
{
	for (size_t i = 0; i < CENSUS_ENTRIES; i++)
		if (relaxed_load(&c.table->entries[i].pid) == pid)
			return &c.table->entries[i];
	return NULL;
}

static struct census_entry *
take_place(int pid)
{
	/* The program that this one has replaced by an instruction of its own, or somebody
	 * long gone. */
	struct census_entry *e = entry_of(pid);

	if (e)
		return e;
	for (size_t i = 0; i < CENSUS_ENTRIES; i++) {
		int32_t none = 0;

		if (__atomic_compare_exchange_n(&c.table->entries[i].pid, &none, pid,
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return &c.table->entries[i];
	}
	(void)atomic_add(&c.table->n_unlisted, 1);
	return NULL;
}

static void
enter(void)
{
	struct census_entry *e = c.is_to_leave ? take_place(c.pid) : NULL;

	c.own = e;
	if (!e)
		return;
	relaxed_store(&e->is_wrapper, 0);
	put_program(e->program, sizeof e->program);
}

/* Who has started this program, if that is one of ours. */
static void
mark_parent(void)
{
	struct census_entry *parent = entry_of(sys_getppid());

	if (parent)
		relaxed_store(&parent->is_wrapper, 1);
}

static void
strike_out(void)
{
	int32_t pid = c.pid;

	if (c.own)
		(void)__atomic_compare_exchange_n(&c.own->pid, &pid, 0, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	c.own = NULL;
}

/* ---- programs that are passed over ---- */

static bool
is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return n && strncmp(path, directory, n) == 0 && path[n] == '/';
}

/* Has the user named it, by path, file, or what it was executed as? */
static bool
is_named(const struct census *t, const char *executable)
{
	const char *end = t->globs + sizeof t->globs - 1;

	for (const char *g = t->globs; g < end && *g; g += strlen(g) + 1)
		if (glob_matches(g, executable) ||
		    glob_matches(g, sys_base_name(executable)) ||
		    glob_matches(g, c.program))
			return true;
	return false;
}

static bool
is_gcprof(const struct census *t, const char *executable)
{
	return *t->self && strcmp(t->self, executable) == 0;
}

static bool
is_to_be_passed(const struct census *t, const char *executable)
{
	if (is_gcprof(t, executable))
		return true;
	if (!t->passes_system ||
	    !(system_programs_has(executable) || system_programs_runs_suites(executable)))
		return false;
	for (size_t i = 0; i < CENSUS_DIRECTORIES; i++)
		if (is_below(executable, t->directories[i]))
			return false;
	return !is_named(t, executable);
}

static void
note_command(bool is_passed)
{
	if (c.table && c.pid == c.table->command)
		relaxed_store(&c.table->command_is_passed, is_passed);
}

static void
pass_over(const char *executable)
{
	c.is_passed = true;
	c.is_to_leave = false;
	if (is_gcprof(c.table, executable))
		(void)atomic_add(&c.table->n_within, 1);
	else if (atomic_add(&c.table->n_passed, 1) == 0)
		put_name(c.table->passed, sizeof c.table->passed,
			 sys_base_name(executable));
}

/* ---- the process ---- */

static bool
is_table(const char *where)
{
	static const char wanted[] = "/memfd:" CENSUS_NAME;
	char name[64];

	return sys_readlink(where, name, sizeof name) > (long)sizeof wanted - 1 &&
	       memcmp(name, wanted, sizeof wanted - 1) == 0;
}

void
census_start(const char *where, const char *program, const char *executable,
	     bool is_to_leave)
{
	int fd;

	if (!where || !is_table(where))
		return;
	fd = sys_open(where, O_RDWR, 0);
	if (fd < 0)
		return;
	c.table = mem_map_file(NULL, sizeof *c.table, fd);
	(void)sys_close(fd);
	if (c.table && memcmp(c.table->magic, CENSUS_MAGIC, sizeof c.table->magic) != 0)
		c.table = NULL;
	if (!c.table)
		return;
	c.program = program;
	c.pid = sys_getpid();
	c.is_to_leave = is_to_leave;
	if (is_to_be_passed(c.table, executable))
		pass_over(executable);
	note_command(c.is_passed);
	enter();
	mark_parent();
}

bool
census_passes_over(void)
{
	return c.is_passed;
}

uint64_t
census_begin_ns(uint64_t now_ns)
{
	uint64_t begin = 0;

	if (!c.table ||
	    __atomic_compare_exchange_n(&c.table->begin_ns, &begin, now_ns, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return now_ns;
	return begin;
}

void
census_after_fork(bool is_wanted)
{
	if (!c.table)
		return;
	c.own = NULL;
	c.is_forked = true;
	c.pid = sys_getpid();
	if (is_wanted)
		enter();
	else
		c.table = NULL;
}

void
census_settled(void)
{
	strike_out();
}

/* A subshell is one if the shell is. */
static bool
is_forked_of_wrapper(void)
{
	struct census_entry *parent = c.is_forked ? entry_of(sys_getppid()) : NULL;

	return parent && relaxed_load(&parent->is_wrapper);
}

bool
census_spares(void)
{
	return c.own && c.table->spares_wrappers &&
	       (relaxed_load(&c.own->is_wrapper) || is_forked_of_wrapper());
}

void
census_spare(void)
{
	if (atomic_add(&c.table->n_spared, 1) == 0)
		put_program(c.table->spared, sizeof c.table->spared);
	strike_out();
}

void
census_begin_writing(void)
{
	if (c.table)
		(void)atomic_add(&c.table->n_writing, 1);
}

void
census_end_writing(void)
{
	if (c.table)
		(void)__atomic_fetch_sub(&c.table->n_writing, 1, __ATOMIC_RELEASE);
}

bool
census_is_on(void)
{
	return c.table != NULL;
}

void
census_note(uint32_t number, const char *name, uint64_t live_bytes, uint64_t peak_bytes)
{
	struct census_note *note;
	size_t n = strlen(name);

	if (!c.table)
		return;
	note = &c.table->notes[atomic_add(&c.table->n_notes, 1) % CENSUS_NOTES];
	__atomic_store_n(&note->pid, 0, __ATOMIC_RELEASE);
	note->number = number;
	note->live_bytes = live_bytes;
	note->peak_bytes = peak_bytes;
	put_program(note->program, sizeof note->program);
	if (n >= sizeof note->name)
		n = 0;
	memcpy(note->name, name, n);
	note->name[n] = 0;
	__atomic_store_n(&note->pid, c.pid, __ATOMIC_RELEASE);
}

void
census_enter_exec(void)
{
	if (sys_getpid() != c.pid)
		return;
	strike_out();
	note_command(false);
}

/* Who had left a snapshot before is entered as well: the command sees that there is one. */
void
census_leave_exec(void)
{
	if (!c.table || sys_getpid() != c.pid)
		return;
	note_command(c.is_passed);
	if (!c.own)
		enter();
}
