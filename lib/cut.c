/* cut.c -- see cut.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cut.h"
#include "dontfork.h"
#include "forking.h"
#include "gate.h"
#include "libc_inside.h"
#include "mappings.h"
#include "mem.h"
#include "sandbox.h"
#include "sys.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int __sigaction(int number, const struct sigaction *act, struct sigaction *old);

enum {
	MAX_THREADS = 1 << 16,
	/* A thread has this long to answer (on a loaded machine it waits for its
	 * turn to run); one that cannot is found out after the first of them. */
	FIRST_WAIT_NS = 5000000,
	/* Threads begin and end with all signals blocked, for as long as it takes
	 * them to get their turn; and a page fault may wait for another's. */
	SECOND_WAIT_NS = 100000000,
	LAST_WAIT_NS = 2000000000,
	GRACE_NS = 2000000 /* for the main thread to end a handler */
};

struct cut cut_now;

static struct {
	int number; /* of the signal */
	bool is_installed;
	void (*request)(const siginfo_t *info, const ucontext_t *uc, bool is_delegated);
	int own_thread;
	uint32_t generation; /* of the cut in the making; 0 before the first */
	uint32_t released;   /* threads parked for generations up to this go on; futex */
	uint32_t n_answered; /* futex */
	/* The main thread's turn has come, and is over, for generations up to these; futexes. */
	uint32_t main_turn, main_done;
} c;

/* ---- the stopped thread -------------------------------------------------- */

static bool
is_main(const struct cut_thread *t)
{
	return t->tid == cut_now.pid;
}

/* A signal to the process comes to the main thread if that does not block it: signal(7).
 * While all threads block all signals it waits for whichever goes on first.  So the main
 * thread makes what waits, and is not in `mask`, its own before others go on.
 * Context  the main thread, all signals blocked. */
static void
take_signals_over(uint64_t mask)
{
	uint64_t pending;
	int rounds = 64;

	while ((pending = sys_pending_signals() & ~mask & ~LIBC_SIGNALS) != 0 && rounds--) {
		siginfo_t infos[16];
		int n = 0, i;

		/* All first: what is sent again is pending again. */
		while (n < 16 && sys_take_signal(pending, &infos[n]) > 0)
			n++;
		for (i = 0; i < n; i++)
			sys_send_to_self(infos[i].si_signo, &infos[i]);
		if (n < 16)
			break;
	}
}

/* A thread that unblocks its signals takes what waits for the process, though the kernel
 * has chosen the main thread for it, which only has not had its turn yet.  The program
 * would not have it so: none of its threads does that by itself.  So wait until the main
 * thread has taken what it will take; a while also for what it blocks, as that may be for
 * a handler that the cut found it in.  BOUND: a signal that comes between the last look
 * and the change of the mask, less than a microsecond, may still be taken. */
void
cut_before_leaving(uint64_t mask)
{
	uint64_t start = sys_now_ns();
	int main_thread = sys_getpid(),
	    rounds = 1 << 20; /* a filter may have stopped the clock */

	if (sys_gettid() == main_thread)
		return;
	while (sys_pending_signals() & ~mask & ~LIBC_SIGNALS) {
		uint64_t blocked, pending, waited = sys_now_ns() - start;

		/* A child of vfork may keep it from taking any for long. */
		if (waited > SECOND_WAIT_NS || !rounds-- ||
		    (waited > GRACE_NS && ((sys_signal_sets(main_thread, &blocked, &pending) &&
					    !(pending & ~blocked & ~mask)) ||
					   sys_thread_state(main_thread) == 'D')))
			return;
		sys_yield();
	}
}

static void
wait_for(const uint32_t *word, uint32_t generation)
{
	uint32_t now;

	while ((int32_t)((now = acquire_load(word)) - generation) < 0)
		sys_wait(word, now, LAST_WAIT_NS);
}

/* Answer, and wait until the cut is over. */
static void
answer(struct cut_thread *t, uint32_t generation)
{
	GCP_ASSERT(t->tid == sys_gettid());
	GCP_ASSERT(acquire_load(&t->state) == CUT_ASKED);
	t->thread_pointer = arch_thread_pointer();
	release_store(&t->state, CUT_PARKED);
	(void)__atomic_fetch_add(&c.n_answered, 1, __ATOMIC_RELEASE);
	sys_wake(&c.n_answered);
	if (!is_main(t)) {
		wait_for(&c.released, generation);
		return;
	}
	wait_for(&c.main_turn, generation);
	take_signals_over(t->mask);
	release_store(&c.main_done, generation);
	sys_wake(&c.main_done);
}

/* This thread's entry, if it is asked and has not answered. */
static struct cut_thread *
my_entry(uint32_t generation)
{
	int tid = sys_gettid();
	uint32_t i, n = acquire_load(&cut_now.n_threads);

	GCP_ASSERT(n <= MAX_THREADS);
	if ((int32_t)(acquire_load(&c.released) - generation) >= 0)
		return NULL; /* too late: it is over */
	for (i = 1; i < n; i++)
		if (cut_now.threads[i].tid == tid)
			return relaxed_load(&cut_now.threads[i].state) == CUT_ASKED
				       ? &cut_now.threads[i]
				       : NULL;
	return NULL;
}

void
cut_interrupted(struct cut_thread *t, const ucontext_t *uc)
{
	uintptr_t registers[ARCH_N_REGISTERS_PC];
	const struct handler_record *going_on = handler_record_of(uc);

	resume_registers(uc, registers);
	memcpy(&t->mask, &uc->uc_sigmask, sizeof t->mask);
	if (going_on)
		t->mask = going_on->mask;
	t->sp = registers[ARCH_REGISTER_SP] - ARCH_RED_ZONE;
	t->alt_stack =
		uc->uc_stack.ss_flags & SS_DISABLE ? 0 : (uintptr_t)uc->uc_stack.ss_sp;
	t->pc = registers[ARCH_REGISTER_PC];
	t->pc_sp = registers[ARCH_REGISTER_SP];
	t->is_interrupted = true;
	memcpy(t->registers, registers, sizeof t->registers);
	/* Code between two calls may have the only copy of a pointer there. */
	arch_vectors(uc, &t->vectors, &t->vectors_end);
}

HANDLER(cut_on_stop, cut_stop);
bool
cut_stop(int number, siginfo_t *info, ucontext_t *uc, struct handler_stack *stack)
{
	uint32_t generation = acquire_load(&c.generation);
	struct resume_sight *sight = NULL;
	struct cut_thread *t;
	int saved = errno;
	uint64_t mask;
	bool result;

	(void)number;
	if (info->si_code == SI_TKILL && info->si_pid == sys_getpid()) {
		if (thread_tls.guard != 0) {
			if (!(thread_tls.guard & THREAD_PARK))
				arch_add_own(&thread_tls.guard, THREAD_PARK);
		} else if ((t = my_entry(generation)) != NULL) {
			sight = &t->sight;
			cut_interrupted(t, uc);
			answer(t, generation);
		}
	} else if (info->si_code == SI_QUEUE && c.request) {
		bool is_delegated = info->si_pid == sys_getpid() &&
				    info->si_value.sival_ptr == &cut_now;

		if (is_delegated)
			gate_has_arrived();
		c.request(info, uc, is_delegated);
	}
	/* Before, as what waits would end the call; and after. */
	memcpy(&mask, &uc->uc_sigmask, sizeof mask);
	cut_before_leaving(mask);
	result = resume_call(uc, sight, stack);
	cut_before_leaving(mask);
	errno = saved;
	return result;
}

NOINLINE void
cut_park(void)
{
	uint32_t generation = acquire_load(&c.generation);
	struct cut_thread *t = my_entry(generation);
	uint64_t mask;

	if (!t)
		return;
	cut_here(t);
	t->alt_stack = sys_alt_stack();
	mask = sys_block_signals(); /* a handler would run on, unstopped */
	t->mask = mask;
	answer(t, generation);
	cut_before_leaving(mask);
	sys_restore_signals(mask);
}

/* ---- who stops the others ------------------------------------------------ */

void
cut_set_signal(int number)
{
	c.is_installed &= number == c.number;
	c.number = number;
}

void
cut_set_request(void (*f)(const siginfo_t *info, const ucontext_t *uc, bool is_delegated))
{
	c.request = f;
}

void
cut_set_own_thread(int tid)
{
	c.own_thread = tid;
}

bool
cut_install(void)
{
	struct sigaction act = {.sa_sigaction = cut_on_stop,
				.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	struct sigaction old;

	if (c.is_installed)
		return true;
	if (!c.number || __sigaction(c.number, NULL, &old) != 0 || old.sa_handler != SIG_DFL)
		return false;
	memset(&act.sa_mask, 0xff, sizeof act.sa_mask); /* those of the C library, too */
	c.is_installed = __sigaction(c.number, &act, NULL) == 0;
	return c.is_installed;
}

bool
cut_is_handler(const struct sigaction *act)
{
	return act->sa_sigaction == cut_on_stop;
}

static bool
is_known(int tid)
{
	uint32_t i;

	for (i = 0; i < cut_now.n_threads; i++)
		if (cut_now.threads[i].tid == tid)
			return true;
	return false;
}

/* With signal 0, which reaches nobody, only the thread is noted. */
struct question {
	int number;
	uint32_t n_new;
};

static void
ask(int tid, void *with)
{
	struct question *q = with;
	struct cut_thread *t = &cut_now.threads[cut_now.n_threads];

	if (tid == c.own_thread || cut_now.n_threads == MAX_THREADS || is_known(tid))
		return;
	memset(t, 0, sizeof *t);
	t->tid = tid;
	GCP_ASSERT(cut_now.n_threads && cut_now.n_threads < MAX_THREADS);
	release_store(&cut_now.n_threads, cut_now.n_threads + 1);
	q->n_new++;
	if (q->number)
		t->sight.nr = -1;
	else if (sys_signal_thread(tid, 0) != 0)
		t->state = CUT_GONE;
}

/* Whether a thread that does not block the signal would see it all the same.  Notes in which
 * call it sleeps. */
static bool
would_see(struct cut_thread *t)
{
	uint64_t bit = 1ull << (c.number - 1), set;

	t->sight.nr = sys_thread_call(t->tid, t->sight.args, &t->sight.sp, &t->sight.pc);
	/* By an instruction of the program's own: gate.h does not know. */
	if (t->sight.nr == SYS_execve || t->sight.nr == SYS_execveat)
		return true;
	/* What it waits for is not blocked meanwhile, as proc(5) has it. */
	return t->sight.nr == SYS_rt_sigtimedwait &&
	       (!sys_read_memory(t->sight.args[0], &set, sizeof set) || set & bit);
}

/* Whether a thread may be sent the signal: it would answer, and not see it. */
static bool
may_send(struct cut_thread *t)
{
	bool is_seen = would_see(t);

	return !is_seen && !(sys_blocked_signals(t->tid) >> (c.number - 1) & 1);
}

/* Send the signal to those that have not had it; not to those that would see it, which
 * may change that soon: threads begin and end with all signals blocked.
 *
 * The youngest first: a thread that blocks its signals makes the kernel look for another
 * to take what waits for the process, from the next younger on, and then from the main
 * thread, which is to have it.  Source: retarget_shared_pending in the kernel. */
static void
send(bool is_main_due)
{
	uint32_t i;

	GCP_ASSERT(c.number && c.is_installed);
	for (i = cut_now.n_threads - 1; i > 0; i--) {
		struct cut_thread *t = &cut_now.threads[i];

		if (t->is_sent || t->state != CUT_ASKED || (is_main(t) && !is_main_due) ||
		    !may_send(t))
			continue;
		t->is_sent = true;
		/* A main thread that has called pthread_exit takes signals, and never
		 * looks at them. */
		if ((t->tid == cut_now.pid && sys_thread_state(t->tid) == 'Z') ||
		    sys_signal_thread(t->tid, c.number) != 0)
			t->state = CUT_GONE;
	}
}

/* with: its number; 0 = none yet.  A cut may be under way, and has sys_blocked_signals. */
static void
choose_delegate(int tid, void *with)
{
	struct cut_thread t = {.tid = tid};
	int *chosen = with;
	uint64_t blocked, pending;

	if (*chosen || tid == sys_getpid() || tid == c.own_thread ||
	    !sys_signal_sets(tid, &blocked, &pending) || blocked >> (c.number - 1) & 1 ||
	    !strchr("RS", sys_thread_state(tid)) || would_see(&t))
		return;
	*chosen = tid;
}

bool
cut_delegate(void)
{
	int delegate = 0;

	if (sys_gettid() != sys_getpid() || !sandbox_allows(SANDBOX_THREADS) ||
	    !c.number || !cut_install() || sys_threads(choose_delegate, &delegate) != 0 ||
	    !delegate || !gate_begin_sending())
		return false;
	if (sys_queue_signal(delegate, c.number, (uintptr_t)&cut_now) == 0)
		return true;
	gate_has_arrived();
	return false;
}

/* Threads that were asked and may answer still. */
static uint32_t
n_missing(void)
{
	uint32_t i, n = 0;

	for (i = 1; cut_now.threads && i < cut_now.n_threads; i++) {
		struct cut_thread *t = &cut_now.threads[i];

		if (acquire_load(&t->state) != CUT_ASKED)
			continue;
		if (!sys_is_thread(t->tid))
			t->state = CUT_GONE;
		else
			n++;
	}
	return n;
}

/* Whether all that have not answered for so long block the signal, sleep beyond
 * signals, are stopped or have ended: there is nothing to wait for.  Source: proc(5), SigBlk
 * and the state letter. */
static bool
is_hopeless(uint64_t waited)
{
	uint32_t i;

	for (i = 1; i < cut_now.n_threads; i++) {
		struct cut_thread *t = &cut_now.threads[i];
		char state;

		if (acquire_load(&t->state) != CUT_ASKED)
			continue;
		state = sys_thread_state(t->tid);
		if (state == 'Z' || state == 'X')
			t->state = CUT_GONE; /* stays so if it is the main thread */
		else if ((state == 'R' || state == 'D') && waited < SECOND_WAIT_NS)
			return false;
		else if (t->is_sent && !strchr("DTt", state) &&
			 !(sys_blocked_signals(t->tid) >> (c.number - 1) & 1))
			return false;
	}
	return true;
}

static bool
is_main_all_that_is_missing(void)
{
	uint32_t i;

	for (i = 1; i < cut_now.n_threads; i++)
		if (acquire_load(&cut_now.threads[i].state) == CUT_ASKED &&
		    !is_main(&cut_now.threads[i]))
			return false;
	return true;
}

/* The main thread comes last: signals to the process that it would take must not find
 * another that takes them. */
static void
stop_others(void)
{
	bool is_main_due = false;
	uint64_t start = sys_now_ns();
	struct question q = {.number = c.number};
	uint32_t answered;

	do {
		q.n_new = 0;
		if (sys_threads(ask, &q) != 0)
			return; /* no /proc: the snapshot is of a moving target, and says so */
		for (;;) {
			uint64_t waited = sys_now_ns() - start;

			send(is_main_due);
			answered = acquire_load(&c.n_answered);
			if (n_missing() == 0)
				break;
			if (waited > LAST_WAIT_NS)
				return;
			if (!is_main_due &&
			    (is_main_all_that_is_missing() || waited > SECOND_WAIT_NS ||
			     (waited > FIRST_WAIT_NS && is_hopeless(waited)))) {
				is_main_due = true;
				continue;
			}
			if (waited > FIRST_WAIT_NS && is_hopeless(waited))
				break;
			sys_wait(&c.n_answered, answered, FIRST_WAIT_NS / 5);
		}
		/* Those who answered last may have started others just before. */
	} while (q.n_new);
}

/* The program has the signal for itself.  Others run on, and the snapshot has to
 * say so: what is on their stacks is in use. */
static void
note_others(void)
{
	struct question q = {.number = 0};

	(void)sys_threads(ask, &q); /* no /proc: as in stop_others */
}

/* Whether the next child would be the first process of another pid namespace,
 * which ends with it: unshare(CLONE_NEWPID) was called.  Source: proc(5). */
static bool
is_next_child_init(void)
{
	char mine[64], childs[64];
	/* Not of the main thread, which may have ended. */
	long n = sys_readlink("/proc/thread-self/ns/pid", mine, sizeof mine);

	return n > 0 && (sys_readlink("/proc/thread-self/ns/pid_for_children", childs,
				      sizeof childs) != n ||
			 memcmp(mine, childs, (size_t)n) != 0);
}

/* Whether nobody runs: who has not answered sleeps, and is not at work in the kernel. */
static bool
is_still(void)
{
	uint32_t i;

	for (i = 1; i < cut_now.n_threads; i++)
		if (acquire_load(&cut_now.threads[i].state) == CUT_ASKED &&
		    !strchr("STtZX", sys_thread_state(cut_now.threads[i].tid)))
			return false;
	return cut_now.threads != NULL;
}

/* If others run, at a moment at which they change nothing that they share: forking.h. */
static int
fork_amid(bool is_moving)
{
	bool has_lock;
	int child;

	if (!is_moving)
		return sys_fork_silent();
	has_lock = mappings_before_fork();
	forking_begin();
	child = sys_fork_silent();
	forking_end(child == 0);
	mappings_after_fork(has_lock);
	return child;
}

/* It shares the program's memory, and what the program changes meanwhile is there twice:
 * where there is no room for that, the kernel is to end the child and not the program. */
static void
go_first(void)
{
	static const char most[] = "1000";
	int fd = sys_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	(void)sys_write(fd, most, sizeof most - 1);
	(void)sys_close(fd);
}

/* The child that writes.  way: CUT_MOVING writes figures alone. */
static int
fork_writer(enum cut_way way, bool is_moving)
{
	int child;

	if (way == CUT_MOVING)
		return fork_amid(is_moving);
	dontfork_open(is_still());
	child = fork_amid(is_moving);
	/* There may be no memory for a child that gets all. */
	if (child != 0 && dontfork_close() && child < 0)
		child = fork_amid(is_moving);
	return child;
}

/* Let the threads go on, the main thread first. */
static void
release(uint64_t own_mask)
{
	uint64_t start = sys_now_ns();
	uint32_t i, done;

	GCP_ASSERT((int32_t)(c.generation - acquire_load(&c.released)) > 0);
	for (i = 1; i < cut_now.n_threads; i++)
		if (is_main(&cut_now.threads[i]) &&
		    acquire_load(&cut_now.threads[i].state) == CUT_PARKED)
			break;
	release_store(&c.main_turn, c.generation);
	sys_wake(&c.main_turn);
	if (is_main(&cut_now.threads[0]))
		take_signals_over(own_mask);
	while (i < cut_now.n_threads &&
	       (int32_t)((done = acquire_load(&c.main_done)) - c.generation) < 0 &&
	       sys_now_ns() - start < SECOND_WAIT_NS)
		sys_wait(&c.main_done, done, FIRST_WAIT_NS);
	/* It has left its handler when it blocks the signal of the cut no more. */
	while (i < cut_now.n_threads && sys_now_ns() - start < SECOND_WAIT_NS &&
	       sys_blocked_signals(cut_now.threads[i].tid) >> (c.number - 1) & 1)
		sys_yield();
	release_store(&c.released, c.generation);
	sys_wake(&c.released);
}

int
cut_take(const struct cut_thread *self, enum cut_way way, int (*f)(void *with),
	 void *with, int *ret_result)
{
	uint64_t mask = sys_block_signals(), start = sys_now_ns();
	bool is_stopping;
	int child = -EAGAIN;

	GCP_ASSERT(self->sp || way == CUT_AFTER_END);
	GCP_ASSERT(f && ret_result);
	if (!cut_now.threads)
		cut_now.threads = mem_map(MAX_THREADS * sizeof *cut_now.threads);
	cut_now.pid = sys_getpid();
	cut_now.n_threads = 0;
	if (cut_now.threads) {
		cut_now.threads[0] = *self;
		if (!self->is_interrupted)
			cut_now.threads[0].pc_sp = self->sp;
		cut_now.threads[0].tid = sys_gettid();
		cut_now.threads[0].state = CUT_PARKED;
		cut_now.threads[0].thread_pointer = arch_thread_pointer();
		cut_now.threads[0].alt_stack = sys_alt_stack();
		cut_now.n_threads = 1;
	}
	if (way == CUT_AFTER_END && cut_now.threads)
		cut_now.pid = cut_now.threads[0].tid = self->tid;
	is_stopping = way != CUT_MOVING && way != CUT_AFTER_END && cut_now.threads &&
		      sandbox_allows(SANDBOX_THREADS) && cut_install() && gate_begin();
	if (is_stopping) {
		c.n_answered = 0;
		release_store(&c.generation, c.generation + 1);
		stop_others();
	} else if (cut_now.threads && way != CUT_AFTER_END) {
		note_others();
	}
	cut_now.n_unanswered = way == CUT_AFTER_END ? 1 : n_missing();
	GCP_ASSERT(!is_stopping || cut_now.threads[0].state == CUT_PARKED);
	if (way != CUT_IN_PLACE && way != CUT_AFTER_END && !is_next_child_init())
		child = fork_writer(way, cut_now.n_unanswered || !is_stopping);
	cut_now.pause_ns = sys_now_ns() - start;
	cut_now.is_in_place = child < 0;
	if (child == 0) {
		/* Descriptors that stay open here would keep the program's pipes and
		 * sockets alive after it has closed them. */
		sys_close_from(3);
		(void)sys_close(0);
		(void)sys_close(1);
		if (way != CUT_MOVING) /* which may go on as a program of the user's */
			go_first();
		sys_exit(-f(with) & 255);
	}
	if (child < 0)
		*ret_result = f(with);
	if (is_stopping && way != CUT_AT_DEATH) {
		release(self->is_interrupted ? self->mask : mask);
		gate_end();
	}
	/* A file beyond RLIMIT_FSIZE is our failure, not the program's death. */
	sys_drop_signal(SIGXFSZ);
	if (is_stopping)
		cut_before_leaving(mask);
	sys_restore_signals(mask);
	return child < 0 ? 0 : child;
}

/* A writer computes or waits for the disk.  One that sleeps waits for something
 * that will never be, and the program must not wait for it. */
enum { NAP_NS = 20000000, MAX_NAPS = 500 };

int
cut_result(int child, bool is_waiting)
{
	int status = 0, got, naps = 0;
	uint64_t nap = 100000;

	while ((got = sys_reap(child, false, &status)) == 0) {
		if (!is_waiting)
			return -EAGAIN;
		sys_sleep(nap);
		if (nap < NAP_NS)
			nap *= 2;
		naps = nap >= NAP_NS && sys_process_state(child) == 'S' ? naps + 1 : 0;
		if (naps == MAX_NAPS)
			sys_kill(child);
	}
	GCP_ASSERT(got < 0 || got == child);
	if (got < 0) /* somebody else waited for it */
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
