/* publish.c -- see publish.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "publish.h"
#include "mem.h"
#include "options.h"
#include "published.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(((struct published *)0)->magic) == sizeof PUBLISHED_MAGIC - 1,
	       "the magic fills its field");

static struct published p __attribute__((aligned(PUBLISHED_PAGE))) = {
	.magic = PUBLISHED_MAGIC, .version = PUBLISHED_VERSION, .bytes = sizeof p};

static struct published_request requests[PUBLISHED_REQUESTS];
static struct published_snapshot snapshots[PUBLISHED_SNAPSHOTS];
/* Where there is no page to share, the child's words are lost, and ours come when it was
 * waited for. */
static struct published_result own_results[PUBLISHED_SNAPSHOTS];
static struct published_result *results = own_results;
static char texts[16384];

_Static_assert(sizeof own_results <= MEM_PAGE, "results fit into a page");

/* ---- longer things than a word ------------------------------------------- */

static void
begin_change(void)
{
	GCP_ASSERT(!(p.sequence & 1)); /* one writer, whose turn it is */
	relaxed_store(&p.sequence, p.sequence | 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void
end_change(void)
{
	GCP_ASSERT(p.sequence & 1);
	release_store(&p.sequence, p.sequence + 1);
}

static void
copy(char *to, size_t bytes, const char *from)
{
	size_t n = strlen(from);

	GCP_ASSERT(bytes);
	if (n >= bytes)
		n = bytes - 1;
	memcpy(to, from, n);
	to[n] = 0;
}

/* ---- start, fork --------------------------------------------------------- */

void
publish_start(void)
{
	p.requests = (uintptr_t)requests;
	p.snapshots = (uintptr_t)snapshots;
	p.results = (uintptr_t)results;
	p.options = (uintptr_t)texts;
	p.options_bytes = (uint32_t)options_text(texts, sizeof texts);
	release_store(&p.pid, sys_getpid());
}

/* Others' threads may have been in the middle of anything. */
void
publish_after_fork(bool is_followed)
{
	if (!p.pid)
		return;
	if (results != own_results)
		results = mem_map_shared(results);
	if (!results)
		results = own_results;
	memset(own_results, 0, sizeof own_results);
	memset(requests, 0, sizeof requests);
	p.results = (uintptr_t)results;
	p.n_snapshots = p.n_requests = p.n_in_exec = 0;
	p.asker = 0;
	p.live[0] = 0;
	p.sequence = (p.sequence | 1) + 1;
	GCP_ASSERT(results && !((uintptr_t)&p & (PUBLISHED_PAGE - 1)));
	if (!is_followed)
		publish_refuse("its GCPROF_FOLLOW does not follow children");
	release_store(&p.pid, sys_getpid());
}

/* ---- facts --------------------------------------------------------------- */

void
publish_signal(int number, bool is_ours)
{
	relaxed_store(&p.signal, number);
	release_store(&p.is_signal_ours, is_ours);
}

void
publish_request_signal(int number, bool is_ours)
{
	relaxed_store(&p.request_signal, number);
	release_store(&p.is_request_ours, is_ours);
}

void
publish_refuse(const char *reason)
{
	if (relaxed_load(&p.is_refusing))
		return;
	copy(p.why, sizeof p.why, reason);
	release_store(&p.is_refusing, 1);
}

void
publish_live(const char *page)
{
	begin_change();
	copy(p.live, sizeof p.live, page ? page : "");
	end_change();
}

/* ---- exec ---------------------------------------------------------------- */

/* A tool that was killed between its two steps is not waited for.  In another namespace
 * its pid is nobody's business here. */
static bool
is_asker_there(uint64_t asker)
{
	return relaxed_load(&p.asker_namespace) != (uint32_t)sys_pid_namespace() ||
	       sys_is_process((int)(asker >> 32));
}

static void
wait_for_asker(void)
{
	const uint64_t ms = 1000000;
	uint64_t mask = sys_unblock_signal(p.is_request_ours ? p.request_signal : p.signal);
	uint64_t asker;
	int waits = 1000;

	while (waits-- && (asker = __atomic_load_n(&p.asker, __ATOMIC_SEQ_CST)) != 0 &&
	       is_asker_there(asker))
		sys_sleep(ms);
	__atomic_store_n(&p.asker, 0, __ATOMIC_SEQ_CST);
	sys_restore_signals(mask);
}

void
publish_enter_exec(void)
{
	if (!p.pid || sys_getpid() != p.pid)
		return;
	(void)__atomic_fetch_add(&p.n_in_exec, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&p.asker, __ATOMIC_SEQ_CST) != 0)
		wait_for_asker();
}

void
publish_leave_exec(void)
{
	uint32_t n = relaxed_load(&p.n_in_exec);

	if (!p.pid || sys_getpid() != p.pid)
		return;
	/* 0 in a child that a handler has forked amid an execve. */
	while (n && !__atomic_compare_exchange_n(&p.n_in_exec, &n, n - 1, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

/* ---- requests ------------------------------------------------------------ */

static enum publish_kind
kind_of(uint64_t value)
{
	switch (value >> 32) {
	case PUBLISHED_ASKS_SNAPSHOT:
		return PUBLISH_SNAPSHOT;
	case PUBLISHED_ASKS_LOOK:
		return PUBLISH_LOOK;
	default:
		return PUBLISH_NO_REQUEST;
	}
}

static bool
is_known(uint64_t value)
{
	size_t i;

	for (i = 0; i < PUBLISHED_REQUESTS; i++)
		if (relaxed_load(&requests[i].state) &&
		    relaxed_load(&requests[i].value) == value)
			return true;
	return false;
}

/* The kernel lets nobody signal us but our own user and the privileged; the sender's word
 * for its user is a second check only. */
enum publish_kind
publish_note(const siginfo_t *info)
{
	uint64_t value = (uintptr_t)info->si_value.sival_ptr;
	enum publish_kind kind = kind_of(value);
	struct published_request *r;
	uint64_t asker = __atomic_load_n(&p.asker, __ATOMIC_SEQ_CST);

	if (info->si_code != SI_QUEUE || !kind || sys_getpid() != p.pid ||
	    !sys_is_own_user((uint32_t)info->si_uid))
		return PUBLISH_NO_REQUEST;
	/* The signal has arrived: who is about to exec need not wait for it. */
	if ((uint32_t)asker == (uint32_t)value)
		(void)__atomic_compare_exchange_n(&p.asker, &asker, 0, false,
						  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	if (is_known(value))
		return PUBLISH_NO_REQUEST;
	r = &requests[atomic_add(&p.n_requests, 1) % PUBLISHED_REQUESTS];
	relaxed_store(&r->state, PUBLISHED_NONE);
	relaxed_store(&r->value, value);
	r->error = 0;
	r->snapshot = 0;
	release_store(&r->state, PUBLISHED_WAITING);
	return kind;
}

void
publish_take(enum publish_kind kind)
{
	uint32_t mine = PUBLISHED_TAKEN + (uint32_t)sys_gettid(), waiting;
	size_t i;

	for (i = 0; i < PUBLISHED_REQUESTS; i++) {
		waiting = PUBLISHED_WAITING;
		if (kind_of(requests[i].value) == kind)
			(void)__atomic_compare_exchange_n(&requests[i].state, &waiting,
							  mine, false, __ATOMIC_ACQUIRE,
							  __ATOMIC_RELAXED);
	}
}

void
publish_answer(enum publish_kind kind, int error, uint32_t snapshot)
{
	uint32_t mine = PUBLISHED_TAKEN + (uint32_t)sys_gettid();
	size_t i;

	for (i = 0; i < PUBLISHED_REQUESTS; i++) {
		struct published_request *r = &requests[i];

		if (kind_of(r->value) != kind || relaxed_load(&r->state) != mine)
			continue;
		r->error = error;
		r->snapshot = error ? 0 : snapshot;
		release_store(&r->state, PUBLISHED_ANSWERED);
	}
}

/* ---- snapshots ----------------------------------------------------------- */

/* As the process names it, from its root. */
static void
put_name(char *to, size_t bytes, const char *name)
{
	char directory[1024];
	long n = name[0] == '/' ? 0 : sys_getcwd(directory, sizeof directory);

	if (n > 1 && directory[0] == '/') /* not "(unreachable)/..." */
		(void)sys_format(to, bytes, "%s/%s", directory[1] ? directory : "", name);
	else
		copy(to, bytes, name);
}

void
publish_snapshot_begin(uint32_t number, const char *name, bool is_in_child)
{
	struct published_snapshot *s = &snapshots[number % PUBLISHED_SNAPSHOTS];
	struct published_result *r;

	GCP_ASSERT(number);
	if (!p.pid)
		return;
	if (is_in_child && results == own_results) {
		struct published_result *shared = mem_map_shared(NULL);

		if (shared) {
			results = shared;
			p.results = (uintptr_t)shared;
		}
	}
	r = &results[number % PUBLISHED_SNAPSHOTS];
	begin_change();
	s->number = number;
	s->writer = 0;
	put_name(s->name, sizeof s->name, name);
	r->number = number;
	r->error = 0;
	r->state = PUBLISHED_WRITING;
	p.n_snapshots = number;
	end_change();
}

void
publish_snapshot_writer(uint32_t number, int writer)
{
	relaxed_store(&snapshots[number % PUBLISHED_SNAPSHOTS].writer, writer);
}

void
publish_snapshot_end(uint32_t number, int error)
{
	struct published_result *r = &results[number % PUBLISHED_SNAPSHOTS];

	GCP_ASSERT(error <= 0);
	if (!p.pid || r->number != number || relaxed_load(&r->state) != PUBLISHED_WRITING)
		return;
	relaxed_store(&r->error, -error);
	release_store(&r->state, error ? PUBLISHED_FAILED : PUBLISHED_WRITTEN);
}
