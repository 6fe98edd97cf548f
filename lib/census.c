/* census.c -- see census.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "census.h"
#include "base.h"
#include "mem.h"
#include "sys.h"

#include <fcntl.h>
#include <string.h>

static struct {
	struct census *table;     /* NULL: none */
	struct census_entry *own; /* NULL: not entered */
	int pid;
	const char *program;
} c;

static struct census_entry *
take_place(int pid)
{
	size_t i;

	/* The program that this one has replaced by an instruction of its own, or somebody
	 * long gone. */
	for (i = 0; i < CENSUS_ENTRIES; i++)
		if (relaxed_load(&c.table->entries[i].pid) == pid)
			return &c.table->entries[i];
	for (i = 0; i < CENSUS_ENTRIES; i++) {
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
	struct census_entry *e = take_place(c.pid);
	size_t n = strlen(c.program);

	c.own = e;
	if (!e)
		return;
	memset(e->program, 0, sizeof e->program);
	memcpy(e->program, c.program, n < sizeof e->program ? n : sizeof e->program);
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

static bool
is_table(const char *where)
{
	static const char wanted[] = "/memfd:" CENSUS_NAME;
	char name[64];

	return sys_readlink(where, name, sizeof name) > (long)sizeof wanted - 1 &&
	       memcmp(name, wanted, sizeof wanted - 1) == 0;
}

void
census_start(const char *where, const char *program)
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
	enter();
}

void
census_after_fork(bool is_wanted)
{
	if (!c.table)
		return;
	c.own = NULL;
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

void
census_enter_exec(void)
{
	if (c.own && sys_getpid() == c.pid)
		strike_out();
}

/* Who had left a snapshot before is entered as well: the command sees that there is one. */
void
census_leave_exec(void)
{
	if (c.table && !c.own && sys_getpid() == c.pid)
		enter();
}
