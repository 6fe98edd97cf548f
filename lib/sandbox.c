/* sandbox.c -- see sandbox.h.
 *
 * Sources  seccomp(2); the kernel's Documentation/userspace-api/seccomp_filter.rst;
 * Documentation/networking/filter.rst for classic BPF.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sandbox.h"
#include "arch.h"
#include "mem.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { MAX_FILTERS = 64, MAX_LENGTH = BPF_MAXINSNS };

/* Of the program, in the order in which they were installed. */
static struct filter {
	const struct sock_filter *program; /* NULL with is_used: nobody knows what it says */
	unsigned n;
	bool is_strict; /* SECCOMP_MODE_STRICT, which is no program */
	bool is_used;   /* atomic, written last */
} filters[MAX_FILTERS];
static uint32_t n_filters; /* atomic */

/* ---- one filter ------------------------------------------------------------ */

static uint32_t
alu(unsigned op, uint32_t a, uint32_t x, bool *ret_is_end)
{
	switch (op) {
	case BPF_ADD:
		return a + x;
	case BPF_SUB:
		return a - x;
	case BPF_MUL:
		return a * x;
	case BPF_DIV:
		*ret_is_end = x == 0;
		return x ? a / x : 0;
	case BPF_AND:
		return a & x;
	case BPF_OR:
		return a | x;
	case BPF_XOR:
		return a ^ x;
	case BPF_LSH:
		return a << (x & 31);
	case BPF_RSH:
		return a >> (x & 31);
	case BPF_NEG:
		return 0 - a;
	default:
		*ret_is_end = true;
		return 0;
	}
}

static bool
is_taken(unsigned op, uint32_t a, uint32_t x)
{
	return op == BPF_JEQ   ? a == x
	       : op == BPF_JGT ? a > x
	       : op == BPF_JGE ? a >= x
			       : (a & x) != 0; /* BPF_JSET */
}

uint32_t
sandbox_run(const struct sock_filter *program, unsigned n, const struct seccomp_data *d)
{
	uint32_t a = 0, x = 0, scratch[BPF_MEMWORDS] = {0};
	unsigned pc = 0;

	/* Jumps go forward alone, so this ends. */
	while (pc < n) {
		const struct sock_filter *i = &program[pc++];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;
		bool is_end = false;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX: {
			uint32_t v = i->k; /* BPF_IMM */

			if (BPF_MODE(i->code) == BPF_MEM) {
				if (i->k >= BPF_MEMWORDS)
					return SECCOMP_RET_KILL_PROCESS;
				v = scratch[i->k];
			} else if (BPF_MODE(i->code) == BPF_LEN) {
				v = sizeof *d;
			} else if (BPF_MODE(i->code) == BPF_ABS) {
				if (i->k & 3 || i->k >= sizeof *d)
					return SECCOMP_RET_KILL_PROCESS;
				memcpy(&v, (const char *)d + i->k, sizeof v);
			}
			*(BPF_CLASS(i->code) == BPF_LD ? &a : &x) = v;
			break;
		}
		case BPF_ST:
		case BPF_STX:
			if (i->k >= BPF_MEMWORDS)
				return SECCOMP_RET_KILL_PROCESS;
			scratch[i->k] = BPF_CLASS(i->code) == BPF_ST ? a : x;
			break;
		case BPF_ALU:
			a = alu(BPF_OP(i->code), a, operand, &is_end);
			if (is_end)
				return 0;
			break;
		case BPF_JMP:
			pc += BPF_OP(i->code) == BPF_JA               ? i->k
			      : is_taken(BPF_OP(i->code), a, operand) ? i->jt
								      : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* ---- all of them ----------------------------------------------------------- */

static bool
is_for_memory(long number)
{
	return number == SYS_mmap || number == SYS_munmap || number == SYS_mremap ||
	       number == SYS_mprotect;
}

static uint32_t
verdict_of(const struct filter *f, const struct seccomp_data *d)
{
	if (f->is_strict)
		return d->nr == SYS_read || d->nr == SYS_write || d->nr == SYS_exit ||
				       d->nr == SYS_rt_sigreturn
			       ? SECCOMP_RET_ALLOW
			       : SECCOMP_RET_KILL_THREAD;
	if (!f->program)
		return is_for_memory(d->nr) ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
	return sandbox_run(f->program, f->n, d);
}

/* The smallest action by its sign counts, of the youngest filter if several say it. */
static uint32_t
verdict(const struct seccomp_data *d)
{
	uint32_t n = acquire_load(&n_filters), all = SECCOMP_RET_ALLOW;

	while (n--) {
		uint32_t one;

		if (n >= MAX_FILTERS || !acquire_load(&filters[n].is_used))
			continue;
		one = verdict_of(&filters[n], d);
		if ((int32_t)(one & SECCOMP_RET_ACTION_FULL) <
		    (int32_t)(all & SECCOMP_RET_ACTION_FULL))
			all = one;
	}
	return all;
}

enum { NO_CALL = -38 /* ENOSYS */, MAX_ERRNO = ARCH_MAX_ERRNO };

/* For sys.c. */
static bool
passes(const struct sys_call *c, long *ret)
{
	struct seccomp_data d = {
		.nr = (int)c->number, .arch = ARCH_AUDIT, .instruction_pointer = c->place};
	uint32_t said;
	int i;

	for (i = 0; i < 6; i++)
		d.args[i] = (uint64_t)c->args[i];
	said = verdict(&d);
	if ((said & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW ||
	    (said & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG)
		return true;
	*ret = NO_CALL;
	if ((said & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	    said & SECCOMP_RET_DATA) {
		*ret = -(long)(said & SECCOMP_RET_DATA);
		if (*ret < -MAX_ERRNO)
			*ret = -MAX_ERRNO;
	}
	return false;
}

/* ---- adding ---------------------------------------------------------------- */

static bool
is_readable(const void *start, size_t bytes)
{
	uintptr_t at = (uintptr_t)start, end = at + bytes;

	for (at &= ~(uintptr_t)7; at < end; at = arch_page_of(at) + ARCH_PAGE)
		if (at < ARCH_PAGE || at >> ARCH_ADDRESS_BITS || !sys_is_readable(at))
			return false;
	return bytes > 0 && sys_is_readable((end - 1) & ~(uintptr_t)7);
}

static int
publish(const struct filter *from)
{
	uint32_t place = atomic_add(&n_filters, 1);
	struct filter *f = &filters[place < MAX_FILTERS ? place : MAX_FILTERS - 1];

	*f = place < MAX_FILTERS ? *from : (struct filter){0}; /* one too many: unknown */
	release_store(&f->is_used, true);
	sys_set_filter(passes);
	return place < MAX_FILTERS ? (int)place : MAX_FILTERS - 1;
}

int
sandbox_add(const struct sock_fprog *program)
{
	struct filter f = {0};
	struct sock_filter *copy;
	size_t bytes;

	if (!is_readable(program, sizeof *program) || !program->len ||
	    program->len > MAX_LENGTH)
		return -1;
	bytes = program->len * sizeof *copy;
	if (!is_readable(program->filter, bytes))
		return -1;
	copy = mem_keep(bytes);
	if (copy) {
		memcpy(copy, program->filter, bytes);
		f.program = copy;
		f.n = program->len;
	}
	return publish(&f);
}

int
sandbox_add_strict(void)
{
	return publish(&(struct filter){.is_strict = true});
}

void
sandbox_withdraw(int place)
{
	uint32_t n = (uint32_t)place + 1;

	if (place < 0)
		return;
	relaxed_store(&filters[place].is_used, false);
	(void)__atomic_compare_exchange_n(&n_filters, &n, (uint32_t)place, false,
					  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	if (!acquire_load(&n_filters))
		sys_set_filter(NULL);
}

bool
sandbox_is_on(void)
{
	return relaxed_load(&n_filters) != 0;
}

/* ---- what a purpose needs ----------------------------------------------------- */

static const struct need {
	enum sandbox_purpose purpose;
	struct sys_call call;
	long of; /* not needed where this call is forbidden; ALWAYS */
} needs[] = {
#define ALWAYS -1
#define NEED(purpose, name, ...)                                                         \
	{                                                                                \
		purpose, {.number = SYS_##name, .args = {__VA_ARGS__}}, ALWAYS           \
	}
/* A sleeping call that a handler of ours has ended goes on by another: resume.c. */
#define NEED_FOR(of, purpose, name)                                                      \
	{                                                                                \
		purpose, {.number = name}, SYS_##of                                      \
	}
#define NEED_TO_GO_ON(purpose)                                                           \
	NEED(purpose, rt_sigprocmask, 2 /* SIG_SETMASK */),                              \
		NEED_FOR(nanosleep, purpose, SYS_restart_syscall),                       \
		NEED_FOR(clock_nanosleep, purpose, SYS_restart_syscall),                 \
		NEED_FOR(poll, purpose, SYS_restart_syscall),                            \
		NEED_FOR(futex, purpose, SYS_restart_syscall),                           \
		NEED_FOR(pause, purpose, SYS_rt_sigsuspend),                             \
		NEED_FOR(epoll_wait, purpose, SYS_epoll_pwait),                          \
		NEED_FOR(io_getevents, purpose, 333 /* io_pgetevents */)
	NEED(SANDBOX_WRITE, openat, AT_FDCWD, 0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	     0600),
	/* Of /proc, without which memory is not found, or is taken for lost. */
	NEED(SANDBOX_WRITE, openat, AT_FDCWD, 0, O_RDONLY | O_CLOEXEC),
	NEED(SANDBOX_WRITE, read, 3),
	NEED(SANDBOX_WRITE, fcntl, 0, F_DUPFD_CLOEXEC, 3), /* the child has closed 0 and 1 */
	NEED(SANDBOX_WRITE, pwrite64, 3),
	NEED(SANDBOX_WRITE, rename),
	NEED(SANDBOX_WRITE, close, 3),
	NEED(SANDBOX_WRITE, mmap, 0, ARCH_PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1),
	NEED(SANDBOX_WRITE, rt_sigprocmask, 2 /* SIG_SETMASK */),
	/* To see whether memory can be read, and to survive that it cannot: peek.c. */
	NEED(SANDBOX_WRITE, rt_sigprocmask, -1, ARCH_PAGE, 0, 8),
	NEED(SANDBOX_WRITE, rt_sigaction, 11 /* SIGSEGV */),
	NEED(SANDBOX_WRITE, rt_sigreturn),
	NEED(SANDBOX_WRITE, wait4),
	NEED(SANDBOX_WRITE, exit_group),
	NEED(SANDBOX_THREADS, openat, AT_FDCWD, 0, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	NEED(SANDBOX_THREADS, getdents64, 3),
	NEED(SANDBOX_THREADS, gettid),
	NEED(SANDBOX_THREADS, tgkill),
	NEED(SANDBOX_THREADS, futex, 0, 128 /* FUTEX_WAIT_PRIVATE */),
	NEED(SANDBOX_THREADS, futex, 0, 129 /* FUTEX_WAKE_PRIVATE */),
	NEED(SANDBOX_THREADS, sigaltstack),
	NEED(SANDBOX_THREADS, rt_sigaction, 1),
	/* A signal that the cut has taken is sent again. */
	NEED(SANDBOX_THREADS, rt_sigpending),
	NEED(SANDBOX_THREADS, rt_sigtimedwait),
	NEED(SANDBOX_THREADS, rt_tgsigqueueinfo),
	NEED_TO_GO_ON(SANDBOX_THREADS),
	NEED(SANDBOX_THREADS, rt_sigreturn),
	NEED(SANDBOX_HANDLER, rt_sigreturn),
	NEED_TO_GO_ON(SANDBOX_GO_ON),
	NEED(SANDBOX_FATAL, rt_sigaction, 1),
	NEED(SANDBOX_FATAL, rt_sigreturn),
	NEED(SANDBOX_FATAL, tgkill),
	NEED(SANDBOX_CLOCK, clock_gettime, 1 /* CLOCK_MONOTONIC */),
	NEED(SANDBOX_THREAD, clone3),
	NEED(SANDBOX_THREAD, rt_sigprocmask, 2 /* SIG_SETMASK */),
	NEED(SANDBOX_THREAD, mmap, 0, ARCH_PAGE, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1),
	NEED(SANDBOX_THREAD, mprotect, ARCH_PAGE, ARCH_PAGE, PROT_READ | PROT_WRITE),
	NEED(SANDBOX_THREAD, munmap, ARCH_PAGE, ARCH_PAGE),
	NEED(SANDBOX_THREAD, madvise, ARCH_PAGE, ARCH_PAGE, MADV_DONTNEED),
	NEED(SANDBOX_THREAD, rseq),
	NEED(SANDBOX_THREAD, set_robust_list),
	NEED(SANDBOX_THREAD, futex, 0, 128 /* FUTEX_WAIT_PRIVATE */),
	NEED(SANDBOX_THREAD, futex, 0, 129 /* FUTEX_WAKE_PRIVATE */),
	NEED(SANDBOX_THREAD, openat, AT_FDCWD, 0, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	NEED(SANDBOX_THREAD, getdents64, 3),
	NEED(SANDBOX_THREAD, exit),
#undef NEED
#undef NEED_FOR
#undef NEED_TO_GO_ON
};

static bool
is_needed(const struct need *n)
{
	const struct sys_call of = {.number = n->of};
	long refused;

	return n->of == ALWAYS || passes(&of, &refused);
}

bool
sandbox_allows(enum sandbox_purpose purpose)
{
	size_t i;
	long refused;

	for (i = 0; sandbox_is_on() && i < sizeof needs / sizeof *needs; i++)
		if (needs[i].purpose == purpose && !passes(&needs[i].call, &refused) &&
		    is_needed(&needs[i]))
			return false;
	return true;
}
