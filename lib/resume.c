/* resume.c -- see resume.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "resume.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

__thread struct resume_note resume_note;

enum kind { UNKNOWN, TIMED, ATOMIC, PLAIN };

/* Where a call's time limit is: an argument that points to a timespec, or counts
 * milliseconds; or with the socket.  RESTARTED: the kernel restarts it, as it does the
 * sockets' without a limit; it is here as a signal without SA_RESTART must end it.  (What
 * ioctl does is the driver's choice.) */
enum limit { NO_LIMIT, TIMESPEC, MILLISECONDS, RECEIVING, SENDING, RESTARTED };

static const struct call {
	uint16_t nr;
	uint8_t kind, limit, arg; /* arg: of the limit */
} calls[] = {
	{SYS_nanosleep, TIMED, NO_LIMIT, 0},
	{SYS_clock_nanosleep, TIMED, NO_LIMIT, 0},
	{SYS_poll, TIMED, NO_LIMIT, 0},
	{SYS_futex, TIMED, NO_LIMIT, 0},
	{SYS_pause, ATOMIC, NO_LIMIT, 0},
	{SYS_rt_sigsuspend, ATOMIC, NO_LIMIT, 0},
	/* The kernel has written into their time-out what is left. */
	{SYS_ppoll, ATOMIC, NO_LIMIT, 0},
	{SYS_pselect6, ATOMIC, NO_LIMIT, 0},
	{SYS_epoll_wait, ATOMIC, MILLISECONDS, 3},
	{SYS_epoll_pwait, ATOMIC, MILLISECONDS, 3},
	{441 /* epoll_pwait2 */, ATOMIC, TIMESPEC, 3},
	{SYS_select, PLAIN, NO_LIMIT, 0},
	{SYS_msgrcv, PLAIN, NO_LIMIT, 0},
	{SYS_msgsnd, PLAIN, NO_LIMIT, 0},
	{SYS_semop, PLAIN, NO_LIMIT, 0},
	{SYS_semtimedop, PLAIN, TIMESPEC, 3},
	{SYS_rt_sigtimedwait, PLAIN, TIMESPEC, 2},
	{SYS_io_getevents, ATOMIC, TIMESPEC, 4},
	{SYS_recvmmsg, PLAIN, RECEIVING, 0},
	{SYS_recvfrom, PLAIN, RECEIVING, 0},
	{SYS_recvmsg, PLAIN, RECEIVING, 0},
	{SYS_read, PLAIN, RECEIVING, 0},
	{SYS_readv, PLAIN, RECEIVING, 0},
	{SYS_accept, PLAIN, RECEIVING, 0},
	{SYS_accept4, PLAIN, RECEIVING, 0},
	{SYS_sendto, PLAIN, SENDING, 0},
	{SYS_sendmsg, PLAIN, SENDING, 0},
	{SYS_sendmmsg, PLAIN, SENDING, 0},
	{SYS_write, PLAIN, SENDING, 0},
	{SYS_writev, PLAIN, SENDING, 0},
	{SYS_connect, PLAIN, SENDING, 0},
	{SYS_wait4, PLAIN, RESTARTED, 0},
	{SYS_waitid, PLAIN, RESTARTED, 0},
	{SYS_flock, PLAIN, RESTARTED, 0},
	{SYS_fcntl, PLAIN, RESTARTED, 0},
	{SYS_open, PLAIN, RESTARTED, 0},
	{SYS_openat, PLAIN, RESTARTED, 0},
	{SYS_ioctl, PLAIN, NO_LIMIT, 0},
	{SYS_mq_timedreceive, PLAIN, RESTARTED, 0},
	{SYS_mq_timedsend, PLAIN, RESTARTED, 0},
};
/* Of x86-64, in the order of arguments, and of the record. */
static const uint8_t argument_registers[6] = {REG_RDI, REG_RSI, REG_RDX,
					      REG_R10, REG_R8,  REG_R9};

static const struct call *
find_call(int64_t nr)
{
	size_t i;

	for (i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

/* ---- which call it was ----------------------------------------------------- */

/* The length of an instruction that sets a register from others or from a constant, or
 * puts an argument onto the stack; 0 if it is none that we know, or sets eax (SET_EAX)
 * or edi (SET_EDI) to a constant.  Source: Intel SDM 2, 2.1 and the opcode map. */
enum { SET_EAX = 0xb8, SET_EDI = 0xbf };
static int
length_of_move(const uint8_t *code, uint8_t set)
{
	int n = 0;
	uint8_t op, modrm, mod, rm;

	if ((code[n] & 0xf0) == 0x40)
		n++;
	op = code[n++];
	if (op >= 0xb8 && op <= 0xbf)
		return (n && code[0] >= 0x48 && code[0] <= 0x4f) || (n == 1 && op == set)
			       ? 0
			       : n + 4;
	if (op >= 0x50 && op <= 0x57)
		return n;
	if (op == 0x6a)
		return n + 1;
	if (op != 0x89 && op != 0x8b && op != 0x31 && op != 0x33 && op != 0x8d && op != 0x63)
		return 0;
	modrm = code[n++];
	mod = modrm >> 6;
	rm = modrm & 7;
	if (mod != 3 && rm == 4)
		n++; /* SIB */
	return n + (mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 5) ? 4 : 0);
}

/* The constant that the code before `end` puts into that register; -1 if it cannot be
 * seen.  The page of `end` is readable; what is on the page before is not looked at. */
static int64_t
constant_before(uintptr_t end, uint8_t set)
{
	enum { FARTHEST = 60 };
	uintptr_t at = end - 2, page = arch_page_of(end);

	for (; at >= page && at + FARTHEST > end; at--) {
		const uint8_t *code = (const uint8_t *)at;
		/* xor %eax, %eax; xor %edi, %edi */
		bool is_zero = code[0] == 0x31 && code[1] == (set == SET_EAX ? 0xc0 : 0xff);
		uintptr_t next = at + (is_zero ? 2 : 5);
		int n;

		if (!is_zero &&
		    (next > end || code[0] != set || code[3] || code[4] || code[2] > 1))
			continue;
		while (next < end && (n = length_of_move((const uint8_t *)next, set)) != 0)
			next += (uintptr_t)n;
		if (next == end)
			return is_zero ? 0 : code[1] | code[2] << 8;
	}
	return -1;
}

/* The number of the system call whose instruction stands at `end`.  syscall(2) gets it
 * from its caller, and ends with `mov 8(%rsp), %r9`. */
static int64_t
number_in_code(uintptr_t end, uintptr_t sp)
{
	int64_t nr = constant_before(end, SET_EAX);
	uintptr_t behind, call;

	if (nr >= 0 || (end & (ARCH_PAGE - 1)) < 5 ||
	    memcmp((const void *)(end - 5), "\x4c\x8b\x4c\x24\x08", 5) != 0)
		return nr;
	behind = *(const uintptr_t *)sp;
	call = behind - 5;
	if (!sys_is_readable(behind - 8) || (behind & (ARCH_PAGE - 1)) < 8)
		return -1;
	if (*(const uint8_t *)call != 0xe8)
		call = behind - 6; /* call *slot(%rip) */
	return constant_before(call, SET_EDI);
}

static bool
is_system_call(uintptr_t at)
{
	/* Two bytes of one page, the one that the program runs on or came from. */
	return (at & (ARCH_PAGE - 1)) != ARCH_PAGE - 1 &&
	       memcmp((const void *)at, "\x0f\x05", 2) == 0;
}

static bool
is_seen(const ucontext_t *uc, const struct resume_sight *sight, uintptr_t behind)
{
	int i;

	if (!sight || sight->nr < 0 || sight->pc != behind ||
	    sight->sp != (uint64_t)uc->uc_mcontext.gregs[REG_RSP])
		return false;
	for (i = 0; i < 6; i++)
		if (sight->args[i] != (uint64_t)uc->uc_mcontext.gregs[argument_registers[i]])
			return false;
	return true;
}

static bool
is_noted(const ucontext_t *uc)
{
	uintptr_t sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];

	return sp < resume_note.sp && resume_note.sp - sp < RESUME_NEAR;
}

static int64_t
number_of(const ucontext_t *uc, const struct resume_sight *sight, uintptr_t behind)
{
	int64_t nr = is_seen(uc, sight, behind)
			     ? sight->nr
			     : number_in_code(behind - 2,
					      (uintptr_t)uc->uc_mcontext.gregs[REG_RSP]);

	return nr < 0 && is_noted(uc) ? resume_note.nr : nr;
}

/* ---- what waits ------------------------------------------------------------ */

/* Whether a signal waits whose handler, one of the program's, would have ended the call;
 * restarting: one that does not ask for restarting. */
static bool
is_to_end(uint64_t mask, bool is_restarting)
{
	uint64_t pending = sys_pending_signals() & ~mask;
	int number;

	for (number = 1; number <= 64; number++) {
		uintptr_t handler;
		bool restarts;

		if (pending >> (number - 1) & 1 &&
		    (handler = sys_handler(number, &restarts)) != 0 &&
		    !handler_is_ours(handler) && !(is_restarting && restarts))
			return true;
	}
	return false;
}

/* A signal that is ignored is kept while all are blocked, and would end epoll_wait. */
static void
drop_ignored(void)
{
	uint64_t pending = sys_pending_signals();
	int number;

	for (number = 1; pending && number <= 64; number++)
		if (pending >> (number - 1) & 1 && sys_is_ignored(number))
			sys_drop_signal(number);
}

/* ---- time ------------------------------------------------------------------ */

static uint64_t
limit_ns(const struct call *c, const uint64_t args[6])
{
	struct timespec ts;

	switch (c->limit) {
	case MILLISECONDS:
		return (int)args[c->arg] < 0
			       ? 0
			       : ((uint64_t)(uint32_t)args[c->arg] + 1) * 1000000;
	case TIMESPEC:
		if (!args[c->arg] || !sys_is_readable(args[c->arg]))
			return 0;
		memcpy(&ts, (const void *)args[c->arg], sizeof ts);
		return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec + 1;
	case RECEIVING:
		return sys_socket_limit_ns((int)args[0], SO_RCVTIMEO);
	case SENDING:
		return sys_socket_limit_ns((int)args[0], SO_SNDTIMEO);
	default:
		return 0;
	}
}

/* Put what is left into the arguments.  Returns false if the time is over and the
 * call cannot be told so. */
static bool
shorten(const struct call *c, struct handler_record *r, uintptr_t at)
{
	uint64_t now = sys_now_ns();
	uint64_t left = r->deadline_ns > now ? r->deadline_ns - now : 0;

	if (!r->deadline_ns)
		return true;
	switch (c->limit) {
	case MILLISECONDS:
		r->args[c->arg] = (left + 999999) / 1000000;
		return true;
	case TIMESPEC:
		r->pair[0] = left / 1000000000u;
		r->pair[1] = left % 1000000000u;
		r->args[c->arg] = at + offsetof(struct handler_record, pair);
		return true;
	default:
		return left > 0;
	}
}

/* Whether our signal makes the kernel restart the call: then EINTR comes from another. */
static bool
is_restarted(const struct call *c, const struct handler_record *r)
{
	return c->limit == RESTARTED ||
	       ((c->limit == RECEIVING || c->limit == SENDING) && !r->deadline_ns);
}

/* ---- going on -------------------------------------------------------------- */

static void
remember_vectors(const ucontext_t *uc, struct handler_stack *s)
{
	uintptr_t area = (uintptr_t)uc->uc_mcontext.fpregs;
	const uint32_t *software = (const uint32_t *)(area + ARCH_XSAVE_SOFTWARE);

	s->vectors = area;
	s->is_xsave = area && software[0] == ARCH_XSAVE_MAGIC;
	s->vector_mask = s->is_xsave ? *(const uint64_t *)(software + 2) : 0;
}

/* The record of a call that is ended for the first time. */
static void
begin(const ucontext_t *uc, const struct call *c, struct handler_record *r)
{
	const greg_t *g = uc->uc_mcontext.gregs;
	uint64_t limit;
	int i;

	memset(r, 0, sizeof *r);
	r->rip = (uint64_t)g[REG_RIP];
	r->rsp = (uint64_t)g[REG_RSP];
	memcpy(&r->mask, &uc->uc_sigmask, sizeof r->mask);
	r->rbx = (uint64_t)g[REG_RBX];
	r->rbp = (uint64_t)g[REG_RBP];
	r->r12 = (uint64_t)g[REG_R12];
	r->r13 = (uint64_t)g[REG_R13];
	r->r14 = (uint64_t)g[REG_R14];
	r->r15 = (uint64_t)g[REG_R15];
	for (i = 0; i < 6; i++)
		r->own_args[i] = (uint64_t)g[argument_registers[i]];
	r->own_nr = c->nr;
	limit = limit_ns(c, r->own_args);
	if (limit)
		r->deadline_ns = limit + (is_noted(uc) && resume_note.nr == c->nr
						  ? resume_note.start_ns
						  : sys_now_ns());
}

/* The mask for an atomic call is its argument number n, of 8 bytes. */
static void
use_mask(struct handler_record *r, int n, uintptr_t mask)
{
	if (!r->own_args[n]) {
		r->args[n] = mask;
		r->args[n + 1] = 8;
	}
}

/* at: where the record will be. */
static void
choose_atomic(struct handler_record *r, uintptr_t at)
{
	uintptr_t mask = at + offsetof(struct handler_record, mask);
	uint64_t pair[2] = {0, 0};

	r->is_unblocked_before = 0;
	r->is_unblocked_after = 1;
	switch (r->own_nr) {
	case SYS_pause:
		r->nr = SYS_rt_sigsuspend;
		r->args[0] = mask;
		r->args[1] = 8;
		break;
	case SYS_epoll_wait:
		r->nr = SYS_epoll_pwait;
		/* These two are no arguments of it, and hold anything. */
		r->args[4] = mask;
		r->args[5] = 8;
		drop_ignored();
		break;
	case SYS_epoll_pwait:
	case 441:
		use_mask(r, 4, mask);
		drop_ignored();
		break;
	case SYS_io_getevents:
		/* pair may hold the time that is left. */
		r->nr = 333; /* io_pgetevents */
		r->spare[0] = mask;
		r->spare[1] = 8;
		r->args[5] = at + offsetof(struct handler_record, spare);
		break;
	case SYS_ppoll:
		use_mask(r, 3, mask);
		break;
	case SYS_pselect6:
		if (r->own_args[5] && sys_is_readable(r->own_args[5]))
			memcpy(pair, (const void *)r->own_args[5], sizeof pair);
		if (!pair[0]) {
			r->pair[0] = mask;
			r->pair[1] = 8;
			r->args[5] = at + offsetof(struct handler_record, pair);
		}
		break;
	default:
		break;
	}
}

/* A sleep until a moment is called again, with the same arguments. */
static enum kind
kind_of(const struct call *c, const struct handler_record *r)
{
	return c->nr == SYS_clock_nanosleep && r->own_args[1] & TIMER_ABSTIME ? PLAIN
									      : c->kind;
}

/* A filter kills for a call that stands in another's place, as for any: sandbox.h.  BOUND:
 * where it came when the thread slept already, the call ends with EINTR. */
static bool
may_go_on(const struct handler_record *r)
{
	return sys_may(r->nr, (long)r->args[0], (long)r->args[1], (long)r->args[2]);
}

/* Fill in what is called.  Returns false if EINTR is the answer, or *ret_result. */
static bool
choose(const struct call *c, struct handler_record *r, uintptr_t at, int64_t *ret_result)
{
	enum kind kind = kind_of(c, r);

	r->nr = r->own_nr;
	memcpy(r->args, r->own_args, sizeof r->args);
	r->is_unblocked_before = 1;
	r->is_unblocked_after = 0;
	if (kind == TIMED) {
		r->nr = SYS_restart_syscall;
		return may_go_on(r);
	}
	if (kind == PLAIN && is_to_end(r->mask, false))
		return false;
	if (!shorten(c, r, at)) {
		*ret_result = r->own_nr == SYS_connect &&
					      !sys_is_unix_socket((int)r->own_args[0])
				      ? -EINPROGRESS
				      : -EAGAIN;
		return false;
	}
	if (kind == ATOMIC)
		choose_atomic(r, at);
	return may_go_on(r);
}

/* Whether the call at whose instruction the program stands was begun.  The instruction
 * leaves its end in rcx and the flags in r11, and there they are when the kernel goes back
 * to it; not on a processor with FRED.  What was seen may be from before it was begun.
 * Source: Intel SDM 2, SYSCALL. */
static bool
was_begun(const ucontext_t *uc, const struct resume_sight *sight)
{
	const greg_t *g = uc->uc_mcontext.gregs;

	if (g[REG_RCX] == g[REG_RIP] + 2 && g[REG_R11] == g[REG_EFL])
		return true;
	return !sight ||
	       (is_seen(uc, sight, (uintptr_t)g[REG_RIP] + 2) && sight->nr == g[REG_RAX]);
}

/* The kernel is about to restart a call, at its instruction, for our SA_RESTART.  A
 * signal that came meanwhile and does not ask for that ends the call. */
static void
check_restart(ucontext_t *uc, const struct resume_sight *sight)
{
	greg_t *g = uc->uc_mcontext.gregs;
	uint64_t mask;

	memcpy(&mask, &uc->uc_sigmask, sizeof mask);
	if (!is_system_call((uintptr_t)g[REG_RIP]) || !find_call(g[REG_RAX]) ||
	    !was_begun(uc, sight))
		return;
	if (is_to_end(mask, true)) {
		g[REG_RIP] += 2;
		g[REG_RAX] = -EINTR;
	}
}

bool
resume_call(ucontext_t *uc, const struct resume_sight *sight, struct handler_stack *stack)
{
	greg_t *g = uc->uc_mcontext.gregs;
	struct handler_record *old = handler_record_of(uc), *r;
	uintptr_t pc = (uintptr_t)g[REG_RIP], at;
	const struct call *c;
	int64_t result = -EINTR;

	if (old ? !handler_is_unfinished(uc)
		: g[REG_RAX] != -EINTR || !is_system_call(pc - 2)) {
		if (!old)
			check_restart(uc, sight);
		return false;
	}
	c = find_call(old ? (int64_t)old->own_nr : number_of(uc, sight, pc));
	if (!stack || !c)
		return false;
	r = &stack->record;
	if (old)
		*r = *old;
	else
		begin(uc, c, r);
	if (g[REG_RAX] == -EINTR && is_restarted(c, r))
		return false; /* a handler of the program's has run */
	at = r->rsp - HANDLER_BELOW;
	if (uc->uc_stack.ss_flags & (int)(1u << 31) /* SS_AUTODISARM */ ||
	    (!old &&
	     !(sys_is_readable(at) && sys_is_readable(r->rsp - HANDLER_RED_ZONE - 8))))
		return false;
	if (!choose(c, r, at, &result)) {
		/* Where a call goes on its end is seen by the code there. */
		if (old)
			g[REG_RIP] = (greg_t)(uintptr_t)handler_called;
		g[REG_RAX] = result;
		return false;
	}
	remember_vectors(uc, stack);
	return true;
}

void
resume_registers(const ucontext_t *uc, uintptr_t ret[ARCH_N_REGISTERS_PC])
{
	const struct handler_record *r = handler_record_of(uc);
	int i;

	memcpy(ret, uc->uc_mcontext.gregs, ARCH_N_REGISTERS_PC * sizeof ret[0]);
	if (!r)
		return;
	ret[REG_RIP] = r->rip;
	ret[REG_RSP] = r->rsp;
	ret[REG_RBX] = r->rbx;
	ret[REG_RBP] = r->rbp;
	ret[REG_R12] = r->r12;
	ret[REG_R13] = r->r13;
	ret[REG_R14] = r->r14;
	ret[REG_R15] = r->r15;
	for (i = 0; i < 6; i++)
		ret[argument_registers[i]] = r->own_args[i];
}
